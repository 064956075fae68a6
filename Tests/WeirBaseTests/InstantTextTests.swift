import Foundation
import Testing
import WeirBase

/// Points in time as RFC 3339 text.
@Suite struct InstantTextTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.000000001Z", 1),
            ("1969-12-31T23:59:59.999999999Z", -1),
            ("2026-11-24T12:04:31.2Z", 1_795_521_871_200_000_000),
            ("2026-11-24t12:04:31.2z", 1_795_521_871_200_000_000),
            ("2026-11-24 12:04:31,2Z", 1_795_521_871_200_000_000),
            ("2026-11-24T14:04:31.2+02:00", 1_795_521_871_200_000_000),
            ("2026-11-24T06:34:31.2-05:30", 1_795_521_871_200_000_000),
            ("1970-01-01T00:00:00.1234567899Z", 123_456_789),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000_000_000),
            ("1677-09-21T00:12:43.145224192Z", .min), ("2262-04-11T23:47:16.854775807Z", .max),
        ] as [(String, Int64)])
    func `RFC 3339 names a point in time`(text: String, nanoseconds: Int64) {
        #expect(Instant(text) == Instant(nanoseconds: nanoseconds))
    }

    @Test(arguments: [
        "", "now", "2026-11-24", "2026-11-24T12:04:31", "2026-11-24T12:04Z", "2026-13-24T12:04:31Z",
        "2026-02-29T12:04:31Z", "2026-11-24T24:04:31Z", "2026-11-24T12:60:31Z",
        "2026-11-24T12:04:61Z", "2026-11-24T12:04:31.Z", "2026-11-24T12:04:31+2:00",
        "2026-11-24T12:04:31+24:00", "2026-11-24T12:04:31+02:60", "2026-11-24T12:04:31+0200",
        "2026-11-24T12:04:31Z ", " 2026-11-24T12:04:31Z", "2026-11-24T12:04:31ZZ",
        "+026-11-24T12:04:31Z",
        "1677-09-21T00:12:43.145224191Z", "2262-04-11T23:47:16.854775808Z",
        "1677-09-21T00:12:43.2+00:01", "2262-04-11T23:47:16-00:01", "9999-12-31T23:59:59Z",
        "1795521871", "２026-11-24T12:04:31Z", "2026-11-24T12:04:31\u{0}Z",
    ])
    func `other text names none`(text: String) {
        #expect(Instant(text) == nil)
    }

    @Test func `the text of every point names that point`() throws {
        var random = SeededGenerator(seed: 7)
        for round in 0..<10_000 {
            let bits = Int64(bitPattern: random.next())
            let instant = Instant(nanoseconds: round % 2 == 0 ? bits : bits / 1_000_000_000 * 1_000)
            #expect(Instant(instant.description) == instant, "\(instant.nanoseconds)")
            let json = try JSONEncoder().encode([instant])
            #expect(try JSONDecoder().decode([Instant].self, from: json) == [instant])
        }
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (500_000_000, "1970-01-01T00:00:00.500Z"),
            (1_500_001_000, "1970-01-01T00:00:01.500001Z"), (1, "1970-01-01T00:00:00.000000001Z"),
        ] as [(Int64, String)])
    func `in JSON it is text without digits that are not needed`(
        nanoseconds: Int64, text: String
    ) throws {
        let json = try JSONEncoder().encode(["at": Instant(nanoseconds: nanoseconds)])
        #expect(String(decoding: json, as: UTF8.self) == #"{"at":"\#(text)"}"#)
    }

    @Test(arguments: ["17", "null", "{\"nanoseconds\":1}", "\"yesterday\""])
    func `in JSON nothing else is a point in time`(value: String) throws {
        let json = Data("[\(value)]".utf8)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([Instant].self, from: json) }
    }
}
