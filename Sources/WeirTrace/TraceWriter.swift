import Synchronization
package import WeirTelemetry
package import WeirBase

/// Writes a run's trace.
///
/// The protocol is: make it, which writes the header; the recorder's thread calls `consume` for
/// each batch; when that thread was joined, the run calls `finish` once. Any thread may read the
/// counters.
///
/// When `consume` returns, the batch is with the kernel, and a process that is killed afterwards
/// has lost nothing of it. Inputs and results are written before the schedule that needs them,
/// so that every prefix of the file can be replayed. After an error nothing more is written;
/// what was written before stays readable.
package final class TraceWriter: RecordConsumer, @unchecked Sendable {
    // Unchecked: everything but `bytes` belongs to the recorder's thread (to the caller of
    // `finish` once that thread was joined).

    private let file: McapWriter
    /// Turns the schedule of each batch into a block that goes on where the one before ended.
    private let schedule = ScheduleEncoder()
    private let zstd = Zstd()
    /// The numbers that the file gives to the topics.
    private let channels: [Topic: UInt16]
    /// The run's start.
    private let started: Instant
    /// The size at which recording ends; nil without a bound.
    private let byteBound: ByteCount?
    /// Bytes of the file. Written by the recorder's thread, read by any.
    private let bytes = Atomic<UInt64>(0)
    /// Bytes of all metric samples before they are packed.
    private let sampleBytes = Atomic<UInt64>(0)
    /// Processor time that was spent on encoding them.
    private let sampleNanoseconds = Atomic<UInt64>(0)
    /// By channel, the sequence number of the next message.
    private var sequences: [UInt16: UInt32] = [:]
    /// The running maximum of the run's time, microseconds, as log times must not fall within a
    /// file.
    private var time = RunTime.start
    /// How many statements were written, which is the number of the next one.
    private var knownSites = 0
    /// Whether an error or the bound ended recording: the end then says that it is not whole.
    private var isStopped = false
    private var isFinished = false

    /// Creates the file and writes the header; when it returns, the header is with the kernel.
    ///
    /// An existing file is replaced only with `overwrite`. Beyond `byteBound` bytes `consume`
    /// throws an error with the code `.bound`.
    package init(
        path: String, header: RunHeader, overwrite: Bool, byteBound: ByteCount? = nil
    ) throws(TraceError) {
        let library = "weir \(header.recordedWith.version)"
        let file = try McapWriter(path: path, library: library, overwrite: overwrite)
        try file.writeMetadata(name: TraceMetadata.run, Self.members(of: header))
        // Only what other tools can read has a schema: metrics and incidents are JSON, the rest
        // is ours.
        let metric = try file.addSchema(
            name: "weir.MetricSample", encoding: "jsonschema",
            data: Array(JSONCodec.metricSchema.utf8))
        let incident = try file.addSchema(
            name: "weir.Mark", encoding: "jsonschema", data: Array(JSONCodec.incidentSchema.utf8))
        var channels: [Topic: UInt16] = [:]
        // All channels exist from the beginning, as most readers want to know them before the
        // first chunk.
        for topic in Topic.allCases {
            let schema =
                switch topic {
                case .metric: metric
                case .incident: incident
                case .schedule, .input, .journal, .log, .span: UInt16(0)
                }
            channels[topic] = try file.addChannel(
                topic: topic.rawValue, schema: schema,
                encoding: schema == 0 ? "x-weir" : "json")
            // Where a channel's record is damaged, a salvage finds its topic by this rule.
            assert(
                channels[topic] == UInt16(topic.rank + 1),
                "topic \(topic.rawValue) has channel \(channels[topic] ?? 0)")
        }
        self.file = file
        self.channels = channels
        self.byteBound = byteBound
        started = header.started
        bytes.store(file.bytesWritten.rawValue, ordering: .relaxed)
    }

    /// The header as JSON, and what other tools may want to show of it as plain members.
    private static func members(
        of header: RunHeader
    ) throws(TraceError) -> [(String, String)] {
        try JSONCodec.members(
            header,
            plain: [
                ("format", TraceMetadata.version), ("run", header.run),
                ("pipeline", header.pipeline), ("version", header.version),
                ("plan", header.plan), ("seed", "\(header.seed)"),
                ("workers", "\(header.workers)"), ("started_ns", "\(header.started.nanoseconds)"),
            ])
    }

    /// Bytes of the file so far. Any thread.
    package var bytesWritten: ByteCount { ByteCount(bytes.load(ordering: .relaxed)) }

    /// What metric samples cost so far: bytes before they are packed, and processor time. Any
    /// thread.
    package var sampleCost: (bytes: ByteCount, nanoseconds: UInt64) {
        (
            ByteCount(sampleBytes.load(ordering: .relaxed)),
            sampleNanoseconds.load(ordering: .relaxed)
        )
    }

    /// Writes a batch. The recorder's thread.
    ///
    /// - Throws: `.bound` once the file has reached its bound, which is looked at before each
    ///   batch: the file may become longer by one batch.
    package func consume(_ batch: RecordBatch) throws {
        // The recorder was joined before `finish`, so nothing can come any more.
        precondition(!isFinished, "a batch behind the end of the trace")
        defer { bytes.store(file.bytesWritten.rawValue, ordering: .relaxed) }
        // Whole batches only, so that what is in the file can be replayed to its end.
        if let byteBound, file.bytesWritten >= byteBound {
            isStopped = true
            throw TraceError(
                .bound,
                "recording reached its bound of \(Quantities.describe(bytes: byteBound))")
        }
        try write(batch)
    }

    /// Writes a batch in the order that keeps every prefix replayable.
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
        defer { bytes.store(file.bytesWritten.rawValue, ordering: .relaxed) }
        try write(end, isWhole: isWhole && !isStopped)
        try file.finish()
    }

    /// Closes a file that holds what is whole of another trace.
    ///
    /// `end` is its run's end, where that is known and the schedule comes to it. `rewriting` is
    /// what the new file is to say of the old one.
    func finish(_ end: RunEnd?, rewriting: Rewriting) throws(TraceError) {
        precondition(!isFinished, "a trace ends once")
        isFinished = true
        defer { bytes.store(file.bytesWritten.rawValue, ordering: .relaxed) }
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

    /// Writes how the run ended, and whether everything was kept.
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

    /// A message with the next sequence number of its channel. Its log time is the run's time on
    /// the wall clock; it never falls and saturates, whatever the times in a damaged file are.
    ///
    /// - Throws: `.operating` where no chunk has room for it. The recorder's messages are far
    ///   smaller; of a trace that is rewritten one may be as large as its file says.
    private func message(
        _ topic: Topic, _ data: [UInt8], at time: RunTime
    ) throws(TraceError) -> McapMessage {
        guard data.count <= Mcap.maximumMessage else {
            throw TraceError(
                .operating,
                "a message of \(topic.rawValue) takes \(data.count) bytes, and a trace has room "
                    + "for \(Mcap.maximumMessage). It cannot be written")
        }
        self.time = max(self.time, time)
        // The times may come from a damaged trace that is being rewritten. The running maximum is
        // never below zero, so that a sum that is too large for a clock is too large upwards.
        let (sum, isTooLarge) = started.nanoseconds.addingReportingOverflow(self.time.nanoseconds)
        let logTime = isTooLarge ? Int64.max : max(0, sum)
        assert(channels[topic] != nil, "topic \(topic.rawValue) has no channel to be written to")
        // Every topic has a channel, so that the 0 is never used.
        let channel = channels[topic] ?? 0
        let sequence = sequences[channel, default: 0]
        sequences[channel] = sequence &+ 1
        return McapMessage(
            channel: channel, sequence: sequence, logTime: UInt64(logTime), data: data)
    }

    /// Collects messages and writes them as chunks of a bounded size.
    private struct Chunker {
        let file: McapWriter
        var messages: [McapMessage] = []
        var bytes = ByteCount.zero

        init(_ file: McapWriter) { self.file = file }

        /// Adds a message, after writing those before it if it would make the chunk too
        /// large.
        mutating func add(_ message: McapMessage) throws(TraceError) {
            // A message larger than the bound gets a chunk to itself.
            let more = ByteCount(message.data.count)
            if bytes > .zero, bytes + more > TraceBounds.chunkBytes { try flush() }
            bytes += more
            messages.append(message)
            // A kill may cost a chunk, which is why it has a bound.
            assert(
                bytes <= TraceBounds.chunkBytes || messages.count == 1,
                "\(messages.count) messages of \(bytes) bytes wait for one chunk")
        }

        /// Writes what has gathered as one chunk.
        mutating func flush() throws(TraceError) {
            try file.writeChunk(messages, compress: true)
            messages.removeAll(keepingCapacity: true)
            bytes = .zero
        }
    }

    /// Writes inputs and results, source by source.
    private func writeInputs(_ batch: RecordBatch) throws(TraceError) {
        var chunker = Chunker(file)
        for run in Self.runs(of: batch.inputs) {
            // A message's log time is that of the newest thing in it.
            let latest = run.reduce(RunTime.min) { max($0, $1.time) }
            try chunker.add(message(.input, InputCodec.encode(run), at: latest))
        }
        var start = 0
        while start < batch.results.count {
            var end = start
            var size = ByteCount.zero
            repeat {
                size += Self.bytes(of: batch.results[end])
                end += 1
            } while end < batch.results.count && size < TraceBounds.inputMessageBytes
                && size + Self.bytes(of: batch.results[end]) <= TraceBounds.maximumSharedBytes
            let data = InputCodec.encode(batch.results[start..<end])
            // Results have no time of their own and take that of what was written last.
            try chunker.add(message(.journal, data, at: time))
            start = end
        }
        try chunker.flush()
    }

    /// Writes the schedule as one block in a chunk of its own.
    private func writeSchedule(_ batch: ScheduleBatch) throws(TraceError) {
        if batch.isEmpty { return }
        let latest = batch.steps.reduce(RunTime.min) { max($0, $1.time) }
        let data = try schedule.encode(batch)
        // Its columns are packed already, each by itself.
        try file.writeChunk([message(.schedule, data, at: latest)], compress: false)
    }

    /// Writes logs, samples and incidents, with the statements before the records that name
    /// them.
    private func writeTelemetry(_ batch: RecordBatch) throws(TraceError) {
        var chunker = Chunker(file)
        var sites = batch.newSites[...]
        while !sites.isEmpty {
            let part = sites.prefix(Self.statementCount(sites))
            let data = LogCodec.encode(Array(part), first: knownSites)
            knownSites += part.count
            sites = sites.dropFirst(part.count)
            try chunker.add(message(.log, data, at: time))
        }
        // A worker's records may take several messages, as one has a bounded size.
        for logs in Self.joined(batch.logs) {
            var start = 0
            // Losses are told once, with the first message of the batch, even when it has no
            // records.
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
            // The thread's processor time: what sampling costs is what a person is told, and
            // waiting is free.
            let started = MonotonicClock.threadNanoseconds()
            let data = JSONCodec.encode(sample)
            try chunker.add(message(.metric, data, at: sample.time))
            sampleBytes.wrappingAdd(UInt64(data.count), ordering: .relaxed)
            sampleNanoseconds.wrappingAdd(
                MonotonicClock.threadNanoseconds() - started, ordering: .relaxed)
        }
        for incident in batch.incidents {
            let data = try JSONCodec.encode(incident)
            try chunker.add(message(.incident, data, at: incident.time))
        }
        try chunker.flush()
    }
}
