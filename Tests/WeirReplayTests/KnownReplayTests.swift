import KeptText
import Testing
import WeirBase
import WeirTelemetry

@testable import Gallery
@testable import WeirReplay
@testable import WeirTrace

/// What replays say is today what it was when it was looked at.
///
/// A trace never changes, and a drawn run is a function of its seed, so that all that is said of
/// them can be held against a file. Rules have tests of their own, which say what they are; this
/// finds what they leave open. A change that is meant is looked at, and then kept:
/// `WEIR_WRITE_REPLAYS=DIR` writes the files anew.
@Suite struct KnownReplayTests {
    @Test func `a session says of its steps in a recorded run what it did`() throws {
        let session = try ReplaySession(shipped("overdrawn"), orders, ReplaySession.Options())
        try Self.compare(Self.told(by: session, at: [41, 80]), "overdrawn")
    }

    @Test func `a session says of its steps in a drawn run what it did`() throws {
        try DrawnRun.withTrace { trace in
            let session = try ReplaySession(trace, DrawnRun.pipeline, ReplaySession.Options())
            let last = session.lastStep
            let steps = [20, Step(last.count / 3), Step(last.count * 2 / 3), last]
            try Self.compare(Self.told(by: session, at: steps), "drawn")
        }
    }

    @Test func `a replay of a whole recorded run comes to what it did`() throws {
        let report = try ReplayRun(shipped("overdrawn"), orders, ReplayRun.Options()).run()
        try Self.compare(report.told + ["digest \(report.digest)"], "overdrawn-report")
    }

    @Test func `a replay of a whole drawn run comes to what it did`() throws {
        try DrawnRun.withTrace { trace in
            let report = try ReplayRun(trace, DrawnRun.pipeline, ReplayRun.Options()).run()
            try Self.compare(report.told, "drawn-report")
        }
    }

    /// As if it had been a parallel one, which looks at its rest points and at its end alone. The
    /// short run has no rest point.
    @Test func `conditions over several stages are compared where a parallel run looks`() throws {
        let wide = ["few are seen", "not all are seen"]
        var lines: [String] = []
        for (limit, recorded) in [(160, 2), (160, 1), (80, 0)] as [(UInt64, Int)] {
            try DrawnRun.withTrace(limit: limit) { header, batches in
                header.workers = 1
                for index in batches.indices {
                    batches[index].incidents.removeAll { wide.contains($0.name) }
                }
                let rest = batches.flatMap(\.schedule.steps).first { $0.kind == .rest }
                for name in wide.prefix(recorded) {
                    batches[0].incidents.append(
                        Incident(
                            step: rest?.step ?? 0, kind: .violation, name: name,
                            message: "\(name) does not hold (found at a rest point)",
                            time: rest?.time ?? 0))
                }
            } _: { trace in
                let report = try ReplayRun(trace, DrawnRun.pipeline, ReplayRun.Options()).run()
                lines += report.told.filter {
                    $0.hasPrefix("divergence") || $0.hasPrefix("onlyReplay")
                        || $0.hasPrefix("compared")
                }
            }
        }
        try Self.compare(lines, "rests")
    }

    @Test func `a recorded run that died anywhere is replayed as it was`() throws {
        let run = try DiedRun()
        var lines: [String] = []
        for step in [2, 47, 80] as [Step] {
            try run.dies(at: step) { trace in
                lines += try Self.told(ofDied: trace, at: step)
            }
        }
        try Self.compare(lines, "died")
    }

    /// What replays say of a run that died: where it stood, and with its turns run on.
    private static func told(ofDied trace: Trace, at step: Step) throws -> [String] {
        var lines = ["died at \(step)"]
        for runsOn in [false, true] {
            var options = ReplayRun.Options()
            if runsOn { options.onRunningOn = { lines.append("run on \($0)") } }
            let report = try ReplayRun(trace, orders, options).run()
            lines += report.told.filter { !$0.hasPrefix("partNames") }
        }
        let session = try ReplaySession(trace, orders, ReplaySession.Options())
        try session.go(to: step)
        lines += session.openTurns.map { "open \($0.subtask) \($0.turn) \($0.next)" }
        lines += session.cells.map { "\($0.name) = \($0.value)" }
        return lines
    }

    private static func told(by session: ReplaySession, at steps: [Step]) throws -> [String] {
        try steps.flatMap { step in
            try session.go(to: step)
            return try session.told()
        }
    }

    private static func compare(_ lines: [String], _ name: String) throws {
        let kept = KeptText("Known", variable: "WEIR_WRITE_REPLAYS")
        let text = lines.joined(separator: "\n") + "\n"
        #expect(try kept.difference(of: text, from: "\(name).txt") == nil)
    }
}
