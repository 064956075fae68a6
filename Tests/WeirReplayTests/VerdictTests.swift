import Foundation
import Testing
import WeirBase
import WeirTelemetry

@testable import Gallery
@testable import WeirReplay
@testable import WeirTrace

/// What a replay of a whole trace says that it compared, and why it may not say "identical".
@Suite struct VerdictTests {
    private let trace: Trace
    private let end: RunEnd
    private let notes: [StepNote]
    private let ends: [EndNote]

    init() throws {
        trace = try shipped("overdrawn")
        end = try #require(trace.end)
        var (notes, ends): ([StepNote], [EndNote]) = ([], [])
        try trace.forEachSchedule { batch in
            notes += batch.steps
            ends += batch.ends
        }
        (self.notes, self.ends) = (notes, ends)
    }

    private func report(
        of trace: Trace, _ change: (inout ReplayRun.Options) -> Void = { _ in }
    ) throws -> ReplayReport {
        var options = ReplayRun.Options()
        change(&options)
        return try ReplayRun(trace, orders, options).run()
    }

    /// The reservation of a replay of the trace written again.
    private func reservation(
        _ change: (inout RecordBatch) -> Void = { _ in },
        header changeHeader: (inout RunHeader) -> Void = { _ in },
        finish: (TraceWriter) throws -> Void
    ) throws -> ReplayReport.Reservation? {
        let path = NSTemporaryDirectory() + "weir-verdict-\(UUID().uuidString).mcap"
        defer { unlink(path) }
        var header = trace.header
        changeHeader(&header)
        let writer = try TraceWriter(path: path, header: header, overwrite: false)
        let batches = trace.batches()
        while var batch = try batches.next() {
            change(&batch)
            try writer.consume(batch)
        }
        try finish(writer)
        let report = try report(of: try Trace.open(path: path))
        #expect(report.divergence == nil)
        return report.reservation
    }

    @Test func `a replay that agrees in everything counts all that it compared`() throws {
        let report = try report(of: trace)
        #expect(report.divergence == nil && report.reservation == nil)
        #expect(report.steps == end.steps && report.turns == end.turns)
        #expect(report.elements == end.events && report.inFlight.isEmpty)
        let compared = report.compared
        #expect(compared.turns.rawValue == UInt64(ends.count) && compared.turns == end.turns)
        let rests = notes.filter { $0.kind == .rest }
        #expect(compared.restPoints == rests.count && compared.lastRestPoint == rests.last?.step)
        #expect(compared.finalSubtasks == trace.header.subtasks.count)
        #expect(compared.finalCells == (end.parts?.count ?? 0) - compared.finalSubtasks)
        #expect(compared.finalCells > 0)
        #expect(compared.violations == 1 && compared.failures == 0 && compared.lostLogs == 0)
        #expect(compared.rows == end.sinks.reduce(0) { $0 + $1.rows } && compared.rows > 0)
        var lines: UInt64 = 0
        let logs = trace.logs()
        while let batch = try logs.next() { lines += UInt64(batch.records.count) }
        #expect(compared.logs == lines && report.lostLogs == 0)
        #expect(report.partNames == end.parts?.map(\.part) && report.sinks == end.sinks)
        #expect(report.incidents.count == 1 && report.violations.count == 1)
    }

    @Test func `a replay up to a step agrees up to it, and has no end to compare`() throws {
        // A step behind which no turn is open: the last note of each lies up to it or begins later.
        var lastNoted: [Step: Step] = [:]
        for note in notes where note.kind == .access || note.kind == .publish {
            lastNoted[note.turn] = note.step
        }
        let half = Step(end.steps.count / 2)
        let quiet = notes.last { note in
            note.step <= half
                && !lastNoted.contains { $0.key <= note.step && note.step < $0.value }
        }
        let middle = try #require(quiet).step
        let report = try report(of: trace) { $0.through = middle }
        #expect(report.steps == middle && report.divergence == nil)
        let reservation = try #require(report.reservation)
        #expect(reservation.reason == "no further was asked for")
        #expect(reservation.last == end.steps && reservation.agreed == middle)
        #expect(report.compared.finalSubtasks == 0 && report.compared.finalCells == 0)
        #expect(report.compared.rows == 0)
        #expect(
            report.compared.restPoints
                == notes.filter { $0.kind == .rest && $0.step <= middle }.count)
    }

    @Test func `logs of another level are not compared, and that is said`() throws {
        let report = try report(of: trace) { $0.logLevel = .critical }
        #expect(report.divergence == nil && report.compared.logs == 0)
        #expect(report.reservation?.reason == "its logs were made again at another level")
        #expect(report.reservation?.agreed == end.steps)
        // The level that was recorded is no other.
        let recorded = try #require(LogLevel(name: trace.header.logLevel))
        #expect(try self.report(of: trace) { $0.logLevel = recorded }.reservation == nil)
    }

    @Test func `a trace without something to compare is not called identical`() throws {
        var bare = end
        bare.parts = nil
        #expect(
            try reservation(finish: { try $0.finish(bare) })?.reason == "its end has no digests")
        let stopped = try reservation(finish: { try $0.finish(end, isWhole: false) })
        #expect(stopped?.reason == "its recording stopped before the run did")
        let damaged = Rewriting(hasDied: false, lost: "a chunk")
        let rewritten = try reservation(finish: { try $0.finish(end, rewriting: damaged) })
        #expect(rewritten?.reason == "it was rewritten from a damaged trace")
        let older = try reservation(
            header: { $0.digestForm = 1 }, finish: { try $0.finish(bare) })
        #expect(
            older?.reason
                == "its digests have an older form, which this build does not compute; only what "
                + "its turns emitted was compared")
        let last = try #require(ends.map(\.step).max())
        let missing = try reservation(
            { $0.schedule.ends.removeAll { $0.step == last } }, finish: { try $0.finish(end) })
        #expect(missing?.reason == "the end of the turn of step \(last) is missing")
        #expect(missing?.agreed == last.previous && missing?.last == end.steps)
    }

    @Test func `two replays of a trace are one digest, and another end is another`() throws {
        let digest = try report(of: trace).digest
        #expect(try report(of: trace).digest == digest)
        #expect(try report(of: trace) { $0.through = end.steps.previous }.digest != digest)
    }

    @Test func `whoever listens hears all steps, logs, rest points and open turns`() throws {
        var (steps, rests): ([Step], [Step]) = ([], [])
        var (lines, open): (Int, [Step]) = (0, [])
        _ = try report(of: trace) { options in
            options.onProgress = { steps.append($0) }
            options.onRest = { step, _ in rests.append(step) }
            options.onLogs = { records, _ in lines += records.count }
            options.onOpenTurns = { open.append($0) }
        }
        #expect(steps == notes.map(\.step))
        #expect(rests == notes.filter { $0.kind == .rest }.map(\.step))
        #expect(UInt64(lines) == (try report(of: trace).compared.logs))
        #expect(!open.isEmpty && open == open.sorted())
    }
}
