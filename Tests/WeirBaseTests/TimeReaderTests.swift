import Testing

@testable import WeirBase

/// What RFC 3339 and logs share of a time, and what only logs may write.
@Suite struct TimeReaderTests {
    private func read<Result>(_ text: String, _ body: (inout TimeReader) -> Result) -> Result {
        Array(text.utf8).withUnsafeBytes { bytes in
            var reader = TimeReader(bytes)
            return body(&reader)
        }
    }

    private func logTime(_ text: String) -> (point: Instant, hasOffset: Bool)? {
        read(text) { $0.logTime() }
    }

    @Test(arguments: [
        "2026-11-24T12:04:31Z", "2026-11-24t12:04:31.2z", "2026-11-24 12:04:31,25+02:00",
        "1970-01-01T00:00:00.1234567899-05:30", "2016-12-31T23:59:60Z",
        "1677-09-21T00:12:43.145224192Z", "2262-04-11T23:47:16.854775807Z",
        "2026-11-24T12:04:31+23:59", "2026-11-24T12:04:31-23:59", "2026-11-24T00:00:00+00:00",
        "2026-11-24T23:59:59.999999999Z",
    ])
    func `a log reads RFC 3339 as an instant does`(text: String) throws {
        let point = try #require(Instant(text))
        let read = try #require(logTime(text))
        #expect(read.point == point && read.hasOffset)
    }

    @Test(arguments: [
        ("2026/11/24 12:04:31", "2026-11-24T12:04:31Z", false),
        ("2026-11-24T12:04:31.5", "2026-11-24T12:04:31.5Z", false),
        ("2026-11-24T12:04:31+0200", "2026-11-24T10:04:31Z", true),
        ("2026-11-24T12:04:31-02", "2026-11-24T14:04:31Z", true),
        ("2026-11-24T12:04:31+0259", "2026-11-24T09:05:31Z", true),
        ("2026-11-24T12:04:31-23", "2026-11-25T11:04:31Z", true),
        ("2026-11-24T12:04:31+02:60", "2026-11-24T10:04:31Z", true),
        ("2026-11-24T12:04:31+24:00", "2026-11-24T12:04:31Z", false),
    ])
    func `what a log may write beyond it is a time too, and none to an instant`(
        text: String, point: String, hasOffset: Bool
    ) throws {
        #expect(Instant(text) == nil)
        let read = try #require(logTime(text))
        #expect(read.point == Instant(point))
        #expect(read.hasOffset == hasOffset)
    }

    @Test(arguments: [
        "2026-02-29T12:04:31Z", "2026-11/24T12:04:31Z", "2026-11-24_12:04:31Z",
        "2026-11-24T24:04:31",
        "2026-11-24T12:04", "9999-12-31T23:59:59Z", "2262-04-11T23:47:16-00:01", "",
    ])
    func `what is no time is none to either`(text: String) {
        #expect(logTime(text) == nil)
        #expect(read(text) { $0.rfc3339() } == nil)
    }

    @Test(arguments: [
        ("12:04:31 x", 8), ("12:04:31.25 x", 11), ("12:04:31,1234567891", 19), ("12:04:31. x", 8),
    ])
    func `a clock ends behind its fraction, and a point without digits is no part of it`(
        text: String, end: Int
    ) {
        var time = CalendarTime(year: 2026, month: 1, day: 2)
        let position = read(text) { $0.clock(into: &time) ? $0.position : -1 }
        #expect(position == end)
        #expect(time.hour == 12 && time.minute == 4 && time.second == 31)
    }

    @Test func `a time that is cut at any byte is read within its bounds`() {
        let text = Array("2026-11-24T12:04:31.25+02:00".utf8)
        for count in 0..<text.count {
            let read = text.prefix(count).withUnsafeBytes { bytes in
                var reader = TimeReader(UnsafeRawBufferPointer(rebasing: bytes[...]))
                _ = reader.logTime()
                return reader.position
            }
            #expect(read <= count)
        }
    }
}
