import Testing
import WeirBase

@testable import WeirConnectors

func parsed(_ line: some Collection<UInt8>, last: LineForm? = nil) -> LoggedLine? {
    LineFormat.parse(line, last: last, defaultYear: 2024)
}

func parsed(_ line: String, last: LineForm? = nil) -> LoggedLine? {
    parsed(Array(line.utf8), last: last)
}

/// A time of the tests in the nine digits that an instant describes itself with.
private func nineDigits(_ time: String) -> String {
    let parts = time.dropLast().split(separator: ".")
    let fraction = parts.count > 1 ? String(parts[1]) : ""
    return parts[0] + "." + fraction + String(repeating: "0", count: 9 - fraction.count) + "Z"
}

@Suite struct LineFormatTests {
    @Test(arguments: ExampleLine.all)
    func `a line of each form says what it says`(example: ExampleLine) throws {
        let line = try #require(parsed(example.line))
        #expect(line.form == example.form)
        #expect(line.time.description == nineDigits(example.time))
        #expect(line.level == example.level)
        #expect(line.component == example.component)
        let bytes = Array(example.line.utf8)[line.message]
        #expect(String(decoding: bytes, as: UTF8.self) == example.message)
    }

    @Test func `every form has a line of its own among the examples`() {
        #expect(Set(ExampleLine.all.map(\.form)) == Set(LineForm.allCases))
    }

    @Test(arguments: ExampleLine.all)
    func `the form that is tried first changes nothing`(example: ExampleLine) {
        let expected = parsed(example.line)
        for form in LineForm.allCases { #expect(parsed(example.line, last: form) == expected) }
    }

    @Test(arguments: ExampleLine.all, ["\n", "\r\n", "\r"])
    func `the line's end is no part of it`(example: ExampleLine, end: String) {
        #expect(parsed(example.line + end) == parsed(example.line))
    }

    @Test(arguments: ExampleLine.all)
    func `a line that is cut at any byte is read within its bounds`(example: ExampleLine) {
        let bytes = Array(example.line.utf8)
        for count in 0..<bytes.count {
            for form in LineForm.allCases {
                guard let line = parsed(bytes.prefix(count), last: form) else { continue }
                #expect(line.message.upperBound <= count)
            }
        }
    }

    @Test(arguments: ExampleLine.all)
    func `a line with any one byte replaced is read within its bounds`(example: ExampleLine) {
        let changes: [UInt8] = [0x00, 0x20, 0x22, 0x3A, 0x5B, 0x5C, 0x5D, 0x7B, 0x80, 0xFF]
        example.line.withBytesChanged(into: changes) { bytes in
            if let line = parsed(bytes) { #expect(line.message.upperBound <= bytes.count) }
        }
    }

    @Test(arguments: [
        "", "\r\n", " ", "at java.lang.Thread.run(Thread.java:748)", "--------- beginning of main",
        "2024-02-30 10:00:00 INFO a: b", "[Sun Dec 32 04:47:44 2005] [error] x",
        "<192>Oct 11 22:14:15 host su: x", "<34>1 - host app - - - x", "{\"msg\":\"no time\"}",
        "{\"time\":\"2024-01-02T03:04:05Z\"", "{\"time\":\"2024-01-02T03:04:05Z\"} x", "{",
        "2024-01-02 25:00:00 INFO a: b", "99-99 16:13:38.811  1702  2395 D Tag: x",
    ])
    func `what is no line of any form is not parsed`(line: String) {
        #expect(parsed(line) == nil)
    }

    @Test func `bytes that are not UTF-8 are replaced in a component`() {
        let line =
            Array("03-17 16:13:38.811  1702  2395 D T".utf8) + [0xFF, 0x00]
            + Array("g: text".utf8)
        #expect(parsed(line)?.component == "T\u{FFFD}\0g")
    }

    @Test func `a huge line costs no more than its beginning`() throws {
        let start = "2024-01-02 03:04:05 INFO a: "
        let line = Array(start.utf8) + [UInt8](repeating: 0x78, count: 10 << 20)
        #expect(parsed(line)?.message == start.utf8.count..<line.count)
        #expect(parsed([UInt8](repeating: 0x5B, count: 10 << 20)) == nil)
        #expect(parsed([UInt8](repeating: 0x7B, count: 10 << 20)) == nil)
    }

    @Test func `a word longer than words are makes a line one of no form`() {
        let long = String(repeating: "x", count: LineFormat.maximumWord + 1)
        #expect(parsed("Jun  9 06:06:20 \(long) sshd: text") == nil)
        #expect(parsed("03-17 16:13:38.811  1702  2395 D \(long): text") == nil)
    }

    @Test(arguments: [
        ("TRACE", "trace"), ("Warn", "warning"), ("WARNING", "warning"), ("ERR", "error"),
        ("emerg", "critical"), ("alert", "critical"), ("crit", "critical"),
        ("FATAL", "critical"), ("critical", "critical"), ("Notice", "notice"),
        ("trace8", "trace8"), ("SEVERE", "severe"), ("Überraschung", "Überraschung"),
    ])
    func `levels keep their word but for few synonyms`(written: String, level: String) {
        #expect(parsed("[Sun Dec 04 04:47:44 2005] [\(written)] x")?.level == level)
    }

    @Test(
        arguments: zip(
            "VDIWEFS", ["trace", "debug", "info", "warning", "error", "critical", "none"]))
    func `a letter of logcat is a level`(letter: Character, level: String) {
        #expect(parsed("03-17 16:13:38.811  1  2 \(letter) Tag: x")?.level == level)
    }

    @Test func `every syslog priority has a level`() {
        let levels = [
            "critical", "critical", "critical", "error", "warning", "notice", "info", "debug",
        ]
        for priority in 0...191 {
            let line = parsed("<\(priority)>Oct 11 22:14:15 host su: x")
            #expect(line?.level == levels[priority % 8])
        }
    }

    @Test func `a missing year is the one that was given`() {
        let line = Array("03-17 16:13:38.811  1  2 D Tag: x".utf8)
        let parsed = LineFormat.parse(line, last: nil, defaultYear: 1999)
        #expect(parsed?.time.description == "1999-03-17T16:13:38.811000000Z")
    }
}

@Suite struct JSONLineTests {
    private func time(_ json: String) -> String? {
        parsed("{\"time\":\(json)}")?.time.description
    }

    @Test(arguments: [
        ("1700000000", "2023-11-14T22:13:20.000000000Z"),
        ("1700000000123", "2023-11-14T22:13:20.123000000Z"),
        ("1700000000.5", "2023-11-14T22:13:20.500000000Z"),
        ("1.7e9", "2023-11-14T22:13:20.000000000Z"),
        ("17000000001234567E-7", "2023-11-14T22:13:20.123456700Z"),
        ("1700000000123456", "2023-11-14T22:13:20.123456000Z"),
        ("1700000000123456789", "2023-11-14T22:13:20.123456780Z"),
        ("\"1700000000\"", "2023-11-14T22:13:20.000000000Z"),
        ("0", "1970-01-01T00:00:00.000000000Z"),
        ("-1.5", "1969-12-31T23:59:58.500000000Z"),
        ("\"2024-01-02 03:04:05,6\"", "2024-01-02T03:04:05.600000000Z"),
        ("\"2024-01-02t03:04:05z\"", "2024-01-02T03:04:05.000000000Z"),
        ("\"2024-01-02T03:04:05-0130\"", "2024-01-02T04:34:05.000000000Z"),
    ])
    func `a time is a text or a number`(json: String, time: String) {
        #expect(self.time(json) == time)
    }

    @Test(arguments: [
        "1e400", "1e999", "99999999999999999999999", "\"\"", "\"2024-\"", "true", "{}", "-", ".",
        "1e", "\"2024-01-02T03:04:05Zx\"",
    ])
    func `what is no time makes the line unparsed`(json: String) {
        #expect(time(json) == nil)
    }

    @Test func `the name that is first in rank counts wherever it stands`() {
        let line = parsed(
            #"{"name":"n","logger":"l","lvl":"x","level":"Info","ts":1,"timestamp":2,"ts":3}"#)
        #expect(line?.component == "l")
        #expect(line?.level == "info")
        #expect(line?.time == Instant(milliseconds: 2_000))
    }

    @Test func `members of inner objects and of strings are not looked at`() {
        let line = parsed(#"{"a":{"level":"error"},"b":"\"level\":\"error\"","time":1}"#)
        #expect(line?.level == "info")
        #expect(line?.component == "-")
    }

    @Test(arguments: [
        (#"a\nb\t\"\\\/"#, "a\nb\t\"\\/"), (#"\ud83d\ude00"#, "😀"), (#"\ud83d"#, "\u{FFFD}"),
        (#"\ud83dx"#, "\u{FFFD}x"), (#"\uZZZZ"#, "\u{FFFD}ZZZZ"), (#"\q"#, "\u{FFFD}"),
        (#"\u00"#, "\u{FFFD}00"),
    ])
    func `escapes of a component are resolved`(json: String, component: String) {
        #expect(parsed("{\"time\":1,\"logger\":\"\(json)\"}")?.component == component)
    }

    @Test func `a huge component is cut to the length of a word`() {
        let huge = String(repeating: "x", count: 1 << 20)
        let line = parsed("{\"time\":1,\"logger\":\"\(huge)\",\"level\":\"\(huge)\"}")
        #expect(line?.component.utf8.count == LineFormat.maximumWord)
        #expect(line?.level.utf8.count == LineFormat.maximumWord)
    }

    @Test func `a line that is nested too deeply is none`() {
        func nested(_ depth: Int) -> String {
            "{\"time\":1,\"x\":" + String(repeating: "[", count: depth - 1)
                + String(repeating: "]", count: depth - 1) + "}"
        }
        #expect(parsed(nested(512))?.time == Instant(milliseconds: 1_000))
        #expect(parsed(nested(513)) == nil)
        #expect(parsed(nested(1 << 20)) == nil)
    }
}
