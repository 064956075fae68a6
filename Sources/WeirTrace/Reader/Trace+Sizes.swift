package import WeirBase
package import WeirTelemetry

/// What a trace consists of in numbers: the figures of `weir inspect` and `weir check`.
package struct TraceSizes: Equatable, Sendable {
    /// One topic: its messages, and the bytes that they take in the file. In a packed chunk each
    /// message gets a share by its unpacked bytes, as nobody can say what a single one was
    /// packed to.
    package struct TopicSize: Equatable, Sendable {
        package var topic: Topic
        package var messages = 0
        package var bytes = ByteCount.zero
    }

    /// Topics in the order of their numbers; those without a message are left out.
    package var topics: [TopicSize] = []
    /// The columns of the schedule and the bytes they take in the file, in the order of the
    /// file.
    package var columns: [(name: String, bytes: ByteCount)] = []
    /// Steps of the schedule, recovered ones included.
    package var steps: UInt64 = 0
    /// Steps that begin a turn.
    package var turns = TurnCount.zero
    /// Ends of turns; fewer than `turns` by the turns in flight.
    package var ends = TurnCount.zero
    /// Log records that are in the trace.
    package var logRecords: UInt64 = 0
    /// Log records that found no room in their workers' lanes.
    package var logsLost: UInt64 = 0
    /// Metric samples.
    package var samples: UInt64 = 0
    /// What the newest sample says of the recorder; nil without a sample.
    package var recorder: RecorderSample?

    /// Tuples are not `Equatable`, so the columns are compared by hand and all the rest with
    /// them.
    package static func == (left: TraceSizes, right: TraceSizes) -> Bool {
        left.topics == right.topics && left.steps == right.steps && left.turns == right.turns
            && left.ends == right.ends && left.logRecords == right.logRecords
            && left.logsLost == right.logsLost && left.samples == right.samples
            && left.recorder == right.recorder
            && left.columns.elementsEqual(right.columns) { $0 == $1 }
    }

    /// Counts what is in a batch.
    fileprivate mutating func add(_ batch: RecordBatch) {
        steps += UInt64(batch.schedule.steps.count)
        ends += TurnCount(batch.schedule.ends.count)
        for note in batch.schedule.steps where note.kind.beginsTurn { turns += 1 }
        samples += UInt64(batch.metrics.count)
        // The recorder's figures are totals, so the newest tells everything.
        if let sample = batch.metrics.last { recorder = sample.recorder }
        for logs in batch.logs {
            logRecords += UInt64(logs.records.count)
            logsLost = logsLost.saturatingSum(logs.lost)
        }
    }

    /// Measures the chunk that the cursor read last.
    fileprivate mutating func add(_ cursor: BatchCursor) {
        guard let entry = cursor.entry else { return }
        for message in cursor.messages {
            let known = topics.firstIndex { $0.topic == message.topic }
            // The heads of messages and the message indexes behind a chunk belong to no
            // topic, so the shares add up to somewhat less than the file.
            let share =
                Double(message.bytes.rawValue) * Double(entry.length)
                / Double(max(1, entry.uncompressedSize))
            let index = known ?? topics.count
            if known == nil { topics.append(TopicSize(topic: message.topic)) }
            topics[index].messages += 1
            topics[index].bytes += ByteCount(UInt64(share.rounded()))
        }
        if columns.isEmpty {
            columns = ScheduleCodec.columnNames.map { (name: $0, bytes: .zero) }
        }
        for (index, bytes) in cursor.columnBytes.enumerated() { columns[index].bytes += bytes }
    }
}

extension Trace {
    /// The sizes by topic and column, and the counts, recovered steps included.
    ///
    /// Reads the whole file.
    package func sizes() throws(TraceError) -> TraceSizes {
        try measure { _ throws(TraceError) in }
    }

    /// Reads everything and holds it against every checksum there is.
    ///
    /// These are the chunks' and the summary's sums, the chain of the schedule, the hashes of
    /// stored input and, of a finished file, the sum over all its data.
    ///
    /// - Throws: `.damaged` at the first location where something does not fit.
    package func verify() throws(TraceError) -> TraceSizes {
        let sizes = try measure { batch throws(TraceError) in
            for block in batch.inputs {
                guard let bytes = block.bytes else { continue }
                var hash = StableHash()
                hash.combine(bytes: bytes)
                guard hash.value == block.hash else {
                    throw .damaged(
                        0,
                        "block \(block.index) of source \(block.source) is not what its hash "
                            + "says")
                }
            }
        }
        // A cursor of one source checks what chunks cannot: that the source's blocks have no
        // gaps.
        for source in header.sources.indices {
            let cursor = inputs(source: UInt16(source))
            while try cursor.next() != nil {}
        }
        let index = store.current
        if index.isFinished { try verifyData(index) }
        return sizes
    }

    /// Reads the file batch by batch, measures each batch and lets `look` judge it.
    private func measure(
        _ look: (RecordBatch) throws(TraceError) -> Void
    ) throws(TraceError) -> TraceSizes {
        var sizes = TraceSizes()
        let cursor = batches()
        while let batch = try cursor.next() {
            sizes.add(batch)
            sizes.add(cursor)
            do throws(TraceError) {
                try look(batch)
            } catch {
                // Whoever judges a batch does not know where it is in the file.
                throw .damaged(cursor.entry?.offset ?? 0, error.reason)
            }
        }
        // The decoder began with the first step, so it knows of every turn that ended. The lanes'
        // ends are left out: another program may have written to the file since they were merged.
        assert(
            sizes.ends <= sizes.turns, "\(sizes.ends) turns ended of the \(sizes.turns) that began")
        // Counted, but without bytes in the file.
        sizes.add(recoveredTail)
        sizes.topics.sort { $0.topic.rank < $1.topic.rank }
        return sizes
    }

    /// Holds everything before the end of the data against the sum that is written there.
    ///
    /// The file is read in pieces of one megabyte.
    private func verifyData(_ index: McapIndex) throws(TraceError) {
        // The end of the data is the record just before the summary, and its body is the sum.
        let length = Mcap.recordHead + 4
        var end = index.dataEnd
        if end >= UInt64(length) { end -= UInt64(length) }
        let record = try store.file.read(at: end, count: length)
        guard record.count == length, record[0] == Mcap.Opcode.dataEnd.rawValue else {
            throw .damaged(end, "there is no end of the data before the summary")
        }
        var expected: UInt32 = 0
        // Little-endian, like everything in the file.
        for byte in 0..<4 { expected |= UInt32(record[Mcap.recordHead + byte]) << (8 * byte) }
        var crc = CRC32()
        var offset: UInt64 = 0
        while offset < end {
            let piece = try store.file.read(
                at: offset, count: Int(min(end - offset, UInt64(1 << 20))))
            if piece.isEmpty { break }
            crc.update(piece)
            offset += UInt64(piece.count)
            assert(offset <= end, "the sum over \(end) bytes goes on to byte \(offset)")
        }
        // Other writers of MCAP may leave this sum out by writing zero.
        guard expected == 0 || crc.value == expected else {
            throw .damaged(end, "the checksum of the data does not fit")
        }
    }
}

extension Topic {
    /// The index of the topic in the order of the topics' numbers, from 0.
    var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
