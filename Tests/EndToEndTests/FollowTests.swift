import Glibc
import Testing

/// A growing file, rotated under the run.
struct FollowTests {
    @Test func `every line of a rotated file comes once, and the trace needs no file`() throws {
        let weir = try Weir()
        let scratch = weir.scratch
        try scratch.write("a.log", Lines.text(0..<1_000))
        let run = try weir.start([
            "run", "logs", "--input", "a.log", "--follow", "--record", "t.mcap", "--output",
            "rows.jsonl", "--ui", "none", "--json",
        ])
        try Patience.require("the trace") { scratch.size("t.mcap") > 1_000 || run.hasEnded }
        try scratch.append("a.log", Lines.text(1_000..<2_000))
        for round in 2..<6 {
            try scratch.rename("a.log", "a.log.\(round)")
            try scratch.append("a.log.\(round)", Lines.line(round * 1_000) + "\n")
            try scratch.write("a.log", "")
            try scratch.append("a.log", Lines.text(round * 1_000 + 1..<(round + 1) * 1_000))
        }
        let read = scratch.file("progress.jsonl")
        // Rows of the last windows wait for the end; the trace tells how far reading has come.
        try Patience.require("all lines") {
            _ = try weir("export", "t.mcap", "--signal", "schedule", "--output", read)
            let counts = try scratch.lines(read).compactMap { line -> Int? in
                guard line.contains("\"stage\":\"parse\"") else { return nil }
                return try JSONLine(line).number("count")
            }
            return counts.reduce(0, +) >= 6_000 || run.hasEnded
        }
        run.send(SIGINT)
        let outcome = try run.finish()
        #expect(outcome.code == 0, "\(outcome)")
        #expect(try JSONLine(outcome.errors).string("cause") == "interrupted")
        #expect(try Rows.sum(scratch.lines("rows.jsonl")) == 6_000)
        for name in ["a.log"] + (2..<6).map({ "a.log.\($0)" }) { try scratch.remove(name) }
        #expect(try weir("replay", "t.mcap", "--verify", "--output", "again.jsonl").code == 0)
        #expect(try scratch.bytes("rows.jsonl") == scratch.bytes("again.jsonl"))
    }

    @Test func `a file that is not there is code 2 also when it would be followed`() throws {
        let outcome = try Weir()("run", "logs", "--input", "late.log", "--follow", "--no-record")
        #expect(outcome.code == 2 && outcome.errors.contains("does not exist"), "\(outcome)")
    }
}
