import Testing
import WeirBase

@testable import WeirConnectors
@testable import WeirEngine

@Suite struct JSONLinesTests {
    @Test func `a source of JSON can be idle like one of lines`() {
        let source = Source<[String: Int]>.jsonLines(idleAfter: .seconds(3))
        guard case .lines(_, let idleAfter, _, _) = source.kind else {
            Issue.record("it reads no lines")
            return
        }
        #expect(idleAfter == .seconds(3))
    }

    private struct Visit: Decodable { var at: Instant }

    private func visit(_ line: String) throws -> Visit {
        try Array(line.utf8).withUnsafeBytes { try JSONLine.decode(Visit.self, from: $0) }
    }

    @Test func `a time is text in RFC 3339`() throws {
        let line = #"{"at":"2026-11-24T14:04:31.2+02:00"}"#
        #expect(try visit(line).at == Instant("2026-11-24T12:04:31.2Z"))
    }

    @Test(arguments: [
        (#"{"at":1795521871}"#, "member at is a number, not a time in RFC 3339, such as "),
        (#"{"at":"24.11.2026"}"#, "member at: 24.11.2026 is not a time in RFC 3339, such as "),
        (#"{"at":null}"#, "member at is null"), (#"{}"#, "it has no member at"),
    ])
    func `anything else in a time's place is malformed, with the reason`(
        line: String, reason: String
    ) {
        let error = #expect(throws: MalformedLine.self) { try visit(line) }
        #expect(error?.reason.hasPrefix(reason) == true, "\(error?.reason ?? "")")
    }
}
