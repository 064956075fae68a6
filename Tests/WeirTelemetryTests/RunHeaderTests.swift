import Foundation
import Testing
import WeirBase
import WeirTelemetry

/// The header of a trace, which other builds and other programs read.
@Suite struct RunHeaderTests {
    private static let start = Instant(nanoseconds: 1_790_000_000_123_456_000)

    private static func json(of header: RunHeader) throws -> String {
        String(decoding: try JSONEncoder().encode(header), as: UTF8.self)
    }

    private static var header: RunHeader {
        var header = RunHeader(run: "r", pipeline: "p", version: "1", plan: "f", seed: 1)
        header.started = start
        return header
    }

    @Test func `a run's start is a bare number of nanoseconds`() throws {
        #expect(try Self.json(of: Self.header).contains("\"started\":1790000000123456000"))
    }

    @Test func `a header is read as it was written`() throws {
        let json = try Self.json(of: Self.header)
        let read = try JSONDecoder().decode(RunHeader.self, from: Data(json.utf8))
        #expect(read == Self.header && read.started == Self.start)
    }

    @Test func `headers of different starts differ`() {
        var other = Self.header
        other.started = Instant(nanoseconds: Self.start.nanoseconds + 1_000)
        #expect(other != Self.header)
    }
}
