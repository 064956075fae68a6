package import WeirBase
package import WeirTelemetry

extension Trace {
    /// The schedule from its first step, recovered steps included.
    package func schedule() -> ScheduleCursor { ScheduleCursor(self, from: 0) }

    /// The schedule from the batch that holds `step`; from the first one when no batch does.
    ///
    /// Costs a binary search, which reads one chunk for each probe. What lies before is not read
    /// and so not held against the chain.
    package func schedule(from step: Step) throws(TraceError) -> ScheduleCursor {
        ScheduleCursor(self, from: try chunkIndex(of: step))
    }

    /// The blocks of one source in order, recovered ones included.
    package func inputs(source: UInt16) -> InputCursor { InputCursor(self, source: source) }

    /// What asynchronous calls answered, in the order of recording.
    package func results() -> ResultCursor { ResultCursor(self) }

    /// The log records of one worker, batch by batch; of all workers in file order when nil.
    package func logs(worker: UInt16? = nil) -> LogCursor { LogCursor(self, worker: worker) }

    /// The metric samples in the order of the run.
    package func metrics() -> MetricCursor { MetricCursor(self) }

    /// The incidents in the order in which they were recorded.
    package func incidents() -> IncidentCursor { IncidentCursor(self) }

    /// The violation or the failure with the least step; nil where nothing failed. Reads all
    /// incidents.
    package func firstFailure() throws -> Incident? {
        var first: Incident?
        let cursor = incidents()
        while let incident = try cursor.next() {
            guard incident.kind == .violation || incident.kind == .failure else { continue }
            if incident.step < (first?.step ?? .max) { first = incident }
        }
        return first
    }

    /// Calls `body` with every batch of the schedule in order.
    package func forEachSchedule(_ body: (ScheduleBatch) throws -> Void) throws {
        let cursor = schedule()
        while let batch = try cursor.next() { try body(batch) }
    }

    /// The statements that log records name by number.
    ///
    /// Reads the whole topic, so keep the result.
    package func sites() throws(TraceError) -> [LogSite] {
        var sites: [LogSite] = []
        var cursor = MessageCursor(store, .log)
        while let message = try cursor.message() {
            let more = try cursor.located { () throws(MalformedBytes) -> [LogSite] in
                var reader = ByteReader(message)
                guard case .sites = try LogCodec.head(&reader) else { return [] }
                return try LogCodec.sites(&reader, known: sites.count)
            }
            sites.append(contentsOf: more)
        }
        return sites
    }

    /// The number of the last step, recovered ones included; 0 when there is none.
    package func lastStep() throws(TraceError) -> Step {
        // What was recovered lies behind the file.
        if let last = tail.schedule.steps.last { return last.step }
        return try Self.lastState(store).nextStep.previous
    }

    /// The index of the chunk whose schedule holds a step; 0 when none does.
    private func chunkIndex(of step: Step) throws(TraceError) -> Int {
        guard let channel = store.channel(.schedule) else { return 0 }
        let chunks = store.current.chunks
        let candidates = chunks.indices.filter { chunks[$0].holds(channel: channel) }
        var low = 0
        var high = candidates.count
        let zstd = Zstd()
        while low < high {
            let middle = (low + high) / 2
            let chunk = try McapChunk(chunks[candidates[middle]], of: store.file, zstd: zstd)
            guard let message = chunk.messages.first(where: { $0.channel == channel }) else {
                throw .damaged(chunk.offset, "the index names a schedule where there is none")
            }
            let first: Step
            do throws(MalformedBytes) {
                var reader = ByteReader(chunk.data(of: message))
                first = try ScheduleDecoder.head(&reader).state.nextStep
            } catch {
                throw .damaged(chunk.offset, error.reason)
            }
            // At the end `low` chunks begin at or before the step, and the last of them is the
            // one.
            if first <= step { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? 0 : candidates[low - 1]
    }
}

/// Reads the schedule batch by batch and checks that its steps name subtasks of the plan. Owned
/// by one thread.
package final class ScheduleCursor {
    private let trace: Trace
    private var messages: MessageCursor
    private let decoder: ScheduleDecoder
    /// Whether the recovered steps, which come last, were given.
    private var isTailGiven = false

    fileprivate init(_ trace: Trace, from chunkIndex: Int) {
        self.trace = trace
        messages = MessageCursor(trace.store, .schedule, from: chunkIndex)
        decoder = chunkIndex == 0 ? ScheduleDecoder() : ScheduleDecoder(startingAnywhere: ())
    }

    /// The next batch; nil at the end of what is known, which `Trace.refresh` may extend.
    package func next() throws(TraceError) -> ScheduleBatch? {
        if let block = try messages.message() {
            let batch = try messages.located { () throws(MalformedBytes) in
                let batch = try decoder.decode(block)
                try check(batch)
                return batch
            }
            return batch
        }
        // The tail is given once, and only a trace that no longer grows has one.
        if isTailGiven || trace.tail.schedule.isEmpty { return nil }
        isTailGiven = true
        return trace.tail.schedule
    }

    /// A hash over the columns of all blocks read so far, times and counts included.
    package var chain: UInt64 { decoder.state?.chain ?? 0 }

    /// Refuses a step that names a subtask which the header does not have.
    private func check(_ batch: ScheduleBatch) throws(MalformedBytes) {
        let count = trace.header.subtasks.count
        if count == 0 { return }
        for note in batch.steps where note.subtask.offset >= count {
            throw MalformedBytes(
                offset: 0, reason: "step \(note.step) names subtask \(note.subtask) of \(count)")
        }
    }
}

/// Reads one source's input block by block. Owned by one thread.
package final class InputCursor {
    private let trace: Trace
    private let source: UInt16
    private var messages: MessageCursor
    /// Blocks of the message that was read last, and still to be given.
    private var pending: ArraySlice<InputBlock> = []
    /// The index of the block that is due.
    private var index: UInt64 = 0
    private var isTailGiven = false

    fileprivate init(_ trace: Trace, source: UInt16) {
        self.trace = trace
        self.source = source
        messages = MessageCursor(trace.store, .input)
    }

    /// A cursor of its own at the same position. A replay keeps one with each of its
    /// snapshots.
    package func copy() -> InputCursor {
        let other = InputCursor(trace, source: source)
        (other.messages, other.pending) = (messages, pending)
        (other.index, other.isTailGiven) = (index, isTailGiven)
        return other
    }

    /// The next block. Indexes go up from 0 without gaps; nil at the end of what is known.
    package func next() throws(TraceError) -> InputBlock? {
        while true {
            if let block = pending.popFirst() {
                assert(
                    block.source == source,
                    "block \(block.index) of source \(block.source) comes to that of \(source)")
                guard block.index == index else {
                    throw .damaged(
                        messages.offset, "block \(index) of source \(source) is missing")
                }
                index += 1
                return block
            }
            guard let message = try messages.message() else { break }
            pending = try messages.located { () throws(MalformedBytes) in
                guard try InputCodec.source(of: message) == source else { return [] }
                return try InputCodec.decode(message)[...]
            }
        }
        if isTailGiven { return nil }
        isTailGiven = true
        pending = trace.tail.inputs.filter { $0.source == source }[...]
        return pending.isEmpty ? nil : try next()
    }
}

/// Reads the answers of asynchronous calls. Owned by one thread.
package final class ResultCursor {
    private let trace: Trace
    private var messages: MessageCursor
    private var pending: ArraySlice<CallResult> = []
    private var isTailGiven = false

    fileprivate init(_ trace: Trace) {
        self.trace = trace
        messages = MessageCursor(trace.store, .journal)
    }

    /// A cursor of its own at the same position.
    package func copy() -> ResultCursor {
        let other = ResultCursor(trace)
        (other.messages, other.pending, other.isTailGiven) = (messages, pending, isTailGiven)
        return other
    }

    /// The next result; nil at the end of what is known.
    package func next() throws(TraceError) -> CallResult? {
        while true {
            if let result = pending.popFirst() { return result }
            guard let message = try messages.message() else { break }
            pending = try messages.located { () throws(MalformedBytes) in
                try InputCodec.decodeResults(message)[...]
            }
        }
        if isTailGiven { return nil }
        isTailGiven = true
        pending = trace.tail.results[...]
        return pending.popFirst()
    }
}

/// Reads log records batch by batch. Owned by one thread.
package final class LogCursor {
    private let worker: UInt16?
    private var messages: MessageCursor
    private let zstd = Zstd()

    fileprivate init(_ trace: Trace, worker: UInt16?) {
        self.worker = worker
        messages = MessageCursor(trace.store, .log)
    }

    /// The next batch. A parallel run's worker logs turn by turn; in a simulated run a turn
    /// may go on behind later ones.
    package func next() throws(TraceError) -> LogBatch? {
        while let message = try messages.message() {
            let batch = try messages.located { () throws(MalformedBytes) -> LogBatch? in
                var reader = ByteReader(message)
                guard case .records(let head) = try LogCodec.head(&reader),
                    head.worker == worker ?? head.worker
                else { return nil }
                return try LogCodec.records(head, &reader, zstd: zstd)
            }
            if let batch { return batch }
        }
        return nil
    }
}

/// Reads metric samples. Owned by one thread.
package final class MetricCursor {
    private var messages: MessageCursor

    fileprivate init(_ trace: Trace) { messages = MessageCursor(trace.store, .metric) }

    package func next() throws(TraceError) -> MetricSample? {
        guard let message = try messages.message() else { return nil }
        return try messages.located { () throws(MalformedBytes) in
            try JSONCodec.decode(MetricSample.self, message)
        }
    }
}

/// Reads incidents, which are violations, failures and what a person marked. Owned by one
/// thread.
package final class IncidentCursor {
    private var messages: MessageCursor

    fileprivate init(_ trace: Trace) { messages = MessageCursor(trace.store, .incident) }

    package func next() throws(TraceError) -> Incident? {
        guard let message = try messages.message() else { return nil }
        return try messages.located { () throws(MalformedBytes) in
            try JSONCodec.decodeIncident(message)
        }
    }
}
