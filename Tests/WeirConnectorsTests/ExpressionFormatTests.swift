import Testing
import WeirBase

@testable import WeirConnectors

@Suite struct ExpressionFormatTests {
    private static let pattern =
        #"^(?<time>\S+) <(?<level>\w+)> (?:\((?<component>[^)]*)\))?"#

    private func parse(_ line: [UInt8]) throws -> LoggedLine? {
        let format = try ExpressionFormat(Self.pattern)
        if case .parsed(let parsed) = line.withUnsafeBytes({ format.parse($0) }) { return parsed }
        return nil
    }

    private func parse(_ line: String) throws -> LoggedLine? { try parse(Array(line.utf8)) }

    @Test func `the groups of the expression are the line's fields`() throws {
        let line = try #require(try parse("2024-01-02T03:04:05Z <WARN> (shop) text\r\n"))
        #expect(line.time.description == "2024-01-02T03:04:05.000000000Z")
        #expect(line.level == "warning")
        #expect(line.component == "shop")
        #expect(line.message == 0..<39)
    }

    @Test func `an epoch is a time`() throws {
        #expect(
            try parse("1700000000123 <Odd> (a)")?.time == Instant(milliseconds: 1_700_000_000_123))
    }

    @Test func `a group that takes no part is a component without a name`() throws {
        #expect(try parse("1700000000 <x> text")?.component == "-")
    }

    @Test func `a line without a match or a time is not parsed`() throws {
        #expect(try parse("nothing") == nil)
        #expect(try parse("yesterday <x> (a)") == nil)
        #expect(try parse("") == nil)
    }

    @Test func `bytes that are not UTF-8 are replaced`() throws {
        #expect(
            try parse(Array("1700000000 <x> (a".utf8) + [0xFF, 0x29])?.component == "a\u{FFFD}")
    }

    @Test func `a huge line is searched at its beginning only`() throws {
        let line = Array("1700000000 <x> (a) ".utf8) + [UInt8](repeating: 0x78, count: 10 << 20)
        #expect(try parse(line)?.component == "a")
    }

    @Test func `an invalid expression is refused with a sentence`() {
        let error = #expect(throws: LogFormat.InvalidExpression.self) {
            try ExpressionFormat("(?<time>")
        }
        #expect(error?.description.hasPrefix("the expression is not valid: ") == true)
    }

    @Test func `missing groups are named`() {
        let error = #expect(throws: LogFormat.InvalidExpression.self) {
            try ExpressionFormat("(?<time>.*)")
        }
        #expect(error?.description.contains("(?<level>…) and (?<component>…)") == true)
    }

    @Test func `a line that needs too many tries is told apart, and the next one is read`() throws {
        let format = try ExpressionFormat(#"^(?<time>\d+) (?<level>(\w+\s?)+)(?<component>)$"#)
        func parse(_ text: String) -> ExpressionFormat.Reading {
            text.utf8.withContiguousStorageIfAvailable { format.parse(UnsafeRawBufferPointer($0)) }
                ?? .unparsed
        }
        #expect(parse("1700000000 " + String(repeating: "a", count: 80) + "!") == .tooCostly)
        guard case .parsed(let line) = parse("1700000000 warn") else {
            Issue.record("the next line was not read")
            return
        }
        #expect(line.level == "warning")
    }
}
