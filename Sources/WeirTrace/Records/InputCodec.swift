import WeirBase
import WeirTelemetry

/// The binary form of input blocks and of the results of calls.
///
/// `TraceWriter` encodes and the cursors decode. Both stand in topics of their own, several to a
/// message. A message of blocks is about one source and says in front which one and the index of
/// the first block, so that the messages of other sources can be passed over. Nothing that is
/// decoded makes it trap, or allocate more than a message's own bytes suggest.
enum InputCodec {
    /// The version of both forms; a message of another one is refused.
    static let version: UInt8 = 1
    /// The maximum number of bytes that a block takes besides its own, rounded up: 1 for kind
    /// and flag, 10 for the offset, 5 for the length, 8 for the hash, 10 for the time and 5
    /// for the count make 39.
    static let blockHead = 48
    /// Set in a block's first byte when its bytes follow; they do not for a file that is kept
    /// elsewhere.
    private static let stored: UInt8 = 0x80

    /// A message of blocks, which are all of one source and follow each other in their indexes.
    static func encode(_ blocks: ArraySlice<InputBlock>) -> [UInt8] {
        guard let first = blocks.first else { return [] }
        // Only a guess at the size, so that the buffer need not grow; 32 is for the message's
        // own head.
        let bytes = blocks.reduce(32) { $0 + blockHead + ($1.bytes?.count ?? 0) }
        var writer = ByteWriter(reserving: bytes)
        writer.append(version)
        writer.append(fixed: first.source)
        writer.append(fixed: first.index)
        writer.append(varint: UInt64(blocks.count))
        var offset: UInt64 = 0
        var time = RunTime.start
        for block in blocks {
            // The head says both for the whole message, so that a block that strays would be
            // read as another one.
            precondition(
                block.source == first.source,
                "block \(block.index) of source \(block.source) is in a message of source "
                    + "\(first.source)")
            let begin = writer.count
            writer.append(block.kind.rawValue | (block.bytes == nil ? 0 : stored))
            // Mostly a block begins where the one before it ended, and the difference is a zero.
            writer.append(signedVarint: Int64(bitPattern: block.offset &- offset))
            writer.append(varint: UInt64(block.length))
            writer.append(fixed: block.hash)
            writer.append(signedVarint: block.time.rawValue &- time.rawValue)
            if let bytes = block.bytes { writer.append(counted: bytes) }
            assert(
                writer.count - begin <= blockHead + (block.bytes?.count ?? 0),
                "block \(block.index) took \(writer.count - begin) bytes, more than messages are "
                    + "divided by")
            // Differences wrap on both sides, so that any offset can be written and read
            // again.
            offset = block.offset &+ UInt64(block.length)
            time = block.time
        }
        // Each block lies one behind the last, so that the last tells of all of them.
        assert(
            blocks.last?.index == first.index &+ UInt64(blocks.count - 1),
            "\(blocks.count) blocks from \(first.index) on have a gap between them")
        return writer.bytes
    }

    /// The source that a message is about, without decoding its blocks.
    static func source(of message: ArraySlice<UInt8>) throws(MalformedBytes) -> UInt16 {
        var reader = ByteReader(message)
        return try source(&reader)
    }

    private static func source(_ reader: inout ByteReader) throws(MalformedBytes) -> UInt16 {
        let version = try reader.byte()
        guard version == Self.version else {
            throw reader.failure("input of version \(version)")
        }
        return try reader.fixed()
    }

    /// The blocks of a message.
    static func decode(_ message: ArraySlice<UInt8>) throws(MalformedBytes) -> [InputBlock] {
        var reader = ByteReader(message)
        let source = try source(&reader)
        var index = try reader.fixed(UInt64.self)
        // Far above what any run reaches; with it the additions below cannot overflow.
        guard index < 1 << 60 else { throw reader.failure("block \(index)") }
        // A block takes at least twelve bytes: one each for kind, offset, length and time, and
        // eight for the hash. So the message itself bounds how much is reserved.
        let count = try reader.varint(as: Int.self, atMost: reader.remaining / 12)
        var blocks: [InputBlock] = []
        blocks.reserveCapacity(count)
        var offset: UInt64 = 0
        var time = RunTime.start
        for _ in 0..<count {
            let flags = try reader.byte()
            guard let kind = InputKind(rawValue: flags & ~stored) else {
                throw reader.failure("an input block of kind \(flags & ~stored)")
            }
            offset = offset &+ UInt64(bitPattern: try reader.signedVarint())
            let length = try reader.varint(as: UInt32.self)
            let hash = try reader.fixed(UInt64.self)
            time = RunTime(time.rawValue &+ (try reader.signedVarint()))
            var bytes: [UInt8]?
            if flags & stored != 0 {
                bytes = Array(try reader.counted())
                // The length is said twice, since a block without its bytes has one too.
                guard bytes?.count == Int(length) else {
                    throw reader.failure("an input block without its \(length) bytes")
                }
            }
            blocks.append(
                InputBlock(
                    source: source, index: index, kind: kind, offset: offset, length: length,
                    hash: hash, time: time, bytes: bytes))
            offset = offset &+ UInt64(length)
            index += 1
        }
        // More bytes than the count claims: either of the two was changed.
        guard reader.isAtEnd else { throw reader.failure("bytes behind the input blocks") }
        return blocks
    }

    /// A message of results, of any subtasks, in the order in which they were noted.
    static func encode(_ results: ArraySlice<CallResult>) -> [UInt8] {
        var writer = ByteWriter(reserving: results.reduce(16) { $0 + 16 + $1.bytes.count })
        writer.append(version)
        writer.append(varint: UInt64(results.count))
        for result in results {
            writer.append(varint: UInt64(result.subtask.rawValue))
            writer.append(varint: result.call)
            writer.append(counted: result.bytes)
        }
        return writer.bytes
    }

    /// The results of a message.
    static func decodeResults(
        _ message: ArraySlice<UInt8>
    ) throws(MalformedBytes) -> [CallResult] {
        var reader = ByteReader(message)
        let version = try reader.byte()
        guard version == Self.version else {
            throw reader.failure("results of version \(version)")
        }
        // A result takes at least three bytes, one for each of its parts.
        let count = try reader.varint(as: Int.self, atMost: reader.remaining / 3)
        var results: [CallResult] = []
        results.reserveCapacity(count)
        for _ in 0..<count {
            results.append(
                CallResult(
                    subtask: SubtaskIndex(try reader.varint(as: UInt16.self)),
                    call: try reader.varint(),
                    bytes: Array(try reader.counted())))
        }
        guard reader.isAtEnd else { throw reader.failure("bytes behind the results") }
        return results
    }
}
