import Foundation
import Testing
import WeirBase
import WeirEngine
import WeirTelemetry

@testable import Gallery
@testable import WeirReplay
@testable import WeirTrace

/// Rows as a test keeps them, or a writer that fails at the first of them.
private final class KeptRows: RowWriting {
    private let fails: Bool
    private let kept = Guarded<[UInt8]>([])
    var text: String { kept.withLock { String(decoding: $0, as: UTF8.self) } }

    init(fails: Bool = false) { self.fails = fails }

    func write(_ rows: RawSpan) throws {
        if fails { throw ClosedPipe() }
        let bytes = rows.withUnsafeBytes { Array($0) }
        kept.withLock { $0 += bytes }
    }

    func close() throws {}
}

/// What is just within a bound of a replay, and what is just beyond it.
@Suite struct BorderTests {
    private let trace: Trace
    private let lines: [(record: LogRecord, site: LogSite)]

    init() throws {
        trace = try shipped("overdrawn")
        let merge = try LogMerge(trace)
        var lines: [(LogRecord, LogSite)] = []
        while let (record, _) = try merge.next() {
            lines.append((record, merge.sites[Int(record.site)]))
        }
        self.lines = lines
    }

    /// The trace of a run that died, whose logs and incidents are known to be whole before a step.
    private func known(
        before step: Step, workers: Int? = nil, _ change: (inout RecordBatch) -> Void = { _ in },
        _ body: (Trace) throws -> Void
    ) throws {
        let path = NSTemporaryDirectory() + "weir-border-\(UUID().uuidString).mcap"
        defer { unlink(path) }
        var header = trace.header
        header.workers = workers ?? header.workers
        let writer = try TraceWriter(path: path, header: header, overwrite: false)
        let batches = trace.batches()
        while var batch = try batches.next() {
            batch.incidents = []
            change(&batch)
            try writer.consume(batch)
        }
        try writer.finish(
            nil, rewriting: Rewriting(hasDied: true, lost: "", telemetryKnownBefore: step))
        try body(try Trace.open(path: path))
    }

    private func violation(_ name: String, at step: Step) -> Incident {
        Incident(step: step, kind: .violation, name: name, message: "\(name) fails", time: 0)
    }

    @Test func `a line that came too late for the file is no difference, and one before is`()
        throws
    {
        let last = try #require(lines.last)
        for (knownBefore, isMissed) in [(last.record.step, false), (last.record.step.next, true)] {
            try known(before: knownBefore) { batch in
                for index in batch.logs.indices {
                    batch.logs[index].records.removeAll { $0 == last.record }
                }
            } _: { trace in
                let comparison = try LogComparison(trace, inFlight: [], isSameBuild: true)
                for line in lines { comparison.take(line.record, line.site) }
                #expect((comparison.divergence != nil) == isMissed)
                #expect(comparison.matched == UInt64(lines.count - 1) && comparison.leftOut == 0)
            }
        }
    }

    @Test func `a violation that came too late for the file is no difference, and one before is`()
        throws
    {
        for (name, knownBefore, isMissed) in [
            ("new", 5, false), ("new", 6, true), ("wide", 6, false), ("wide", 7, true),
        ] as [(String, Step, Bool)] {
            try known(before: knownBefore) { trace in
                let comparison = try IncidentComparison(trace, wide: ["wide"])
                // One over several stages is found at rest, and told behind that step.
                if name == "wide" {
                    comparison.takeAtRest(violation(name, at: 5))
                } else {
                    comparison.take(violation(name, at: 5))
                }
                #expect((comparison.divergence(through: 9) != nil) == isMissed, "\(name)")
            }
        }
    }

    @Test func `a parallel run looks over several stages at rest, a drawn one in turns`() throws {
        for (workers, isDrawn) in [(2, false), (0, true)] {
            try known(before: .max, workers: workers) { trace in
                let inTurns = try IncidentComparison(trace, wide: ["wide"])
                inTurns.take(violation("wide", at: 5))
                #expect((inTurns.divergence(through: 9) != nil) == isDrawn)
                #expect(inTurns.onlyReplay.count == (isDrawn ? 0 : 1))
                let atRest = try IncidentComparison(trace, wide: ["wide"])
                atRest.takeAtRest(violation("wide", at: 5))
                #expect((atRest.divergence(through: 9) != nil) == !isDrawn)
            }
        }
    }

    @Test func `a line whose statement was lost is left out`() throws {
        var lost = 0
        try withRewritten(trace) { batch in
            for index in batch.newSites.indices where lost == 0 {
                batch.newSites[index] = .lost
                lost = 1
            }
        } _: { trace in
            let recorded = try LogMerge(trace)
            var gone: UInt64 = 0
            while let (record, _) = try recorded.next() {
                if recorded.sites[Int(record.site)] == .lost { gone += 1 }
            }
            let comparison = try LogComparison(trace, inFlight: [], isSameBuild: true)
            for line in lines { comparison.take(line.record, line.site) }
            comparison.finish(through: .max)
            #expect(comparison.divergence == nil && gone > 0 && comparison.leftOut == gone)
            #expect(comparison.matched == UInt64(lines.count) - gone)
        }
    }

    @Test func `answers may take just their bound`() throws {
        func answers(_ bound: ByteCount) throws {
            var ahead = ResultsAhead(maximumBytes: bound)
            for call in 1...4 as ClosedRange<UInt64> {
                try ahead.keep(
                    CallResult(subtask: 0, call: call, bytes: [UInt8](repeating: 1, count: 36)))
            }
        }
        // Three of them, each with 64 bytes of its own.
        try answers(300)
        #expect(throws: TraceError.self) { try answers(299) }
    }

    @Test func `rows go where somebody wants them, and a failure to write them is told`() throws {
        let sink = try #require(trace.end?.sinks.first { $0.rows > 0 })
        var options = ReplayRun.Options()
        let rows = KeptRows()
        options.outputs = [sink.sink: rows]
        let report = try ReplayRun(trace, orders, options).run()
        #expect(report.divergence == nil && report.reservation == nil)
        #expect(UInt64(rows.text.split(separator: "\n").count) == sink.rows)
        options.outputs = [sink.sink: KeptRows(fails: true)]
        #expect(throws: ClosedPipe.self) { try ReplayRun(trace, orders, options).run() }
    }

    @Test func `a line that was logged in no turn is nobody's`() throws {
        var isChanged = false
        try withRewritten(trace) { batch in
            guard !isChanged, !batch.logs.isEmpty, !batch.logs[0].records.isEmpty else { return }
            isChanged = true
            batch.logs[0].records[0].step = 0
        } _: { trace in
            let session = try ReplaySession(trace, orders, ReplaySession.Options())
            var subtasks: [String] = []
            try session.logLines(through: .max) {
                subtasks.append($0.subtask)
                return true
            }
            #expect(subtasks.first == "" && subtasks.dropFirst().allSatisfy { $0 != "" })
        }
    }

    @Test func `a block of a source that the header does not name is damage`() throws {
        let source = UInt16(trace.header.sources.count)
        let block = InputBlock(
            source: source, index: 0, kind: .bytes, offset: 0, length: 2, hash: 1, time: 0,
            bytes: nil)
        var isGiven = false
        try withRewritten(trace) { batch in
            batch.inputs = isGiven ? [] : [block]
            isGiven = true
        } _: { trace in
            let inputs = RecordedInputs(trace: trace, paths: [:])
            let error = #expect(throws: TraceError.self) { try inputs.next(of: Int(source)) }
            #expect(error?.description.contains("names no source \(source)") == true)
        }
    }
}
