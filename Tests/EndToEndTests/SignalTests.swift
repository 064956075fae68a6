import Glibc
import Testing

/// A run that is told to end.
struct SignalTests {
    private let weir: Weir
    private var scratch: Scratch { weir.scratch }

    init() throws { weir = try Weir() }

    /// A run without end whose first rows have been written.
    private func endless(_ more: String...) throws -> RunningProcess {
        let run = try weir.start(
            [
                "run", "orders", "--limit", "0", "--record", "t.mcap", "--output", "rows.jsonl",
                "--ui", "none",
            ] + more)
        try Patience.require("rows") { scratch.size("rows.jsonl") > 0 || run.hasEnded }
        try #require(!run.hasEnded, "\(run.errors)")
        return run
    }

    private func cause(_ outcome: Outcome) throws -> String? {
        try JSONLine(outcome.errors).string("cause")
    }

    @Test(arguments: [SIGTERM, SIGHUP])
    func `a signal that asks for the end drains, and is the exit code`(signal: Int32) throws {
        let run = try endless("--rate", "max", "--json")
        run.send(signal)
        let outcome = try run.finish()
        #expect(outcome.code == 128 + signal, "\(outcome)")
        #expect(try weir("check", "t.mcap").code == 0)
        #expect(try weir("replay", "t.mcap", "--verify").code == 0)
    }

    @Test(arguments: ["0", "2"])
    func `one interrupt drains: code 0, and the rows are the replay's`(workers: String) throws {
        let run = try endless("--workers", workers, "--json")
        run.send(SIGINT)
        let outcome = try run.finish()
        #expect(outcome.code == 0, "\(outcome)")
        #expect(try cause(outcome) == "interrupted")
        #expect(try weir("check", "t.mcap").code == 0)
        #expect(try weir("replay", "t.mcap", "--output", "again.jsonl", "--verify").code == 0)
        #expect(try scratch.bytes("rows.jsonl") == scratch.bytes("again.jsonl"))
        #expect(!scratch.exists("t.mcap.lanes"))
    }

    @Test func `two interrupts stop at once: code 130, and what was written verifies`() throws {
        // A stage so slow that the first interrupt alone would take minutes, in turns of seconds.
        let run = try weir.start([
            "run", "orders", "--limit", "0", "--rate", "max", "--record", "t.mcap", "--ui", "none",
            "--set", "slow=reserve:20000",
        ])
        // Beyond the header: turns were taken, so that there is something to drain.
        try Patience.require("turns") { scratch.size("t.mcap") > 16_000 || run.hasEnded }
        run.send(SIGINT)
        // Two signals of one kind become one while the first is pending: send until it ends.
        try Patience.require("the end") {
            run.send(SIGINT)
            return run.hasEnded
        }
        let outcome = try run.finish()
        #expect(outcome.code == 130, "\(outcome)")
        #expect(try weir("inspect", "t.mcap").code == 0)
        #expect(try weir("replay", "t.mcap", "--verify").code == 0)
    }

    @Test func `an interrupt ends a run that waits for standard input`() throws {
        try #require(mkfifo(scratch.file("f"), 0o600) == 0)
        let outcome = try weir.shell(
            """
            sleep 60 > f & holder=$!
            $WEIR run logs --input - --record t.mcap --ui none < f & run=$!
            until [ -s t.mcap ]; do sleep 0.01; done
            kill -INT $run; wait $run; code=$?; kill $holder; exit $code
            """)
        #expect(outcome.code == 0, "\(outcome)")
        #expect(try weir("replay", "t.mcap", "--verify").code == 0)
    }
}
