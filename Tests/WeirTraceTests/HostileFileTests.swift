import Foundation
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

/// Files that somebody made to hurt whoever reads them: their checksums fit, and what they say
/// cannot be. Each is an error or a loss that is told, and never a trap.
@Suite struct HostileFileTests {
    // MARK: The container

    @Test func `the head of a chunk that the file's end cuts is no chunk`() throws {
        try withFolder { folder in
            var bytes = ByteWriter()
            bytes.append(contentsOf: Mcap.magic)
            // Not a record, so that the next one is searched for.
            bytes.append(0x47)
            let start = bytes.beginRecord(.chunk)
            bytes.append(contentsOf: [UInt8](repeating: 0, count: 28))
            // A name of four bytes, of which there are three.
            bytes.append(fixed: UInt32(4))
            bytes.append(contentsOf: Array("zst".utf8))
            bytes.endRecord(start)
            let path = folder + "/cut.mcap"
            try Data(bytes.bytes).write(to: URL(fileURLWithPath: path))
            let salvage = try McapSalvage(of: InputFile(opening: path))
            #expect(salvage.index.chunks.count == salvage.gaps.count)
        }
    }

    @Test func `a file that grows while it is searched is searched as far as it went`() throws {
        try withFolder { folder in
            var bytes = ByteWriter()
            bytes.append(contentsOf: Mcap.magic)
            bytes.append(0x47)
            let size = UInt64(bytes.count + 4)
            bytes.append(contentsOf: [UInt8](repeating: 0x47, count: 20))
            // Written after the file's size was asked for.
            let start = bytes.beginRecord(.metadata)
            bytes.append(mcap: TraceMetadata.end)
            bytes.append(mcap: [])
            bytes.endRecord(start)
            let path = folder + "/growing.mcap"
            try Data(bytes.bytes).write(to: URL(fileURLWithPath: path))
            let salvage = try McapSalvage(of: InputFile(opening: path), size: size)
            #expect(salvage.index.dataEnd <= size)
            #expect(salvage.index.metadata.isEmpty)
        }
    }

    /// A trace with a record of another program's kind behind its header and in its summary.
    private func withForeignRecords(_ bytes: [UInt8], end: RunEnd?) -> [UInt8] {
        var foreign = ByteWriter()
        foreign.append(0x80)
        foreign.append(fixed: UInt64(5))
        foreign.append(contentsOf: [1, 2, 3, 4, 5])
        guard end != nil else {
            // Behind the last chunk, where a file that was cut off ends.
            return bytes + foreign.bytes + foreign.bytes
        }
        // Before the footer, which says of the summary's checksum that there is none.
        let footer = bytes.count - Mcap.magic.count - Mcap.recordHead - Mcap.footerBody
        var found = Array(bytes[..<footer]) + foreign.bytes + bytes[footer...]
        let sum = found.count - Mcap.magic.count - 4
        found.replaceSubrange(sum..<sum + 4, with: [0, 0, 0, 0])
        return found
    }

    @Test(arguments: [Fixture.end, nil])
    func `records of other programs' kinds are passed over`(end: RunEnd?) throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path, end: end)
            let before = try Contents(Trace.open(path: path))
            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            let other = folder + "/other.mcap"
            try Data(withForeignRecords(bytes, end: end)).write(to: URL(fileURLWithPath: other))
            #expect(try Contents(Trace.open(path: other)) == before)
            #expect(try Trace.survey(path: other).losses.isEmpty)
        }
    }

    /// The beginnings of the records of a file that was cut off, with their kinds.
    private func records(_ bytes: [UInt8]) throws -> [(offset: Int, opcode: Mcap.Opcode)] {
        var found: [(offset: Int, opcode: Mcap.Opcode)] = []
        var offset = Mcap.magic.count
        while offset < bytes.count {
            var reader = ByteReader(bytes[offset...])
            found.append((offset, try #require(Mcap.Opcode(rawValue: try reader.byte()))))
            offset += Mcap.recordHead + Int(try reader.fixed(UInt64.self))
        }
        return found
    }

    @Test func `a record whose kind was changed to a private one is damaged all the same`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path, end: nil)
            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            let other = folder + "/other.mcap"
            for (offset, opcode) in try records(bytes)
            where [.chunk, .messageIndex, .metadata, .channel].contains(opcode) {
                var changed = bytes
                changed[offset] ^= 0x80
                try Data(changed).write(to: URL(fileURLWithPath: other))
                let error = #expect(throws: TraceError.self, "\(opcode) at \(offset)") {
                    try Trace.open(path: other)
                }
                #expect(error?.code == .damaged, "\(opcode) at \(offset)")
            }
        }
    }

    // MARK: Counts and numbers

    @Test func `counts of lost records that add up to too much stay at the greatest`() throws {
        let batches = [
            LogBatch(worker: 0, records: [], lost: .max), LogBatch(worker: 0, records: [], lost: 9),
        ]
        #expect(TraceWriter.joined(batches).map(\.lost) == [.max])
    }

    @Test func `a trace whose lost records add up to too much can be measured`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            var batches = Fixture.batches
            batches[0].logs.append(LogBatch(worker: 1, records: [], lost: .max - 3))
            batches[1].logs.append(LogBatch(worker: 1, records: [], lost: .max))
            try Fixture.write(path, batches)
            let trace = try Trace.open(path: path)
            #expect(try trace.verify().logsLost == .max)
            #expect(try trace.logIndex().lost == .max)
        }
    }

    @Test func `a header that numbers more sources than there are numbers is refused`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            var header = Fixture.header
            header.sources = Array(
                repeating: SourceInfo(name: "a", kind: "bytes", location: "-"), count: 65_537)
            try Fixture.forge(path, [], header: header)
            let error = #expect(throws: TraceError.self) {
                _ = try Trace.open(path: path).verify()
            }
            #expect(error?.code == .damaged)
            #expect(error?.reason.contains("65537 sources") == true)
        }
    }

    @Test func `times beyond what a clock can say stay at the end and in order`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            var header = Fixture.header
            header.started = Instant(nanoseconds: .max - 15_000)
            let writer = try TraceWriter(path: path, header: header, overwrite: false)
            for batch in Fixture.batches { try writer.consume(batch) }
            try writer.finish(Fixture.end)
            let index = try McapIndex(of: InputFile(opening: path))
            let ends = index.chunks.map(\.endTime)
            #expect(ends == ends.sorted())
            #expect(ends.last == UInt64(Int64.max))
        }
    }

    // MARK: Statements

    @Test func `stand-ins for lost statements are bounded for the file and not for a message`()
        throws
    {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            let messages = (1...3).map { number in
                let record = Fixture.record(
                    step: 1, site: UInt32(number * TraceBounds.maximumStandInSites / 2 - 1))
                return LogCodec.encode([record], worker: 0, lost: 0, zstd: Zstd())
            }
            try Fixture.forge(path, [(.log, 0, messages)])
            let rewritten = try Trace.recover(path: path, to: folder + "/new.mcap")
            // The third names a statement behind so many that nobody has seen one of.
            #expect(rewritten.losses.count == 1)
            let trace = try Trace.open(path: folder + "/new.mcap")
            #expect(try trace.sites().count == TraceBounds.maximumStandInSites)
            #expect(try Contents(trace).logs.reduce(0) { $0 + $1.records.count } == 2)
        }
    }

    // MARK: Messages that fit no chunk

    @Test func `a message that fits no chunk is an error and no trap`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            let writer = try TraceWriter(path: path, header: Fixture.header, overwrite: false)
            var batch = RecordBatch()
            batch.results = [
                CallResult(
                    subtask: 0, call: 1,
                    bytes: [UInt8](repeating: 0, count: Mcap.maximumChunk))
            ]
            let error = #expect(throws: TraceError.self) { try writer.consume(batch) }
            #expect(error?.code == .operating)
            #expect(error?.reason.contains("weir/journal") == true)
        }
    }

    @Test func `a large result does not share its message with the small ones before it`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            let writer = try TraceWriter(path: path, header: Fixture.header, overwrite: false)
            var batch = RecordBatch()
            batch.results = [100 << 10, Mcap.maximumChunk - 64].enumerated().map {
                CallResult(
                    subtask: 0, call: UInt64($0.offset + 1),
                    bytes: [UInt8](repeating: 0, count: $0.element))
            }
            try writer.consume(batch)
            try writer.finish(Fixture.end)
            let results = try Trace.open(path: path).results()
            var sizes: [Int] = []
            while let result = try results.next() { sizes.append(result.bytes.count) }
            #expect(sizes == batch.results.map(\.bytes.count))
        }
    }
}
