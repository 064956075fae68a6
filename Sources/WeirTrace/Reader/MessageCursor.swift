import WeirBase

/// What all cursors of a trace share: the file, and the index of its chunks.
///
/// Any thread. The index grows at its end with `refresh` and never changes elsewhere, so that a
/// cursor's index of a chunk stays right.
final class TraceStore: Sendable {
    let file: InputFile
    /// Guarded by this lock, which is also held while `refresh` reads the new part of the file.
    private let index: Guarded<McapIndex>

    init(file: InputFile, index: McapIndex) {
        self.file = file
        self.index = Guarded(index)
    }

    /// The index as it is now. A copy shares its memory until the index grows.
    var current: McapIndex { index.withLock { $0 } }

    /// Takes in the whole records that were appended since; one that is cut is left for later.
    func refresh() throws(TraceError) {
        let result = index.withLock { index in
            Result { () throws(TraceError) -> Void in
                // Cursors keep indexes of chunks from one look to the next.
                let (known, end) = (index.chunks.count, index.dataEnd)
                if !index.isFinished { try index.scan(file) }
                assert(
                    index.chunks.count >= known && index.dataEnd >= end,
                    "the index went back from \(known) chunks to \(index.chunks.count)")
            }
        }
        try result.get()
    }

    /// The number of a topic's channel; nil where the file has none.
    func channel(_ topic: Topic) -> UInt16? {
        index.withLock { $0.channel(topic.rawValue) }
    }

    /// The first chunk with an index of at least `chunkIndex` that holds messages of a channel.
    func chunk(from chunkIndex: Int, holding channel: UInt16) -> (
        chunkIndex: Int, entry: McapChunkEntry
    )? {
        index.withLock { index in
            var chunkIndex = chunkIndex
            while chunkIndex < index.chunks.count {
                if index.chunks[chunkIndex].holds(channel: channel) {
                    return (chunkIndex, index.chunks[chunkIndex])
                }
                chunkIndex += 1
            }
            return nil
        }
    }

    /// The last chunk with an index below `chunkIndex` that holds messages of a channel.
    func chunk(
        before chunkIndex: Int, holding channel: UInt16
    ) -> (chunkIndex: Int, entry: McapChunkEntry)? {
        index.withLock { index in
            var chunkIndex = min(chunkIndex, index.chunks.count)
            while chunkIndex > 0 {
                chunkIndex -= 1
                if index.chunks[chunkIndex].holds(channel: channel) {
                    return (chunkIndex, index.chunks[chunkIndex])
                }
            }
            return nil
        }
    }
}

/// Gives one topic's messages in order, with one chunk in memory at a time. Owned by one thread.
///
/// A copy of the value is a cursor of its own at the same position; the two share the zstd
/// context, so they stay with the same thread.
struct MessageCursor {
    /// The trace that is read.
    let store: TraceStore
    /// The topic that is read; messages of others in the same chunk are passed over.
    let topic: Topic
    /// Its own, as a context belongs to one thread.
    private let zstd = Zstd()
    /// The index from which on the next chunk is looked for.
    private var chunkIndex: Int
    /// The chunk that is being read.
    private var chunk: McapChunk?
    /// The index of the next message in it.
    private var next = 0
    /// The sequence number that is due; nil before the first message of a cursor that begins in
    /// the middle, which takes whatever comes.
    private var sequence: UInt32?

    /// A cursor that begins at the chunk with the index `chunkIndex`.
    init(_ store: TraceStore, _ topic: Topic, from chunkIndex: Int = 0) {
        self.store = store
        self.topic = topic
        self.chunkIndex = chunkIndex
        sequence = chunkIndex == 0 ? 0 : nil
    }

    /// The byte of the file at which the chunk of the message given last begins, for errors.
    var offset: UInt64 { chunk?.offset ?? 0 }

    /// The next message; nil at the end of what is known of the file.
    ///
    /// The bytes belong to the cursor's chunk. A chunk that is kept by such a slice stays in
    /// memory.
    ///
    /// - Throws: `.damaged` where a chunk cannot be believed or a message is missing.
    mutating func message() throws(TraceError) -> ArraySlice<UInt8>? {
        guard let channel = store.channel(topic) else { return nil }
        while true {
            if let chunk {
                while next < chunk.messages.count {
                    let message = chunk.messages[next]
                    next += 1
                    if message.channel != channel { continue }
                    // A whole chunk can be cut out of a file without breaking the checksum of
                    // another one. The numbers of the messages tell.
                    guard message.sequence == sequence ?? message.sequence else {
                        throw .damaged(
                            chunk.offset, "message \(sequence ?? 0) of \(topic.rawValue) is missing"
                        )
                    }
                    sequence = message.sequence &+ 1
                    return chunk.data(of: message)
                }
            }
            guard let (found, entry) = store.chunk(from: chunkIndex, holding: channel) else {
                return nil
            }
            assert(
                found >= chunkIndex, "the cursor at chunk \(chunkIndex) goes back to chunk \(found)"
            )
            chunk = try McapChunk(entry, of: store.file, zstd: zstd)
            chunkIndex = found + 1
            next = 0
        }
    }

    /// Runs `body`, which reads the message given last, and turns its error into one with a
    /// location.
    func located<Value>(
        _ body: () throws(MalformedBytes) -> Value
    ) throws(TraceError) -> Value {
        do throws(MalformedBytes) {
            return try body()
        } catch {
            throw .damaged(offset, error.reason)
        }
    }
}
