import WeirBase

/// The times that logs write.
extension LineCursor {
    /// Reads `HH:mm:ss` with any fraction behind a point or comma.
    mutating func clock(into time: inout CalendarTime) -> Bool {
        var reader = TimeReader(line, at: position)
        defer { move(to: reader.position) }
        return reader.clock(into: &time)
    }

    /// Reads `yyyy-MM-dd` or `yyyy/MM/dd`, then `T` or a blank, then the time, then maybe an
    /// offset.
    ///
    /// An offset is taken when it follows at once, and `hasOffset` tells. Without one the
    /// time is UTC.
    mutating func timestamp(hasOffset: inout Bool) -> Instant? {
        var reader = TimeReader(line, at: position)
        defer { move(to: reader.position) }
        guard let time = reader.logTime() else { return nil }
        hasOffset = time.hasOffset
        return time.point
    }

    /// The same for whom the offset does not matter.
    @inline(__always)
    mutating func timestamp() -> Instant? {
        var hasOffset = false
        return timestamp(hasOffset: &hasOffset)
    }

    /// `yy/MM/dd HH:mm:ss`, as Hadoop's and Spark's consoles write it; the years 2000 to 2099.
    mutating func shortTimestamp() -> Instant? {
        guard let year = digits(2), skip(0x2F), let month = digits(2), skip(0x2F),
            let day = digits(2), skip(0x20)
        else { return nil }
        var time = CalendarTime(year: 2_000 + year, month: month, day: day)
        guard clock(into: &time) else { return nil }
        return time.instant
    }

    /// Reads `Jan` to `Dec` as 1 to 12.
    ///
    /// The three bytes are compared at once, as one number.
    @inline(__always)
    mutating func monthName() -> Int? {
        guard line.count - position >= 3 else { return nil }
        let packed =
            UInt32(line[position]) << 16 | UInt32(line[position + 1]) << 8
            | UInt32(line[position + 2])
        let month: Int? =
            switch packed {
            case 0x4A_616E: 1
            case 0x46_6562: 2
            case 0x4D_6172: 3
            case 0x41_7072: 4
            case 0x4D_6179: 5
            case 0x4A_756E: 6
            case 0x4A_756C: 7
            case 0x41_7567: 8
            case 0x53_6570: 9
            case 0x4F_6374: 10
            case 0x4E_6F76: 11
            case 0x44_6563: 12
            default: nil
            }
        if month != nil { move(to: position + 3) }
        return month
    }

    /// A day of the month with or without a leading zero or blank.
    @inline(__always)
    mutating func dayOfMonth() -> Int? {
        _ = skip(0x20)
        return number(atMost: 2)
    }

    /// Reads seconds, milliseconds, microseconds or nanoseconds since 1970, written as a
    /// number of JSON.
    ///
    /// Nobody writes the unit, so the size tells it. With 12 digits and more before the point
    /// they are milliseconds (as seconds that would be the year 5138), with 15 microseconds,
    /// with 18 nanoseconds.
    mutating func epoch() -> Instant? {
        let isNegative = skip(0x2D)
        var mantissa: Int64 = 0
        var digits = 0
        var scale = 0
        var isFraction = false
        let start = position
        while let byte = peek() {
            if byte == 0x2E, !isFraction {
                isFraction = true
            } else if byte &- 0x30 <= 9 {
                // The number fits 64 bits up to 18 digits. Further ones before the point only
                // move it.
                if digits == 18 {
                    if !isFraction { scale += 1 }
                } else {
                    mantissa = mantissa * 10 + Int64(byte &- 0x30)
                    // Zeros in front are no digits.
                    if mantissa > 0 { digits += 1 }
                    if isFraction { scale -= 1 }
                }
            } else {
                break
            }
            move(to: position + 1)
        }
        if position == start { return nil }
        if let byte = peek(), byte | 0x20 == 0x65 {
            move(to: position + 1)
            let isSmall = skip(0x2D)
            if !isSmall { _ = skip(0x2B) }
            guard let exponent = number(atMost: 3) else { return nil }
            scale += isSmall ? -exponent : exponent
        }
        guard let magnitude = Self.nanoseconds(mantissa, digits: digits, scale: scale) else {
            return nil
        }
        return Instant(nanoseconds: isNegative ? -magnitude : magnitude)
    }

    /// The number in nanoseconds: `mantissa` times ten to the power of `scale`, in the unit
    /// that its size tells. Nil where it does not fit; what is below a nanosecond is cut off.
    private static func nanoseconds(_ mantissa: Int64, digits: Int, scale: Int) -> Int64? {
        let whole = digits + scale
        let unit =
            switch whole {
            case ..<12: 9
            case ..<15: 6
            case ..<18: 3
            default: 0
            }
        var value = mantissa
        var power = scale + unit
        while power < 0, value > 0 {
            value /= 10
            power += 1
        }
        while power > 0, value > 0 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            value = product
            power -= 1
        }
        return value
    }
}
