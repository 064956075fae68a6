/// The value of a number of JSON, from its bytes, which the scanner has found to be one.
///
/// Whole numbers are exact, and a `Double` is the nearest to what is written. Nothing is rounded
/// in silence: what a type cannot hold is nil.
package enum JSONNumber {
    /// A sign and digits as a number of 64 bits with its sign; nil for other forms, and beyond.
    package static func whole(_ text: UnsafeRawBufferPointer) -> (isNegative: Bool, UInt64)? {
        guard let base = text.baseAddress else { return nil }
        let isNegative = text[0] == 0x2D
        var index = isNegative ? 1 : 0
        let digits = text.count &- index
        guard digits > 0, digits <= 20 else { return nil }
        var value: UInt64 = 0
        while index &+ 8 <= text.count {
            let word = ByteWords.word(base, at: index, count: text.count)
            guard ByteWords.nonDigits(word) == 0 else { return nil }
            let (shifted, isOver) = value.multipliedReportingOverflow(by: 100_000_000)
            let (sum, isAbove) = shifted.addingReportingOverflow(ByteWords.number(word))
            if isOver || isAbove { return nil }
            value = sum
            index &+= 8
        }
        while index < text.count {
            let digit = text[index] &- 0x30
            guard digit <= 9 else { return nil }
            let (shifted, isOver) = value.multipliedReportingOverflow(by: 10)
            let (sum, isAbove) = shifted.addingReportingOverflow(UInt64(digit))
            if isOver || isAbove { return nil }
            value = sum
            index &+= 1
        }
        return (isNegative, value)
    }

    /// A whole number however it is written (`1e3`, `1.0`), with its sign; nil where it has a
    /// fraction, and from 2^128 on. What is nearer to 0 than any `Double` is 0.
    package static func integral(
        _ text: UnsafeRawBufferPointer
    ) -> (isNegative: Bool, magnitude: UInt128)? {
        if let number = whole(text) { return (number.isNegative, UInt128(number.1)) }
        if let magnitude = magnitude(text) { return (text[0] == 0x2D, magnitude) }
        return floating(text) == 0 ? (false, 0) : nil
    }

    /// Digit by digit, since a `Double` would round. Zeros at the end of the digits belong to the
    /// power of ten, so that a number is whole where that is not negative.
    private static func magnitude(_ text: UnsafeRawBufferPointer) -> UInt128? {
        var digits: UInt128 = 0
        var (zeros, power) = (0, 0)
        var isBehindPoint = false
        var index = text[0] == 0x2D ? 1 : 0
        while index < text.count, text[index] | 0x20 != 0x65 {
            let digit = text[index] &- 0x30
            index += 1
            guard digit <= 9 else {
                isBehindPoint = true
                continue
            }
            if isBehindPoint { power -= 1 }
            zeros += 1
            if digit > 0 {
                guard let shifted = shifted(digits, by: zeros) else { return nil }
                let (sum, isOver) = shifted.addingReportingOverflow(UInt128(digit))
                if isOver { return nil }
                (digits, zeros) = (sum, 0)
            }
        }
        if digits == 0 { return 0 }
        if index < text.count { power += wideExponent(text, from: index + 1) }
        return shifted(digits, by: power + zeros)
    }

    /// A number times a power of ten; nil where that is negative, or the product does not fit.
    private static func shifted(_ number: UInt128, by power: Int) -> UInt128? {
        if number == 0 { return 0 }
        guard (0...38).contains(power) else { return nil }
        var product = number
        for _ in 0..<power {
            let (next, isOver) = product.multipliedReportingOverflow(by: 10)
            if isOver { return nil }
            product = next
        }
        return product
    }

    /// An exponent with any number of digits. From 2^40 on it is that: no line has so many digits
    /// that they would make up for it.
    private static func wideExponent(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
        var value = 0
        for byte in text[start...] where byte &- 0x30 <= 9 {
            value = min(value * 10 + Int(byte &- 0x30), 1 << 40)
        }
        return text[start] == 0x2D ? -value : value
    }

    /// The nearest `Float`, rounded once; nil where it is beyond all of them. What is nearer to 0
    /// than any is 0.
    package static func single(_ text: UnsafeRawBufferPointer) -> Float? {
        guard let value = Float(String(decoding: text, as: UTF8.self)), value.isFinite else {
            return nil
        }
        return value == 0 && hasDigits(text) ? 0 : value
    }

    /// The nearest `Double`; nil where it is beyond all of them. What is nearer to 0 than any is 0.
    package static func floating(_ text: UnsafeRawBufferPointer) -> Double? {
        if let value = exact(text) { return value }
        // More digits or a larger exponent than fit: the standard library rounds once.
        guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else {
            return nil
        }
        // With a digit other than 0 it was not 0, and has no sign that means anything.
        return value == 0 && hasDigits(text) ? 0 : value
    }

    /// Whether a digit other than 0 stands before the exponent.
    private static func hasDigits(_ text: UnsafeRawBufferPointer) -> Bool {
        text.prefix { $0 | 0x20 != 0x65 }.contains { $0 &- 0x31 <= 8 }
    }

    /// A number whose digits and power of ten are both exact in a `Double`, so that one
    /// multiplication or division rounds it correctly (Clinger 1990); nil for others.
    private static func exact(_ text: UnsafeRawBufferPointer) -> Double? {
        var index = text[0] == 0x2D ? 1 : 0
        var digits: UInt64 = 0
        var exponent = 0
        var isBehindPoint = false
        while index < text.count {
            let byte = text[index]
            if byte &- 0x30 <= 9 {
                digits = digits &* 10 &+ UInt64(byte &- 0x30)
                guard digits <= 1 << 53 else { return nil }
                if isBehindPoint { exponent -= 1 }
            } else if byte == 0x2E {
                isBehindPoint = true
            } else {
                break
            }
            index += 1
        }
        if index < text.count {
            guard let power = Self.power(text, from: index + 1) else { return nil }
            exponent += power
        }
        guard abs(exponent) < powers.count else { return nil }
        let power = powers[abs(exponent)]
        let value = exponent < 0 ? Double(digits) / power : Double(digits) * power
        return text[0] == 0x2D ? -value : value
    }

    /// An exponent of at most four digits.
    private static func power(_ text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var index = start
        let isNegative = text[index] == 0x2D
        if isNegative || text[index] == 0x2B { index += 1 }
        guard text.count - index <= 4 else { return nil }
        var value = 0
        while index < text.count {
            value = value * 10 + Int(text[index] &- 0x30)
            index += 1
        }
        return isNegative ? -value : value
    }

    /// The powers of ten that a `Double` holds exactly.
    private static let powers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]
}
