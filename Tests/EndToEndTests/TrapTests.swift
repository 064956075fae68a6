import Glibc
import Testing

/// A run that died by a trap is taken apart without another trap.
struct TrapTests {
    private let fixture: Weir
    private var scratch: Scratch { fixture.scratch }

    init() throws { fixture = try Weir("TrapFixture") }

    private func record(_ pipeline: String, workers: String = "2") throws -> Outcome {
        try fixture(
            "run", pipeline, "--workers", workers, "--record", "t.mcap", "--ui", "none",
            "--output", "rows")
    }

    private func verify(_ more: String...) throws -> Outcome {
        try fixture.run(["replay", "t.mcap", "--verify"] + more)
    }

    /// The steps of the turns that a replay says were in flight, by subtask.
    private func flights(_ replay: Outcome) -> [String: String] {
        var flights: [String: String] = [:]
        for match in replay.output.matches(of: /in flight when the run died: (\S+) at step (\d+)/) {
            flights[String(match.1)] = String(match.2)
        }
        return flights
    }

    static let traps: [(pipeline: String, stage: String, workers: String)] = [
        ("outside", "pick", "2"), ("outside", "pick", "0"), ("inside-cell", "pick", "2"),
        ("inside-cell", "pick", "0"), ("behind-cell", "pick", "2"), ("behind-cell", "pick", "0"),
        ("at-source", "numbers", "2"), ("at-sink", "picked", "2"), ("at-sink", "picked", "0"),
    ]

    @Test(arguments: traps)
    func `rule 26: a trap is reproduced and named, not suffered`(
        pipeline: String, stage: String, workers: String
    ) throws {
        let run = try record(pipeline, workers: workers)
        #expect(run.code == nil, "it did not trap: \(run)")
        #expect(scratch.exists("t.mcap.lanes"))
        let replay = try verify("--times", "2")
        #expect(replay.code == 0, "\(replay)")
        #expect(replay.output.hasPrefix("agrees to step "), "\(replay)")
        let trap = try #require(
            replay.output.firstMatch(
                of: /trap reproduced at step (\d+) of (\S+): signal (\d+)/), "\(replay)")
        #expect(trap.2.hasPrefix("\(stage)/"), "\(replay)")
        #expect(flights(replay)[String(trap.2)] == String(trap.1), "\(replay)")
        #expect(run.end == Int32(trap.3).map(Outcome.End.signalled))
        #expect(try verify("--times", "2").output == replay.output)
    }

    @Test func `other commands read the trace of a run that trapped`() throws {
        _ = try record("inside-cell")
        let check = try fixture("check", "t.mcap")
        #expect(check.code == 4 && check.errors.contains("incomplete"), "\(check)")
        let inspect = try fixture("inspect", "t.mcap")
        #expect(inspect.code == 0 && inspect.output.contains("in flight  step "), "\(inspect)")
        let export = try fixture("export", "t.mcap", "--signal", "schedule")
        #expect(export.code == 0 && export.errors.contains("incomplete"), "\(export)")
        let object = try JSONLine(try fixture("inspect", "t.mcap", "--json").output)
        #expect(object.number("steps") == export.outputLines.count)
        #expect(object.flag("complete") == false)
    }

    @Test(arguments: [[], ["--at", "failure"], ["--at", "end"]])
    func `a replay opens where the run died and names the turns in flight`(
        position: [String]
    ) throws {
        _ = try record("inside-cell")
        let open = try fixture.run(["replay", "t.mcap", "-x", "when"] + position)
        #expect(open.code == 0, "\(open)")
        for (subtask, step) in flights(try verify()) {
            let line = "\(subtask) is in the middle of the turn of step \(step)"
            #expect(open.output.contains(line), "\(open)")
        }
        #expect(open.output.contains("the run died behind this step"), "\(open)")
        #expect(open.errors.contains("TrapFixture replay t.mcap --verify"), "\(open)")
    }

    @Test func `a trap is reproduced from the rewritten trace, and from the newest`() throws {
        _ = try record("behind-cell")
        let before = try verify()
        let recover = try fixture("recover", "t.mcap", "--output", "whole.mcap")
        #expect(recover.code == 0, "\(recover)")
        let after = try fixture("replay", "whole.mcap", "--verify")
        #expect(flights(after) == flights(before))
        #expect(after.code == 0 && after.output.contains("trap reproduced at step "), "\(after)")
        _ = try fixture("run", "outside", "--ui", "none")
        let newest = try fixture("replay", "--verify")
        #expect(newest.output.contains("trap reproduced at step "), "\(newest)")
    }

    @Test func `a turn that never ends is named within a time limit`() throws {
        try kill("endless", when: "stuck")
        let replay = try verify("--in-flight-seconds", "2")
        #expect(replay.code == 0 && replay.output.hasPrefix("agrees to step "), "\(replay)")
        let line = try #require(
            replay.output.firstMatch(of: /the turn of step (\d+) of (\S+) did not end within 2 s/),
            "\(replay)")
        #expect(flights(replay)[String(line.2)] == String(line.1), "\(replay)")
    }

    @Test func `a turn that was only killed comes to its end`() throws {
        try kill("harmless", when: "here")
        let replay = try verify()
        #expect(replay.code == 0 && replay.output.hasPrefix("agrees to step "), "\(replay)")
        #expect(replay.output.contains("run again, they come to their ends"), "\(replay)")
    }

    @Test func `a closure that ends the process is told as what it is`() throws {
        let run = try record("exiting")
        #expect(run.code == 5, "\(run)")
        #expect(scratch.exists("t.mcap.lanes"))
        let replay = try verify()
        #expect(replay.code == 0 && replay.output.hasPrefix("agrees to step "), "\(replay)")
        let line = try #require(
            replay.output.firstMatch(
                of: /the turn of step (\d+) of (\S+) ended the process itself: it called exit/),
            "\(replay)")
        #expect(line.2.hasPrefix("pick/"))
        #expect(flights(replay)[String(line.2)] == String(line.1), "\(replay)")
    }

    /// Records a run and kills it once it says a word.
    private func kill(_ pipeline: String, when word: String) throws {
        let run = try fixture.start(
            ["run", pipeline, "--workers", "2", "--record", "t.mcap", "--ui", "none"])
        try Patience.require(word) { run.errors.contains(word) || run.hasEnded }
        run.send(SIGKILL)
        #expect(try run.finish().end == .signalled(SIGKILL))
    }
}
