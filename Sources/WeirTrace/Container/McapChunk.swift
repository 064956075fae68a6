import WeirBase

/// A chunk that was read and unpacked: its bytes, and where its messages are among them.
///
/// Cursors keep one of these at a time. It is a plain value: whoever made it may hand it on.
struct McapChunk: Sendable {
    /// A message of the chunk. Its bytes stay in the chunk and are named by their range.
    struct Message: Equatable, Sendable {
        var channel: UInt16
        var sequence: UInt32
        var logTime: UInt64
        var data: Range<Int>
    }

    /// The byte of the file at which the chunk's record begins, for errors.
    let offset: UInt64
    /// The unpacked records of the chunk.
    let bytes: [UInt8]
    /// The messages in the order of the chunk, which is that of their log times.
    private(set) var messages: [Message] = []

    /// The bytes of one of this chunk's messages, without a copy.
    func data(of message: Message) -> ArraySlice<UInt8> { bytes[message.data] }
}

extension McapChunk {
    /// Reads a chunk from the file, unpacks it and checks its checksum.
    ///
    /// - Throws: `.damaged` with the byte at which the chunk does not fit, `.operating` when the
    ///   system refuses to read.
    init(
        _ entry: McapChunkEntry, of file: InputFile, zstd: Zstd
    ) throws(TraceError) {
        // Whoever made the entry has bounded its length already, so that this cannot allocate
        // too much. A summary that claims more was refused, and gaps are never unpacked.
        precondition(
            entry.length >= UInt64(Mcap.recordHead)
                && entry.length <= UInt64(Mcap.maximumChunk + Mcap.maximumRecord),
            "the chunk at \(entry.offset) came into the index with \(entry.length) bytes")
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

    /// Unpacks what is behind the record's head and checks it.
    private init(
        _ reader: inout ByteReader, _ entry: McapChunkEntry, _ zstd: Zstd
    ) throws(MalformedBytes) {
        offset = entry.offset
        // The two log times are in the entry already; here they are passed over.
        _ = try reader.fixed(UInt64.self)
        _ = try reader.fixed(UInt64.self)
        let size = try reader.fixed(UInt64.self)
        let expected = try reader.fixed(UInt32.self)
        let compression = try reader.mcapString()
        let stored = try reader.fixed(UInt64.self)
        // The unpacked size is allocated before the frame is looked at, so it is bounded first.
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
        assert(
            bytes.count == Int(size),
            "\(size) bytes were unpacked and checked, and \(bytes.count) are kept")
        // MCAP lets a writer leave the checksum out by writing zero. Weir always writes one.
        guard expected == 0 || CRC32.of(bytes) == expected else {
            throw reader.failure("the checksum of a chunk does not fit")
        }
        try findMessages()
    }

    /// Goes through the unpacked records and notes where each message is.
    ///
    /// Offsets in the unpacked bytes are no offsets of the file. An error that is thrown here
    /// therefore counts from the chunk's beginning only roughly; what it names for certain is
    /// the chunk.
    private mutating func findMessages() throws(MalformedBytes) {
        var reader = ByteReader(bytes)
        while !reader.isAtEnd {
            let opcode = try reader.byte()
            guard let length = Int(exactly: try reader.fixed(UInt64.self)) else {
                throw MalformedBytes(offset: 0, reason: "a record in a chunk is too long")
            }
            let start = reader.offset
            var body = ByteReader(try reader.slice(length))
            // Other writers repeat schemas and channels in their chunks. We know them from
            // elsewhere.
            if opcode != Mcap.Opcode.message.rawValue { continue }
            let channel = try body.fixed(UInt16.self)
            let sequence = try body.fixed(UInt32.self)
            let logTime = try body.fixed(UInt64.self)
            // The publish time, which Weir always writes equal to the log time.
            _ = try body.fixed(UInt64.self)
            assert(
                (messages.last?.data.upperBound ?? 0) < start,
                "the message at byte \(start) begins within the one before it")
            messages.append(
                Message(
                    channel: channel, sequence: sequence, logTime: logTime,
                    data: start + body.offset..<start + length))
        }
    }
}

extension McapIndex {
    /// The members of a metadata record in the order of the file; nil where no record has that
    /// name.
    ///
    /// Where there are several of one name the last counts: a later record corrects an earlier
    /// one.
    func members(
        of name: String, in file: InputFile
    ) throws(TraceError) -> [(String, String)]? {
        guard let entry = metadata.last(where: { $0.name == name }) else { return nil }
        // The summary and the scan both refuse what is longer, and the scan adds the head.
        assert(
            entry.length >= UInt64(Mcap.recordHead)
                && entry.length <= UInt64(Mcap.maximumRecord + Mcap.recordHead + 256),
            "the metadata \(name) came into the index with \(entry.length) bytes")
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
