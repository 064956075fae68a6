import WeirBase

/// Finds the chunks of a file that may be damaged, and the gaps between them.
///
/// `Salvage` makes one when it begins and asks it for the index, in which each gap counts as a
/// chunk so that everything keeps the order of the file. A whole summary names every chunk and
/// is believed. Without one the file is gone through record by record; behind a record that
/// cannot be read the search goes on, byte by byte, to the next location that can be nothing but
/// a record.
///
/// Some words are kept in memory for each chunk, and one window of the file. Reading all of a
/// file is the cost in the worst case.
struct McapSalvage {
    /// The minimum number of bytes of a chunk with a message in it. The chunk's record takes 49:
    /// its head of 9, two log times, the unpacked size and the stored length of 8 each, and a
    /// checksum and the length of an empty name of 4 each. A message takes 31 and its data. A
    /// shorter gap has lost no message.
    static let minimumChunk: UInt64 = 49 + 31

    /// The chunks and the gaps in the order of the file.
    private(set) var index = McapIndex()
    /// Why there is a gap and no chunk, by its index in `index.chunks`.
    private(set) var gaps: [Int: TraceError] = [:]

    /// Reads the summary, or else the whole file.
    ///
    /// - Throws: `.notATrace` and the like when the beginning is not MCAP's. Damage is never
    ///   thrown: it becomes a gap.
    init(of file: InputFile) throws(TraceError) { try self.init(of: file, size: file.size()) }

    /// The same for a file of which the first `size` bytes are looked at: a recorder may append
    /// further ones meanwhile.
    init(of file: InputFile, size: UInt64) throws(TraceError) {
        try McapIndex.checkMagic(file, size: size)
        if try McapIndex.endsWithMagic(file, size: size) {
            do throws(TraceError) {
                index = try McapIndex(summaryOf: file, size: size)
                return
            } catch {
                guard error.code == .damaged else { throw error }
            }
        }
        index.dataEnd = UInt64(Mcap.magic.count)
        try scan(file, size)
        nameTopics()
    }

    /// Which topics a gap, or a chunk that cannot be unpacked, held messages of.
    ///
    /// Empty where it held none; nil where nobody can know. What a chunk held is said by the
    /// message indexes behind it, which may have outlived it.
    func topics(lostAt chunkIndex: Int, _ file: InputFile) throws(TraceError) -> [Topic]? {
        let entry = index.chunks[chunkIndex]
        if gaps[chunkIndex] != nil {
            let head = try file.read(at: entry.offset, count: Self.headBytes)
            if entry.length < Self.minimumChunk || Self.isAside(head, entry.length) { return [] }
            guard Self.isOneChunk(head, entry.length) else { return nil }
        }
        if entry.channels == 0 { return nil }
        return index.topics.filter { entry.holds(channel: $0.key) }
            .compactMap { Topic(rawValue: $0.value) }.sorted { $0.rank < $1.rank }
    }

    /// Goes through the file and around its damage, and ends at the file's end, at the summary,
    /// or behind the last gap that is allowed.
    private mutating func scan(_ file: InputFile, _ size: UInt64) throws(TraceError) {
        while true {
            var damage: TraceError?
            do throws(TraceError) {
                while try index.advance(file, size: size) {}
                if index.isFinished || index.isDataEnded || index.dataEnd >= size { return }
            } catch {
                guard error.code == .damaged else { throw error }
                // The damage is in the summary. All it would say was found without it.
                if index.isDataEnded { return }
                damage = error
            }
            let isAllowed = gaps.count < TraceBounds.maximumGaps
            let next = isAllowed ? try Self.find(file, from: index.dataEnd + 1, size) : nil
            // Without an error the file was cut here, or a damaged length claims more bytes than
            // there are. If another record can be found behind it, the length is wrong.
            if damage == nil, isAllowed, next == nil { return }
            let reason = "a record claims more bytes than the file has"
            skip(to: next ?? size, damage ?? .damaged(index.dataEnd, reason))
            if next == nil { return }
        }
    }

    /// Notes a gap as if it were a chunk. The message indexes behind it then say what it held.
    private mutating func skip(to next: UInt64, _ error: TraceError) {
        gaps[index.chunks.count] = error
        // The one more reaches to the file's end.
        assert(
            gaps.count <= TraceBounds.maximumGaps + 1,
            "the search for records goes on behind \(gaps.count) gaps")
        index.chunks.append(
            McapChunkEntry(
                offset: index.dataEnd, length: next - index.dataEnd, startTime: 0, endTime: 0,
                compressedSize: 0, uncompressedSize: 0, channels: 0))
        index.dataEnd = next
    }

    /// Names channels whose own records were lost. Weir numbers its topics in one order, so a
    /// number that nobody else has claimed belongs to the topic of that rank.
    private mutating func nameTopics() {
        for topic in Topic.allCases where !index.topics.values.contains(topic.rawValue) {
            let number = UInt16(topic.rank + 1)
            if index.topics[number].flatMap(Topic.init(rawValue:)) == nil {
                index.topics[number] = topic.rawValue
            }
        }
    }
}

// MARK: Finding the next record

extension McapSalvage {
    /// The file is searched in pieces of one megabyte.
    private static let window = 1 << 20
    /// So many bytes of a record are enough to tell what it is; the longest look reaches byte
    /// 53.
    static let headBytes = 64

    /// The first location from `start` on that can be nothing but a record of a kind that is
    /// sought.
    private static func find(
        _ file: InputFile, from start: UInt64, _ size: UInt64
    ) throws(TraceError) -> UInt64? {
        var base = start
        while base < size {
            // The file may have grown since its size was asked for.
            let bytes = try file.read(at: base, count: Int(min(UInt64(window), size - base)))
            if bytes.isEmpty { return nil }
            for (offset, byte) in bytes.enumerated() {
                guard let opcode = Mcap.Opcode(rawValue: byte), isSought(opcode) else { continue }
                let position = base + UInt64(offset)
                let head =
                    offset + headBytes <= bytes.count
                    ? Array(bytes[offset..<offset + headBytes])
                    : try file.read(at: position, count: headBytes)
                if isRecord(opcode, head, room: size - position) { return position }
            }
            base += UInt64(bytes.count)
        }
        return nil
    }

    /// Whether a record of this kind is worth finding. The others are short, and by chance any
    /// byte could be taken for their opcode, as their bodies say nothing that could be checked.
    static func isSought(_ opcode: Mcap.Opcode) -> Bool {
        switch opcode {
        case .chunk, .messageIndex, .metadata, .dataEnd: true
        case .header, .footer, .schema, .channel, .message, .chunkIndex, .attachment,
            .attachmentIndex, .statistics, .metadataIndex, .summaryOffset:
            false
        }
    }

    /// Whether these are the first bytes of a record.
    ///
    /// Each kind that is sought says its length twice, or begins with something that chance does
    /// not give: both must fit.
    static func isRecord(_ opcode: Mcap.Opcode, _ head: [UInt8], room: UInt64) -> Bool {
        assert(
            isSought(opcode), "nothing in the body of a \(opcode) tells whether it is a record")
        guard let length = fixed(head, 1, 8), length <= room else { return false }
        let whole = length + UInt64(Mcap.recordHead)
        guard whole <= room else { return false }
        switch opcode {
        case .chunk: return chunkLength(head) == whole
        case .messageIndex:
            guard let channel = fixed(head, 9, 2), let array = fixed(head, 11, 4) else {
                return false
            }
            // An entry of a message index is a time and an offset, 16 bytes. The body has 2
            // bytes for the channel and 4 for the array's length before them.
            return (1..<64).contains(channel) && array > 0 && array % 16 == 0
                && length == array + 6
        case .metadata: return namesMetadata(head)
        case .dataEnd:
            // The summary begins with a schema.
            return length == 4 && head.count > 13 && head[13] == Mcap.Opcode.schema.rawValue
        case .header, .footer, .schema, .channel, .message, .chunkIndex, .attachment,
            .attachmentIndex, .statistics, .metadataIndex, .summaryOffset:
            return false
        }
    }

    /// Whether a gap of `length` bytes is a single record of a kind that holds no message.
    ///
    /// A message index says its length twice and its kind once. If one byte of it was changed,
    /// two of the three still tell the truth, and so two are enough.
    private static func isAside(_ head: [UInt8], _ length: UInt64) -> Bool {
        if namesMetadata(head) { return true }
        let said = fixed(head, 1, 8).map { $0 &+ UInt64(Mcap.recordHead) } == length
        let counted = fixed(head, 11, 4).map { $0 &+ 6 &+ UInt64(Mcap.recordHead) } == length
        let isNamed = head.first == Mcap.Opcode.messageIndex.rawValue
        return said && counted || isNamed && (said || counted)
    }

    /// Whether a gap of `length` bytes is a single chunk; two of three tell it, as in `isAside`.
    private static func isOneChunk(_ head: [UInt8], _ length: UInt64) -> Bool {
        if chunkLength(head) == length { return true }
        return head.first == Mcap.Opcode.chunk.rawValue
            && fixed(head, 1, 8).map { $0 &+ UInt64(Mcap.recordHead) } == length
    }

    /// `zstd` as a little-endian number.
    private static let zstdName: UInt64 = 0x6474_737A

    /// The bytes of the chunk's record that begins with `head`, computed from the sizes in its
    /// body.
    ///
    /// Its name is empty or `zstd`. Its stored bytes begin 49 bytes and the name behind its
    /// beginning.
    private static func chunkLength(_ head: [UInt8]) -> UInt64? {
        guard let unpacked = fixed(head, 25, 8), unpacked <= UInt64(Mcap.maximumChunk),
            let name = fixed(head, 37, 4), name == 0 || name == 4,
            // The name's four bytes as a number; a head that the file's end cuts may lack some.
            name == 0 || fixed(head, 41, 4) == zstdName,
            let packed = fixed(head, 41 + Int(name), 8), packed <= UInt64(Mcap.maximumChunk)
        else { return nil }
        return 49 + name + packed
    }

    /// Whether the bytes hold the name of one of Weir's metadata records, 13 bytes from the
    /// beginning.
    private static func namesMetadata(_ head: [UInt8]) -> Bool {
        guard let count = fixed(head, 9, 4), count < 32, head.count >= 13 + Int(count) else {
            return false
        }
        let name = String(decoding: head[13..<13 + Int(count)], as: UTF8.self)
        return [TraceMetadata.run, TraceMetadata.end, TraceMetadata.rewritten].contains(name)
    }

    /// A little-endian number of `count` bytes; nil where they are not all there.
    private static func fixed(_ bytes: [UInt8], _ start: Int, _ count: Int) -> UInt64? {
        assert((1...8).contains(count), "a number of \(count) bytes does not fit 64 bits")
        guard start + count <= bytes.count else { return nil }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(bytes[start + index]) << UInt64(8 * index) }
        return value
    }
}
