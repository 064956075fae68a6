import Foundation
import Testing
import WeirBase

@Suite struct CalendarTimeTests {
    private static let utc: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()

    private static let day: Int64 = 86_400_000_000_000

    @Test func `the parts are those of Foundation's calendar, leap years and old times too`() {
        var generator = SeededGenerator(seed: 3)
        // From 1700 on, in steps that meet every day of the year over the centuries.
        for _ in 0..<3_000 {
            let seconds = Int64(generator.below(17_000_000_000)) - 8_500_000_000
            let time = CalendarTime(Instant(nanoseconds: seconds * 1_000_000_000))
            let parts = Self.utc.dateComponents(
                [.year, .month, .day, .hour, .minute, .second],
                from: Date(timeIntervalSince1970: Double(seconds)))
            #expect(time.year == parts.year)
            #expect(time.month == parts.month)
            #expect(time.day == parts.day)
            #expect(time.hour == parts.hour)
            #expect(time.minute == parts.minute)
            #expect(time.second == parts.second)
        }
    }

    @Test func `every day of four centuries has a successor one day later`() {
        var expected = CalendarTime(year: 1700, month: 1, day: 1)
        let start = CalendarTime.daysSinceEpoch(year: 1700, month: 1, day: 1)
        for offset in 0..<146_097 {
            let instant = Instant(nanoseconds: Int64(start + offset) * Self.day)
            if CalendarTime(instant) != expected || expected.instant != instant {
                Issue.record("\(expected) does not lie at \(instant.nanoseconds)")
                return
            }
            expected.day += 1
            if expected.day > CalendarTime.days(in: expected.month, of: expected.year) {
                expected.day = 1
                expected.month = expected.month % 12 + 1
                expected.year += expected.month == 1 ? 1 : 0
            }
        }
    }

    @Test func `points survive being taken apart, to the nanosecond`() {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<3_000 {
            let instant = Instant(nanoseconds: Int64(bitPattern: generator.next()) / 1_01 * 100)
            #expect(CalendarTime(instant).instant == instant)
        }
        for nanoseconds: Int64 in [-1, 0, 1, -Self.day, -Self.day - 1, Self.day - 1] {
            let instant = Instant(nanoseconds: nanoseconds)
            #expect(CalendarTime(instant).instant == instant)
        }
    }

    @Test(arguments: [
        CalendarTime(year: 2023, month: 2, day: 29), CalendarTime(year: 1900, month: 2, day: 29),
        CalendarTime(year: 2024, month: 13, day: 1), CalendarTime(year: 2024, month: 0, day: 1),
        CalendarTime(year: 2024, month: 4, day: 31), CalendarTime(year: 2024, month: 4, day: 0),
        CalendarTime(year: 2024, month: 4, day: 1, hour: 24),
        CalendarTime(year: 2024, month: 4, day: 1, minute: 60),
        CalendarTime(year: 2024, month: 4, day: 1, second: 61),
        CalendarTime(year: 2024, month: 4, day: 1, nanosecond: 1_000_000_000),
        CalendarTime(year: 1676, month: 12, day: 31), CalendarTime(year: 2263, month: 1, day: 1),
        CalendarTime(year: 1677, month: 9, day: 20), CalendarTime(year: 2262, month: 4, day: 12),
        CalendarTime(year: .max, month: 1, day: 1), CalendarTime(year: .min, month: 1, day: 1),
    ])
    func `dates that do not exist have no point`(time: CalendarTime) {
        #expect(time.instant == nil)
    }

    @Test func `a leap second is the second after it`() {
        let leap = CalendarTime(year: 2016, month: 12, day: 31, hour: 23, minute: 59, second: 60)
        #expect(leap.instant == CalendarTime(year: 2017, month: 1, day: 1).instant)
    }

    @Test(
        arguments: [
            (0, 9, "1970-01-01T00:00:00.000000000Z"),
            (-1, 9, "1969-12-31T23:59:59.999999999Z"),
            (1_795_521_871_200_000_000, 3, "2026-11-24T12:04:31.200Z"),
            (1_795_521_871_999_999_999, 0, "2026-11-24T12:04:31Z"),
            (951_782_400_000_000_000, 0, "2000-02-29T00:00:00Z"),
            (.min, 9, "1677-09-21T00:12:43.145224192Z"),
            (.max, 9, "2262-04-11T23:47:16.854775807Z"),
        ] as [(Int64, Int, String)])
    func `points are written in the form of RFC 3339`(
        nanoseconds: Int64, digits: Int, expected: String
    ) {
        #expect(Instant(nanoseconds: nanoseconds).rfc3339(digits: digits) == expected)
    }
}
