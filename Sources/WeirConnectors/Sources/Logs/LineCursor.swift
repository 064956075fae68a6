import WeirBase

/// Walks over the bytes of one line. Every step checks what is left, so that none can leave
/// the line.
///
/// The forms of logs are read with it, a step at a time. A step that fails leaves the cursor
/// where it was or anywhere behind it; whoever goes on after a failure keeps a copy, which
/// costs nothing. The line's memory must outlive the cursor.
struct LineCursor {
    let line: UnsafeRawBufferPointer
    /// The index of the next byte.
    private(set) var position = 0

    init(_ line: UnsafeRawBufferPointer) { self.line = line }

    var isAtEnd: Bool { position == line.count }
    /// Everything from the next byte on.
    var rest: Range<Int> { position..<line.count }

    /// The byte `distance` ahead, or nil behind the end.
    @inline(__always)
    func peek(_ distance: Int = 0) -> UInt8? {
        let index = position + distance
        return index < line.count ? line[index] : nil
    }

    /// The bytes of a part, without a copy.
    @inline(__always)
    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: line[range])
    }

    /// The text of a part; what is not UTF-8 becomes U+FFFD.
    @inline(__always)
    func text(_ range: Range<Int>) -> String { String(decoding: bytes(range), as: UTF8.self) }

    /// Passes over a byte if it comes next.
    @inline(__always)
    mutating func skip(_ byte: UInt8) -> Bool {
        guard position < line.count, line[position] == byte else { return false }
        position += 1
        return true
    }

    /// Passes over a text if it comes next.
    @inline(__always)
    mutating func skip(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard line.count - position >= count else { return false }
        for index in 0..<count where line[position + index] != text.utf8Start[index] {
            return false
        }
        position += count
        return true
    }

    /// Skips blanks and tabs; false when there is none.
    @inline(__always)
    mutating func skipBlanks() -> Bool {
        let start = position
        while position < line.count, line[position] == 0x20 || line[position] == 0x09 {
            position += 1
        }
        return position > start
    }

    /// Reads exactly `count` digits as a number.
    @inline(__always)
    mutating func digits(_ count: Int) -> Int? {
        guard let value = line.decimal(at: position, digits: count) else { return nil }
        position += count
        return value
    }

    /// Reads a number of 1 to `maximum` digits. Nil where there is none or a longer one.
    @inline(__always)
    mutating func number(atMost maximum: Int = 10) -> Int? {
        let start = position
        var value = 0
        while position < line.count {
            let digit = line[position] &- 0x30
            if digit > 9 { break }
            if position - start == maximum { return nil }
            value = value * 10 + Int(digit)
            position += 1
        }
        return position > start ? value : nil
    }

    /// Reads a word, which is everything up to a blank or the end. Nil when it is empty, or
    /// longer than words are.
    @inline(__always)
    mutating func word() -> Range<Int>? {
        let start = position
        let limit = min(line.count, start + LineFormat.maximumWord)
        while position < limit, line[position] != 0x20, line[position] != 0x09 { position += 1 }
        if position == limit, limit < line.count { return nil }
        return position > start ? start..<position : nil
    }

    /// Reads everything up to a colon that a blank or the end follows, and leaves the cursor
    /// behind the colon and one blank. Nil when there is none within the length of a word.
    @inline(__always)
    mutating func label() -> Range<Int>? {
        let start = position
        let limit = min(line.count, start + LineFormat.maximumWord)
        while position < limit {
            if line[position] == 0x3A, position + 1 == line.count || line[position + 1] == 0x20 {
                let label = start..<position
                position = min(position + 2, line.count)
                return label
            }
            position += 1
        }
        return nil
    }

    /// Reads the inside of brackets, which may hold further brackets, and leaves the cursor
    /// behind them. Nil when there is no `[` here, or no end to it within the length of a
    /// word.
    @inline(__always)
    mutating func bracketed() -> Range<Int>? {
        guard peek() == 0x5B else { return nil }
        let limit = min(line.count, position + LineFormat.maximumWord)
        var depth = 0
        for index in position..<limit {
            if line[index] == 0x5B {
                depth += 1
            } else if line[index] == 0x5D {
                depth -= 1
                if depth == 0 {
                    defer { position = index + 1 }
                    return position + 1..<index
                }
            }
        }
        return nil
    }

    /// Moves on to a position, never back and never beyond the line.
    mutating func move(to target: Int) { position = min(max(position, target), line.count) }
}
