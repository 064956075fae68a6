/// Reads dates and times of day from bytes, from left to right.
///
/// There is one reader for RFC 3339, as `Instant` has it, and for the looser times of logs,
/// so that both say the same of what both know: fractions, leap seconds, dates that do not
/// exist, the range of points. A reading that fails leaves the reader anywhere; whoever goes
/// on keeps a copy. Nothing reads beyond the bytes, which must outlive the reader.
package struct TimeReader {
    private let bytes: UnsafeRawBufferPointer
    /// How many bytes were read.
    package private(set) var position: Int

    /// A reader that begins at a position of the bytes.
    package init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    package var isAtEnd: Bool { position == bytes.count }

    // MARK: Points in time

    /// Reads a point as RFC 3339 writes it: `yyyy-MM-ddTHH:mm:ss`, maybe a fraction, then `Z`
    /// or `+hh:mm`. A blank may stand for the `T`, and a comma for the point.
    package mutating func rfc3339() -> Instant? {
        guard let local = dateAndClock(dividedBySlashes: false), let offset = strictOffset() else {
            return nil
        }
        return Self.point(local, east: offset)
    }

    /// Reads a point as logs write it.
    ///
    /// Beyond RFC 3339 a date may be `yyyy/MM/dd` and an offset `+hhmm` or `+hh`. Where no
    /// offset follows at once it is UTC, and `hasOffset` is false.
    package mutating func logTime() -> (point: Instant, hasOffset: Bool)? {
        guard let local = dateAndClock(dividedBySlashes: true) else { return nil }
        let offset = looseOffset()
        guard let point = Self.point(local, east: offset ?? 0) else { return nil }
        return (point, offset != nil)
    }

    /// Reads `HH:mm:ss` with any fraction behind a point or comma; digits beyond the ninth
    /// are cut off.
    package mutating func clock(into time: inout CalendarTime) -> Bool {
        guard let hour = digits(2), skip(0x3A), let minute = digits(2), skip(0x3A),
            let second = digits(2)
        else { return false }
        (time.hour, time.minute, time.second) = (hour, minute, second)
        time.nanosecond = fraction()
        return true
    }

    // MARK: Parts

    /// Reads the date and the time of day. Both dividers of the date must be the same.
    private mutating func dateAndClock(dividedBySlashes mayBeSlashes: Bool) -> CalendarTime? {
        guard let year = digits(4), let divider = next,
            divider == 0x2D || mayBeSlashes && divider == 0x2F, skip(divider),
            let month = digits(2), skip(divider), let day = digits(2),
            skip(0x20) || skipLetter(0x74)
        else { return nil }
        var time = CalendarTime(year: year, month: month, day: day)
        return clock(into: &time) ? time : nil
    }

    /// Reads nanoseconds behind a point or comma that a digit follows; otherwise 0, and
    /// nothing is read. A point that ends a sentence stays.
    private mutating func fraction() -> Int {
        guard let separator = next, separator == 0x2E || separator == 0x2C,
            position + 1 < bytes.count,
            bytes[position + 1] &- 0x30 <= 9
        else { return 0 }
        position += 1
        var value = 0
        var scale = 100_000_000
        // Behind the ninth digit the scale is 0, and further digits add nothing.
        while let byte = next, byte &- 0x30 <= 9 {
            value += Int(byte &- 0x30) * scale
            scale /= 10
            position += 1
        }
        return value
    }

    /// Reads `Z` or `+hh:mm` as seconds east of UTC.
    private mutating func strictOffset() -> Int? {
        if skipLetter(0x7A) { return 0 }
        guard let sign = sign(), let hours = digits(2), hours <= 23, skip(0x3A),
            let minutes = digits(2), minutes <= 59
        else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }

    /// `Z`, `+hh:mm`, `-hhmm` or `+hh` in seconds east of UTC; nil, and nothing read, when there is
    /// none.
    private mutating func looseOffset() -> Int? {
        if skipLetter(0x7A) { return 0 }
        let start = position
        guard let sign = sign(), let hours = digits(2), hours <= 23 else {
            position = start
            return nil
        }
        // Without minutes, a colon behind the hours belongs to what follows.
        let behindHours = position
        _ = skip(0x3A)
        guard let minutes = digits(2), minutes <= 59 else {
            position = behindHours
            return sign * hours * 3_600
        }
        return sign * (hours * 3_600 + minutes * 60)
    }

    /// The point that a local time names which is so many seconds east of UTC.
    private static func point(_ local: CalendarTime, east seconds: Int) -> Instant? {
        guard let point = local.instant else { return nil }
        let (moved, overflow) = point.nanoseconds.subtractingReportingOverflow(
            Int64(seconds) * 1_000_000_000)
        return overflow ? nil : Instant(nanoseconds: moved)
    }

    // MARK: Bytes

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Passes over a byte if it comes next.
    private mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    /// Passes over a letter in either case; it is given in lower case.
    private mutating func skipLetter(_ letter: UInt8) -> Bool {
        guard let next, next | 0x20 == letter else { return false }
        position += 1
        return true
    }

    /// Reads a sign as 1 or -1; nil where there is none.
    private mutating func sign() -> Int? { skip(0x2B) ? 1 : skip(0x2D) ? -1 : nil }

    /// Reads exactly `count` digits as a number.
    private mutating func digits(_ count: Int) -> Int? {
        guard let value = bytes.decimal(at: position, digits: count) else { return nil }
        position += count
        return value
    }
}
