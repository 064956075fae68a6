import Synchronization
import WeirBase

/// What the cursors of a trace share: the file and what is known of its chunks.
final class TraceStore: Sendable {
    let file: InputFile
    private let index: Mutex<McapIndex>

    init(file: InputFile, index: McapIndex) {
        self.file = file
        self.index = Mutex(index)
    }

    var current: McapIndex { index.withLock { $0 } }

    /// Takes in what was appended since. Whole records only.
    func refresh() throws(TraceError) {
        let result = index.withLock { index in
            Result { () throws(TraceError) in
                if !index.isFinished { try index.scan(file) }
            }
        }
        try result.get()
    }

    func channel(_ topic: Topic) -> UInt16? {
        index.withLock { $0.channel(topic.rawValue) }
    }

    /// The first chunk from `place` on that holds messages of a channel, and its place.
    func chunk(from place: Int, holding channel: UInt16) -> (place: Int, entry: McapChunkEntry)? {
        index.withLock { index in
            var place = place
            while place < index.chunks.count {
                if index.chunks[place].holds(channel: channel) {
                    return (place, index.chunks[place])
                }
                place += 1
            }
            return nil
        }
    }

    /// The last chunk before `place` that holds messages of a channel.
    func chunk(
        before place: Int, holding channel: UInt16
    ) -> (place: Int, entry: McapChunkEntry)? {
        index.withLock { index in
            var place = min(place, index.chunks.count)
            while place > 0 {
                place -= 1
                if index.chunks[place].holds(channel: channel) {
                    return (place, index.chunks[place])
                }
            }
            return nil
        }
    }
}

/// One topic's messages in order, one chunk in memory at a time. Owned by one thread.
struct MessageCursor {
    let store: TraceStore
    let topic: Topic
    private let zstd = Zstd()
    private var place: Int
    private var chunk: McapChunk?
    private var next = 0
    private var sequence: UInt32?

    /// A cursor that begins at the chunk with number `place`.
    init(_ store: TraceStore, _ topic: Topic, from place: Int = 0) {
        self.store = store
        self.topic = topic
        self.place = place
        sequence = place == 0 ? 0 : nil
    }

    /// Where the chunk of the message given last begins in the file.
    var offset: UInt64 { chunk?.offset ?? 0 }

    /// The next message, or nil at the end of what is known of the file.
    mutating func message() throws(TraceError) -> ArraySlice<UInt8>? {
        guard let channel = store.channel(topic) else { return nil }
        while true {
            if let chunk {
                while next < chunk.messages.count {
                    let message = chunk.messages[next]
                    next += 1
                    if message.channel != channel { continue }
                    guard message.sequence == sequence ?? message.sequence else {
                        throw .damaged(
                            chunk.offset, "message \(sequence ?? 0) of \(topic.rawValue) is missing"
                        )
                    }
                    sequence = message.sequence &+ 1
                    return chunk.data(of: message)
                }
            }
            guard let (found, entry) = store.chunk(from: place, holding: channel) else {
                return nil
            }
            chunk = try McapChunk(entry, of: store.file, zstd: zstd)
            place = found + 1
            next = 0
        }
    }

    /// Runs `body`, which reads the message given last, and says where it failed.
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
