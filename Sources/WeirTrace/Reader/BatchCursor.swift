import WeirBase
package import WeirTelemetry

/// Reads a trace chunk by chunk in the order of the file, everything that is in it.
///
/// This is for whoever goes through a whole trace once: the screen that follows a run, `weir
/// check`, an export that follows. One chunk is in memory at a time. Steps that were recovered
/// from lanes are not in the file and do not come; see `Trace.recoveredTail`. Owned by one
/// thread.
///
/// Everything is checked on the way: the chunks' checksums, the chain of the schedule, and that
/// no message of a wanted topic is missing.
package final class BatchCursor {
    private let store: TraceStore
    private let zstd = Zstd()
    private let decoder = ScheduleDecoder()
    /// The topics that are wanted; messages of others are passed over.
    private let topics: [Topic]
    /// The index of the next chunk.
    private var chunkIndex = 0
    /// How many statements were met so far, which is the number of the next one.
    private var knownSites = 0
    /// By channel, the sequence number of the message that is due.
    private var sequences: [UInt16: UInt32] = [:]
    /// The chunk that was read last, for whoever measures it.
    private(set) var entry: McapChunkEntry?
    /// The wanted messages of that chunk with their unpacked bytes.
    private(set) var messages: [(topic: Topic, bytes: ByteCount)] = []
    /// The stored bytes of each column of that chunk's schedule; empty when it has none.
    private(set) var columnBytes: [ByteCount] = []

    init(_ store: TraceStore, topics: [Topic] = Topic.allCases) {
        self.store = store
        self.topics = topics
    }

    /// What the next chunk holds; nil at the end of what is known of the file.
    ///
    /// After a `Trace.refresh` it goes on behind what it gave last.
    ///
    /// - Throws: `.damaged` with the byte at which the chunk begins that cannot be believed.
    package func next() throws(TraceError) -> RecordBatch? {
        let index = store.current
        skip(index)
        assert(
            chunkIndex <= index.chunks.count,
            "the cursor stands at chunk \(chunkIndex) of an index of \(index.chunks.count)"
        )
        guard chunkIndex < index.chunks.count else { return nil }
        let entry = index.chunks[chunkIndex]
        let chunk = try McapChunk(entry, of: store.file, zstd: zstd)
        self.entry = entry
        messages.removeAll(keepingCapacity: true)
        columnBytes.removeAll(keepingCapacity: true)
        var batch = RecordBatch()
        for message in chunk.messages {
            let name = index.topics[message.channel] ?? ""
            guard let topic = Topic(rawValue: name), topics.contains(topic) else { continue }
            let expected = sequences[message.channel, default: 0]
            // Nothing was skipped of a wanted topic, so its messages must follow each other.
            guard message.sequence == expected else {
                throw .damaged(chunk.offset, "message \(expected) of \(name) is missing")
            }
            sequences[message.channel] = expected &+ 1
            messages.append((topic, ByteCount(message.data.count)))
            do throws(MalformedBytes) {
                try take(chunk.data(of: message), topic, into: &batch)
            } catch {
                throw .damaged(chunk.offset, error.reason)
            }
        }
        chunkIndex += 1
        return batch
    }

    /// Passes over chunks that hold nothing of the wanted topics, without reading them.
    ///
    /// What a chunk holds is known from the message indexes behind it. The last chunk of a
    /// growing file may lack them yet: that one is read.
    private func skip(_ index: McapIndex) {
        guard topics.count < Topic.allCases.count else { return }
        let channels = topics.compactMap { index.channel($0.rawValue) }
        while chunkIndex < index.chunks.count {
            let entry = index.chunks[chunkIndex]
            if entry.channels == 0 || channels.contains(where: { entry.holds(channel: $0) }) {
                return
            }
            chunkIndex += 1
        }
    }

    /// Adds a message to the batch.
    private func take(
        _ data: ArraySlice<UInt8>, _ topic: Topic, into batch: inout RecordBatch
    ) throws(MalformedBytes) {
        switch topic {
        case .schedule:
            // The recorder writes one schedule block for each batch, in a chunk of its own.
            guard batch.schedule.isEmpty else {
                throw MalformedBytes(offset: 0, reason: "a chunk with two schedule blocks")
            }
            batch.schedule = try decoder.decode(data)
            columnBytes = decoder.storedBytes
            assert(
                columnBytes.count == ScheduleCodec.columnNames.count,
                "\(columnBytes.count) columns of a block were measured")
        case .input: batch.inputs.append(contentsOf: try InputCodec.decode(data))
        case .journal: batch.results.append(contentsOf: try InputCodec.decodeResults(data))
        case .log: try takeLogs(data, into: &batch)
        case .span: break
        case .metric: batch.metrics.append(try JSONCodec.decode(MetricSample.self, data))
        case .incident: batch.incidents.append(try JSONCodec.decodeIncident(data))
        }
    }

    /// Adds a message of the log topic, which is either statements or records.
    private func takeLogs(
        _ data: ArraySlice<UInt8>, into batch: inout RecordBatch
    ) throws(MalformedBytes) {
        var reader = ByteReader(data)
        switch try LogCodec.head(&reader) {
        case .sites:
            let sites = try LogCodec.sites(&reader, known: knownSites)
            knownSites += sites.count
            batch.newSites.append(contentsOf: sites)
        case .records(let head):
            batch.logs.append(try LogCodec.records(head, &reader, zstd: zstd))
        }
    }
}

extension Trace {
    /// Everything in the file, chunk by chunk. `Trace.refresh` may extend it at its end.
    package func batches() -> BatchCursor { BatchCursor(store) }

    /// The same with some topics only. Chunks without any of them are not read.
    package func batches(of topics: [Topic]) -> BatchCursor { BatchCursor(store, topics: topics) }

    /// Logs, samples and incidents, chunk by chunk: what a viewer of a run shows.
    package func telemetry() -> BatchCursor { batches(of: [.log, .metric, .incident]) }

    /// What the lanes hold beyond the file; empty when there was nothing to recover.
    package var recoveredTail: RecordBatch { tail.batch }
}
