import Glibc
import Testing
import WeirBase

/// Ends of runs, replays and other commands whose code does not come back.
struct EndingTests {
    private let fixture: Weir
    private var scratch: Scratch { fixture.scratch }

    init() throws { fixture = try Weir("TrapFixture") }

    /// A run that hangs in a closure by now.
    private func hanging(_ pipeline: String, _ more: String...) throws -> RunningProcess {
        let run = try fixture.start(
            ["run", pipeline, "--limit", "0", "--record", "t.mcap", "--ui", "none"]
                + (more.contains("--workers") ? more : more + ["--workers", "2"]))
        try Patience.require("the closure") { run.errors.contains("stuck\n") || run.hasEnded }
        try #require(!run.hasEnded, "\(run.errors)")
        return run
    }

    /// The trace of a run that was cut off: read by all, and compared up to the turn that hangs.
    private func expectReadable(inFlight subtask: String) throws {
        let inspect = try fixture("inspect", "t.mcap")
        #expect(inspect.code == 0 && inspect.output.contains("in flight  step "), "\(inspect)")
        let verify = try fixture("replay", "t.mcap", "--verify", "--in-flight-seconds", "1")
        #expect(verify.code == 0, "\(verify)")
        #expect(verify.output.contains("in flight when the run died: \(subtask)"), "\(verify)")
        #expect(verify.output.contains("did not end within 1 s"), "\(verify)")
    }

    @Test(arguments: ["0", "2"])
    func `the first interrupt names who does not come back, the second ends at once`(
        workers: String
    ) throws {
        let run = try hanging("endless", "--workers", workers)
        run.send(SIGINT)
        let note = /weir: note: (pick\/\d) has been in operator pick for \d+\.\d s/
        try Patience.require("the note") { run.errors.contains(note) || run.hasEnded }
        let subtask = try #require(run.errors.firstMatch(of: note)).1
        let before = MonotonicClock.nanoseconds()
        run.send(SIGINT)
        let outcome = try run.finish()
        // A bound of the program and not a timing: a grace of 200 ms, 700 ms for the rest.
        #expect(MonotonicClock.nanoseconds() - before < 5_000_000_000)
        #expect(outcome.code == 130, "\(outcome)")
        #expect(outcome.errors.contains("endless stopped after"), "\(outcome)")
        #expect(!outcome.errors.contains("each input once"), "\(outcome)")
        try expectReadable(inFlight: String(subtask))
    }

    static let activities = [
        ("endless", "in operator pick", "pick"),
        ("endless-in-cell", "in operator pick", "pick"),
        ("endless-at-source", "in the code of its source", "numbers"),
        ("endless-at-sink", "in operator picked", "picked"),
    ]

    @Test(arguments: activities)
    func `a request to end is cut off when nothing moves, and names where`(
        pipeline: String, activity: String, stage: String
    ) throws {
        let run = try hanging(pipeline, "--drain", "300ms")
        run.send(SIGTERM)
        let outcome = try run.finish()
        #expect(outcome.code == 143, "\(outcome)")
        let words = try #require(
            outcome.errors.firstMatch(
                of: /made no progress for 0\.3 s: (\w+)\/\d has been (.*?) for/),
            "\(outcome)")
        #expect(words.1 == stage && words.2 == activity, "\(outcome)")
        let inspect = try fixture("inspect", "t.mcap")
        #expect(inspect.code == 0 && inspect.output.contains(": \(stage)/"), "\(inspect)")
    }

    @Test func `a condition at rest that does not come back is named by its invariant`() throws {
        let run = try hanging("endless-at-rest", "--drain", "300ms")
        run.send(SIGTERM)
        let outcome = try run.finish()
        #expect(outcome.code == 143, "\(outcome)")
        #expect(outcome.errors.contains("invariant the sides are equal has been checking"))
    }

    @Test func `a run that comes to its limit and cannot drain is code 5`() throws {
        let outcome = try fixture(
            "run", "endless", "--limit", "1500", "--record", "t.mcap", "--ui", "none", "--drain",
            "300ms", "--json")
        #expect(outcome.code == 5, "\(outcome)")
        let lines = outcome.errors.split(separator: "\n").map(String.init)
        let summary = try JSONLine(try #require(lines.first { $0.hasPrefix("{\"pipeline\"") }))
        #expect(summary.string("cause") == "stopped")
        #expect(summary.string("message")?.contains("in operator pick") == true)
        #expect(summary.number("events") == 1_500)
        #expect(summary.string("guarantee")?.hasPrefix("rows may be missing") == true)
    }

    @Test func `an output that nobody takes does not hold up an end`() throws {
        try #require(mkfifo(scratch.file("f"), 0o600) == 0)
        let outcome = try fixture.shell(
            """
            sleep 60 < f & holder=$!
            "$WEIR" run orders --limit 0 --rate max --record t.mcap --ui none --output f \
                --drain 300ms & run=$!
            until [ "$(stat -c %s t.mcap 2> /dev/null || echo 0)" -gt 40000 ]; do sleep 0.01; done
            kill -TERM $run; wait $run; code=$?; kill $holder; exit $code
            """)
        #expect(outcome.code == 143, "\(outcome)")
        #expect(outcome.errors.contains("sink shipments has been writing"), "\(outcome)")
    }

    @Test func `one closure that does not come back leaves the other subtasks at work`() throws {
        let run = try fixture.start([
            "run", "endless", "--limit", "0", "--rate", "2000", "--workers", "2", "--record",
            "t.mcap", "--ui", "none", "--output", "rows",
        ])
        try Patience.require("the closure") { run.errors.contains("stuck\n") || run.hasEnded }
        let before = try scratch.lines("rows").count
        // Rest points are asked for all the time: each would keep the others waiting for ever.
        try Patience.require("rows") { try scratch.lines("rows").count > before + 400 }
        run.send(SIGINT)
        run.send(SIGTERM)
        #expect(try [130, 143].contains(run.finish().code))
    }

    @Test func `an export that nobody takes any more is ended`() throws {
        try #require(mkfifo(scratch.file("f"), 0o600) == 0)
        let outcome = try fixture.shell(
            """
            "$WEIR" run orders --limit 5000 --rate max --record t.mcap --ui none 2> /dev/null
            sleep 60 < f & holder=$!
            "$WEIR" export t.mcap --follow --signal schedule --output f & export=$!
            until grep -q weir-signals /proc/$export/task/*/comm; do sleep 0.01; done
            while kill -TERM $export 2> /dev/null; do sleep 0.05; done; wait $export; code=$?
            kill $holder; exit $code
            """)
        #expect(outcome.code == 143, "\(outcome)")
    }

    @Test func `an output without a reader is waited for until an interrupt`() throws {
        try #require(mkfifo(scratch.file("f"), 0o600) == 0)
        let outcome = try fixture.shell(
            """
            "$WEIR" run orders --no-record --ui none --output f & run=$!
            until grep -q weir-signals /proc/$run/task/*/comm; do sleep 0.01; done
            while kill -INT $run 2> /dev/null; do sleep 0.05; done; wait $run
            """)
        #expect(outcome.code == 130, "\(outcome)")
    }

    @Test(arguments: [("", Int32(5)), ("FIXTURE_EXIT=7", 7)])
    func `exit in a closure is told as what it is`(setting: String, code: Int32) throws {
        let program = fixture.program
        let outcome = try fixture.shell(
            "\(setting) '\(program)' run exiting --record t.mcap --ui none --output rows")
        #expect(outcome.code == code, "\(outcome)")
        let words = /weir: error: the program called exit\(\d\) in operator pick of pick\/\d/
        #expect(outcome.errors.contains(words), "\(outcome)")
        let inspect = try fixture("inspect", "t.mcap")
        #expect(inspect.code == 0 && inspect.output.contains("the run died"), "\(inspect)")
        #expect(scratch.exists("t.mcap.lanes"))
    }

    @Test(arguments: [
        ("--verify", Int32(SIGINT), 1), ("--verify", SIGTERM, 1), ("--output rows", SIGINT, 1),
        ("-x 'goto end'", SIGINT, 2), ("-x 'goto end'", SIGTERM, 1),
    ])
    func `a replay whose closure does not come back is ended`(
        how: String, signal: Int32, count: Int
    ) throws {
        let recorded = try fixture(
            "run", "endless-when-replayed", "--record", "t.mcap", "--ui", "none")
        #expect(recorded.code == 0, "\(recorded)")
        let replay = try fixture.shell(
            """
            FIXTURE_HANGS=1 '\(fixture.program)' replay t.mcap \(how) 2> errors & replay=$!
            until grep -q stuck errors; do sleep 0.01; done
            for number in $(seq \(count)); do kill -\(signal) $replay; sleep 0.3; done
            wait $replay
            """)
        #expect(replay.code == 128 + signal, "\(replay)")
    }

    @Test func `a stopped run whose other turn hangs ends with the code of its cause`() throws {
        let outcome = try fixture(
            "run", "violated-and-endless", "--on-violation", "stop", "--record", "t.mcap", "--ui",
            "none", "--drain", "300ms")
        #expect(outcome.code == 1, "\(outcome)")
        #expect(outcome.errors.contains("does not hold at step"), "\(outcome)")
        #expect(outcome.errors.contains("has been in operator pick"), "\(outcome)")
    }
}
