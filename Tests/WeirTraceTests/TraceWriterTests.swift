import Foundation
import Glibc
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

/// The order, the bounds and the figures of what is written.
@Suite struct TraceWriterTests {
    /// The topics of each chunk, in the order of the file.
    private func topics(_ path: String) throws -> [Set<String>] {
        let index = try McapIndex(of: InputFile(opening: path))
        return index.chunks.map { entry in
            Set(index.topics.filter { entry.holds(channel: $0.key) }.map(\.value))
        }
    }

    @Test func `inputs and results stand before the steps of their batch, and logs behind`() throws
    {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path)
            #expect(
                try topics(path) == [
                    ["weir/input"], ["weir/schedule"], ["weir/log"],
                    ["weir/input", "weir/journal"], ["weir/schedule"],
                    ["weir/log", "weir/metric", "weir/mark"],
                ])
        }
    }

    @Test func `message indexes stand in the order of their channels`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path)
            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            var offset = Mcap.magic.count
            var channels: [[UInt16]] = []
            while offset < bytes.count - Mcap.magic.count {
                var reader = ByteReader(bytes[offset...])
                let opcode = Mcap.Opcode(rawValue: try reader.byte())
                let length = Int(try reader.fixed(UInt64.self))
                if opcode == .chunk { channels.append([]) }
                if opcode == .messageIndex {
                    channels[channels.count - 1].append(try reader.fixed())
                }
                offset += Mcap.recordHead + length
            }
            #expect(channels.last == [4, 6, 7])
            #expect(channels.allSatisfy { $0 == $0.sorted() })
        }
    }

    @Test func `the statistics give the first and the last time of all messages`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path)
            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            let index = try McapIndex(of: InputFile(opening: path))
            var reader = ByteReader(bytes[Int(index.dataEnd)...])
            while try reader.byte() != Mcap.Opcode.statistics.rawValue {
                _ = try reader.slice(Int(try reader.fixed(UInt64.self)))
            }
            // Behind the length: messages, schemas, channels, attachments, metadata, chunks.
            _ = try reader.slice(8 + 8 + 2 + 4 + 4 + 4 + 4)
            #expect(try reader.fixed() == index.chunks.map(\.startTime).min())
            #expect(try reader.fixed() == index.chunks.map(\.endTime).max())
        }
    }

    @Test func `blocks with a gap between them stand in two messages`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            var batch = RecordBatch()
            batch.inputs = [0, 1, 3].map { Fixture.block($0, "block \($0)") }
            try Fixture.write(path, [batch])
            let cursor = try Trace.open(path: path).batches(of: [.input])
            #expect(try cursor.next()?.inputs == batch.inputs)
            #expect(cursor.messages.count == 2)
        }
    }

    @Test func `losses are told once, however many messages the records take`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            var batch = RecordBatch()
            batch.newSites = Fixture.sites
            let text = LogValue.text(String(repeating: "x", count: 100_000))
            batch.logs = [
                LogBatch(
                    worker: 0, records: (1...9).map { Fixture.record(step: $0, values: [text]) },
                    lost: 5)
            ]
            try Fixture.write(path, [batch])
            let trace = try Trace.open(path: path)
            #expect(try Contents(trace).logs.map(\.lost) == [5, 0, 0])
            #expect(try trace.verify().logsLost == 5)
        }
    }

    @Test func `a large record gets a message to itself and takes no other along`() {
        let small = Fixture.record(step: 1)
        let large = Fixture.record(
            step: 2, values: [.text(String(repeating: "x", count: Mcap.maximumMessage / 2))])
        #expect(TraceWriter.end(of: [small, small, large, small], from: 0) == 2)
        #expect(TraceWriter.end(of: [small, small, large, small], from: 2) == 3)
        #expect(TraceWriter.end(of: [small, small, large, small], from: 3) == 4)
    }

    @Test func `rule 28: recording ends with the batch that reaches the bound`() throws {
        try withFolder { folder in
            let header = try TraceWriter(
                path: folder + "/a.mcap", header: Fixture.header, overwrite: false
            ).bytesWritten
            for (bound, isTaken) in [(header, false), (header + 1, true)] {
                let writer = try TraceWriter(
                    path: folder + "/\(bound).mcap", header: Fixture.header, overwrite: false,
                    byteBound: bound)
                #expect(((try? writer.consume(Fixture.batches[0])) != nil) == isTaken)
                let error = #expect(throws: TraceError.self) {
                    try writer.consume(Fixture.batches[1])
                }
                #expect(error?.code == .bound)
            }
        }
    }

    @Test func `after an error nothing is written any more, though there is room again`() throws {
        // A pipe without a reader refuses what is written to it.
        let before = signal(SIGPIPE, SIG_IGN)
        defer { signal(SIGPIPE, before) }
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let writer = try McapWriter(
            OutputFile(appendingTo: "/dev/fd/\(ends[1])"), library: "weir")
        // The header is taken out, so that what is read later was written behind the error.
        var header = [UInt8](repeating: 0, count: 4_096)
        try #require(read(ends[0], &header, header.count) > 0)
        close(ends[0])
        let error = #expect(throws: TraceError.self) { try writer.writeMetadata(name: "a", []) }
        #expect(error?.code == .operating)
        // Somebody reads again.
        let reader = open("/dev/fd/\(ends[1])", O_RDONLY | O_NONBLOCK)
        try #require(reader >= 0)
        let again = #expect(throws: TraceError.self) { try writer.writeMetadata(name: "b", []) }
        #expect(again == error)
        var byte: UInt8 = 0
        #expect(read(reader, &byte, 1) <= 0)
        close(reader)
        close(ends[1])
    }
}
