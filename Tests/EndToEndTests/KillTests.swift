import Glibc
import Testing
import WeirBase

/// A run that is killed at any moment leaves a trace that tells all it had noted.
struct KillTests {
    private let weir: Weir
    private var scratch: Scratch { weir.scratch }

    init() throws { weir = try Weir() }

    /// Starts a run and kills it `delay` after its trace has a header.
    private func kill(after delay: Double, _ arguments: [String]) throws {
        let run = try weir.start(arguments + ["--record", "t.mcap", "--ui", "none"])
        try Patience.require("the trace") {
            (scratch.size("t.mcap") > 1_000 && scratch.size("t.mcap.lanes") > 0) || run.hasEnded
        }
        _ = Patience.waits(delay) { run.hasEnded }
        run.send(SIGKILL)
        #expect(try run.finish().end == .signalled(SIGKILL))
    }

    private func steps(_ replay: Outcome) throws -> UInt64 {
        let match = try #require(
            replay.output.firstMatch(of: /agrees to step \d+ of (\d+): the run died/),
            "\(replay)")
        return try #require(UInt64(match.1))
    }

    @Test(arguments: 0..<20)
    func `a killed run replays to its last noted step`(seed: UInt64) throws {
        // A delay that covers the first chunk, several chunks and the moments before any.
        var random = SeededGenerator(seed: seed)
        let delay = Double(random.next() % 400_000) / 1e6
        let workers = seed % 4 == 3 ? "0" : "2"
        try kill(
            after: delay,
            [
                "run", "orders", "--limit", "0", "--rate", seed % 2 == 0 ? "max" : "20000",
                "--workers", workers, "--seed", "\(seed + 1)", "--output", "rows.jsonl",
            ])
        let noted = try LaneReader(scratch.bytes("t.mcap.lanes")).highestStep
        let replay = try weir("replay", "t.mcap", "--verify", "--output", "again.jsonl")
        #expect(replay.code == 0, "\(replay)")
        #expect(replay.output.contains("incomplete"), "\(replay)")
        let reached = try steps(replay)
        #expect(reached >= noted)
        try expectRowsAgree(replay, sink: "shipments")

        try scratch.rename("t.mcap.lanes", "lanes")
        let without = try weir("replay", "t.mcap", "--verify")
        #expect(without.code == 0 && without.output.contains("incomplete"), "\(without)")
        #expect(try steps(without) <= reached)
    }

    @Test func `other commands read a killed run's trace and say that it is incomplete`() throws {
        try kill(after: 0.2, ["run", "orders", "--limit", "0", "--rate", "max"])
        let export = try weir("export", "t.mcap", "--signal", "schedule")
        #expect(export.code == 0 && export.errors.contains("incomplete"), "\(export.errors)")
        let inspect = try weir("inspect", "t.mcap")
        #expect(inspect.code == 0 && inspect.output.contains("the run died"), "\(inspect)")
        let object = try JSONLine(try weir("inspect", "t.mcap", "--json").output)
        #expect(object.flag("complete") == false)
        let check = try weir("check", "t.mcap")
        #expect(check.code == 4 && check.errors.contains("incomplete"), "\(check)")
        let replay = try weir("replay", "t.mcap", "--verify")
        #expect(try steps(replay) == UInt64(export.outputLines.count))
        #expect(object.number("steps") == export.outputLines.count)
    }

    @Test func `a recovered trace stands alone and replays as far`() throws {
        try kill(after: 0.2, ["run", "orders", "--limit", "0", "--rate", "max"])
        let before = try weir("replay", "t.mcap", "--verify")
        let recover = try weir("recover", "t.mcap", "--output", "whole.mcap")
        #expect(recover.code == 0, "\(recover)")
        let check = try weir("check", "whole.mcap")
        #expect(check.code == 0 && check.errors.contains("a run that died"), "\(check)")
        let after = try weir("replay", "whole.mcap", "--verify")
        #expect(after.code == 0, "\(after)")
        #expect(try steps(after) == steps(before))
        #expect(after.output.contains("rewritten from a run that died"), "\(after)")
        let again = try weir("recover", "t.mcap", "--output", "whole.mcap")
        #expect(again.code == 2, "an existing file was overwritten: \(again)")
    }

    @Test func `a killed run over standard input replays from its lanes`() throws {
        try scratch.write("a.log", Lines.text(0..<60_000))
        let run = try weir.start(
            ["run", "logs", "--input", "-", "--record", "t.mcap", "--output", "rows.jsonl"],
            input: "a.log")
        try Patience.require("rows") { scratch.size("rows.jsonl") > 0 || run.hasEnded }
        run.send(SIGKILL)
        _ = try run.finish()
        try scratch.remove("a.log")
        let replay = try weir("replay", "t.mcap", "--verify", "--output", "again.jsonl")
        #expect(replay.code == 0, "\(replay)")
        try expectRowsAgree(replay, sink: "counts")
    }

    /// What the run wrote is a prefix of what the replay writes; except for the rows of a turn
    /// that had handed them over and not yet noted its end.
    private func expectRowsAgree(_ replay: Outcome, sink: String) throws {
        let (run, again) = (try scratch.bytes("rows.jsonl"), try scratch.bytes("again.jsonl"))
        let wasInFlight = replay.output.contains("in flight when the run died: \(sink)/")
        #expect(again.starts(with: run) || (wasInFlight && run.starts(with: again)), "\(replay)")
    }
}
