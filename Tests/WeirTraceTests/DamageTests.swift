import Foundation
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

/// A small trace cut and flipped at every byte: nothing may trap, and what cannot be told apart
/// from what was written must be what was written.
@Suite struct DamageTests {
    private func bytes(_ folder: String, end: RunEnd? = Fixture.end) throws -> [UInt8] {
        let path = folder + "/whole.mcap"
        try Fixture.write(path, end: end)
        return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private func open(_ bytes: some Sequence<UInt8>, _ folder: String) throws -> Trace {
        let path = folder + "/copy.mcap"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return try Trace.open(path: path)
    }

    @Test func `a file cut anywhere gives what is whole of it`() throws {
        try withFolder { folder in
            let bytes = try bytes(folder)
            let whole = try Contents(open(bytes, folder))
            var opened = 0
            for count in 0..<bytes.count {
                do {
                    let trace = try open(bytes.prefix(count), folder)
                    let contents = try Contents(trace)
                    #expect(!trace.isComplete, "cut at \(count)")
                    #expect(whole.schedules.starts(with: contents.schedules), "cut at \(count)")
                    #expect(whole.inputs.starts(with: contents.inputs), "cut at \(count)")
                    #expect(whole.logs.starts(with: contents.logs), "cut at \(count)")
                    opened += 1
                } catch let error as TraceError {
                    // Only inside the header is there nothing that could be read.
                    #expect(opened == 0, "cut at \(count): \(error)")
                    #expect(error.offset != nil, "cut at \(count): \(error)")
                }
            }
            #expect(opened > bytes.count / 2)
        }
    }

    @Test(arguments: [UInt8(0x01), 0x80, 0xFF])
    func `a flipped byte is found or changes nothing`(mask: UInt8) throws {
        try withFolder { folder in
            var bytes = try bytes(folder)
            let whole = try Contents(open(bytes, folder))
            for index in bytes.indices {
                bytes[index] ^= mask
                defer { bytes[index] ^= mask }
                do {
                    let contents = try Contents(open(bytes, folder))
                    #expect(contents == whole, "byte \(index)")
                } catch let error as TraceError {
                    let codes: [TraceError.Code] = [.damaged, .notATrace, .unknownVersion]
                    #expect(codes.contains(error.code), "byte \(index): \(error)")
                    #expect(error.offset != nil, "byte \(index): \(error)")
                }
            }
        }
    }

    @Test func `a flipped byte of an unfinished file never traps`() throws {
        try withFolder { folder in
            var bytes = try bytes(folder, end: nil)
            for index in bytes.indices {
                bytes[index] ^= 0x04
                defer { bytes[index] ^= 0x04 }
                do {
                    _ = try Contents(open(bytes, folder))
                } catch let error as TraceError {
                    #expect(error.offset != nil, "byte \(index): \(error)")
                }
            }
        }
    }

    @Test func `another version is not called damage`() throws {
        try withFolder { folder in
            var bytes = try bytes(folder)
            bytes[5] = 0x31
            let error = #expect(throws: TraceError.self) { try open(bytes, folder) }
            #expect(error?.code == .unknownVersion)
        }
    }

    @Test func `what is no trace is called that`() throws {
        try withFolder { folder in
            let error = #expect(throws: TraceError.self) {
                try open(Array("Dear diary, today".utf8), folder)
            }
            #expect(error?.code == .notATrace)
            let missing = #expect(throws: TraceError.self) {
                try Trace.open(path: folder + "/nothing.mcap")
            }
            #expect(missing?.code == .usage)
            let directory = #expect(throws: TraceError.self) { try Trace.open(path: folder) }
            #expect(directory?.code == .usage)
        }
    }

    @Test func `a summary without a checksum is believed`() throws {
        try withFolder { folder in
            var bytes = try bytes(folder)
            let whole = try Contents(open(bytes, folder))
            // The checksum is the last field of the footer. MCAP writes 0 for "not available".
            let end = bytes.count - Mcap.magic.count
            bytes.replaceSubrange(end - 4..<end, with: [0, 0, 0, 0])
            #expect(try Contents(open(bytes, folder)) == whole)
        }
    }

    @Test func `a finished file without a summary is read record by record`() throws {
        try withFolder { folder in
            var bytes = try bytes(folder)
            let whole = try Contents(open(bytes, folder))
            let path = folder + "/whole.mcap"
            let dataEnd = Int(try McapIndex(of: InputFile(opening: path)).dataEnd)
            var footer = ByteWriter()
            let start = footer.beginRecord(.footer)
            footer.append(contentsOf: [UInt8](repeating: 0, count: Mcap.footerBody))
            footer.endRecord(start)
            bytes = bytes.prefix(dataEnd) + footer.bytes + Mcap.magic
            #expect(try Contents(open(bytes, folder)) == whole)
        }
    }

    @Test func `an empty file of another program is no trace and not damaged`() throws {
        try withFolder { folder in
            let path = folder + "/other.mcap"
            try McapWriter(path: path, library: "other", overwrite: false).finish()
            let error = #expect(throws: TraceError.self) { try Trace.open(path: path) }
            #expect(error?.code == .notATrace)
        }
    }

    @Test func `a changed count with mended checksums breaks the chain`() throws {
        try withFolder { folder in
            let path = folder + "/changed.mcap"
            let encoder = ScheduleEncoder()
            let first = try encoder.encode(Fixture.schedules[0])
            var changed = Fixture.schedules[0]
            changed.steps[0].count += 1
            // The forger writes a whole new first block; the second one still names the old chain.
            let forged = try ScheduleEncoder().encode(changed)
            #expect(forged != first)
            let second = try encoder.encode(Fixture.schedules[1])
            let decoder = ScheduleDecoder()
            _ = try decoder.decode(forged[...])
            let error = #expect(throws: MalformedBytes.self) { try decoder.decode(second[...]) }
            #expect(error?.reason == "the schedule's chain is broken at step 5")
            try forge(path, [first, second], column: 3)
            let inside = #expect(throws: TraceError.self) {
                _ = try Contents(Trace.open(path: path))
            }
            #expect(inside?.code == .damaged)
            #expect(inside?.reason == "the schedule's chain is broken at step 1")
        }
    }

    /// Writes blocks as a trace whose checksums fit, with one byte of a column changed.
    private func forge(_ path: String, _ blocks: [[UInt8]], column: Int) throws {
        let writer = try McapWriter(path: path, library: "weir", overwrite: false)
        try writer.writeMetadata(
            name: TraceMetadata.run,
            JSONCodec.members(Fixture.header, plain: [("format", TraceMetadata.version)]))
        let channel = try writer.addChannel(topic: "weir/schedule", schema: 0, encoding: "x-weir")
        for (index, block) in blocks.enumerated() {
            var block = block
            if index == 0 { block[try firstByte(of: column, in: block)] ^= 2 }
            let message = McapMessage(
                channel: channel, sequence: UInt32(index), logTime: 1, data: block)
            try writer.writeChunk([message], compress: true)
        }
        try writer.writeMetadata(
            name: TraceMetadata.end,
            JSONCodec.members(Fixture.end, plain: [("complete", "true")]))
        try writer.finish()
    }

    private func firstByte(of column: Int, in block: [UInt8]) throws -> Int {
        var reader = ByteReader(block)
        _ = try ScheduleDecoder.head(&reader)
        _ = try reader.varint()
        for _ in 0..<column {
            _ = try reader.varint()
            _ = try reader.counted()
        }
        _ = try reader.varint()
        _ = try reader.varint()
        return reader.offset
    }
}
