import WeirBase

/// An unpacked chunk: its bytes and where its messages lie in them.
struct McapChunk: Sendable {
    struct Message: Equatable, Sendable {
        var channel: UInt16
        var sequence: UInt32
        var logTime: UInt64
        var data: Range<Int>
    }

    /// Where the chunk's record begins in the file, for errors.
    let offset: UInt64
    let bytes: [UInt8]
    private(set) var messages: [Message] = []

    func data(of message: Message) -> ArraySlice<UInt8> { bytes[message.data] }
}

extension McapChunk {
    /// Reads, unpacks and checks a chunk.
    init(
        _ entry: McapChunkEntry, of file: InputFile, zstd: Zstd
    ) throws(TraceError) {
        // The index was bounded when it was read.
        let record = try file.read(at: entry.offset, count: Int(entry.length))
        do throws(MalformedBytes) {
            var reader = ByteReader(record)
            guard try reader.byte() == Mcap.Opcode.chunk.rawValue,
                try reader.fixed(UInt64.self) == entry.length - UInt64(Mcap.recordHead)
            else { throw MalformedBytes(offset: 0, reason: "there is no chunk") }
            try self.init(&reader, entry, zstd)
        } catch {
            throw .damaged(entry.offset + UInt64(error.offset), error.reason)
        }
    }

    private init(
        _ reader: inout ByteReader, _ entry: McapChunkEntry, _ zstd: Zstd
    ) throws(MalformedBytes) {
        offset = entry.offset
        _ = try reader.fixed(UInt64.self)
        _ = try reader.fixed(UInt64.self)
        let size = try reader.fixed(UInt64.self)
        let expected = try reader.fixed(UInt32.self)
        let compression = try reader.mcapString()
        let stored = try reader.fixed(UInt64.self)
        guard size <= UInt64(Mcap.maximumChunk), stored == UInt64(reader.remaining) else {
            throw reader.failure("the sizes of a chunk do not fit")
        }
        let records = try reader.slice(reader.remaining)
        switch compression {
        case "":
            guard records.count == Int(size) else {
                throw reader.failure("the sizes of a chunk do not fit")
            }
            bytes = Array(records)
        case "zstd":
            guard let unpacked = records.withUnsafeBytes({ zstd.decompress($0, count: Int(size)) })
            else { throw reader.failure("a chunk cannot be unpacked") }
            bytes = unpacked
        default:
            throw reader.failure("compression \(PrintableText.escaped(compression)) is not known")
        }
        guard expected == 0 || CRC32.of(bytes) == expected else {
            throw reader.failure("the checksum of a chunk does not fit")
        }
        try findMessages()
    }

    /// Offsets in the chunk are not offsets in the file: errors here name the chunk's place.
    private mutating func findMessages() throws(MalformedBytes) {
        var reader = ByteReader(bytes)
        while !reader.isAtEnd {
            let opcode = try reader.byte()
            guard let length = Int(exactly: try reader.fixed(UInt64.self)) else {
                throw MalformedBytes(offset: 0, reason: "a record in a chunk is too long")
            }
            let start = reader.offset
            var body = ByteReader(try reader.slice(length))
            if opcode != Mcap.Opcode.message.rawValue { continue }
            let channel = try body.fixed(UInt16.self)
            let sequence = try body.fixed(UInt32.self)
            let logTime = try body.fixed(UInt64.self)
            _ = try body.fixed(UInt64.self)
            messages.append(
                Message(
                    channel: channel, sequence: sequence, logTime: logTime,
                    data: start + body.offset..<start + length))
        }
    }
}

extension McapIndex {
    /// The members of a metadata record; nil when the file has none of that name.
    func members(
        of name: String, in file: InputFile
    ) throws(TraceError) -> [(String, String)]? {
        guard let entry = metadata.last(where: { $0.name == name }) else { return nil }
        let record = try file.read(at: entry.offset, count: Int(entry.length))
        do throws(MalformedBytes) {
            var reader = ByteReader(record)
            guard try reader.byte() == Mcap.Opcode.metadata.rawValue,
                try reader.fixed(UInt64.self) == entry.length - UInt64(Mcap.recordHead),
                try reader.mcapString() == name
            else { throw MalformedBytes(offset: 0, reason: "there is no metadata \(name)") }
            return try reader.mcapMap()
        } catch {
            throw .damaged(entry.offset + UInt64(error.offset), error.reason)
        }
    }
}
