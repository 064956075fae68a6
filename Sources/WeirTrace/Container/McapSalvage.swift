import WeirBase

/// What can be found of a file, damaged or not: its chunks, and the gaps where there is damage.
///
/// A whole summary names every chunk. Without one the file is gone through record by record;
/// behind one that cannot be read it goes on at the next place that can be nothing but a record.
/// Some words a chunk are kept in memory, and one window of the file.
struct McapSalvage {
    /// So many gaps are gone around; what lies behind the last counts as one more.
    static let maximumGaps = 4_096
    /// The least bytes of a chunk with a message: a shorter gap has lost none.
    static let leastChunk: UInt64 = 49 + 31

    /// Chunks and gaps in file order.
    private(set) var index = McapIndex()
    /// By place in `index.chunks`: why there is a gap and no chunk.
    private(set) var gaps: [Int: TraceError] = [:]
    /// Bytes behind the last whole record.
    private(set) var cutBytes: UInt64 = 0

    init(of file: InputFile) throws(TraceError) {
        let size = try file.size()
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

    /// What a gap, or a chunk that cannot be unpacked, held; nil where nobody knows.
    func topics(lostAt place: Int, _ file: InputFile) throws(TraceError) -> [Topic]? {
        let entry = index.chunks[place]
        if gaps[place] != nil {
            let head = try file.read(at: entry.offset, count: Self.headBytes)
            if entry.length < Self.leastChunk || Self.isAside(head, entry.length) { return [] }
            guard Self.isOneChunk(head, entry.length) else { return nil }
        }
        if entry.channels == 0 { return nil }
        return index.topics.filter { entry.holds(channel: $0.key) }
            .compactMap { Topic(rawValue: $0.value) }.sorted { $0.rank < $1.rank }
    }

    private mutating func scan(_ file: InputFile, _ size: UInt64) throws(TraceError) {
        while true {
            do throws(TraceError) {
                while try index.advance(file, size: size) {}
                cutBytes = index.isFinished ? 0 : size - min(size, index.dataEnd)
                if cutBytes == 0 || index.isDataEnded { return }
                // Either the file was cut, or a length is wrong that claims more than there is.
                guard let next = try Self.find(file, from: index.dataEnd + 1, size) else { return }
                let reason = "a record claims more bytes than the file has"
                skip(to: next, .damaged(index.dataEnd, reason))
            } catch {
                guard error.code == .damaged else { throw error }
                // Damage to the summary: all it says was found without it.
                if index.isDataEnded { return }
                let next =
                    gaps.count < Self.maximumGaps
                    ? try Self.find(file, from: index.dataEnd + 1, size) : nil
                skip(to: next ?? size, error)
                if next == nil { return }
            }
        }
    }

    /// Notes a gap as if it were a chunk: the message indexes behind it say what it held.
    private mutating func skip(to next: UInt64, _ error: TraceError) {
        gaps[index.chunks.count] = error
        index.chunks.append(
            McapChunkEntry(
                offset: index.dataEnd, length: next - index.dataEnd, startTime: 0, endTime: 0,
                compressedSize: 0, uncompressedSize: 0, channels: 0))
        index.dataEnd = next
    }

    /// Weir numbers its topics in one order: where a channel's own record is damaged, that holds.
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
    private static let window = 1 << 20
    /// Enough of a record to tell what it is.
    private static let headBytes = 64

    /// The first place from `start` on that can be nothing but a record.
    private static func find(
        _ file: InputFile, from start: UInt64, _ size: UInt64
    ) throws(TraceError) -> UInt64? {
        var base = start
        while base < size {
            let bytes = try file.read(at: base, count: window)
            if bytes.isEmpty { return nil }
            for (offset, byte) in bytes.enumerated() {
                guard let opcode = Mcap.Opcode(rawValue: byte), isSought(opcode) else { continue }
                let place = base + UInt64(offset)
                let head =
                    offset + headBytes <= bytes.count
                    ? Array(bytes[offset..<offset + headBytes])
                    : try file.read(at: place, count: headBytes)
                if isRecord(opcode, head, room: size - place) { return place }
            }
            base += UInt64(bytes.count)
        }
        return nil
    }

    private static func isSought(_ opcode: Mcap.Opcode) -> Bool {
        switch opcode {
        case .chunk, .messageIndex, .metadata, .dataEnd: true
        case .header, .footer, .schema, .channel, .message, .chunkIndex, .attachment,
            .attachmentIndex, .statistics, .metadataIndex, .summaryOffset:
            false
        }
    }

    /// Whether these are a record's first bytes: its lengths, which are said twice, agree.
    private static func isRecord(_ opcode: Mcap.Opcode, _ head: [UInt8], room: UInt64) -> Bool {
        guard let length = fixed(head, 1, 8), length <= room else { return false }
        let whole = length + UInt64(Mcap.recordHead)
        guard whole <= room else { return false }
        switch opcode {
        case .chunk: return chunkLength(head) == whole
        case .messageIndex:
            guard let channel = fixed(head, 9, 2), let array = fixed(head, 11, 4) else {
                return false
            }
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

    /// Whether a gap of `length` bytes is one record of a kind that holds no message.
    ///
    /// A record's length is said twice, and its kind once: whatever byte of it was changed, two of
    /// the three still tell.
    private static func isAside(_ head: [UInt8], _ length: UInt64) -> Bool {
        if namesMetadata(head) { return true }
        let said = fixed(head, 1, 8).map { $0 &+ UInt64(Mcap.recordHead) } == length
        let counted = fixed(head, 11, 4).map { $0 &+ 6 &+ UInt64(Mcap.recordHead) } == length
        let isNamed = head.first == Mcap.Opcode.messageIndex.rawValue
        return said && counted || isNamed && (said || counted)
    }

    /// Whether a gap of `length` bytes is one chunk: as for `isAside`.
    private static func isOneChunk(_ head: [UInt8], _ length: UInt64) -> Bool {
        if chunkLength(head) == length { return true }
        return head.first == Mcap.Opcode.chunk.rawValue
            && fixed(head, 1, 8).map { $0 &+ UInt64(Mcap.recordHead) } == length
    }

    /// Bytes of the chunk that begins with `head`, by the sizes in its body.
    private static func chunkLength(_ head: [UInt8]) -> UInt64? {
        guard let unpacked = fixed(head, 25, 8), unpacked <= UInt64(Mcap.maximumChunk),
            let name = fixed(head, 37, 4), name == 0 || name == 4,
            name == 0 || Array(head[41..<45]) == Array("zstd".utf8),
            let packed = fixed(head, 41 + Int(name), 8), packed <= UInt64(Mcap.maximumChunk)
        else { return nil }
        return 49 + name + packed
    }

    private static func namesMetadata(_ head: [UInt8]) -> Bool {
        guard let count = fixed(head, 9, 4), count < 32, head.count >= 13 + Int(count) else {
            return false
        }
        let name = String(decoding: head[13..<13 + Int(count)], as: UTF8.self)
        return [TraceMetadata.run, TraceMetadata.end, TraceMetadata.rewritten].contains(name)
    }

    private static func fixed(_ bytes: [UInt8], _ place: Int, _ count: Int) -> UInt64? {
        guard place + count <= bytes.count else { return nil }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(bytes[place + index]) << UInt64(8 * index) }
        return value
    }
}
