import Foundation
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

/// Which topics a damaged stretch of a file held, as far as what is left of it can tell.
@Suite struct LostTopicsTests {
    /// What the first gap of a file held whose bytes were changed: `some` topics, or `nil` where
    /// nobody can know.
    private func lost(
        _ change: (inout [UInt8], _ chunk: Int, _ length: Int) -> Void
    ) throws -> (topics: [Topic]?, gaps: Int, expected: [Topic]) {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            // Without a summary the file is gone through record by record.
            try Fixture.write(path, end: nil)
            let index = try McapIndex(of: InputFile(opening: path))
            let entry = try #require(index.chunks.first)
            let expected = index.topics.filter { entry.holds(channel: $0.key) }
                .compactMap { Topic(rawValue: $0.value) }.sorted { $0.rank < $1.rank }
            var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            change(&bytes, Int(entry.offset), Int(entry.length))
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let file = try InputFile(opening: path)
            let salvage = try McapSalvage(of: file)
            let gap = try #require(salvage.gaps.keys.min())
            return (try salvage.topics(lostAt: gap, file), salvage.gaps.count, expected)
        }
    }

    @Test func `a chunk whose kind or length was changed is known by the other of the two`() throws
    {
        for offset in 0...8 {
            let found = try lost { bytes, chunk, _ in bytes[chunk + offset] ^= 0x41 }
            #expect(found.topics == found.expected && found.gaps == 1, "byte \(offset)")
            #expect(!found.expected.isEmpty)
        }
    }

    @Test func `of a chunk that is gone with its head nobody knows what it held`() throws {
        let found = try lost { bytes, chunk, length in
            for offset in chunk..<chunk + length { bytes[offset] = 0 }
        }
        #expect(found.topics == nil && found.gaps == 1)
    }

    @Test func `a message index holds no message, whichever byte of its head was changed`() throws {
        for offset in 0...8 {
            let found = try lost { bytes, chunk, length in
                bytes[chunk + length + offset] ^= 0x41
            }
            #expect(found.topics == [] && found.gaps == 1, "byte \(offset)")
        }
    }

    @Test func `a gap that no chunk fits into held nothing, and one byte more may have`() throws {
        let minimum = Int(McapSalvage.minimumChunk)
        for (count, isNothing) in [(minimum - 1, true), (minimum, false)] {
            let found = try lost { bytes, chunk, _ in
                bytes.insert(contentsOf: [UInt8](repeating: 0, count: count), at: chunk)
            }
            #expect(found.topics == (isNothing ? [] : nil), "\(count) bytes")
        }
    }
}
