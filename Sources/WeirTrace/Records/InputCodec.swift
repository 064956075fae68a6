import WeirBase
import WeirTelemetry

/// The binary form of input blocks of one source, and of call results.
enum InputCodec {
    static let version: UInt8 = 1
    /// What one message holds at most, unless a single block is larger.
    static let messageBytes = 256 << 10
    /// Head bytes of a block in a message, at most.
    static let blockHead = 48
    private static let stored: UInt8 = 0x80

    /// A message of blocks, all of one source and with indexes that follow each other.
    static func encode(_ blocks: ArraySlice<InputBlock>) -> [UInt8] {
        guard let first = blocks.first else { return [] }
        let bytes = blocks.reduce(32) { $0 + blockHead + ($1.bytes?.count ?? 0) }
        var writer = ByteWriter(reserving: bytes)
        writer.append(version)
        writer.append(fixed: first.source)
        writer.append(fixed: first.index)
        writer.append(varint: UInt64(blocks.count))
        var offset: UInt64 = 0
        var time: Int64 = 0
        for block in blocks {
            writer.append(block.kind.rawValue | (block.bytes == nil ? 0 : stored))
            writer.append(signedVarint: Int64(bitPattern: block.offset &- offset))
            writer.append(varint: UInt64(block.length))
            writer.append(fixed: block.hash)
            writer.append(signedVarint: block.time &- time)
            if let bytes = block.bytes { writer.append(counted: bytes) }
            offset = block.offset &+ UInt64(block.length)
            time = block.time
        }
        return writer.bytes
    }

    /// The source that a message is about.
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

    static func decode(_ message: ArraySlice<UInt8>) throws(MalformedBytes) -> [InputBlock] {
        var reader = ByteReader(message)
        let source = try source(&reader)
        var index = try reader.fixed(UInt64.self)
        guard index < 1 << 60 else { throw reader.failure("block \(index)") }
        // Twelve bytes a block at least: the count is bounded by the message.
        let count = try reader.varint(as: Int.self, atMost: reader.remaining / 12)
        var blocks: [InputBlock] = []
        blocks.reserveCapacity(count)
        var offset: UInt64 = 0
        var time: Int64 = 0
        for _ in 0..<count {
            let flags = try reader.byte()
            guard let kind = InputKind(rawValue: flags & ~stored) else {
                throw reader.failure("an input block of kind \(flags & ~stored)")
            }
            offset = offset &+ UInt64(bitPattern: try reader.signedVarint())
            let length = try reader.varint(as: UInt32.self)
            let hash = try reader.fixed(UInt64.self)
            time = time &+ (try reader.signedVarint())
            var bytes: [UInt8]?
            if flags & stored != 0 {
                bytes = Array(try reader.counted())
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
        guard reader.isAtEnd else { throw reader.failure("bytes behind the input blocks") }
        return blocks
    }

    static func encode(_ results: ArraySlice<CallResult>) -> [UInt8] {
        var writer = ByteWriter(reserving: results.reduce(16) { $0 + 16 + $1.bytes.count })
        writer.append(version)
        writer.append(varint: UInt64(results.count))
        for result in results {
            writer.append(varint: UInt64(result.subtask))
            writer.append(varint: result.call)
            writer.append(counted: result.bytes)
        }
        return writer.bytes
    }

    static func decodeResults(
        _ message: ArraySlice<UInt8>
    ) throws(MalformedBytes) -> [CallResult] {
        var reader = ByteReader(message)
        let version = try reader.byte()
        guard version == Self.version else {
            throw reader.failure("results of version \(version)")
        }
        let count = try reader.varint(as: Int.self, atMost: reader.remaining / 3)
        var results: [CallResult] = []
        results.reserveCapacity(count)
        for _ in 0..<count {
            results.append(
                CallResult(
                    subtask: try reader.varint(as: UInt16.self), call: try reader.varint(),
                    bytes: Array(try reader.counted())))
        }
        guard reader.isAtEnd else { throw reader.failure("bytes behind the results") }
        return results
    }
}
