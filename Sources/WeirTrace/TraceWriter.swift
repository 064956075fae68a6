import Synchronization
package import WeirTelemetry
import WeirBase

/// Writes a run's trace. The recorder's thread calls it, one batch at a time.
///
/// When `consume` returns, the batch is with the kernel: a process that is killed afterwards has
/// lost nothing of it. Inputs and results are written before the schedule that needs them, so
/// every prefix of the file is closed under causes. After an error nothing more is written; what
/// was written before stays readable.
package final class TraceWriter: RecordConsumer, @unchecked Sendable {
    // Unchecked: everything but `bytes` belongs to the recorder's thread (to the caller of
    // `finish` once that thread was joined).

    /// Chunks of inputs and telemetry are closed at about so many bytes.
    package static let chunkBytes = 256 << 10

    private let file: McapWriter
    private let schedule = ScheduleEncoder()
    private let zstd = Zstd()
    private let channels: [Topic: UInt16]
    private let started: Int64
    private let byteBound: Int?
    private let bytes = Atomic<Int>(0)
    private let sampleBytes = Atomic<UInt64>(0)
    private let sampleNanoseconds = Atomic<UInt64>(0)
    private var sequences: [UInt16: UInt32] = [:]
    /// Running maximum of the run's time, microseconds: log times must not fall.
    private var time: Int64 = 0
    private var knownSites = 0
    private var isStopped = false
    private var isFinished = false

    /// Creates the file and writes the header; when it returns, the header is with the kernel.
    ///
    /// An existing file is replaced only with `overwrite`. Beyond `byteBound` bytes `consume`
    /// throws an error with the code `.bound`.
    package init(
        path: String, header: RunHeader, overwrite: Bool, byteBound: Int? = nil
    ) throws(TraceError) {
        let library = "weir \(header.recordedWith.version)"
        let file = try McapWriter(path: path, library: library, overwrite: overwrite)
        try file.writeMetadata(name: TraceMetadata.run, Self.members(of: header))
        let metric = try file.addSchema(
            name: "weir.MetricSample", encoding: "jsonschema",
            data: Array(JSONCodec.metricSchema.utf8))
        let mark = try file.addSchema(
            name: "weir.Mark", encoding: "jsonschema", data: Array(JSONCodec.markSchema.utf8))
        var channels: [Topic: UInt16] = [:]
        for topic in Topic.allCases {
            let schema =
                switch topic {
                case .metric: metric
                case .mark: mark
                case .schedule, .input, .journal, .log, .span: UInt16(0)
                }
            channels[topic] = try file.addChannel(
                topic: topic.rawValue, schema: schema,
                encoding: schema == 0 ? "x-weir" : "json")
        }
        self.file = file
        self.channels = channels
        self.byteBound = byteBound
        started = header.started
        bytes.store(Int(file.bytesWritten), ordering: .relaxed)
    }

    private static func members(
        of header: RunHeader
    ) throws(TraceError) -> [(String, String)] {
        try JSONCodec.members(
            header,
            plain: [
                ("format", TraceMetadata.version), ("run", header.run),
                ("pipeline", header.pipeline), ("version", header.version),
                ("plan", header.plan), ("seed", "\(header.seed)"),
                ("workers", "\(header.workers)"), ("started_ns", "\(header.started)"),
            ])
    }

    /// Bytes of the file so far. Any thread.
    package var bytesWritten: Int { bytes.load(ordering: .relaxed) }

    /// What metric samples cost so far: bytes before they are packed, and processor time. Any
    /// thread.
    package var sampleCost: (bytes: UInt64, nanoseconds: UInt64) {
        (sampleBytes.load(ordering: .relaxed), sampleNanoseconds.load(ordering: .relaxed))
    }

    package func consume(_ batch: RecordBatch) throws {
        precondition(!isFinished, "a batch behind the end of the trace")
        defer { bytes.store(Int(file.bytesWritten), ordering: .relaxed) }
        if let byteBound, file.bytesWritten >= UInt64(byteBound) {
            isStopped = true
            throw TraceError(
                .bound,
                "recording reached its bound of \(Quantities.describe(bytes: byteBound))")
        }
        try write(batch)
    }

    func write(_ batch: RecordBatch) throws(TraceError) {
        do throws(TraceError) {
            try writeInputs(batch)
            try writeSchedule(batch.schedule)
            try writeTelemetry(batch)
        } catch {
            isStopped = true
            throw error
        }
    }

    /// Writes the run's end and the summary; the file is whole afterwards.
    ///
    /// After an error of `consume` it still closes the file where it can, marked as incomplete.
    package func finish(_ end: RunEnd) throws(TraceError) { try finish(end, isWhole: true) }

    /// The same for what was taken from another file, which may not have been whole either.
    func finish(_ end: RunEnd, isWhole: Bool) throws(TraceError) {
        precondition(!isFinished, "a trace ends once")
        isFinished = true
        defer { bytes.store(Int(file.bytesWritten), ordering: .relaxed) }
        try write(end, isWhole: isWhole && !isStopped)
        try file.finish()
    }

    /// Closes a file that holds what is whole of another: with its run's end, where that is known
    /// and the schedule comes to it, and with a note of what is lost.
    func finish(_ end: RunEnd?, rewriting: Rewriting) throws(TraceError) {
        precondition(!isFinished, "a trace ends once")
        isFinished = true
        defer { bytes.store(Int(file.bytesWritten), ordering: .relaxed) }
        if let end { try write(end, isWhole: false) }
        try file.writeMetadata(
            name: TraceMetadata.rewritten,
            JSONCodec.members(
                rewriting.inFlight,
                plain: [
                    ("died", "\(rewriting.hasDied)"), ("lost", rewriting.lost),
                    (TraceMetadata.telemetryKnown, "\(rewriting.telemetryKnownBefore)"),
                ]))
        try file.finish()
    }

    private func write(_ end: RunEnd, isWhole: Bool) throws(TraceError) {
        let members = try JSONCodec.members(
            end,
            plain: [
                ("complete", isWhole ? "true" : "false"), ("cause", end.cause),
                ("steps", "\(end.steps)"), ("turns", "\(end.turns)"),
                ("events", "\(end.events)"),
            ])
        try file.writeMetadata(name: TraceMetadata.end, members)
    }

    private func message(_ topic: Topic, _ data: [UInt8], at time: Int64) -> McapMessage {
        self.time = max(self.time, time)
        let (offset, isTooLarge) = self.time.multipliedReportingOverflow(by: 1000)
        let logTime = isTooLarge ? UInt64(Int64.max) : UInt64(max(0, started &+ offset))
        let channel = channels[topic] ?? 0
        let sequence = sequences[channel, default: 0]
        sequences[channel] = sequence &+ 1
        return McapMessage(channel: channel, sequence: sequence, logTime: logTime, data: data)
    }

    /// Collects messages and writes them as chunks of a bounded size.
    private struct Chunker {
        let file: McapWriter
        var messages: [McapMessage] = []
        var bytes = 0

        init(_ file: McapWriter) { self.file = file }

        mutating func add(_ message: McapMessage) throws(TraceError) {
            if bytes > 0, bytes + message.data.count > TraceWriter.chunkBytes { try flush() }
            bytes += message.data.count
            messages.append(message)
        }

        mutating func flush() throws(TraceError) {
            try file.writeChunk(messages, compress: true)
            messages.removeAll(keepingCapacity: true)
            bytes = 0
        }
    }

    private func writeInputs(_ batch: RecordBatch) throws(TraceError) {
        var chunker = Chunker(file)
        for run in Self.runs(of: batch.inputs) {
            let latest = run.reduce(Int64.min) { max($0, $1.time) }
            try chunker.add(message(.input, InputCodec.encode(run), at: latest))
        }
        var start = 0
        while start < batch.results.count {
            var end = start
            var size = 0
            while end < batch.results.count, size < InputCodec.messageBytes {
                size += batch.results[end].bytes.count + 16
                end += 1
            }
            let data = InputCodec.encode(batch.results[start..<end])
            try chunker.add(message(.journal, data, at: time))
            start = end
        }
        try chunker.flush()
    }

    /// Stretches of blocks of one source, each small enough for a message; a source's blocks keep
    /// their order.
    private static func runs(of inputs: [InputBlock]) -> [ArraySlice<InputBlock>] {
        let sources = Dictionary(grouping: inputs, by: \.source).sorted { $0.key < $1.key }
        var runs: [ArraySlice<InputBlock>] = []
        for (_, blocks) in sources {
            var start = 0
            while start < blocks.count {
                var end = start
                var size = 0
                repeat {
                    size += InputCodec.blockHead + (blocks[end].bytes?.count ?? 0)
                    end += 1
                } while end < blocks.count && size < InputCodec.messageBytes
                    && blocks[end].index == blocks[end - 1].index &+ 1
                runs.append(blocks[start..<end])
                start = end
            }
        }
        return runs
    }

    private func writeSchedule(_ batch: ScheduleBatch) throws(TraceError) {
        if batch.isEmpty { return }
        let latest = batch.steps.reduce(Int64.min) { max($0, $1.time) }
        let data = try schedule.encode(batch)
        // Its columns are packed already.
        try file.writeChunk([message(.schedule, data, at: latest)], compress: false)
    }

    private func writeTelemetry(_ batch: RecordBatch) throws(TraceError) {
        var chunker = Chunker(file)
        if !batch.newSites.isEmpty {
            let data = LogCodec.encode(batch.newSites, first: knownSites)
            knownSites += batch.newSites.count
            try chunker.add(message(.log, data, at: time))
        }
        for logs in Self.joined(batch.logs) {
            var start = 0
            var lost = logs.lost
            repeat {
                let end = Self.end(of: logs.records, from: start)
                let data = LogCodec.encode(
                    logs.records[start..<end], worker: logs.worker, lost: lost, zstd: zstd)
                try chunker.add(message(.log, data, at: time))
                lost = 0
                start = end
            } while start < logs.records.count
        }
        for sample in batch.metrics {
            let started = MonotonicClock.threadNanoseconds()
            let data = JSONCodec.encode(sample)
            try chunker.add(message(.metric, data, at: sample.time))
            sampleBytes.wrappingAdd(UInt64(data.count), ordering: .relaxed)
            sampleNanoseconds.wrappingAdd(
                MonotonicClock.threadNanoseconds() - started, ordering: .relaxed)
        }
        for mark in batch.marks {
            try chunker.add(message(.mark, JSONCodec.encode(mark), at: mark.time))
        }
        try chunker.flush()
    }

    /// One batch a worker: what was drained in many small pieces packs better together.
    ///
    /// So they lie in the file; whoever shows logs beside the file goes through them the same way.
    package static func joined(_ batches: [LogBatch]) -> [LogBatch] {
        var joined: [LogBatch] = []
        for batch in batches {
            if let place = joined.firstIndex(where: { $0.worker == batch.worker }) {
                joined[place].records.append(contentsOf: batch.records)
                joined[place].lost += batch.lost
            } else {
                joined.append(batch)
            }
        }
        return joined
    }

    /// Where a message that begins at `start` ends: about 256 KiB of unpacked records.
    private static func end(of records: [LogRecord], from start: Int) -> Int {
        var end = start
        var size = 0
        while end < records.count, size < chunkBytes {
            size += 24
            for value in records[end].values {
                if case .text(let text) = value { size += text.utf8.count }
                size += 8
            }
            end += 1
        }
        return end
    }
}
