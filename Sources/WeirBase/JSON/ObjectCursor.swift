import CBytes

/// A name with its quotes, in at most sixteen bytes, and which of the wanted names it is.
struct KnownName {
    /// Its bytes, zeros behind them, and what bytes they are.
    private let words: (UInt64, UInt64)
    private let masks: (UInt64, UInt64)
    /// How many bytes; 0 for no name.
    let length: Int32
    /// -1 where nobody asks for it.
    let member: Int32

    /// No name: nothing is equal to it.
    init() { (words, masks, length, member) = ((1, 0), (0, 0), 0, -1) }

    init(_ low: UInt64, _ high: UInt64, _ length: Int, _ member: Int) {
        masks = (ByteWords.mask(min(length, 8)), ByteWords.mask(max(length - 8, 0)))
        words = (low & masks.0, high & masks.1)
        (self.length, self.member) = (Int32(length), Int32(member))
    }

    /// Whether it begins these sixteen bytes.
    @inline(__always)
    func isAt(_ low: UInt64, _ high: UInt64) -> Bool {
        (low & masks.0 ^ words.0) | (high & masks.1 ^ words.1) == 0
    }
}

/// Where the pass is in the line.
struct ObjectCursor {
    typealias Entry = LentLine.Entry

    let base: UnsafeRawPointer
    let end: Int
    var position = 0

    init(base: UnsafeRawPointer, end: Int) { (self.base, self.end) = (base, end) }

    /// The next byte; there must be one.
    @inline(__always)
    var byte: UInt8 { base.load(fromByteOffset: position, as: UInt8.self) }

    /// Eight bytes behind the next `offset`; there must be as many.
    @inline(__always)
    func word(_ offset: Int) -> UInt64 {
        UInt64(
            littleEndian: base.loadUnaligned(
                fromByteOffset: position &+ offset, as: UInt64.self))
    }

    @inline(__always)
    mutating func take(_ wanted: UInt8) -> Bool {
        guard position < end, byte == wanted else { return false }
        position &+= 1
        return true
    }

    @inline(__always)
    mutating func skipSpace() {
        while position < end, byte <= 0x20 {
            let byte = byte
            guard byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A else { return }
            position &+= 1
        }
    }

    /// Takes the next value, and gives the position behind it; 0 for a container and for what is
    /// none.
    @inline(__always)
    func value(into entry: UnsafeMutablePointer<Entry>) -> Int {
        guard position < end else { return 0 }
        let byte = byte
        if byte == 0x22 { return string(into: entry) }
        if byte &- 0x30 <= 9 || byte == 0x2D { return number(into: entry) }
        return literal(into: entry)
    }

    /// A string, at whose quote the cursor is.
    @inline(__always)
    func string(into entry: UnsafeMutablePointer<Entry>) -> Int {
        let start = position &+ 1
        var index = start
        var high: UInt32 = 0
        while index &+ 16 <= end {
            let found = weir_text_stops(base + index)
            let stops = found & 0xFFFF
            if stops == 0 {
                high |= found >> 16
                index &+= 16
                continue
            }
            index &+= stops.trailingZeroBitCount
            high |= (found >> 16) & (stops ^ (stops &- 1))
            if base.load(fromByteOffset: index, as: UInt8.self) != 0x22 { break }
            entry.pointee.set(.string, start, index &- start, isInvolved: high != 0)
            return index &+ 1
        }
        return lastString(start, from: index, isHigh: high != 0, into: entry)
    }

    /// A string that has escapes, or that ends among the line's last bytes.
    @inline(never)
    private func lastString(
        _ start: Int, from first: Int, isHigh: Bool, into entry: UnsafeMutablePointer<Entry>
    ) -> Int {
        let line = UnsafeRawBufferPointer(start: base, count: end)
        var (index, isHigh, hasEscapes) = (first, isHigh, false)
        while index < end {
            let byte = line[index]
            if byte == 0x22 {
                entry.pointee.set(
                    .string, start, index - start, isInvolved: isHigh || hasEscapes,
                    hasEscapes: hasEscapes)
                return index + 1
            }
            if byte < 0x20 { return 0 }
            isHigh = isHigh || byte >= 0x80
            hasEscapes = hasEscapes || byte == 0x5C
            index += byte == 0x5C ? JSONEscape.length(line, at: index).length : 1
        }
        return 0
    }

    /// A number, at whose first byte the cursor is.
    @inline(__always)
    private func number(into entry: UnsafeMutablePointer<Entry>) -> Int {
        let first = byte == 0x2D ? position &+ 1 : position
        var index = first
        while index &+ 8 <= end {
            let word = base.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let found = ByteWords.nonDigits(UInt64(littleEndian: word))
            if found == 0 {
                index &+= 8
                continue
            }
            index &+= found.trailingZeroBitCount &>> 3
            let next = base.load(fromByteOffset: index, as: UInt8.self)
            let isZero = base.load(fromByteOffset: first, as: UInt8.self) == 0x30
            guard index > first, next != 0x2E, next | 0x20 != 0x65,
                !isZero || index == first &+ 1
            else { break }
            entry.pointee.set(.number, position, index &- position)
            return index
        }
        return otherNumber(into: entry)
    }

    /// A number with a fraction or an exponent, or among the line's last bytes, by the scanner.
    @inline(never)
    private func otherNumber(into entry: UnsafeMutablePointer<Entry>) -> Int {
        let line = UnsafeRawBufferPointer(start: base, count: end)
        var scanner = JSONScanner(line, at: position)
        guard (try? scanner.value()) != nil else { return 0 }
        let bytes = line[position..<scanner.position]
        entry.pointee.set(
            .number, position, bytes.count,
            isInvolved: !bytes.allSatisfy { $0 == 0x2D || $0 &- 0x30 <= 9 })
        return scanner.position
    }

    /// `true`, `false` or `null`.
    @inline(never)
    private func literal(into entry: UnsafeMutablePointer<Entry>) -> Int {
        let words: [(Entry.Kind, StaticString)] = [(.yes, "true"), (.no, "false"), (.null, "null")]
        for (kind, word) in words {
            let count = word.utf8CodeUnitCount
            let bytes = UnsafeRawBufferPointer(start: word.utf8Start, count: count)
            let line = UnsafeRawBufferPointer(start: base, count: end)
            if line[position...].starts(with: bytes) {
                entry.pointee.set(kind, position, count)
                return position + count
            }
        }
        return 0
    }
}

extension LentLine.Entry {
    /// Sets what an index uses; it has no beginnings of strings, and no next values.
    @inline(__always)
    fileprivate mutating func set(
        _ kind: Kind, _ start: Int, _ count: Int, isInvolved: Bool = false,
        hasEscapes: Bool = false
    ) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.count = UInt32(truncatingIfNeeded: count)
        self.kind = kind
        self.isInvolved = isInvolved
        self.hasEscapes = hasEscapes
    }
}
