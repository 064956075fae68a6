/// Points in time as text: RFC 3339.
extension Instant: LosslessStringConvertible {
    /// RFC 3339 in UTC with nine digits: `2026-11-24T12:04:31.200000000Z`.
    public var description: String { rfc3339() }

    /// The point that RFC 3339 text names: `2026-11-24T12:04:31.2Z`, or with an offset in the
    /// place of the `Z`; nil for anything else.
    ///
    /// A blank may stand for the `T`, and a comma for the point. Digits behind the ninth of a
    /// second are cut off, so that every point's `description` gives that point again. A leap
    /// second is the second after it.
    public init?(_ text: String) {
        var text = text
        let read = text.withUTF8 { Instant(utf8: UnsafeRawBufferPointer($0)) }
        guard let read else { return nil }
        self = read
    }

    /// The same of text that is there as bytes.
    package init?(utf8 bytes: UnsafeRawBufferPointer) {
        var reader = TimeReader(bytes)
        guard let point = reader.rfc3339(), reader.isAtEnd else { return nil }
        self = point
    }

    /// RFC 3339 in UTC with as few digits behind the second as the point needs: 0, 3, 6 or 9.
    public func shortestRFC3339() -> String {
        if nanoseconds % 1_000_000_000 == 0 { return rfc3339(digits: 0) }
        if nanoseconds % 1_000_000 == 0 { return rfc3339(digits: 3) }
        return rfc3339(digits: nanoseconds % 1_000 == 0 ? 6 : 9)
    }

    /// RFC 3339 in UTC with `digits` digits after the point, cut off and not rounded.
    public func rfc3339(digits: Int = 9) -> String {
        precondition((0...9).contains(digits), "digits \(digits) must lie in 0...9")
        let time = CalendarTime(self)
        // Nanoseconds of 64 bits reach from 1677 to 2262, so years have four digits.
        let length = digits == 0 ? 20 : 21 + digits
        return String(unsafeUninitializedCapacity: length) { bytes in
            var end = 0
            // Writes a number with zeros in front, and the separator behind it.
            func write(_ number: Int, _ width: Int, then separator: UInt8) {
                var rest = number
                for index in stride(from: end + width - 1, through: end, by: -1) {
                    bytes[index] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
                    rest /= 10
                }
                bytes[end + width] = separator
                end += width + 1
            }
            write(time.year, 4, then: 0x2D)
            write(time.month, 2, then: 0x2D)
            write(time.day, 2, then: 0x54)
            write(time.hour, 2, then: 0x3A)
            write(time.minute, 2, then: 0x3A)
            write(time.second, 2, then: digits == 0 ? 0x5A : 0x2E)
            if digits > 0 {
                var fraction = time.nanosecond
                // Cut off and not rounded, so that a time never shows as one that is not
                // there yet.
                for _ in digits..<9 { fraction /= 10 }
                write(fraction, digits, then: 0x5A)
            }
            return end
        }
    }
}

extension Instant: Codable {
    /// Reads RFC 3339 text.
    ///
    /// - Throws: `DecodingError` for text that is no such time, and for anything but text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let instant = Instant(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription:
                    "\(PrintableText.escaped(text, limit: 60)) is no time in RFC 3339, "
                    + "such as 2026-11-24T12:04:31.2Z, of the years 1677 to 2262")
        }
        self = instant
    }

    /// Writes RFC 3339 text in UTC with as few digits as the point needs: none, three, six or nine.
    ///
    /// Whole seconds have no fraction, which some readers of JSON do not know in a time.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(shortestRFC3339())
    }
}
