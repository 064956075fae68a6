import Foundation
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

/// A folder of its own for one test; removed afterwards.
func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let path = FileManager.default.temporaryDirectory
        .appendingPathComponent("weir-trace-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
}

enum Fixture {
    static let run = "0123456789abcdef0123456789abcdef"

    static var header: RunHeader {
        var header = RunHeader(
            run: run, pipeline: "orders", version: "1", plan: "00112233aabbccdd", seed: 7)
        header.workers = 2
        header.started = Instant(nanoseconds: 1_790_000_000_000_000_000)
        header.recordedWith = BuildInfo(version: "0.1.0", build: "ff", toolchain: "6.3.1")
        header.sources = [SourceInfo(name: "orders", kind: "bytes", location: "-")]
        header.sinks = ["totals"]
        header.subtasks = [
            SubtaskInfo(
                stage: "parse", index: 0, inlets: [], outlets: ["parse/0>enrich/0"], source: 0),
            SubtaskInfo(
                stage: "enrich", index: 0, inlets: ["parse/0>enrich/0"], outlets: [], source: nil),
            SubtaskInfo(
                stage: "enrich", index: 1, inlets: ["parse/0>enrich/1"], outlets: [], source: nil),
            SubtaskInfo(
                stage: "totals", index: 0, inlets: ["enrich/0>totals/0", "enrich/1>totals/0"],
                outlets: [], source: nil),
        ]
        header.cells = ["stock"]
        return header
    }

    static var end: RunEnd {
        var end = RunEnd(cause: "finished", steps: 9, turns: 4, events: 100)
        end.sinks = [SinkDigest(sink: "totals", rows: 3, ordered: "aa", unordered: "bb")]
        return end
    }

    /// A turn from its beginning to its end.
    static func turn(
        _ batch: inout ScheduleBatch, step: Step, subtask: SubtaskIndex, kind: StepKind = .input,
        inlet: ChannelIndex = 0, count: UInt32 = 256, time: RunTime, emitted: [UInt32] = [],
        duration: UInt32 = 5, sample: UInt64? = nil, accesses: UInt32 = 0
    ) {
        var note = StepNote(step: step, kind: kind)
        note.subtask = subtask
        note.port = inlet.rawValue
        note.count = count
        note.time = time
        batch.steps.append(note)
        end(
            &batch, step: step, emitted: emitted, duration: duration, sample: sample,
            accesses: accesses)
    }

    static func end(
        _ batch: inout ScheduleBatch, step: Step, emitted: [UInt32] = [], duration: UInt32 = 5,
        sample: UInt64? = nil, accesses: UInt32 = 0
    ) {
        let start = batch.emitted.count
        batch.emitted.append(contentsOf: emitted)
        batch.ends.append(
            EndNote(
                step: step, accesses: accesses, duration: duration, sample: sample,
                emitted: start..<batch.emitted.count))
    }

    /// One step of every kind, and an end in a later batch than its beginning.
    static var schedules: [ScheduleBatch] {
        var first = ScheduleBatch()
        turn(&first, step: 1, subtask: 0, time: 10, emitted: [128, 128], sample: 99)
        turn(&first, step: 2, subtask: 1, time: 14, emitted: [], duration: 7, accesses: 1)
        var access = StepNote(step: 3, kind: .access)
        access.subtask = 1
        access.turn = 2
        first.steps.append(access)
        var open = StepNote(step: 4, kind: .completion)
        open.subtask = 2
        open.count = 3
        open.time = 12
        first.words = [5, 9, 6]
        open.words = 0..<3
        first.steps.append(open)

        var second = ScheduleBatch()
        var publish = StepNote(step: 5, kind: .publish)
        publish.subtask = 2
        publish.port = 1
        publish.count = 40
        publish.turn = 4
        second.words = [30, 10, 0, 1, 0xFFFF]
        publish.words = 0..<3
        second.steps.append(publish)
        second.steps.append(StepNote(step: 6, kind: .void))
        end(&second, step: 4, emitted: [1, 2, 3, 4, 5, 6], duration: 0)
        for (index, kind) in [StepKind.timer, .continue, .idle, .end, .failure].enumerated() {
            turn(
                &second, step: Step(7 + index), subtask: 3, kind: kind, inlet: 1, count: 1,
                time: RunTime(20 + index), emitted: [UInt32(index)])
        }
        var rest = StepNote(step: 12, kind: .rest)
        rest.time = 31
        rest.digest = 0xDEAD_BEEF
        rest.words = 3..<5
        second.steps.append(rest)
        return [first, second]
    }

    static let sites = [
        LogSite(
            level: .info, message: "order_reserved", file: "Gallery/Orders.swift", line: 118,
            fields: ["order", "left"]),
        LogSite(level: .warning, message: "late", file: "Orders.swift", line: 7, fields: ["why"]),
    ]

    static func record(
        step: Step, index: UInt32 = 1, operatorIndex: UInt16 = 0, ordinal: UInt32 = 0,
        subtask: SubtaskIndex = 1, time: RunTime = 14, site: UInt32 = 0,
        values: [LogValue] = [.integer(5), .integer(-1)]
    ) -> LogRecord {
        LogRecord(
            step: step, index: index, operatorIndex: operatorIndex, ordinal: ordinal,
            subtask: subtask, time: time, site: site, values: values)
    }

    static func block(_ index: UInt64, _ text: String, source: UInt16 = 0) -> InputBlock {
        let bytes = Array(text.utf8)
        var hash = StableHash()
        hash.combine(bytes: bytes)
        return InputBlock(
            source: source, index: index, kind: .bytes, offset: index * 10,
            length: UInt32(bytes.count), hash: hash.value, time: RunTime(index), bytes: bytes)
    }

    static var metric: MetricSample {
        var subtask = SubtaskSample(stage: "parse", subtask: 0)
        subtask.recordsIn = 100
        subtask.busy = 1_500_000
        let channel = ChannelSample(
            name: "parse/0>enrich/0", from: "parse/0", to: "enrich/0", depth: 3, capacity: 1024,
            bytes: 99, dropped: 0)
        return MetricSample(
            time: 25, step: 9, subtasks: [subtask], channels: [channel],
            recorder: RecorderSample(bytes: 1000, logsDropped: 2))
    }

    static let incident = Incident(
        step: 3, kind: .violation, name: "stock", message: "stock is -1", time: 14)

    /// Two batches with something of everything.
    static var batches: [RecordBatch] {
        var first = RecordBatch()
        first.schedule = schedules[0]
        first.inputs = [block(0, "one\n"), block(1, "two\n")]
        first.newSites = [sites[0]]
        first.logs = [
            LogBatch(worker: 0, records: [record(step: 1, subtask: 0)], lost: 0),
            LogBatch(worker: 1, records: [record(step: 2)], lost: 3),
        ]
        var second = RecordBatch()
        second.schedule = schedules[1]
        second.inputs = [block(2, "three\n")]
        second.results = [CallResult(subtask: 2, call: 5, bytes: [1, 2, 3])]
        second.newSites = [sites[1]]
        second.logs = [
            LogBatch(
                worker: 0,
                records: [
                    record(
                        step: 7, subtask: 3, time: 20, site: 1,
                        values: [.text("später"), .double(1.5), .flag(true)])
                ], lost: 0)
        ]
        second.metrics = [metric]
        second.incidents = [incident]
        return [first, second]
    }

    @discardableResult
    static func write(
        _ path: String, _ batches: [RecordBatch] = batches, end: RunEnd? = end
    ) throws -> TraceWriter {
        let writer = try TraceWriter(path: path, header: header, overwrite: false)
        for batch in batches { try writer.consume(batch) }
        if let end { try writer.finish(end) }
        return writer
    }

    /// Messages of one topic, in a chunk of their own, and the sequence number of the first.
    typealias ForgedChunk = (topic: Topic, first: UInt32, messages: [[UInt8]])

    /// Writes a trace of messages that no writer would write, with checksums that fit.
    static func forge(
        _ path: String, _ chunks: [ForgedChunk], header: RunHeader = header, end: RunEnd? = end,
        format: String = TraceMetadata.version
    ) throws {
        let writer = try McapWriter(path: path, library: "weir", overwrite: false)
        try writer.writeMetadata(
            name: TraceMetadata.run, JSONCodec.members(header, plain: [("format", format)]))
        var channels: [Topic: UInt16] = [:]
        for topic in Topic.allCases {
            channels[topic] = try writer.addChannel(
                topic: topic.rawValue, schema: 0, encoding: "x-weir")
        }
        for chunk in chunks {
            let messages = chunk.messages.enumerated().map { index, data in
                McapMessage(
                    channel: channels[chunk.topic] ?? 0, sequence: chunk.first + UInt32(index),
                    logTime: 1, data: data)
            }
            try writer.writeChunk(messages, compress: true)
        }
        guard let end else { return }
        try writer.writeMetadata(
            name: TraceMetadata.end, JSONCodec.members(end, plain: [("complete", "true")]))
        try writer.finish()
    }
}

/// Everything that can be read of a trace, for comparing.
struct Contents: Equatable {
    var header: RunHeader
    var end: RunEnd?
    var schedules: [ScheduleBatch] = []
    var inputs: [InputBlock] = []
    var results: [CallResult] = []
    var logs: [LogBatch] = []
    var sites: [LogSite] = []
    var metrics: [MetricSample] = []
    var incidents: [Incident] = []

    init(_ trace: Trace) throws {
        header = trace.header
        end = trace.end
        let schedule = trace.schedule()
        while let batch = try schedule.next() { schedules.append(batch) }
        for source in trace.header.sources.indices {
            let cursor = trace.inputs(source: UInt16(source))
            while let block = try cursor.next() { inputs.append(block) }
        }
        let results = trace.results()
        while let result = try results.next() { self.results.append(result) }
        let logs = trace.logs()
        while let batch = try logs.next() { self.logs.append(batch) }
        sites = try trace.sites()
        let metrics = trace.metrics()
        while let sample = try metrics.next() { self.metrics.append(sample) }
        let incidents = trace.incidents()
        while let incident = try incidents.next() { self.incidents.append(incident) }
    }
}
