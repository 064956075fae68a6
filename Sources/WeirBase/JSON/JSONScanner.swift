/// Reads one line of JSON value by value: nothing else says what is JSON and what is not.
///
/// The grammar is that of RFC 8259, held strictly, with these differences: a byte order mark
/// at the line's beginning is passed over; containers are at most `maximumDepth` deep; an
/// escape that stands for no character (`\ud800` alone, `\q`) is U+FFFD, and so are bytes
/// that are not UTF-8. What a value means, and whether a number fits, is for the caller. One
/// pass, no allocation unless something is odd.
package struct JSONScanner {
    /// How many objects and arrays may lie in each other.
    package static let maximumDepth = 512

    /// Why a line is not JSON, and where.
    package struct Fault: Error, Equatable {
        package let reason: String
        /// How many bytes of the line come before it.
        package let offset: Int
    }

    /// A value as a part of the line.
    package struct Value: Equatable {
        package enum Kind: Equatable {
            case string, number, object, array, literal
        }

        package let kind: Kind
        /// The bytes of the value; of a string those between its quotes.
        package let range: Range<Int>
        package let hasEscapes: Bool

        /// Where the value begins, the quote of a string included.
        package var start: Int { kind == .string ? range.lowerBound - 1 : range.lowerBound }

        /// The value without what lies behind its first `count` bytes.
        package func clipped(to count: Int) -> Value {
            Value(
                kind: kind,
                range: range.lowerBound..<min(range.upperBound, range.lowerBound + count),
                hasEscapes: hasEscapes)
        }
    }

    /// A stretch whose bytes other readers of JSON do not understand: an escape that stands for
    /// no character, or a number that is nearly 0 (`1e-400`).
    package struct Oddity: Equatable {
        package let range: Range<Int>
        package let isNumber: Bool
    }

    package let line: UnsafeRawBufferPointer
    /// The index of the next byte.
    package private(set) var position = 0
    /// Collected when asked for.
    package private(set) var oddities: [Oddity] = []
    /// Whether a byte outside ASCII was seen in a string.
    package private(set) var hasHighBytes = false
    private let collectsOddities: Bool

    /// Begins behind a byte order mark and spaces.
    package init(_ line: UnsafeRawBufferPointer, collectsOddities: Bool = false) {
        self.line = line
        self.collectsOddities = collectsOddities
        position = Self.byteOrderMarkLength(line)
        skipSpace()
    }

    /// Begins in the middle of a line, at a value.
    init(_ line: UnsafeRawBufferPointer, at position: Int) {
        self.line = line
        collectsOddities = false
        self.position = position
    }

    /// How many bytes a byte order mark at the beginning takes.
    package static func byteOrderMarkLength(_ line: UnsafeRawBufferPointer) -> Int {
        line.count >= 3 && line[0] == 0xEF && line[1] == 0xBB && line[2] == 0xBF ? 3 : 0
    }

    /// Whether nothing is left but spaces.
    package mutating func isAtEnd() -> Bool {
        skipSpace()
        return position == line.count
    }

    /// The whole line is one value.
    package mutating func wholeValue() throws(Fault) -> Value {
        let value = try value()
        guard isAtEnd() else { throw fault("something stands behind the \(Self.noun(value.kind))") }
        return value
    }

    /// Takes the next value, whatever lies in it.
    package mutating func value(depth: Int = 0) throws(Fault) -> Value {
        guard position < line.count else { throw fault("it ends where a value is due") }
        let start = position
        switch line[position] {
        case 0x22: return try string()
        case 0x7B:
            try object(depth: depth + 1)
            return Value(kind: .object, range: start..<position, hasEscapes: false)
        case 0x5B:
            try array(depth: depth + 1)
            return Value(kind: .array, range: start..<position, hasEscapes: false)
        case 0x2D, 0x30...0x39: return try number()
        case 0x74: return try literal("true")
        case 0x66: return try literal("false")
        case 0x6E: return try literal("null")
        default: throw fault("no value begins with \(shown(at: position))")
        }
    }

    private static func noun(_ kind: Value.Kind) -> String {
        switch kind {
        case .object: "object"
        case .array: "array"
        case .string, .number, .literal: "value"
        }
    }

    // MARK: Containers

    /// Passes over an object, at whose bracket the scanner is.
    private mutating func object(depth: Int) throws(Fault) {
        try open(depth)
        if take(0x7D) { return }
        repeat {
            _ = try memberName()
            _ = try value(depth: depth)
            skipSpace()
        } while try isFollowed(end: 0x7D, "object")
    }

    /// Passes over an array, at whose bracket the scanner is.
    private mutating func array(depth: Int) throws(Fault) {
        try open(depth)
        if take(0x5D) { return }
        repeat {
            skipSpace()
            if position < line.count, line[position] == 0x5D {
                throw fault("a comma is followed by the end of the array")
            }
            _ = try value(depth: depth)
            skipSpace()
        } while try isFollowed(end: 0x5D, "array")
    }

    /// Takes the bracket at which the scanner stands.
    package mutating func open(_ depth: Int) throws(Fault) {
        guard depth <= Self.maximumDepth else {
            throw fault("it is nested deeper than \(Self.maximumDepth)")
        }
        position += 1
        skipSpace()
    }

    /// A member's name and the colon behind it.
    package mutating func memberName() throws(Fault) -> Value {
        skipSpace()
        guard position < line.count else { throw fault("it ends inside an object") }
        guard line[position] == 0x22 else {
            throw fault(
                line[position] == 0x7D
                    ? "a comma is followed by the end of the object"
                    : "\(shown(at: position)) stands where a member's name is due")
        }
        let name = try string()
        skipSpace()
        guard take(0x3A) else { throw fault("a member's name is not followed by a colon") }
        skipSpace()
        return name
    }

    /// After a value: whether another one follows (a comma) or the container ends.
    package mutating func isFollowed(end: UInt8, _ name: String) throws(Fault) -> Bool {
        skipSpace()
        if take(0x2C) { return true }
        if take(end) { return false }
        throw fault(
            position == line.count
                ? "it ends inside an \(name)"
                : "\(shown(at: position)) stands where a comma or the end of the \(name) is due")
    }

    // MARK: Values without others in them

    /// Takes a string, at whose quote the scanner is.
    private mutating func string() throws(Fault) -> Value {
        position += 1
        let start = position
        var hasEscapes = false
        while position < line.count {
            let byte = line[position]
            if byte == 0x22 {
                position += 1
                return Value(kind: .string, range: start..<position - 1, hasEscapes: hasEscapes)
            }
            if byte == 0x5C {
                hasEscapes = true
                try escape()
                continue
            }
            guard byte >= 0x20 else { throw fault("a text holds a control character") }
            if byte >= 0x80 { hasHighBytes = true }
            position += 1
        }
        throw fault("it ends inside a text")
    }

    /// Passes over an escape, and notes it where it stands for no character.
    private mutating func escape() throws(Fault) {
        let (length, isOdd) = JSONEscape.length(line, at: position)
        guard position + length <= line.count else { throw fault("it ends inside a text") }
        if isOdd, collectsOddities {
            oddities.append(Oddity(range: position..<position + length, isNumber: false))
        }
        position += length
    }

    /// Takes a number, as strictly as the grammar has it: no zero in front, no point without
    /// digits.
    private mutating func number() throws(Fault) -> Value {
        let start = position
        _ = take(0x2D)
        if take(0x30) {
            if hasDigit { throw fault("a number begins with 0") }
        } else {
            try digits()
        }
        if take(0x2E) { try digits() }
        var hasExponent = false
        if position < line.count, line[position] | 0x20 == 0x65 {
            hasExponent = true
            position += 1
            if !take(0x2B) { _ = take(0x2D) }
            try digits()
        }
        let value = Value(kind: .number, range: start..<position, hasEscapes: false)
        // A `Double` reaches down to about 1e-324. Without an exponent a number needs more
        // than 300 digits to be nearer to 0, so that most numbers need no look.
        if collectsOddities, hasExponent || position - start > 300, isNearlyZero(value.range) {
            oddities.append(Oddity(range: value.range, isNumber: true))
        }
        return value
    }

    private mutating func digits() throws(Fault) {
        guard hasDigit else { throw fault("a number lacks a digit") }
        while hasDigit { position += 1 }
    }

    private var hasDigit: Bool { position < line.count && line[position] &- 0x30 <= 9 }

    /// Whether a number other than 0 is nearer to 0 than a `Double` can tell.
    private func isNearlyZero(_ range: Range<Int>) -> Bool {
        let bytes = UnsafeRawBufferPointer(rebasing: line[range])
        guard Double(String(decoding: bytes, as: UTF8.self)) == 0 else { return false }
        return bytes.prefix { $0 | 0x20 != 0x65 }.contains { $0 &- 0x31 <= 8 }
    }

    /// Takes `true`, `false` or `null`.
    private mutating func literal(_ word: StaticString) throws(Fault) -> Value {
        let count = word.utf8CodeUnitCount
        guard position + count <= line.count else {
            throw fault("no value begins with \(shown(at: position))")
        }
        for index in 0..<count where line[position + index] != word.utf8Start[index] {
            throw fault("no value begins with \(shown(at: position))")
        }
        defer { position += count }
        return Value(kind: .literal, range: position..<position + count, hasEscapes: false)
    }

    // MARK: Bytes

    private func fault(_ reason: String) -> Fault { Fault(reason: reason, offset: position) }

    /// A byte for a sentence: as it is if it can be seen, else as a number.
    private func shown(at index: Int) -> String {
        let byte = line[index]
        if (0x21...0x7E).contains(byte) { return "'\(Character(Unicode.Scalar(byte)))'" }
        let digits = String(byte, radix: 16, uppercase: true)
        return "byte 0x" + (digits.count < 2 ? "0" : "") + digits
    }

    /// Passes over what JSON takes for space.
    @inline(__always)
    package mutating func skipSpace() {
        while position < line.count {
            let byte = line[position]
            guard byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A else { return }
            position += 1
        }
    }

    /// Takes a byte if it comes next.
    @inline(__always)
    package mutating func take(_ byte: UInt8) -> Bool {
        guard position < line.count, line[position] == byte else { return false }
        position += 1
        return true
    }
}
