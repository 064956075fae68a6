import Foundation
import Testing
import Weir
import WeirBase
import WeirEngine
import WeirTelemetry

@testable import Gallery
@testable import WeirReplay
@testable import WeirTrace

/// The first and the last of what a session gives, and what a replay reports that it lost.
@Suite struct ReplayBorderTests {
    private func session() throws -> ReplaySession {
        try ReplaySession(shipped("overdrawn"), orders, ReplaySession.Options())
    }

    @Test func `the last element of a source is there and the one behind it is not`() throws {
        try DrawnRun.withTrace(limit: 12) { trace in
            let session = try ReplaySession(trace, DrawnRun.pipeline, ReplaySession.Options())
            let found = try (10...13).map { try session.event(source: "numbers", index: $0) }
            #expect(found.map { $0?.text.prefix(2) } == ["10", "11", nil, nil])
            #expect(found[1]?.step != nil)
        }
    }

    @Test func `a history of nothing is empty, and one of one step has the last`() throws {
        let session = try session()
        try session.go(to: session.lastStep)
        let cell = try #require(session.cells.first).id
        let last = try #require(try session.history(of: cell, limit: 4).last)
        // Where the step itself is such an access.
        try session.go(to: last.step)
        #expect(try session.history(of: cell, limit: 0).isEmpty)
        #expect(try session.history(of: cell, limit: 1).map(\.step) == [last.step])
        #expect(try session.lastWrite(.cell(CellIndex(session.cells.count))) == nil)
        let none = StateID.entry(subtask: 0, operator: "none", key: "1")
        #expect(try session.history(of: none, limit: 2).isEmpty)
    }

    @Test func `a page that was read is not read again`() throws {
        let path = NSTemporaryDirectory() + "weir-kept-\(UUID().uuidString).mcap"
        defer { unlink(path) }
        let shipped = try shipped("overdrawn")
        try FileManager.default.copyItem(atPath: shipped.path, toPath: path)
        let pages = SchedulePages(try Trace.open(path: path))
        #expect(try pages.note(3)?.step == 3)
        truncate(path, 0)
        #expect(try pages.note(3)?.step == 3)
    }

    @Test func `a walk to where the session stands runs nothing`() throws {
        let session = try session()
        try session.go(to: 500)
        #expect(try session.go(to: 500).stepsRun == 0)
        #expect(try session.go(to: 499).stepsRun > 0 && session.position == 499)
    }

    @Test func `lines that one turn made too many of are told as lost`() throws {
        let trace = try shipped("overdrawn")
        let planned = try ReplayRun.admit(trace, orders)
        let cursor = trace.schedule()
        let schedule = RecordedSchedule(flights: [:], hasDigests: true) { try cursor.next() }
        let inputs = RecordedInputs(trace: trace, paths: [:])
        var setup = Rerun.Setup(
            started: trace.header.started, schedule: schedule,
            answers: RecordedOutside.Answers(inputs, RecordedResults(trace: trace)))
        setup.lastStep = 3
        let rerun = try Rerun(planned, BindOptions(seed: trace.header.seed), setup)
        let comparison = try RunComparison(
            trace, rerun, inFlight: [], comparesLogs: false, isSameBuild: true)
        rerun.scheduler.run(rerun.execution)
        for lost in [2, 3] as [UInt64] {
            comparison.take(LogBatch(worker: 0, records: [], lost: lost), LogSites())
        }
        #expect(try comparison.report(chain: 0, isWhole: false).lostLogs == 5)
        rerun.notes.listeners = ComparedNotes.Listeners()
    }

    @Test func `records are sorted once more of them wait than sorting is worth`() {
        let sites = LogSites()
        _ = sites.number(
            of: LogSite(level: .info, message: "taken", file: "a.swift", line: 1, fields: []))
        let record = LogRecord(
            step: 1, index: 1, operatorIndex: 0, ordinal: 0, subtask: 0, time: 0, site: 0,
            values: [])
        for (count, expected) in [(4_096, 0), (4_097, 4_097)] {
            var given = 0
            let order = LogOrder { _, _ in given += 1 }
            order.take(Array(repeating: record, count: count), sites)
            order.settle(before: 2)
            #expect(given == expected)
        }
    }
}
