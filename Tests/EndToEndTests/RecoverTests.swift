import Glibc
import Testing
import WeirBase

/// What `recover` writes is taken by the other commands, and what they advise can be done.
struct RecoverTests {
    private let weir: Weir
    private var scratch: Scratch { weir.scratch }

    init() throws {
        weir = try Weir()
        let run = try weir(
            "run", "orders", "--rate", "max", "--limit", "1500", "--record", "t.mcap", "--seed",
            "4", "--workers", "2", "--ui", "none")
        try #require(run.code == 0, "\(run)")
    }

    private func steps(_ text: String) throws -> UInt64 {
        try UInt64(#require(text.firstMatch(of: /steps (\d+)/)).1) ?? 0
    }

    /// Recovers a trace; gives how many of its steps a replay of the new one runs, nil where
    /// nothing could be recovered.
    private func recovered(_ bytes: [UInt8], _ comment: String) throws -> UInt64? {
        try scratch.write("damaged.mcap", bytes)
        let recover = try weir("recover", "damaged.mcap", "--output", "whole.mcap")
        guard recover.code == 0 else {
            #expect(recover.code == 4, "\(comment): \(recover)")
            return nil
        }
        let check = try weir("check", "whole.mcap")
        #expect(check.code == 0, "\(comment): \(check)")
        #expect(!check.errors.contains("recover "), "\(comment): \(check)")
        let replay = try weir("replay", "whole.mcap", "--verify")
        #expect(replay.code == 0, "\(comment): \(replay)")
        try scratch.remove("whole.mcap")
        return try UInt64(#require(recover.output.firstMatch(of: /: (\d+) steps/)).1)
    }

    @Test func `a trace with a changed bit is recovered, checked and replayed`() throws {
        let bytes = try scratch.bytes("t.mcap")
        let all = try steps(weir("replay", "t.mcap", "--verify").output)
        var random = SeededGenerator(seed: 17)
        var whole = 0
        for _ in 0..<14 {
            let index = 4_000 + random.below(bytes.count - 4_000)
            var flipped = bytes
            flipped[index] ^= 1 << UInt8(random.below(8))
            guard let steps = try recovered(flipped, "byte \(index)") else { continue }
            #expect(steps <= all, "byte \(index)")
            if steps == all { whole += 1 }
        }
        #expect(whole > 0)
    }

    @Test func `a cut trace is recovered, checked and replayed`() throws {
        let bytes = try scratch.bytes("t.mcap")
        var random = SeededGenerator(seed: 18)
        var last: UInt64 = 0
        for cut in (0..<6).map({ _ in 4_000 + random.below(bytes.count - 4_000) }).sorted() {
            let steps = try recovered(Array(bytes.prefix(cut)), "cut at \(cut)")
            #expect(try #require(steps, "cut at \(cut)") >= last)
            last = steps ?? last
        }
    }

    @Test func `damage is told with what is whole and a command that saves it`() throws {
        var bytes = try scratch.bytes("t.mcap")
        // The last packed chunk holds samples; its data begin as all of zstd's do.
        let zstd: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
        let index = try #require(bytes.indices.last { bytes[$0...].starts(with: zstd) })
        bytes[index + 12] ^= 0x10
        try scratch.write("my trace.mcap", bytes)
        let commands = [
            ["check"], ["inspect"], ["export", "--signal", "metrics"], ["top", "--ui", "plain"],
        ]
        for command in commands {
            let outcome = try weir.run(command + ["my trace.mcap"])
            #expect(outcome.code == 4, "\(outcome)")
            #expect(outcome.errors.contains("steps can still be replayed"), "\(outcome)")
            let advised = try #require(outcome.errors.firstMatch(of: /: "(.+)" writes/))
            let recover = try weir.shell(String(advised.1))
            #expect(recover.code == 0, "\(advised.1): \(recover)")
            #expect(recover.errors.contains("left out"), "\(recover)")
            #expect(try weir("check", "my trace-whole.mcap").code == 0)
            try scratch.remove("my trace-whole.mcap")
        }
    }

    @Test func `advice calls the program as it was called`() throws {
        let folder = "\"$(dirname \"$WEIR\")\""
        let bare = try weir.shell("PATH=\(folder):\"$PATH\"; weir run")
        #expect(bare.code == 2 && bare.errors.contains("'weir list'"), "\(bare)")
        let linked = try weir.shell("ln -s \"$WEIR\" 'my weir' && './my weir' run")
        #expect(linked.errors.contains("\"'./my weir' list\""), "\(linked)")
        let help = try weir.shell("'./my weir' run --help")
        #expect(help.output.contains("my weir run"), "\(help)")
        let newest = try weir("replay")
        #expect(newest.errors.contains("'\(weir.program) run'"), "\(newest)")
    }
}

/// A failed run is told by one name everywhere, with the command that looks at it.
struct FailureNameTests {
    private let fixture: Weir
    private var scratch: Scratch { fixture.scratch }

    init() throws { fixture = try Weir("TrapFixture") }

    @Test func `an operator without a name has one name everywhere`() throws {
        let run = try fixture(
            "run", "throwing", "--record", "a 'trace'.mcap", "--ui", "none", "--workers", "2")
        #expect(run.code == 1, "\(run)")
        let sentence = "map1: element 900 is not wanted"
        #expect(run.errors.contains("numbers/0 failed at step"), "\(run)")
        #expect(run.errors.contains(sentence), "\(run)")
        let inspect = try fixture("inspect", "a 'trace'.mcap")
        #expect(inspect.output.contains("element 900 is not wanted"), "\(inspect)")
        let logs = try fixture("export", "a 'trace'.mcap", "--signal", "logs")
        #expect(logs.output.contains("\"operator\":\"map1\""), "\(logs)")
        let look = try #require(run.errors.firstMatch(of: /look +(.+)/))
        let shown = try fixture.shell("echo when | \(look.1)")
        #expect(shown.code == 0, "\(look.1): \(shown)")
        let told = try #require(inspect.output.firstMatch(of: /replay +(.+)/))
        #expect(told.1 == look.1)
    }

    @Test func `a source's error names the source and not what is fused with it`() throws {
        try scratch.write("visits.jsonl", "{\"a\": 1}\nnonsense\n")
        let run = try fixture(
            "run", "refusing", "--input", "visits.jsonl", "--record", "t.mcap", "--ui", "none")
        #expect(run.code == 1, "\(run)")
        #expect(run.errors.contains(": visits: "), "\(run)")
        #expect(!run.errors.contains(": wanted: "), "\(run)")
        let look = try #require(run.errors.firstMatch(of: /look +(.+)/))
        #expect(look.1.hasSuffix("TrapFixture replay t.mcap"))
    }

    @Test func `a run that died is told with the command that runs it again`() throws {
        _ = try fixture(
            "run", "outside", "--record", "t.mcap", "--ui", "none", "--workers", "2", "--output",
            "rows")
        let command = "\(fixture.program) replay t.mcap --verify"
        for ways in [["inspect", "t.mcap"], ["top", "t.mcap", "--ui", "plain"]] {
            let outcome = try fixture.run(ways)
            #expect((outcome.output + outcome.errors).contains(command), "\(ways): \(outcome)")
        }
    }
}
