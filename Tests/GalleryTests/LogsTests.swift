import Testing
import Weir
import WeirTesting

@testable import Gallery

/// A row of the counts, read back.
struct ReadRow: Equatable {
    let start: String
    let level: String
    let component: String
    let count: Int
    let isLate: Bool

    init(_ start: String, _ level: String, _ component: String, _ count: Int, late: Bool = false) {
        self.start = start
        self.level = level
        self.component = component
        self.count = count
        isLate = late
    }

    /// Reads a row with a scanner of its own, so that a row that is no JSON is seen.
    init?(_ row: String) {
        var members: [String: String] = [:]
        var row = row
        let isWhole = row.withUTF8 { bytes in
            let line = UnsafeRawBufferPointer(bytes)
            guard var scanner = MemberScanner(line) else { return false }
            while let member = scanner.next() {
                let key = MemberScanner.text(member.key, of: line)
                members[key] = MemberScanner.text(member.value, of: line)
            }
            return scanner.isWhole
        }
        guard isWhole, let start = members["window_start"], let level = members["level"],
            let count = members["count"].flatMap(Int.init), members["window_end"] != nil
        else { return nil }
        self.init(
            start, level, members["component"] ?? "", count, late: members["late"] == "true")
    }
}

/// Runs `logs` over a text.
func counted(
    _ text: [UInt8], seed: UInt64 = 1, _ settings: [String: String] = [:]
) throws -> [ReadRow] {
    let run = try logs.simulate(seed: seed, inputs: ["lines": text], settings: settings)
    #expect(run.failure == nil)
    return try (run.rows["counts"] ?? []).map { try #require(ReadRow($0)) }
        .sorted { ($0.start, $0.level, $0.component) < ($1.start, $1.level, $1.component) }
}

func counted(_ text: String, _ settings: [String: String] = [:]) throws -> [ReadRow] {
    try counted(Array(text.utf8), settings)
}

private func line(_ time: String, _ level: String = "INFO", _ component: String = "a") -> String {
    #"{"time":"2024-05-06T\#(time)Z","level":"\#(level)","component":"\#(component)"}"# + "\n"
}

@Suite struct LogsTests {
    @Test func `lines of one window, level and component are one row`() throws {
        let text =
            line("10:00:01") + line("10:00:59") + line("10:00:30", "WARN") + line("10:01:00")
        #expect(
            try counted(text) == [
                ReadRow("2024-05-06T10:00:00Z", "info", "a", 2),
                ReadRow("2024-05-06T10:00:00Z", "warning", "a", 1),
                ReadRow("2024-05-06T10:01:00Z", "info", "a", 1),
            ])
    }

    @Test func `a row has its keys in the contract's order`() throws {
        let run = try logs.simulate(seed: 3, inputs: ["lines": Array(line("10:00:01").utf8)])
        #expect(
            run.rows["counts"] == [
                #"{"window_start":"2024-05-06T10:00:00Z","window_end":"2024-05-06T10:01:00Z","#
                    + #""level":"info","component":"a","count":1}"#
            ])
    }

    @Test func `a last line without its end and lines with CRLF count`() throws {
        let text = line("10:00:01").dropLast() + "\r\n" + line("10:00:02").dropLast()
        #expect(try counted(String(text)) == [ReadRow("2024-05-06T10:00:00Z", "info", "a", 2)])
    }

    @Test func `lines that cannot be read belong to the line before them`() throws {
        let text = line("10:00:01") + "  at f()\n\n" + line("10:05:00") + "rest"
        #expect(
            try counted(text) == [
                ReadRow("2024-05-06T10:00:00Z", "info", "a", 1),
                ReadRow("2024-05-06T10:00:00Z", "unparsed", "?", 2),
                ReadRow("2024-05-06T10:05:00Z", "info", "a", 1),
                ReadRow("2024-05-06T10:05:00Z", "unparsed", "?", 1),
            ])
    }

    @Test func `unreadable lines at the beginning belong to the first readable one`() throws {
        #expect(
            try counted("# header\n# more\n" + line("10:00:01")) == [
                ReadRow("2024-05-06T10:00:00Z", "info", "a", 1),
                ReadRow("2024-05-06T10:00:00Z", "unparsed", "?", 2),
            ])
    }

    @Test func `a log without a readable line is counted at the run's start`() throws {
        #expect(
            try counted("one\ntwo\n") == [ReadRow("2023-11-14T22:13:00Z", "unparsed", "?", 2)])
    }

    @Test func `an empty log has no rows`() throws {
        #expect(try counted("").isEmpty)
    }

    @Test(arguments: 0..<20)
    func `bytes of any kind are counted line by line`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let bytes = (0..<4_000).map { _ in UInt8(random.below(256)) }
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        let expected = lines.count - (bytes.last == 0x0A ? 1 : 0)
        #expect(try counted(bytes, seed: seed).reduce(0) { $0 + $1.count } == expected)
    }

    @Test func `times at the ends of what can be told are counted`() throws {
        let text =
            #"{"ts":9223372036}"# + "\n" + #"{"ts":-9223372036}"# + "\n" + #"{"ts":0}"# + "\n"
            + #"{"ts":99999999999999999999}"# + "\n"
        #expect(try counted(text).reduce(0) { $0 + $1.count } == 4)
    }

    @Test func `lines out of order within the disorder are not late`() throws {
        let text = line("10:00:58") + line("10:01:04") + line("10:00:59")
        #expect(
            try counted(text) == [
                ReadRow("2024-05-06T10:00:00Z", "info", "a", 2),
                ReadRow("2024-05-06T10:01:00Z", "info", "a", 1),
            ])
    }

    @Test func `a line whose window was written is a late row of its own`() throws {
        let text = line("10:00:58") + line("10:01:05") + line("10:00:59") + "torn\n"
        #expect(
            try counted(text) == [
                ReadRow("2024-05-06T10:00:00Z", "info", "a", 1),
                ReadRow("2024-05-06T10:00:00Z", "info", "a", 1, late: true),
                ReadRow("2024-05-06T10:00:00Z", "unparsed", "?", 1, late: true),
                ReadRow("2024-05-06T10:01:00Z", "info", "a", 1),
            ])
    }

    @Test func `a late line is a record with its time, for whoever asks for such records`() throws {
        let text = line("10:00:58") + line("10:01:05") + line("10:00:59")
        for (level, times) in [(LogLevel.debug, ["2024-05-06T10:00:59.000000000Z"]), (.info, [])] {
            var options = RunOptions()
            options.inputs = ["lines": Array(text.utf8)]
            options.logLevel = level
            let records = try logs.simulate(seed: 1, options).logs.filter {
                $0.message == "line_late"
            }
            #expect(records.map { $0.fields["event_time"] } == times.map { .text($0) })
        }
    }

    @Test func `lines that are too costly for an expression are told of once, and count`() throws {
        let costly = "1700000000 " + String(repeating: "a", count: 80) + "!\n"
        let run = try logs.simulate(
            seed: 1, inputs: ["lines": Array(("1700000000 a\n" + costly + costly).utf8)],
            settings: ["format": #"^(?<time>\d+) (?<level>(\w+\s?)+)(?<component>)$"#])
        let warnings = run.logs.filter { $0.message == "line_too_costly" }
        #expect(warnings.map { $0.level } == [.warning])
        #expect(
            warnings.first?.fields["tries"] == .integer(Int64(LogFormat.maximumTries)))
        let unread = (run.rows["counts"] ?? []).compactMap(ReadRow.init)
            .filter { $0.level == "unparsed" }
        #expect(unread.map(\.component) == ["?"] && unread.map(\.count) == [2])
    }

    @Test func `the width of windows can be set`() throws {
        #expect(
            try counted(line("10:00:01") + line("10:29:59"), ["window": "30m"]) == [
                ReadRow("2024-05-06T10:00:00Z", "info", "a", 2)
            ])
    }

    @Test func `rows can be by level alone`() throws {
        #expect(
            try counted(line("10:00:01") + line("10:00:02", "INFO", "b"), ["key": "level"]) == [
                ReadRow("2024-05-06T10:00:00Z", "info", "", 2)
            ])
    }

    @Test func `rows can be by a member of JSON`() throws {
        let text =
            #"{"ts":1714989600,"host":"web-1"}"# + "\n" + #"{"ts":1714989601,"host":7}"# + "\n"
            + #"{"ts":1714989602}"#
        #expect(
            try counted(text, ["key": "host"]).map(\.component) == ["-", "7", "web-1"])
    }

    @Test func `rows can be by a group of an expression`() throws {
        let rows = try counted(
            "2024-05-06T10:00:01Z warn x host=web-1\n",
            [
                "format": #"^(?<time>\S+) (?<level>\S+) (?<component>\S+) host=(?<host>\S+)"#,
                "key": "host",
            ])
        #expect(rows == [ReadRow("2024-05-06T10:00:00Z", "warning", "web-1", 1)])
    }

    @Test func `a year that a line lacks is the run's or the one set`() throws {
        let text = "Oct 11 22:14:15 mymachine su: text\n"
        #expect(try counted(text).map(\.start) == ["2023-10-11T22:14:00Z"])
        #expect(try counted(text, ["year": "1999"]).map(\.start) == ["1999-10-11T22:14:00Z"])
    }

    @Test(arguments: [
        ("window", "0s"), ("window", "1"), ("disorder", "x"), ("year", "12"), ("burst", "1"),
        ("key", ""), ("format", "("), ("jump", "0s"), ("jump", "x"), ("format", "(?<time>.)"),
    ])
    func `a value that cannot be used is refused`(name: String, value: String) {
        #expect(throws: PlanError.self) {
            try logs.simulate(seed: 1, settings: [name: value])
        }
    }

    @Test(arguments: [
        ("window", ["1ms", "8784h"], ["0ms", "8785h"]),
        ("disorder", ["0s", "24h"], ["25h"]),
        ("jump", ["1ms", "8784h", "none"], ["0ms", "8785h"]),
        ("year", ["1678", "2261", "start"], ["1677", "2262"]),
        ("burst", ["2", "1000000"], ["1", "1000001"]),
    ])
    func `a setting is taken within its bounds and not beyond`(
        name: String, taken: [String], refused: [String]
    ) {
        func settings(_ value: String) throws -> LogSettings {
            let usual = [
                "window": "1m", "disorder": "1s", "jump": "none", "year": "start", "burst": "4",
                "key": "component", "format": "auto",
            ]
            return try LogSettings { $0 == name ? value : usual[$0] ?? "" }
        }
        for value in taken { #expect(throws: Never.self) { try settings(value) } }
        for value in refused {
            #expect(throws: LogSettings.Refusal.self, "\(value)") { try settings(value) }
        }
    }

    @Test func `several times the usual count is a warning`() throws {
        var text = ""
        for minute in 0..<8 {
            for second in 0..<(minute == 6 ? 40 : 4) {
                text += line("10:0\(minute):\(second < 10 ? "0" : "")\(second)")
            }
        }
        let run = try logs.simulate(seed: 1, inputs: ["lines": Array(text.utf8)])
        let bursts = run.logs.filter { $0.message == "burst_seen" }
        #expect(bursts.count == 1)
        #expect(bursts.first?.fields["count"] == 40 && bursts.first?.fields["usual"] == 4)
    }

    /// 500 lines of minutes after the first, and one of 2099 among them.
    private var oneBadClock: String {
        var text = ""
        for number in 0..<500 {
            if number == 3 { text += #"{"ts":4070908800,"level":"INFO","component":"a"}"# + "\n" }
            let (hour, minute) = ("1\(number / 60 % 10)", number % 60)
            text += line("\(hour):\(minute < 10 ? "0" : "")\(minute):00")
        }
        return text
    }

    @Test func `one line with a wrong clock makes no other one late`() throws {
        let rows = try counted(oneBadClock)
        #expect(rows.filter(\.isLate).isEmpty)
        #expect(rows.reduce(0) { $0 + $1.count } == 501)
    }

    @Test func `a line with a wrong clock is a warning that names it and the distance`() throws {
        let run = try logs.simulate(seed: 1, inputs: ["lines": Array(oneBadClock.utf8)])
        let warnings = run.logs.filter { $0.message == "event_time_ahead" }
        #expect(warnings.count == 1)
        #expect(warnings.first?.fields["line"] == 4)
        #expect(warnings.first?.fields["ahead"] == "74 y 257 d")
    }

    @Test func `late lines are counted by window and key like others`() throws {
        let text = oneBadClock + oneBadClock
        let rows = try counted(text, ["jump": "none"])
        #expect(rows.reduce(0) { $0 + $1.count } == 1_002)
        let late = rows.filter(\.isLate)
        #expect(late.reduce(0) { $0 + $1.count } > 900)
        #expect(Set(late.map(\.start)).count == late.count)
    }

    @Test func `a gap longer than the jump passes`() throws {
        let night = (0..<3).map { line("01:00:0\($0)") }.joined()
        let day = (10..<50).map { line("20:00:\($0)") }.joined()
        // The last line of the night comes when the day has begun: its window was written.
        let rows = try counted(night + day + line("01:00:09"))
        #expect(
            rows.filter(\.isLate) == [
                ReadRow("2024-05-06T01:00:00Z", "info", "a", 1, late: true)
            ])
        let run = try logs.simulate(seed: 1, inputs: ["lines": Array((night + day).utf8)])
        #expect(run.logs.allSatisfy { $0.message != "event_time_ahead" })
    }

    @Test func `a byte order mark is no part of a line of any form`() throws {
        let text = "\u{FEFF}2024-05-06 10:00:01,000 INFO a - x\n\u{FEFF}" + line("10:00:02")
        #expect(try counted(text).allSatisfy { $0.level == "info" })
    }

    @Test func `a line that is too long counts as one that cannot be read`() throws {
        let long = [UInt8](repeating: 0x78, count: (16 << 20) + 1)
        let text = Array(line("10:00:01").utf8) + long + Array(("\n" + line("10:00:02")).utf8)
        #expect(
            try counted(text, seed: 4) == [
                ReadRow("2024-05-06T10:00:00Z", "info", "a", 2),
                ReadRow("2024-05-06T10:00:00Z", "unparsed", "?", 1),
            ])
    }
}
