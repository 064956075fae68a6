/// A date and time of day in UTC, taken apart.
///
/// Nothing else knows the calendar, for reading times and for writing them. It holds whatever it
/// is given; whether there is such a date, `instant` says.
package struct CalendarTime: Equatable, Sendable {
    /// Four digits, as in 2026.
    package var year: Int
    /// From 1 to 12.
    package var month: Int
    package var day: Int
    package var hour: Int
    package var minute: Int
    /// From 0 to 60: a leap second is the sixtieth.
    package var second: Int
    /// The part of the second that has passed, from 0 to 999,999,999.
    package var nanosecond: Int

    package init(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0,
        nanosecond: Int = 0
    ) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.nanosecond = nanosecond
    }

    /// The point in time; nil when there is no such date or it is outside the range of
    /// `Instant`.
    package var instant: Instant? {
        // The first and the last year are only partly in range; overflow tells for them.
        guard (1677...2262).contains(year), (1...12).contains(month),
            day >= 1, day <= Self.days(in: month, of: year),
            (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second),
            (0..<1_000_000_000).contains(nanosecond)
        else { return nil }
        let days = Self.daysSinceEpoch(year: year, month: month, day: day)
        // A leap second is the second after it: there is no other point for it on this scale.
        var seconds = Int64(days) * 86_400 + Int64(hour * 3_600 + minute * 60 + second)
        var rest = Int64(nanosecond)
        if seconds < 0 {
            // Counted from above, so that the earliest point of all does not overflow on the way.
            seconds += 1
            rest -= 1_000_000_000
        }
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return nil }
        let (sum, more) = product.addingReportingOverflow(rest)
        return more ? nil : Instant(nanoseconds: sum)
    }

    /// Days since 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant,
    /// chrono-Compatible Low-Level Date Algorithms, `days_from_civil`).
    ///
    /// Years begin in March, so that the leap day is the last of its year. 400 years have
    /// 146,097 days, and 719,468 days lie between the first of March of the year 0 and 1970.
    package static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        // An era is 400 years, after which the calendar repeats.
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        // From March on, five months have 153 days, and the lengths repeat.
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// How many days a month has.
    package static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Takes a point in time apart; the reverse of `daysSinceEpoch` (Hinnant's
    /// `civil_from_days`).
    package init(_ instant: Instant) {
        var seconds = instant.nanoseconds / 1_000_000_000
        var rest = instant.nanoseconds % 1_000_000_000
        // Before 1970 division rounds up; the date needs it rounded down.
        if rest < 0 {
            rest += 1_000_000_000
            seconds -= 1
        }
        var days = seconds / 86_400
        var ofDay = seconds % 86_400
        // The same for the days.
        if ofDay < 0 {
            ofDay += 86_400
            days -= 1
        }
        let shifted = Int(days) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9)
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        hour = Int(ofDay / 3_600)
        minute = Int(ofDay % 3_600 / 60)
        second = Int(ofDay % 60)
        nanosecond = Int(rest)
    }
}
