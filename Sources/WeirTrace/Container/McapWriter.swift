import WeirBase

/// Writes an MCAP file from front to back, chunk by chunk.
///
/// `TraceWriter` owns it: it makes the writer, adds schemas and channels, writes metadata and
/// chunks, and calls `finish` once. One thread uses it.
///
/// Every call hands its bytes to the kernel before it returns, so that a process that is killed
/// leaves everything written so far. Nothing is synced to the disk: against a loss of power the
/// run itself would have to decide. After an error nothing more is written, as the file may end
/// in the middle of a record.
final class McapWriter {
    private let file: OutputFile
    private let zstd = Zstd()
    /// The record that is being made. It is emptied with each flush and keeps its room, that of
    /// a chunk of the usual 256 KiB with its indexes.
    private var buffer = ByteWriter(reserving: 320 << 10)
    /// The checksum over all bytes so far, which `finish` writes as that of the data.
    private var dataCRC = CRC32()
    /// The records of all schemas, to be repeated in the summary.
    private var schemas: [[UInt8]] = []
    /// The records of all channels, to be repeated in the summary.
    private var channels: [[UInt8]] = []
    /// Chunk index records as they will stand in the summary, about 110 bytes a chunk: what a
    /// recording of days costs in memory.
    private var chunkIndexes = ByteWriter()
    private var chunkCount: UInt32 = 0
    private var metadata: [McapMetadataEntry] = []
    private var messageCounts: [UInt16: UInt64] = [:]
    /// The least log time of all messages.
    private var startTime = UInt64.max
    /// The greatest log time of all messages.
    private var endTime: UInt64 = 0
    /// The first error. It is thrown again by every later write.
    private var failure: TraceError?

    /// What is gathered about a chunk while it is written, for its entry in the summary.
    private struct ChunkRecord {
        var entry: McapChunkEntry
        var compression: String
        var indexes: [(channel: UInt16, offset: UInt64)]
        var indexLength: UInt64
    }

    var bytesWritten: ByteCount { ByteCount(file.position) }

    /// Whether no record waits in the buffer. After an error the rest of one stays there and is
    /// never written.
    private var isBetweenRecords: Bool { failure != nil || buffer.count == 0 }

    convenience init(path: String, library: String, overwrite: Bool) throws(TraceError) {
        try self.init(OutputFile(creating: path, overwrite: overwrite), library: library)
    }

    /// A writer of a file that nothing was written to.
    init(_ file: OutputFile, library: String) throws(TraceError) {
        self.file = file
        buffer.append(contentsOf: Mcap.magic)
        let start = buffer.beginRecord(.header)
        buffer.append(mcap: Mcap.profile)
        buffer.append(mcap: library)
        buffer.endRecord(start)
        try flush()
    }

    /// Adds a schema and returns its number, from 1. Number 0 means that a channel has none.
    func addSchema(name: String, encoding: String, data: [UInt8]) throws(TraceError) -> UInt16 {
        // The buffer as a whole is kept for the summary.
        assert(isBetweenRecords, "\(buffer.count) bytes would become a part of schema \(name)")
        let id = UInt16(schemas.count + 1)
        let start = buffer.beginRecord(.schema)
        buffer.append(fixed: id)
        buffer.append(mcap: name)
        buffer.append(mcap: encoding)
        buffer.append(fixed: UInt32(data.count))
        buffer.append(contentsOf: data)
        buffer.endRecord(start)
        schemas.append(buffer.bytes)
        try flush()
        return id
    }

    /// Adds a channel for a topic and returns its number, from 1.
    func addChannel(topic: String, schema: UInt16, encoding: String) throws(TraceError) -> UInt16 {
        let id = UInt16(channels.count + 1)
        // The index of a chunk has one bit for each channel.
        precondition(id < 64, "a file has at most 63 channels, this would be number \(id)")
        precondition(
            Int(schema) <= schemas.count,
            "channel \(topic) names schema \(schema) of \(schemas.count)")
        assert(isBetweenRecords, "\(buffer.count) bytes would become a part of channel \(topic)")
        let start = buffer.beginRecord(.channel)
        buffer.append(fixed: id)
        buffer.append(fixed: schema)
        buffer.append(mcap: topic)
        buffer.append(mcap: encoding)
        buffer.append(mcap: [])
        buffer.endRecord(start)
        channels.append(buffer.bytes)
        try flush()
        return id
    }

    /// Writes a metadata record, which any reader of MCAP shows as a name and pairs of strings.
    func writeMetadata(name: String, _ members: [(String, String)]) throws(TraceError) {
        assert(isBetweenRecords, "\(buffer.count) bytes lie before the metadata \(name)")
        let offset = file.position
        let start = buffer.beginRecord(.metadata)
        buffer.append(mcap: name)
        buffer.append(mcap: members)
        buffer.endRecord(start)
        metadata.append(
            McapMetadataEntry(offset: offset, length: UInt64(buffer.count), name: name))
        try flush()
    }

    /// Writes one chunk and its message indexes. The messages must be in order of their log
    /// times.
    ///
    /// With `compress` the chunk is packed when that makes it smaller. An empty list writes
    /// nothing. The caller has held what the messages take against `Mcap.maximumChunk`.
    func writeChunk(_ messages: [McapMessage], compress: Bool) throws(TraceError) {
        guard let first = messages.first else { return }
        assert(isBetweenRecords, "\(buffer.count) bytes lie before a chunk")
        var body = ByteWriter(
            reserving: messages.reduce(0) { $0 + $1.data.count + Mcap.messageHead })
        var indexes: [UInt16: [(time: UInt64, offset: UInt64)]] = [:]
        var last = first.logTime
        for message in messages {
            // Readers take the first and the last time for the chunk's range.
            assert(message.logTime >= last, "messages of a chunk out of order")
            last = message.logTime
            indexes[message.channel, default: []].append((last, UInt64(body.count)))
            messageCounts[message.channel, default: 0] += 1
            Self.append(message, to: &body)
        }
        precondition(body.count <= Mcap.maximumChunk, "a chunk of \(body.count) bytes")
        startTime = min(startTime, first.logTime)
        endTime = max(endTime, last)
        var record = ChunkRecord(
            entry: McapChunkEntry(
                offset: file.position, length: 0, startTime: first.logTime, endTime: last,
                compressedSize: 0, uncompressedSize: UInt64(body.count), channels: 0),
            compression: "", indexes: [], indexLength: 0)
        appendChunk(body.bytes, compress: compress, &record)
        record.entry.length = UInt64(buffer.count)
        appendIndexes(indexes, &record)
        try flush()
        check(record, messages: messages.count)
        // Only a chunk that was written is named in the summary.
        appendChunkIndex(record)
    }

    /// Holds what the summary is going to say of a chunk against what was written.
    private func check(_ chunk: ChunkRecord, messages: Int) {
        let entry = chunk.entry
        assert(
            entry.compressedSize <= entry.uncompressedSize,
            "a chunk of \(entry.uncompressedSize) bytes became \(entry.compressedSize) by packing")
        // What a salvage computes from the sizes in a chunk's body, to know one without its head.
        assert(
            entry.length == 49 + UInt64(chunk.compression.utf8.count) + entry.compressedSize,
            "a chunk with \(entry.compressedSize) bytes inside takes \(entry.length)")
        assert(
            entry.channels.nonzeroBitCount == chunk.indexes.count,
            "the chunk at \(entry.offset) has \(chunk.indexes.count) message indexes, and names "
                + "\(entry.channels.nonzeroBitCount) channels")
        // An index has a head of 9 bytes, 6 for its channel and its length, and 16 a message.
        assert(
            chunk.indexLength == UInt64(15 * chunk.indexes.count + 16 * messages),
            "the indexes of \(messages) messages take \(chunk.indexLength) bytes")
        assert(
            chunk.indexes.first.map { $0.offset == entry.offset + entry.length } ?? false,
            "the indexes of the chunk at \(entry.offset) do not follow it")
        precondition(
            file.position == entry.offset + entry.length + chunk.indexLength,
            "the chunk at \(entry.offset) and its indexes end at \(file.position), which is not "
                + "what the summary will say")
    }

    private static func append(_ message: McapMessage, to body: inout ByteWriter) {
        let start = body.beginRecord(.message)
        body.append(fixed: message.channel)
        body.append(fixed: message.sequence)
        // The log time, and once more as the publish time, which MCAP wants too.
        body.append(fixed: message.logTime)
        body.append(fixed: message.logTime)
        body.append(contentsOf: message.data)
        body.endRecord(start)
    }

    /// Appends the chunk's record, packed where that is wanted and makes it smaller.
    private func appendChunk(_ body: [UInt8], compress: Bool, _ record: inout ChunkRecord) {
        let packed = compress ? body.withUnsafeBytes { zstd.compress($0) } : nil
        record.compression = packed == nil ? "" : "zstd"
        record.entry.compressedSize = UInt64(packed?.count ?? body.count)
        let start = buffer.beginRecord(.chunk)
        buffer.append(fixed: record.entry.startTime)
        buffer.append(fixed: record.entry.endTime)
        buffer.append(fixed: UInt64(body.count))
        buffer.append(fixed: CRC32.of(body))
        buffer.append(mcap: record.compression)
        buffer.append(fixed: record.entry.compressedSize)
        if let packed {
            buffer.append(contentsOf: packed)
        } else {
            buffer.append(contentsOf: body)
        }
        buffer.endRecord(start)
    }

    /// Appends a message index for each channel of the chunk, in the order of the channels.
    private func appendIndexes(
        _ indexes: [UInt16: [(time: UInt64, offset: UInt64)]], _ record: inout ChunkRecord
    ) {
        let begin = buffer.count
        for (channel, entries) in indexes.sorted(by: { $0.key < $1.key }) {
            // Bit 0 and those from 64 on would be lost in silence.
            precondition(
                channel >= 1 && Int(channel) <= channels.count,
                "a message is of channel \(channel), and the file has \(channels.count)")
            record.entry.channels |= 1 << UInt64(channel)
            record.indexes.append((channel, file.position + UInt64(buffer.count)))
            let start = buffer.beginRecord(.messageIndex)
            buffer.append(fixed: channel)
            buffer.append(fixed: UInt32(entries.count * 16))
            for entry in entries {
                buffer.append(fixed: entry.time)
                buffer.append(fixed: entry.offset)
            }
            buffer.endRecord(start)
        }
        record.indexLength = UInt64(buffer.count - begin)
    }

    /// Writes the end of the data, the summary and the footer. Nothing may be written after it.
    func finish() throws(TraceError) {
        let start = buffer.beginRecord(.dataEnd)
        buffer.append(fixed: dataCRC.value)
        buffer.endRecord(start)
        try flush()
        // The summary's checksum begins here, so the buffer is empty now and holds it alone
        // below.
        let summaryStart = file.position
        var groups: [(opcode: Mcap.Opcode, start: UInt64, length: UInt64)] = []
        func group(_ opcode: Mcap.Opcode, _ write: () -> Void) {
            let begin = buffer.count
            write()
            let length = buffer.count - begin
            if length > 0 { groups.append((opcode, summaryStart + UInt64(begin), UInt64(length))) }
        }
        group(.schema) { schemas.forEach { buffer.append(contentsOf: $0) } }
        group(.channel) { channels.forEach { buffer.append(contentsOf: $0) } }
        group(.statistics) { appendStatistics() }
        group(.chunkIndex) { buffer.append(contentsOf: chunkIndexes.bytes) }
        group(.metadataIndex) { metadata.forEach { appendMetadataIndex($0) } }
        // Readers find each group of the summary by these offsets; the format wants one group
        // for a kind.
        let offsetStart = summaryStart + UInt64(buffer.count)
        assert(
            groups.reduce(summaryStart) { $0 + $1.length } == offsetStart,
            "some of the summary from \(summaryStart) to \(offsetStart) is in no group")
        for group in groups {
            let start = buffer.beginRecord(.summaryOffset)
            buffer.append(group.opcode.rawValue)
            buffer.append(fixed: group.start)
            buffer.append(fixed: group.length)
            buffer.endRecord(start)
        }
        let footer = buffer.beginRecord(.footer)
        buffer.append(fixed: summaryStart)
        buffer.append(fixed: offsetStart)
        // The checksum covers the footer up to itself, its length included. So the length is put
        // in before the checksum is taken.
        buffer.patch(fixed: UInt64(Mcap.footerBody), at: footer - 8)
        buffer.append(fixed: CRC32.of(buffer.bytes))
        // Readers look for the footer so many bytes before the end, whatever it says of itself.
        assert(
            buffer.count - footer == Mcap.footerBody,
            "a footer of \(buffer.count - footer) bytes would not be found from the file's end")
        buffer.append(contentsOf: Mcap.magic)
        try flush()
    }

    /// Appends how many of everything there are; other tools show it.
    private func appendStatistics() {
        assert(
            (chunkCount == 0) == messageCounts.isEmpty,
            "\(messageCounts.count) channels have messages in \(chunkCount) chunks")
        let start = buffer.beginRecord(.statistics)
        buffer.append(fixed: messageCounts.values.reduce(0, +))
        buffer.append(fixed: UInt16(schemas.count))
        buffer.append(fixed: UInt32(channels.count))
        buffer.append(fixed: UInt32(0))
        buffer.append(fixed: UInt32(metadata.count))
        buffer.append(fixed: chunkCount)
        buffer.append(fixed: chunkCount == 0 ? 0 : startTime)
        buffer.append(fixed: endTime)
        buffer.append(fixed: UInt32(messageCounts.count * 10))
        for (channel, count) in messageCounts.sorted(by: { $0.key < $1.key }) {
            buffer.append(fixed: channel)
            buffer.append(fixed: count)
        }
        buffer.endRecord(start)
    }

    /// Keeps the chunk's entry for the summary.
    private func appendChunkIndex(_ chunk: ChunkRecord) {
        let start = chunkIndexes.beginRecord(.chunkIndex)
        chunkIndexes.append(fixed: chunk.entry.startTime)
        chunkIndexes.append(fixed: chunk.entry.endTime)
        chunkIndexes.append(fixed: chunk.entry.offset)
        chunkIndexes.append(fixed: chunk.entry.length)
        chunkIndexes.append(fixed: UInt32(chunk.indexes.count * 10))
        for index in chunk.indexes {
            chunkIndexes.append(fixed: index.channel)
            chunkIndexes.append(fixed: index.offset)
        }
        chunkIndexes.append(fixed: chunk.indexLength)
        chunkIndexes.append(mcap: chunk.compression)
        chunkIndexes.append(fixed: chunk.entry.compressedSize)
        chunkIndexes.append(fixed: chunk.entry.uncompressedSize)
        chunkIndexes.endRecord(start)
        chunkCount += 1
    }

    private func appendMetadataIndex(_ entry: McapMetadataEntry) {
        let start = buffer.beginRecord(.metadataIndex)
        buffer.append(fixed: entry.offset)
        buffer.append(fixed: entry.length)
        buffer.append(mcap: entry.name)
        buffer.endRecord(start)
    }

    /// Hands the buffer to the kernel and empties it.
    private func flush() throws(TraceError) {
        // A file that ends in the middle of a record must not go on behind it.
        if let failure { throw failure }
        do {
            try file.write(buffer.bytes)
        } catch {
            failure = error
            throw error
        }
        // Only what is before the end of the data counts; `finish` has written the sum by the
        // time that later bytes are added.
        dataCRC.update(buffer.bytes)
        buffer.removeAll()
    }
}
