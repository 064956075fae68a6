import CBytes

/// The pass over one line. A value of its own, so that its parts stay in registers.
struct TapeScan {
    typealias Entry = LentLine.Entry

    let base: UnsafeRawPointer
    let end: Int
    var position: Int
    var entries: UnsafeMutablePointer<Entry>
    var capacity: Int
    var count = 0
    /// The entry of the innermost open container, and how many are open.
    private var container = 0
    private var depth = 0

    init(
        base: UnsafeRawPointer, end: Int, position: Int,
        entries: UnsafeMutablePointer<Entry>, capacity: Int
    ) {
        (self.base, self.end, self.position) = (base, end, position)
        (self.entries, self.capacity) = (entries, capacity)
    }

    /// Whether the whole line is one value.
    mutating func run() -> Bool {
        guard next() != 0, value() else { return false }
        while depth > 0 {
            let byte = next()
            let kind = entries[container].kind
            if byte == 0x2C {
                position &+= 1
                _ = next()
                guard kind == .object ? member() : value() else { return false }
            } else {
                guard byte == 0x7D && kind == .object || byte == 0x5D && kind == .array else {
                    return false
                }
                close()
            }
        }
        _ = next()
        return position == end
    }

    /// Passes over space, and gives the byte behind it; 0 at the end.
    @inline(__always)
    private mutating func next() -> UInt8 {
        while position < end {
            let byte = byte(position)
            if byte > 0x20 { return byte }
            guard byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A else { return byte }
            position &+= 1
        }
        return 0
    }

    @inline(__always)
    private func byte(_ index: Int) -> UInt8 {
        base.load(fromByteOffset: index, as: UInt8.self)
    }

    @inline(__always)
    private mutating func add(
        _ kind: Entry.Kind, _ start: Int, _ length: Int, isInvolved: Bool = false,
        hasEscapes: Bool = false, head: UInt64 = 0
    ) {
        if count == capacity { grow() }
        (entries + count).initialize(
            to: Entry(
                start: UInt32(truncatingIfNeeded: start),
                count: UInt32(truncatingIfNeeded: length),
                next: UInt32(truncatingIfNeeded: count &+ 1), kind: kind, isInvolved: isInvolved,
                hasEscapes: hasEscapes, head: head))
        count &+= 1
    }

    @inline(never)
    private mutating func grow() {
        let larger = UnsafeMutablePointer<Entry>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: entries, count: count)
        entries.deallocate()
        (entries, capacity) = (larger, capacity * 2)
    }

    // MARK: Values

    /// Takes a value; of a container only its beginning and its first member.
    private mutating func value() -> Bool {
        guard position < end else { return false }
        switch byte(position) {
        case 0x22: return string(.string)
        case 0x2D, 0x30...0x39: return number()
        case 0x7B:
            guard open(.object) else { return false }
            if next() == 0x7D {
                close()
                return true
            }
            return member()
        case 0x5B: return array()
        case 0x74: return literal(.yes, "true")
        case 0x66: return literal(.no, "false")
        case 0x6E: return literal(.null, "null")
        default: return false
        }
    }

    /// Takes arrays' beginnings, as many as follow each other, and the first value behind them.
    private mutating func array() -> Bool {
        guard open(.array) else { return false }
        if next() == 0x5D {
            close()
            return true
        }
        return value()
    }

    /// A member's name, the colon behind it, and its value.
    @inline(__always)
    private mutating func member() -> Bool {
        guard position < end, byte(position) == 0x22, string(.name), next() == 0x3A else {
            return false
        }
        position &+= 1
        _ = next()
        return value()
    }

    private mutating func open(_ kind: Entry.Kind) -> Bool {
        guard depth < JSONScanner.maximumDepth else { return false }
        depth &+= 1
        add(kind, position, 0)
        entries[count &- 1].next = UInt32(truncatingIfNeeded: container)
        container = count &- 1
        position &+= 1
        return true
    }

    @inline(__always)
    private mutating func close() {
        position &+= 1
        depth &-= 1
        let entry = entries + container
        container = Int(entry.pointee.next)
        entry.pointee.next = UInt32(truncatingIfNeeded: count)
        entry.pointee.count = UInt32(truncatingIfNeeded: position) &- entry.pointee.start
    }

    // MARK: Strings

    /// Takes a string, at whose quote the scan is.
    @inline(__always)
    private mutating func string(_ kind: Entry.Kind) -> Bool {
        position &+= 1
        let start = position
        var index = start
        var high: UInt32 = 0
        let head = ByteWords.word(base, at: start, count: end)
        while true {
            let stop: Int
            if index &+ 16 <= end {
                let found = weir_text_stops(base + index)
                let stops = found & 0xFFFF
                high |= (found >> 16) & (stops ^ (stops &- 1))
                stop = stops == 0 ? 16 : stops.trailingZeroBitCount
            } else {
                // The line's last bytes.
                let word = ByteWords.word(base, at: index, count: end)
                let stops = ByteWords.stops(word)
                let outside = word & ByteWords.highs & (stops ^ (stops &- 1))
                high |= outside == 0 ? 0 : 1
                stop = stops == 0 ? 8 : stops.trailingZeroBitCount >> 3
                if stops == 0 {
                    index &+= 8
                    continue
                }
            }
            index &+= stop
            if stop == 16 { continue }
            guard index < end else { return false }
            if byte(index) == 0x22 { break }
            return involved(kind, start, from: index, head)
        }
        position = index &+ 1
        let length = index &- start
        add(
            kind, start, length, isInvolved: high != 0,
            head: head & ByteWords.mask(length))
        return true
    }

    /// Takes a string with escapes, from the first of them on.
    @inline(never)
    private mutating func involved(
        _ kind: Entry.Kind, _ start: Int, from first: Int, _ head: UInt64
    ) -> Bool {
        let line = UnsafeRawBufferPointer(start: base, count: end)
        var index = first
        while index < end {
            let byte = line[index]
            if byte == 0x22 {
                position = index + 1
                add(
                    kind, start, index - start, isInvolved: true, hasEscapes: true,
                    head: head & ByteWords.mask(index - start))
                return true
            }
            if byte < 0x20 { return false }
            index += byte == 0x5C ? JSONEscape.length(line, at: index).length : 1
        }
        return false
    }

    // MARK: Numbers and words

    /// Passes over digits; how many they are.
    @inline(__always)
    private mutating func digits() -> Int {
        let start = position
        while position < end {
            let found = ByteWords.nonDigits(ByteWords.word(base, at: position, count: end))
            if found == 0 {
                position &+= 8
                continue
            }
            position &+= found.trailingZeroBitCount >> 3
            break
        }
        return position &- start
    }

    @inline(__always)
    private mutating func number() -> Bool {
        let start = position
        if byte(position) == 0x2D { position &+= 1 }
        let first = position
        let count = digits()
        guard count > 0, count == 1 || byte(first) != 0x30 else { return false }
        let isInvolved = position < end && (byte(position) == 0x2E || byte(position) | 0x20 == 0x65)
        if isInvolved, !fraction() { return false }
        add(.number, start, position &- start, isInvolved: isInvolved)
        return true
    }

    /// What follows a number's first digits: a fraction, an exponent, or both.
    @inline(never)
    private mutating func fraction() -> Bool {
        if byte(position) == 0x2E {
            position += 1
            if digits() == 0 { return false }
        }
        guard position < end, byte(position) | 0x20 == 0x65 else { return true }
        position += 1
        if position < end, byte(position) == 0x2B || byte(position) == 0x2D { position += 1 }
        return digits() > 0
    }

    private mutating func literal(_ kind: Entry.Kind, _ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard end - position >= length else { return false }
        for index in 0..<length where byte(position + index) != word.utf8Start[index] {
            return false
        }
        add(kind, position, length)
        position += length
        return true
    }
}
