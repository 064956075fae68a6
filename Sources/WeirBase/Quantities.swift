/// Durations and byte counts as people write them on a command line, and numbers as people
/// read them.
package enum Quantities {
    /// Reads a duration with its unit: `250ms`, `1.5s`, `10m`, `2h`, `1d`, `300us`, `5ns`.
    ///
    /// A number alone is refused, as nobody could know its unit. So is anything beyond 285
    /// years, where 64 bits of nanoseconds end.
    package static func duration(_ text: some StringProtocol) -> Duration? {
        let units: [(String, Double)] = [
            ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9),
            ("h", 3600e9), ("d", 86400e9),
        ]
        // No sign and no exponent: `1e3s` is more likely a mistake than a wish.
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(digits.count)
        guard let number = Double(digits), let scale = units.first(where: { $0.0 == unit })?.1
        else { return nil }
        // Rounded, because the product for `1.001s` lies just below the whole number that is meant.
        let nanoseconds = (number * scale).rounded()
        guard nanoseconds >= 0, nanoseconds < 9e18 else { return nil }
        return .nanoseconds(Int64(nanoseconds))
    }

    /// Reads `4096`, `64kB`, `256MB`, `2GB` (powers of ten) and `64KiB`, `256MiB`, `2GiB`
    /// (powers of two). A product that does not fit is refused.
    package static func bytes(_ text: some StringProtocol) -> ByteCount? {
        let units: [(String, Int)] = [
            ("", 1), ("B", 1), ("kB", 1_000), ("KB", 1_000), ("MB", 1_000_000),
            ("GB", 1_000_000_000), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30),
        ]
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        // Whole numbers only, since a part of a byte is none.
        guard let number = Int(digits), let scale = units.first(where: { $0.0 == unit })?.1
        else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: scale)
        return overflow ? nil : ByteCount(product)
    }

    /// Bytes with three digits and a unit of powers of ten: `1.2 kB`, `41.0 MB`.
    package static func describe(bytes: ByteCount) -> String {
        describe(Double(bytes.rawValue), units: ["B", "kB", "MB", "GB", "TB"])
    }

    /// A number with at most three digits: `96.2 k`, `1.3 M`. Any number, also the infinities
    /// and not-a-number.
    package static func describe(count: Double) -> String {
        let text = describe(count, units: ["", "k", "M", "G", "T"])
        return text.hasSuffix(" ") ? String(text.dropLast()) : text
    }

    /// A time span in nanoseconds by its two greatest units: `73 y 18 d`, `9 h 30 m`, `4 s`.
    ///
    /// A year has 365 days. Below a second it is `120 ms`, `7 us` or `5 ns`.
    package static func describe(span nanoseconds: Int64) -> String {
        let sign = nanoseconds < 0 ? "-" : ""
        var rest = nanoseconds.magnitude
        if rest < 1_000_000_000 {
            if rest >= 1_000_000 { return sign + "\(rest / 1_000_000) ms" }
            return sign + (rest >= 1_000 ? "\(rest / 1_000) us" : "\(rest) ns")
        }
        rest /= 1_000_000_000
        var parts: [String] = []
        for (unit, seconds) in [
            ("y", 31_536_000), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1),
        ]
            as [(String, UInt64)]
        {
            let count = rest / seconds
            rest %= seconds
            // The two units stand side by side: `1 y 5 s` would say more than is meant.
            if count == 0, !parts.isEmpty { break }
            if count > 0 { parts.append("\(count) \(unit)") }
            if parts.count == 2 { break }
        }
        return sign + parts.joined(separator: " ")
    }

    /// A number with the unit that leaves it below a thousand.
    private static func describe(_ number: Double, units: [String]) -> String {
        // A rate divided by no time at all is shown and never a trap.
        guard number.isFinite else { return "\(number) " }
        var rest = number
        var index = 0
        // From 999.5 on it would be rounded to a fourth digit.
        while abs(rest) >= 999.5, index < units.count - 1 {
            rest /= 1_000
            index += 1
        }
        let tenths = (rest * 10).rounded() / 10
        let whole = rest.rounded()
        let digits =
            // Without a unit, or with three digits before the point, a fraction would be a
            // fourth digit.
            index == 0 || abs(tenths) >= 100
            ? Int(exactly: whole).map(String.init) ?? String(whole) : String(tenths)
        return digits + " " + units[index]
    }
}

extension BinaryInteger {
    /// The number in groups of three digits, for sentences: `1,204`.
    package var grouped: String {
        let digits = String(magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return self < 0 ? "-" + text : text
    }
}
