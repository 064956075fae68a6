/// Walks over the outermost members of a JSON object without taking it apart.
///
/// Tolerant: inside values that are skipped, only strings and brackets are looked at. Constant
/// memory, whatever the depth; one pass.
struct MemberScanner {
    struct Value: Equatable {
        enum Kind: Equatable {
            case string, number
            /// Objects, arrays, `true`, `false`, `null`.
            case other
        }

        let kind: Kind
        /// Of a string the bytes between its quotes.
        let range: Range<Int>
        let hasEscapes: Bool

        /// The value without what lies behind its first `count` bytes.
        func clipped(to count: Int) -> Value {
            Value(
                kind: kind,
                range: range.lowerBound..<min(range.upperBound, range.lowerBound + count),
                hasEscapes: hasEscapes)
        }
    }

    let line: UnsafeRawBufferPointer
    /// Whether the object came to its end, and the line with it.
    private(set) var isWhole = false
    private var position: Int
    private var isFirst = true

    /// Nil when the line does not begin with `{`.
    init?(_ line: UnsafeRawBufferPointer) {
        self.line = line
        position = 0
        skipSpace()
        guard take(0x7B) else { return nil }
    }

    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: line[range])
    }

    /// The next member, or nil at the object's end or where it is no JSON; `isWhole` tells which.
    mutating func next() -> (key: Range<Int>, value: Value)? {
        skipSpace()
        if take(0x7D) {
            skipSpace()
            isWhole = position == line.count
            return nil
        }
        if !isFirst {
            guard take(0x2C) else { return nil }
            skipSpace()
        }
        isFirst = false
        guard let key = string()?.range else { return nil }
        skipSpace()
        guard take(0x3A) else { return nil }
        skipSpace()
        guard let value = value() else { return nil }
        return (key, value)
    }

    private mutating func value() -> Value? {
        guard position < line.count else { return nil }
        switch line[position] {
        case 0x22: return string()
        case 0x7B, 0x5B: return nested()
        default: return scalar()
        }
    }

    private mutating func string() -> Value? {
        guard take(0x22) else { return nil }
        let start = position
        var hasEscapes = false
        while position < line.count {
            switch line[position] {
            case 0x22:
                position += 1
                return Value(kind: .string, range: start..<position - 1, hasEscapes: hasEscapes)
            case 0x5C:
                hasEscapes = true
                position += 2
            default:
                position += 1
            }
        }
        position = line.count
        return nil
    }

    private mutating func nested() -> Value? {
        let start = position
        var depth = 0
        while position < line.count {
            switch line[position] {
            case 0x22:
                guard string() != nil else { return nil }
                continue
            case 0x7B, 0x5B: depth += 1
            case 0x7D, 0x5D: depth -= 1
            default: break
            }
            position += 1
            if depth == 0 { return Value(kind: .other, range: start..<position, hasEscapes: false) }
        }
        return nil
    }

    private mutating func scalar() -> Value? {
        let start = position
        while position < line.count, !isDelimiter(line[position]) { position += 1 }
        guard position > start else { return nil }
        let first = line[start]
        let isNumber = first == 0x2D || first &- 0x30 <= 9
        return Value(
            kind: isNumber ? .number : .other, range: start..<position, hasEscapes: false)
    }

    @inline(__always)
    private func isDelimiter(_ byte: UInt8) -> Bool {
        byte == 0x2C || byte == 0x7D || byte == 0x5D || byte == 0x20 || byte == 0x09
    }

    @inline(__always)
    private mutating func skipSpace() {
        while position < line.count {
            let byte = line[position]
            guard byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A else { return }
            position += 1
        }
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < line.count, line[position] == byte else { return false }
        position += 1
        return true
    }

    /// A string's text with its escapes resolved; what is not UTF-8 or no escape is U+FFFD.
    static func text(_ value: Value, of line: UnsafeRawBufferPointer) -> String {
        let raw = UnsafeRawBufferPointer(rebasing: line[value.range])
        if !value.hasEscapes { return String(decoding: raw, as: UTF8.self) }
        var units: [UInt8] = []
        units.reserveCapacity(raw.count)
        var index = 0
        while index < raw.count {
            if raw[index] == 0x5C {
                index += escape(raw, at: index, into: &units)
            } else {
                units.append(raw[index])
                index += 1
            }
        }
        return String(decoding: units, as: UTF8.self)
    }

    /// Appends what the escape at `index` stands for; returns how many bytes it takes.
    private static func escape(
        _ raw: UnsafeRawBufferPointer, at index: Int, into units: inout [UInt8]
    ) -> Int {
        guard index + 1 < raw.count else {
            units.append(contentsOf: "\u{FFFD}".utf8)
            return 1
        }
        switch raw[index + 1] {
        case 0x62: units.append(0x08)
        case 0x66: units.append(0x0C)
        case 0x6E: units.append(0x0A)
        case 0x72: units.append(0x0D)
        case 0x74: units.append(0x09)
        case 0x22, 0x2F, 0x5C: units.append(raw[index + 1])
        case 0x75: return unicode(raw, at: index, into: &units)
        default: units.append(contentsOf: "\u{FFFD}".utf8)
        }
        return 2
    }

    /// `\uXXXX`, or two of them that are the halves of one character.
    private static func unicode(
        _ raw: UnsafeRawBufferPointer, at index: Int, into units: inout [UInt8]
    ) -> Int {
        guard let first = hexadecimal(raw, at: index + 2) else {
            units.append(contentsOf: "\u{FFFD}".utf8)
            return 2
        }
        var code = first
        var length = 6
        if (0xD800..<0xDC00).contains(first), index + 7 < raw.count, raw[index + 6] == 0x5C,
            raw[index + 7] == 0x75, let second = hexadecimal(raw, at: index + 8),
            (0xDC00..<0xE000).contains(second)
        {
            code = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
            length = 12
        }
        units.append(contentsOf: String(Unicode.Scalar(code) ?? "\u{FFFD}").utf8)
        return length
    }

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
