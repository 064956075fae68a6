import Testing
import WeirBase
import WeirEngine
import WeirTelemetry
import WeirTrace

@testable import WeirReplay

/// The end of a replay beside the end of its run, and two replays beside each other.
@Suite struct ReportTests {
    private let trace: Trace
    private let end: RunEnd
    /// A replay that came to all that the run had come to.
    private let report: ReplayReport

    init() throws {
        trace = try shipped("overdrawn")
        end = try #require(trace.end)
        var report = ReplayReport()
        (report.steps, report.turns, report.elements) = (end.steps, end.turns, end.events)
        report.sinks = end.sinks
        let parts = try #require(end.parts)
        report.partNames = parts.map(\.part)
        let digests = parts.compactMap { UInt64($0.digest, radix: 16) }
        let subtasks = trace.header.subtasks.count
        report.state = StateDigest(
            subtasks: Array(digests.prefix(subtasks)), cells: Array(digests.dropFirst(subtasks)))
        self.report = report
    }

    private func divergence(
        agreedRest: Step = 7, _ change: (inout ReplayReport) -> Void
    ) -> Divergence? {
        var report = report
        change(&report)
        var comparison = EndComparison(trace, agreedRest: agreedRest)
        return comparison.compare(report, ComparedNotes(RecordedSchedule([])))
    }

    @Test func `an end that agrees counts its parts and its rows`() {
        var comparison = EndComparison(trace, agreedRest: 0)
        #expect(comparison.compare(report, ComparedNotes(RecordedSchedule([]))) == nil)
        #expect(comparison.comparedParts == report.partNames.count)
        #expect(comparison.comparedRows == end.sinks.reduce(0) { $0 + $1.rows })
    }

    @Test func `each count of an end is compared by itself`() {
        #expect(
            divergence { $0.steps = $0.steps.previous }?.got == "\(end.steps.previous) steps")
        #expect(divergence { $0.turns += 1 }?.expected == "\(end.turns) turns")
        #expect(divergence { $0.elements += 1 }?.got == "\(end.events + 1) elements")
        #expect(divergence { $0.elements += 1 }?.agreed == 7)
    }

    @Test func `a part with another state is a difference behind the last agreement`() throws {
        let digests = report.state
        let found = try #require(
            divergence {
                $0.state = StateDigest(
                    subtasks: digests.subtasks.dropLast() + [1], cells: digests.cells)
            })
        let differing = try #require(digests.subtasks.last)
        #expect(found.expected == "final state \(differing.hexadecimal)")
        #expect(found.got == "final state \((1 as UInt64).hexadecimal)")
        #expect(found.step == end.steps)
    }

    @Test func `parts of other names are a difference of the end`() throws {
        let found = try #require(divergence { $0.partNames[0] = "another" })
        #expect(found.subtask == "the end" && found.expected.hasPrefix("the state of "))
    }

    @Test func `any number of a sink's rows and hashes is a difference of the sink`() throws {
        let sink = try #require(end.sinks.last)
        let changes: [(inout SinkDigest) -> Void] = [
            { $0.rows += 1 }, { $0.ordered = "none" }, { $0.unordered = "none" },
        ]
        for change in changes {
            let found = try #require(divergence { change(&$0.sinks[$0.sinks.count - 1]) })
            #expect(found.subtask == "sink \(sink.sink)" && found.expected != found.got)
        }
        let fewer = try #require(divergence { $0.sinks.removeLast() })
        #expect(fewer.got == "\(end.sinks.count - 1) sinks")
    }

    // MARK: Two replays

    @Test func `two replays differ first in the state, then in sinks, incidents and the rest`() {
        func difference(_ changes: [(inout ReplayReport) -> Void]) -> String {
            var other = report
            for change in changes { change(&other) }
            return report.difference(from: other)
        }
        let state: (inout ReplayReport) -> Void = { report in
            report.state = StateDigest(
                subtasks: report.state.subtasks, cells: report.state.cells.map { $0 &+ 1 })
        }
        let sink: (inout ReplayReport) -> Void = { $0.sinks[0].rows += 1 }
        let incident: (inout ReplayReport) -> Void = {
            $0.incidents = [
                Incident(step: 1, kind: .failure, name: "n", message: "m", time: 0)
            ]
        }
        let compared: (inout ReplayReport) -> Void = { $0.compared.turns += 1 }
        let logs: (inout ReplayReport) -> Void = { $0.digest += 1 }
        let firstCell = report.partNames[report.state.subtasks.count]
        #expect(
            difference([logs, compared, incident, sink, state])
                == "the final state of \(firstCell)")
        #expect(
            difference([logs, compared, incident, sink])
                == "what is written to sink \(report.sinks[0].sink)")
        #expect(difference([logs, compared, incident]) == "what violates conditions or fails")
        #expect(difference([logs, compared]) == "what could be compared")
        #expect(difference([logs]) == "what is logged")
    }
}
