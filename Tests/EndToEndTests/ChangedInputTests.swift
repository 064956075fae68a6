import Glibc
import Testing
import WeirTelemetry

@testable import WeirTrace

/// An input file too large for the trace that is not as it was.
struct ChangedInputTests {
    private let weir: Weir
    private var scratch: Scratch { weir.scratch }

    init() throws {
        weir = try Weir()
        try weir.scratch.write("a.log", Lines.large())
        try #require(weir.scratch.size("a.log") > 4 << 20)
    }

    private func record(_ more: String...) throws {
        let run = try weir.run(
            ["run", "logs", "--input", "a.log", "--record", "t.mcap", "--ui", "none"] + more)
        try #require(run.code == 0, "\(run)")
        #expect(try weir("replay", "t.mcap", "--verify").code == 0)
    }

    @Test func `a file that moved is named with its offset and found elsewhere`() throws {
        try record()
        try scratch.rename("a.log", "b.log")
        let replay = try weir("replay", "t.mcap", "--verify")
        #expect(replay.code == 2 && replay.errors.contains("at byte 0"), "\(replay)")
        #expect(replay.errors.contains("--input lines=PATH"), "\(replay)")
        #expect(try weir("replay", "t.mcap", "--verify", "--input", "lines=b.log").code == 0)
        #expect(try weir("replay", "t.mcap", "--verify", "--input", "b.log").code == 0)
        let wrong = try weir("replay", "t.mcap", "--verify", "--input", "lnes=b.log")
        #expect(wrong.code == 2, "\(wrong)")
    }

    @Test func `a changed byte is found with the block it lies in`() throws {
        try record()
        var bytes = try scratch.bytes("a.log")
        bytes[4_000_000] ^= 1
        try scratch.write("a.log", bytes)
        let replay = try weir("replay", "t.mcap", "--verify")
        #expect(replay.code == 2 && replay.errors.contains("other bytes"), "\(replay)")
        let match = try #require(replay.errors.firstMatch(of: /at byte (\d+)/))
        let offset = try #require(Int(match.1))
        #expect(offset <= 4_000_000 && offset > 3_000_000)
    }

    @Test func `a truncated file is code 2 with the offset`() throws {
        try record()
        try scratch.write("a.log", Array(try scratch.bytes("a.log").prefix(4_500_000)))
        let replay = try weir("replay", "t.mcap", "--verify")
        #expect(replay.code == 2 && replay.errors.contains("ends early"), "\(replay)")
        let match = try #require(replay.errors.firstMatch(of: /at byte (\d+)/))
        #expect(try #require(Int(match.1)) <= 4_500_000)
    }

    @Test func `a named pipe in the place of the input is code 2, and not waited for`() throws {
        try record()
        try scratch.remove("a.log")
        try #require(mkfifo(scratch.file("a.log"), 0o600) == 0)
        let replay = try weir("replay", "t.mcap", "--verify")
        #expect(replay.code == 2 && replay.errors.contains("at byte 0"), "\(replay)")
    }

    @Test func `a header without the plan's sources is damage`() throws {
        try record()
        let trace = try Trace.open(path: scratch.file("t.mcap"))
        var header = trace.header
        header.sources = []
        let writer = try TraceWriter(
            path: scratch.file("forged.mcap"), header: header, overwrite: true, byteBound: nil)
        let cursor = trace.batches()
        while let batch = try cursor.next() { try writer.write(batch) }
        try writer.finish(try #require(trace.end))
        for command in [["--verify"], ["-x", "goto end"]] {
            let replay = try weir.run(["replay", "forged.mcap"] + command)
            #expect(replay.code == 4 && replay.errors.contains("source"), "\(replay)")
        }
    }

    @Test func `a file that grew is still the recorded one`() throws {
        try record()
        try scratch.append("a.log", "more\n")
        #expect(try weir("replay", "t.mcap", "--verify").code == 0)
    }

    @Test(arguments: ["export --signal logs --regenerate", "replay --output again.jsonl"])
    func `what replays without the file is code 2`(command: String) throws {
        try record()
        try scratch.remove("a.log")
        let words = command.split(separator: " ").map(String.init)
        let outcome = try weir.run([words[0], "t.mcap"] + words.dropFirst())
        #expect(outcome.code == 2 && outcome.errors.contains("at byte 0"), "\(outcome)")
    }

    @Test func `an embedded input needs no file`() throws {
        try record("--embed-input")
        try scratch.remove("a.log")
        #expect(try weir("replay", "t.mcap", "--verify").code == 0)
    }
}
