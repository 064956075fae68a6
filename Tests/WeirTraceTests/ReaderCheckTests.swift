import Foundation
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

/// What readers hold against each other: every promise of the writer that a checksum does not
/// cover, because the checksums of these files fit.
@Suite struct ReaderCheckTests {
    /// The error of a body, which must be one of damage.
    private func damage(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch let error as TraceError {
            #expect(error.code == .damaged)
            return error.reason
        } catch {
            Issue.record("\(error)")
            return nil
        }
    }

    /// Opens a forged trace.
    private func withForged(
        _ chunks: [Fixture.ForgedChunk], end: RunEnd? = nil, _ body: (Trace) throws -> Void
    ) throws {
        try withFolder { folder in
            try Fixture.forge(folder + "/run.mcap", chunks, end: end)
            try body(try Trace.open(path: folder + "/run.mcap"))
        }
    }

    private func input(_ blocks: InputBlock...) -> [UInt8] { InputCodec.encode(blocks[...]) }

    // MARK: Messages

    @Test func `a topic whose first message is missing is damaged for every reader`() throws {
        let sample = JSONCodec.encode(Fixture.metric)
        try withForged([(.metric, 1, [sample])]) { trace in
            let expected = "message 0 of weir/metric is missing"
            #expect(damage { _ = try trace.metrics().next() } == expected)
            #expect(damage { _ = try trace.batches().next() } == expected)
        }
    }

    @Test func `a topic with a message too few in the middle is damaged for every reader`() throws {
        let sample = JSONCodec.encode(Fixture.metric)
        try withForged([(.metric, 0, [sample]), (.metric, 2, [sample])]) { trace in
            let expected = "message 1 of weir/metric is missing"
            let (metrics, batches) = (trace.metrics(), trace.batches())
            _ = try (metrics.next(), batches.next())
            #expect(damage { _ = try metrics.next() } == expected)
            #expect(damage { _ = try batches.next() } == expected)
        }
    }

    // MARK: Input

    @Test func `a source with a block too few is damaged`() throws {
        let blocks = [Fixture.block(0, "a"), Fixture.block(2, "c")]
        try withForged([(.input, 0, blocks.map { input($0) })]) { trace in
            let cursor = trace.inputs(source: 0)
            let first = try cursor.next()
            #expect(first == blocks[0])
            #expect(damage { _ = try cursor.next() } == "block 1 of source 0 is missing")
            #expect(damage { _ = try trace.verify() } == "block 1 of source 0 is missing")
        }
    }

    @Test func `a block whose bytes are not those of its hash is found by all who look`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            var changed = Fixture.block(1, "changed")
            changed.hash ^= 1
            try Fixture.forge(path, [(.input, 0, [input(Fixture.block(0, "a"), changed)])])
            let trace = try Trace.open(path: path)
            let reason = damage { _ = try trace.verify() }
            #expect(reason == "block 1 of source 0 is not what its hash says")
            let rewritten = try Trace.recover(path: path, to: folder + "/new.mcap")
            #expect(rewritten.cut?.reason == "block 1 of source 0 was changed")
            #expect(try Contents(Trace.open(path: folder + "/new.mcap")).inputs.count == 1)
        }
    }

    @Test func `the length of a block is that of its bytes`() throws {
        var message = input(Fixture.block(0, "four"))
        // Behind the version, the source, the index, the count, the kind and the offset.
        let length = 1 + 2 + 8 + 1 + 1 + 1
        #expect(message[length] == 4)
        message[length] = 5
        let error = #expect(throws: MalformedBytes.self) { try InputCodec.decode(message[...]) }
        #expect(error?.reason == "an input block without its 5 bytes")
    }

    // MARK: Logs

    @Test func `the steps of log records are within what their message says`() throws {
        let records = [2, 7, 5].map { Fixture.record(step: $0) }
        let message = LogCodec.encode(records[...], worker: 0, lost: 0, zstd: Zstd())
        for (first, last, isWhole) in [(2, 7, true), (3, 7, false), (2, 6, false)]
            as [(UInt64, UInt64, Bool)]
        {
            var writer = ByteWriter()
            writer.append(contentsOf: message[..<4])
            writer.append(fixed: first)
            writer.append(fixed: last)
            writer.append(contentsOf: message[20...])
            var reader = ByteReader(writer.bytes)
            guard case .records(let head) = try LogCodec.head(&reader) else { continue }
            let batch = try? LogCodec.records(head, &reader, zstd: Zstd())
            #expect((batch != nil) == isWhole, "\(first) to \(last)")
        }
    }

    @Test func `nothing stands behind the statements of a message`() throws {
        let message = LogCodec.encode(Fixture.sites, first: 0)
        for (bytes, isWhole) in [(message, true), (message + [0], false)] {
            var reader = ByteReader(bytes)
            _ = try LogCodec.head(&reader)
            let sites = try? LogCodec.sites(&reader, known: 0)
            #expect((sites == Fixture.sites) == isWhole)
        }
    }

    // MARK: The file

    @Test func `a trace of another format is refused`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.forge(path, [], format: "2")
            let error = #expect(throws: TraceError.self) { try Trace.open(path: path) }
            #expect(error?.code == .unknownVersion)
            #expect(error?.reason.contains("format 2") == true)
        }
    }

    @Test func `what no chunk's checksum covers is covered by the sum over all data`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path)
            var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            // The name of the library, in the first record.
            let name = try #require(bytes.firstRange(of: Array("weir 0.1.0".utf8)))
            bytes[name.lowerBound] ^= 0x20
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let trace = try Trace.open(path: path)
            #expect(damage { _ = try trace.verify() } == "the checksum of the data does not fit")
        }
    }

    @Test func `a file that is closed with other bytes than the magic is damaged`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path)
            var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            bytes[bytes.count - 1] ^= 1
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let reason = damage { _ = try Trace.open(path: path) }
            #expect(reason == "the closing magic is not MCAP's")
        }
    }

    @Test func `a chunk whose stored size is not that of its record is damaged`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path)
            let index = try McapIndex(of: InputFile(opening: path))
            var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            let entry = index.chunks[1]
            // The schedule's chunk is not packed: its stored size stands behind an empty name.
            bytes[Int(entry.offset) + 41] ^= 1
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let trace = try Trace.open(path: path)
            let reason = damage { _ = try trace.schedule().next() }
            #expect(reason == "the sizes of a chunk do not fit")
        }
    }

    /// A finished trace whose summary lies behind a hole, and says of its first chunk that it
    /// takes `length` bytes.
    private func stretch(_ path: String, chunk length: UInt64, to summaryStart: UInt64) throws {
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        let index = try McapIndex(of: InputFile(opening: path))
        let data = Int(index.dataEnd)
        var summary = Array(bytes[data...])
        var known = ByteWriter()
        known.append(fixed: index.chunks[0].offset)
        known.append(fixed: index.chunks[0].length)
        let found = try #require(summary.firstRange(of: known.bytes))
        var forged = ByteWriter()
        forged.append(fixed: index.chunks[0].offset)
        forged.append(fixed: length)
        summary.replaceSubrange(found, with: forged.bytes)
        // The footer: where the summary begins, and no checksum.
        let footer = summary.count - Mcap.magic.count - Mcap.footerBody
        var start = ByteWriter()
        start.append(fixed: summaryStart)
        summary.replaceSubrange(footer..<footer + 8, with: start.bytes)
        summary.replaceSubrange(footer + 16..<footer + 20, with: [0, 0, 0, 0])
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.truncate(atOffset: UInt64(data))
        try file.truncate(atOffset: summaryStart)
        try file.seekToEnd()
        try file.write(contentsOf: summary)
        try file.close()
    }

    @Test func `a summary that gives a chunk more bytes than one may have is refused`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path)
            let bound = UInt64(Mcap.maximumChunk + Mcap.maximumRecord)
            try stretch(path, chunk: bound + 1, to: 2 * bound)
            #expect(damage { _ = try Trace.open(path: path) } == "a chunk outside the data")
        }
    }

    @Test func `a frame that unpacks to fewer bytes than were said is refused`() throws {
        let zstd = Zstd()
        let bytes = [UInt8](repeating: 7, count: 100)
        let frame = Array(try #require(bytes.withUnsafeBytes { zstd.compress($0) }))
        for (count, isWhole) in [(99, false), (100, true), (101, false)] {
            let found = frame.withUnsafeBytes { zstd.decompress($0, count: count) }
            #expect((found == bytes) == isWhole && (found != nil) == isWhole, "\(count)")
        }
    }

    @Test func `a path that another file has taken is seen, and one that is gone is not`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Data("a".utf8).write(to: URL(fileURLWithPath: path))
            try Data("b".utf8).write(to: URL(fileURLWithPath: folder + "/other"))
            let file = try InputFile(opening: path)
            #expect(!file.isReplaced)
            try FileManager.default.removeItem(atPath: path)
            #expect(!file.isReplaced)
            try FileManager.default.moveItem(atPath: folder + "/other", toPath: path)
            #expect(file.isReplaced)
        }
    }
}
