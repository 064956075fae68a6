/// The escapes inside the strings of JSON, and what they stand for.
///
/// `JSONScanner` asks how long an escape is; whoever wants a string's text asks what it
/// stands for. Both follow the table *How JSON is read*: what stands for no character is
/// U+FFFD.
@usableFromInline
package enum JSONEscape {
    private static let replacement = Array("\u{FFFD}".utf8)

    /// How many bytes the escape at `index` takes, and whether it stands for no character.
    ///
    /// Two escapes that are the halves of one character count as one.
    static func length(
        _ raw: UnsafeRawBufferPointer, at index: Int
    ) -> (length: Int, isOdd: Bool) {
        // The line ends behind the backslash; the scanner says so.
        guard index + 1 < raw.count else { return (2, true) }
        switch raw[index + 1] {
        case 0x62, 0x66, 0x6E, 0x72, 0x74, 0x22, 0x2F, 0x5C: return (2, false)
        case 0x75: break
        default: return (2, true)
        }
        // `\u` without four digits: what follows are characters of their own.
        guard let first = hexadecimal(raw, at: index + 2) else { return (2, true) }
        if !(0xD800..<0xE000).contains(first) { return (6, false) }
        // A half of a character: with the other half behind it they are one, alone it is
        // none.
        return second(raw, after: first, at: index) == nil ? (6, true) : (12, false)
    }

    /// A string's text with its escapes resolved; what is not UTF-8 or no escape is U+FFFD.
    ///
    /// Any other value gives its own bytes.
    package static func text(
        _ value: JSONScanner.Value, of line: UnsafeRawBufferPointer
    ) -> String {
        let raw = UnsafeRawBufferPointer(rebasing: line[value.range])
        return value.hasEscapes
            ? String(decoding: resolved(raw), as: UTF8.self) : String(decoding: raw, as: UTF8.self)
    }

    /// The bytes of a string with its escapes resolved. Bytes that are not UTF-8 stay as they
    /// are.
    @usableFromInline
    package static func resolved(_ raw: UnsafeRawBufferPointer) -> [UInt8] {
        var units: [UInt8] = []
        units.reserveCapacity(raw.count)
        var index = 0
        while index < raw.count {
            if raw[index] == 0x5C {
                append(raw, at: index, to: &units)
                index += length(raw, at: index).length
            } else {
                units.append(raw[index])
                index += 1
            }
        }
        return units
    }

    /// Appends what the escape at `index` stands for.
    private static func append(
        _ raw: UnsafeRawBufferPointer, at index: Int, to units: inout [UInt8]
    ) {
        let next = index + 1 < raw.count ? raw[index + 1] : 0
        switch next {
        case 0x62: units.append(0x08)
        case 0x66: units.append(0x0C)
        case 0x6E: units.append(0x0A)
        case 0x72: units.append(0x0D)
        case 0x74: units.append(0x09)
        case 0x22, 0x2F, 0x5C: units.append(next)
        case 0x75: units.append(contentsOf: unicode(raw, at: index))
        // No escape of JSON, such as `\q`.
        default: units.append(contentsOf: replacement)
        }
    }

    /// What `\uXXXX` stands for, or two of them that are the halves of one character.
    private static func unicode(_ raw: UnsafeRawBufferPointer, at index: Int) -> [UInt8] {
        guard let first = hexadecimal(raw, at: index + 2) else { return replacement }
        var code = first
        if let second = second(raw, after: first, at: index) {
            // Each half carries ten bits of what lies above 0xFFFF.
            code = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
        }
        return Unicode.Scalar(code).map { Array(String($0).utf8) } ?? replacement
    }

    /// The second half of a character whose first half is escaped at `index`.
    private static func second(
        _ raw: UnsafeRawBufferPointer, after first: UInt32, at index: Int
    ) -> UInt32? {
        guard (0xD800..<0xDC00).contains(first), index + 7 < raw.count, raw[index + 6] == 0x5C,
            raw[index + 7] == 0x75, let second = hexadecimal(raw, at: index + 8),
            (0xDC00..<0xE000).contains(second)
        else { return nil }
        return second
    }

    /// Four hex digits as a number; nil where there are not so many.
    private static func hexadecimal(_ raw: UnsafeRawBufferPointer, at index: Int) -> UInt32? {
        guard index + 4 <= raw.count else { return nil }
        var value: UInt32 = 0
        for byte in raw[index..<index + 4] {
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: value = value << 4 | UInt32(byte - 0x37)
            case 0x61...0x66: value = value << 4 | UInt32(byte - 0x57)
            default: return nil
            }
        }
        return value
    }
}
