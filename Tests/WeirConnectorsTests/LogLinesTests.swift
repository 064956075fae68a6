import Testing
import WeirBase
import WeirEngine

@testable import WeirConnectors

/// What the source of log lines adds to its forms: byte order marks, years, members, reasons.
@Suite struct LogLinesTests {
    private static let started = Instant(nanoseconds: 1_700_000_000_000_000_000)

    private func read(_ line: String, _ format: LogFormat = .known()) throws -> LoggedLine {
        var reader = LogLineReader(format, started: Self.started)
        return try Array(line.utf8).withUnsafeBytes { try reader.read($0) }
    }

    private func reason(_ line: String, _ format: LogFormat = .known()) -> String? {
        #expect(throws: MalformedLine.self) { try read(line, format) }?.reason
    }

    @Test func `a time without a year is of the run's start, or of the year that was given`() throws
    {
        let line = "03-17 16:13:38.811  1  2 D Tag: x"
        #expect(try read(line).time == Instant("2023-03-17T16:13:38.811Z"))
        #expect(try read(line, .known(year: 1999)).time == Instant("1999-03-17T16:13:38.811Z"))
    }

    @Test func `a byte order mark is passed over`() throws {
        #expect(try read("\u{FEFF}2024-01-02 03:04:05 INFO a: x").component == "a")
    }

    @Test(arguments: [
        (#"{"time":1,"shop":"x"}"#, "x"), (#"{"time":1,"a":{"shop":"x"}}"#, "-"),
        (#"{"time":1,"shop":""}"#, "-"), (#"{"time":1,"shop":12}"#, "12"),
        ("2024-01-02 03:04:05 INFO shop: x", "-"),
    ])
    func `a member of JSON is the component, and no other form has one`(
        line: String, component: String
    ) throws {
        #expect(try read(line, .known(member: "shop")).component == component)
    }

    @Test func `an expression reads what it finds, by the group that was named`() throws {
        let format = try LogFormat.expression(
            #"(?<time>\S+) (?<level>\w+) (?<component>\w+) (?<shop>\w+)"#, component: "shop")
        let line = try read("2024-01-02T03:04:05Z WARN a b", format)
        #expect(line.component == "b" && line.level == "warning")
        #expect(line.time == Instant("2024-01-02T03:04:05Z"))
        #expect(throws: LogFormat.InvalidExpression.self) {
            try LogFormat.expression(#"(?<time>.)(?<level>.)(?<component>.)"#, component: "shop")
        }
    }

    @Test func `a line that cannot be read says why`() throws {
        #expect(reason("nothing") == "it has none of the known forms of a log's line")
        let format = try LogFormat.expression(
            #"^(?<time>\d+) (?<level>(\w+\s?)+)(?<component>)$"#)
        #expect(reason("x", format) == "the expression finds no time in it")
        let costly = "1700000000 " + String(repeating: "a", count: 80) + "!"
        #expect(reason(costly, format) == LogFormat.tooCostly)
    }
}
