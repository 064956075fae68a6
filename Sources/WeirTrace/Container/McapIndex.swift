import WeirBase

/// What is where in an MCAP file, read from its summary or found by scanning its records.
///
/// A finished file is indexed by one read of its summary. A file that was cut off, or that a
/// recorder still writes, has none: `scan` then goes from record to record, and can be called
/// again to go on where it stopped. About 60 bytes are kept for each chunk, never the chunk
/// itself.
///
/// A value without a lock: `TraceStore` guards the one that a trace's cursors share.
struct McapIndex: Equatable, Sendable {
    var chunks: [McapChunkEntry] = []
    var metadata: [McapMetadataEntry] = []
    /// The topics by the numbers of their channels.
    var topics: [UInt16: String] = [:]
    /// Where the data were seen to end. In a growing file this is where scanning goes on.
    var dataEnd: UInt64 = 0
    /// Whether scanning met the end of the data: only the summary can follow.
    var isDataEnded = false
    /// Whether the file was closed: it has a summary, a footer and the closing magic.
    var isFinished = false

    /// Walks the entries: chunks and metadata lie one behind the other, all before the data's end.
    ///
    /// For files that Weir wrote. The summary of another one may name them in any order.
    func checkInvariants() {
        var end = UInt64(Mcap.magic.count)
        for chunk in chunks {
            precondition(chunk.offset >= end, "a chunk at \(chunk.offset), the last ends at \(end)")
            precondition(
                chunk.compressedSize <= chunk.length,
                "a chunk of \(chunk.length) bytes with \(chunk.compressedSize) inside")
            precondition(
                chunk.startTime <= chunk.endTime,
                "a chunk from \(chunk.startTime) to \(chunk.endTime)")
            end = chunk.offset + chunk.length
        }
        precondition(end <= dataEnd, "a chunk ends at \(end), the data at \(dataEnd)")
        for (earlier, later) in zip(metadata, metadata.dropFirst()) {
            precondition(
                earlier.offset + earlier.length <= later.offset,
                "metadata at \(earlier.offset) and at \(later.offset) lie in each other")
        }
        precondition(
            metadata.allSatisfy { $0.offset + $0.length <= dataEnd }, "metadata behind the data")
        precondition(
            Set(topics.values).count == topics.count, "two channels have one topic")
    }

    /// The number of a topic's channel.
    func channel(_ topic: String) -> UInt16? { topics.first { $0.value == topic }?.key }
}

extension McapIndex {
    /// The index of a file: from its summary when it is finished, else by scanning.
    init(of file: InputFile) throws(TraceError) {
        let size = try file.size()
        try Self.checkMagic(file, size: size)
        if try Self.endsWithMagic(file, size: size) {
            try self.init(summaryOf: file, size: size)
        } else {
            self.init()
            dataEnd = UInt64(Mcap.magic.count)
            try scan(file)
        }
    }

    /// Throws `.notATrace` unless the file begins with the magic, or `.unknownVersion` when it
    /// does so with another version's digit.
    static func checkMagic(_ file: InputFile, size: UInt64) throws(TraceError) {
        let start = try file.read(at: 0, count: Mcap.magic.count)
        if start == Mcap.magic { return }
        var other = start
        if start.count == Mcap.magic.count {
            other[Mcap.versionByte] = Mcap.magic[Mcap.versionByte]
            if other == Mcap.magic {
                throw TraceError(
                    .unknownVersion, offset: UInt64(Mcap.versionByte),
                    "\(file.path) has another version of the container than this build reads. "
                        + "Open it with the build that recorded it")
            }
        }
        throw TraceError(
            .notATrace, offset: 0,
            "\(file.path) is not a trace: it does not begin as MCAP files do. Check the path")
    }

    static func endsWithMagic(_ file: InputFile, size: UInt64) throws(TraceError) -> Bool {
        let count = UInt64(Mcap.magic.count)
        let minimum = 2 * count + UInt64(Mcap.recordHead + Mcap.footerBody)
        guard size >= minimum else { return false }
        return try file.read(at: size - count, count: Int(count)) == Mcap.magic
    }
}

// MARK: The summary

extension McapIndex {
    /// Reads the summary of a file that ends with the magic, and holds it against its checksum
    /// where it has one. A finished file without a summary is scanned instead.
    init(summaryOf file: InputFile, size: UInt64) throws(TraceError) {
        let footerLength = Mcap.recordHead + Mcap.footerBody
        // `endsWithMagic` has found the closing magic, and so much before it.
        assert(size >= UInt64(2 * Mcap.magic.count + footerLength), "a footer in \(size) bytes")
        let footerOffset = size - UInt64(Mcap.magic.count + footerLength)
        let footer = try file.read(at: footerOffset, count: footerLength)
        var reader = ByteReader(footer)
        let summaryStart: UInt64
        let expected: UInt32
        do throws(MalformedBytes) {
            guard try reader.byte() == Mcap.Opcode.footer.rawValue,
                try reader.fixed(UInt64.self) == UInt64(Mcap.footerBody)
            else { throw reader.failure("there is no footer before the closing magic") }
            summaryStart = try reader.fixed()
            // The summary offsets, which help only who wants a part of the summary.
            _ = try reader.fixed(UInt64.self)
            expected = try reader.fixed()
            let isInside =
                summaryStart >= UInt64(Mcap.magic.count) && summaryStart <= footerOffset
                && footerOffset - summaryStart <= UInt64(Mcap.maximumSummary)
            guard isInside || summaryStart == 0 else {
                throw reader.failure("the footer puts the summary outside the file")
            }
        } catch {
            throw .damaged(footerOffset + UInt64(error.offset), error.reason)
        }
        guard summaryStart > 0 else {
            // MCAP writes a zero where there is no summary.
            dataEnd = UInt64(Mcap.magic.count)
            try scan(file)
            return
        }
        let summary = try file.read(at: summaryStart, count: Int(footerOffset - summaryStart))
        var crc = CRC32()
        crc.update(summary)
        crc.update(footer.dropLast(4))
        // MCAP writes a zero for “no checksum”. Weir always writes one, but other programs need
        // not; what such a summary says of the chunks is checked when they are read.
        guard expected == 0 || crc.value == expected else {
            throw .damaged(
                summaryStart, "the checksum of the summary does not fit")
        }
        try readSummary(summary, at: summaryStart)
        dataEnd = summaryStart
        isFinished = true
    }

    private mutating func readSummary(
        _ summary: [UInt8], at start: UInt64
    ) throws(TraceError) {
        // A summary names everything, so that each chunk that a scan has found would come twice.
        assert(chunks.isEmpty && metadata.isEmpty, "a summary comes to \(chunks.count) chunks")
        var reader = ByteReader(summary)
        do throws(MalformedBytes) {
            while !reader.isAtEnd {
                let opcode = try reader.byte()
                let length = try reader.fixed(UInt64.self)
                guard let count = Int(exactly: length) else {
                    throw reader.failure("a record of \(length) bytes")
                }
                var body = ByteReader(try reader.slice(count))
                switch Mcap.Opcode(rawValue: opcode) {
                case .channel: try addChannel(&body)
                case .chunkIndex: try addChunkIndex(&body, dataEnd: start)
                case .metadataIndex: try addMetadataIndex(&body, dataEnd: start)
                case .schema, .statistics, .summaryOffset, .attachmentIndex: break
                case nil where opcode >= Mcap.firstPrivate: break
                default: throw reader.failure("a record of kind \(opcode) in the summary")
                }
            }
        } catch {
            throw .damaged(start + UInt64(error.offset), error.reason)
        }
    }

    private mutating func addChannel(_ body: inout ByteReader) throws(MalformedBytes) {
        let id = try body.fixed(UInt16.self)
        _ = try body.fixed(UInt16.self)
        topics[id] = try body.mcapString()
    }

    /// Adds a chunk that the summary names, after a look at whether it can be there at all:
    /// `McapChunk` relies on the bounds that are checked here.
    private mutating func addChunkIndex(
        _ body: inout ByteReader, dataEnd: UInt64
    ) throws(MalformedBytes) {
        var entry = McapChunkEntry(
            offset: 0, length: 0, startTime: try body.fixed(), endTime: try body.fixed(),
            compressedSize: 0, uncompressedSize: 0, channels: 0)
        entry.offset = try body.fixed()
        entry.length = try body.fixed()
        guard entry.offset < dataEnd, entry.length <= dataEnd - entry.offset,
            entry.length >= UInt64(Mcap.recordHead),
            entry.length <= UInt64(Mcap.maximumChunk + Mcap.maximumRecord)
        else { throw body.failure("a chunk outside the data") }
        var indexes = ByteReader(try body.slice(Int(try body.fixed(UInt32.self))))
        while !indexes.isAtEnd {
            let channel = try indexes.fixed(UInt16.self)
            _ = try indexes.fixed(UInt64.self)
            if channel < 64 { entry.channels |= 1 << UInt64(channel) }
        }
        _ = try body.fixed(UInt64.self)
        _ = try body.mcapString()
        entry.compressedSize = try body.fixed()
        entry.uncompressedSize = try body.fixed()
        chunks.append(entry)
    }

    private mutating func addMetadataIndex(
        _ body: inout ByteReader, dataEnd: UInt64
    ) throws(MalformedBytes) {
        let entry = McapMetadataEntry(
            offset: try body.fixed(), length: try body.fixed(), name: try body.mcapString())
        guard entry.offset < dataEnd, entry.length <= dataEnd - entry.offset,
            entry.length >= UInt64(Mcap.recordHead),
            entry.length <= UInt64(Mcap.maximumRecord)
        else { throw body.failure("metadata outside the data") }
        metadata.append(entry)
    }
}

// MARK: Scanning

extension McapIndex {
    /// Goes on from `dataEnd` to the last whole record there is now.
    ///
    /// A record that the file's end cuts is left for a later call, as a recorder may be writing
    /// it.
    mutating func scan(_ file: InputFile) throws(TraceError) {
        let size = try file.size()
        while try advance(file, size: size) {}
    }

    /// Goes on from `dataEnd` by one record; false when there is no further whole one.
    ///
    /// After an error `dataEnd` is where the record begins that cannot be one.
    mutating func advance(_ file: InputFile, size: UInt64) throws(TraceError) -> Bool {
        if isFinished { return false }
        assert(
            dataEnd >= UInt64(Mcap.magic.count), "a scan begins at \(dataEnd), within the magic")
        let head = try file.read(at: dataEnd, count: Mcap.recordHead)
        guard head.count == Mcap.recordHead else { return false }
        var length: UInt64 = 0
        for index in 0..<8 { length |= UInt64(head[1 + index]) << UInt64(8 * index) }
        guard let opcode = Mcap.Opcode(rawValue: head[0]) else {
            return try passOver(head[0], length: length, file, size: size)
        }
        let bound = opcode == .chunk ? Mcap.maximumChunk : Mcap.maximumRecord
        // A chunk's record is a little longer than what is packed in it; 256 bytes are ample for
        // that.
        guard length <= UInt64(bound + 256) else {
            throw .damaged(dataEnd, "a record of \(length) bytes, more than \(bound)")
        }
        let body = dataEnd + UInt64(Mcap.recordHead)
        guard body <= size, length <= size - body else { return false }
        try take(opcode, file, body: body, length: length)
        if opcode == .footer {
            try checkClosingMagic(file, at: body + length)
            return false
        }
        assert(body + length > dataEnd, "a scan does not go on")
        dataEnd = body + length
        return true
    }

    /// Notes what a record of the data is about, if it is about anything that the index
    /// keeps.
    private mutating func take(
        _ opcode: Mcap.Opcode, _ file: InputFile, body: UInt64, length: UInt64
    ) throws(TraceError) {
        // The scan moves on only when the record was taken, so that an error names its beginning.
        assert(body == dataEnd + UInt64(Mcap.recordHead), "the scan has left \(body) behind")
        // Enough of a chunk's or a message index's body to know what it is about.
        let wanted = opcode == .chunk || opcode == .messageIndex ? min(length, 64) : length
        do {
            switch opcode {
            case .chunk:
                var reader = ByteReader(try file.read(at: body, count: Int(wanted)))
                try addScannedChunk(&reader, body: body, length: length)
            case .messageIndex:
                var reader = ByteReader(try file.read(at: body, count: Int(wanted)))
                let channel = try reader.fixed(UInt16.self)
                guard UInt64(try reader.fixed(UInt32.self)) + 6 == length else {
                    throw reader.failure("the sizes of a message index do not fit")
                }
                if channel < 64, !chunks.isEmpty {
                    chunks[chunks.count - 1].channels |= 1 << UInt64(channel)
                }
            // The summary repeats the channels; once the data have ended they are known.
            case .channel where !isDataEnded:
                var reader = ByteReader(try file.read(at: body, count: Int(wanted)))
                try addChannel(&reader)
            case .metadata:
                var reader = ByteReader(try file.read(at: body, count: Int(wanted)))
                let head = UInt64(Mcap.recordHead)
                metadata.append(
                    McapMetadataEntry(
                        offset: body - head, length: length + head,
                        name: try reader.mcapString()))
            case .dataEnd: isDataEnded = true
            case .header, .schema, .channel, .attachment, .footer: break
            case .statistics, .chunkIndex, .metadataIndex, .summaryOffset, .attachmentIndex: break
            case .message:
                throw MalformedBytes(offset: 0, reason: "a message outside a chunk")
            }
        } catch let error as MalformedBytes {
            throw .damaged(body + UInt64(error.offset), error.reason)
        } catch let error as TraceError {
            throw error
        } catch {
            throw .damaged(body, "\(error)")
        }
    }

    private mutating func addScannedChunk(
        _ reader: inout ByteReader, body: UInt64, length: UInt64
    ) throws(MalformedBytes) {
        let head = UInt64(Mcap.recordHead)
        var entry = McapChunkEntry(
            offset: body - head, length: length + head, startTime: try reader.fixed(),
            endTime: try reader.fixed(), compressedSize: 0,
            uncompressedSize: try reader.fixed(), channels: 0)
        _ = try reader.fixed(UInt32.self)
        _ = try reader.mcapString()
        entry.compressedSize = try reader.fixed()
        guard entry.compressedSize <= length,
            UInt64(reader.offset) + entry.compressedSize == length
        else { throw reader.failure("the sizes of a chunk do not fit") }
        // Also behind a gap of a salvage, which is an entry that ends where the scan goes on.
        assert(
            chunks.last.map { $0.offset + $0.length <= entry.offset } ?? true,
            "the chunk at \(entry.offset) begins within the one before it")
        chunks.append(entry)
    }

    /// Behind a footer the file must end with the magic, or be cut off in it.
    private mutating func checkClosingMagic(
        _ file: InputFile, at offset: UInt64
    ) throws(TraceError) {
        let magic = try file.read(at: offset, count: Mcap.magic.count)
        if magic == Mcap.magic {
            isFinished = true
        } else if magic.count == Mcap.magic.count {
            throw .damaged(offset, "the closing magic is not MCAP's")
        }
    }
}
