/// Finds the values of some members in objects that come line by line, each in one pass.
///
/// Lines of one source come in few forms: the name that a member had at its rank in the last lines
/// is compared with the bytes of the next one, sixteen at once, and where it is the same it need
/// not be read. What is rare (containers, escapes in names, a byte order mark) is left to the tape.
/// Both read the same grammar, that of `JSONScanner`. Of several members of one name the first
/// counts. A line allocates nothing. One owner.
package struct JSONObjectIndex: ~Copyable {
    package typealias Entry = LentLine.Entry

    /// The maximum number of names, by the bits of `present`.
    package static let maximumNames = 64
    /// Of so many ranks of an object the names are remembered, two of each.
    private static let rememberedRanks = 64

    /// The names that are looked for.
    package let names: [String]
    /// Which of them the line has, the first lowest.
    package private(set) var present: UInt64 = 0
    /// The values of those that it has. The slot behind them is for all other values.
    package let values: UnsafeMutablePointer<Entry>
    /// The line, as long as it is lent.
    package private(set) var line = LentLine()
    /// What the line is where it is JSON and no object.
    package private(set) var other: Entry?
    private let known: UnsafeMutablePointer<KnownName>
    private var tape = JSONTape()

    /// An index of these names, which differ.
    package init(_ names: [String]) {
        precondition(names.count <= Self.maximumNames, "\(names.count) names are looked for")
        self.names = names
        values = .allocate(capacity: names.count + 1)
        known = .allocate(capacity: 2 * Self.rememberedRanks)
        known.initialize(repeating: KnownName(), count: 2 * Self.rememberedRanks)
    }

    deinit {
        values.deallocate()
        known.deallocate()
    }

    /// Reads a line; false where it is no object, blank, or no JSON.
    package mutating func read(_ line: UnsafeRawBufferPointer) -> Bool {
        self.line = LentLine(line)
        (present, other) = (0, nil)
        guard let base = line.baseAddress, line.count <= UInt32.max else { return false }
        return scan(ObjectCursor(base: base, end: line.count)) || readTape()
    }

    /// Gives the line back.
    package mutating func clear() {
        line = LentLine()
        present = 0
    }

    /// The whole number that a value is which is written with a sign and digits alone; nil beyond
    /// 64 bits.
    package func whole(_ entry: Entry) -> (isNegative: Bool, UInt64)? {
        JSONNumber.whole(line.bytes(of: entry))
    }

    /// The number that a member is which has up to sixteen digits and nothing else; nil for all
    /// others, and where there is none.
    package func digits(_ member: Int) -> UInt64? {
        let entry = values + member
        guard present & 1 &<< UInt64(truncatingIfNeeded: member) != 0,
            entry.pointee.kind == .number, !entry.pointee.isInvolved, entry.pointee.count <= 16,
            let base = line.raw.baseAddress
        else { return nil }
        let (start, count) = (Int(entry.pointee.start), Int(entry.pointee.count))
        let end = base + start + count
        guard start &+ count >= 16,
            (base + start).load(as: UInt8.self) != 0x2D
        else { return nil }
        // The last eight bytes or sixteen, those before the number as zeros.
        let low = (end - 8).loadUnaligned(as: UInt64.self)
        if count <= 8 { return ByteWords.number(low, last: count) }
        let high = (end - 16).loadUnaligned(as: UInt64.self)
        let upper = ByteWords.number(high, last: count &- 8)
        return upper &* 100_000_000 &+ ByteWords.number(low, last: 8)
    }

    // MARK: The pass

    /// Reads an object without containers in it; false where it is another one, or none.
    private mutating func scan(_ start: ObjectCursor) -> Bool {
        var cursor = start
        guard cursor.end > 1, cursor.byte == 0x7B else { return false }
        cursor.position = 1
        var rank = 0
        var found: UInt64 = 0
        while true {
            cursor.skipSpace()
            guard let member = name(&cursor, rank) else { return false }
            cursor.skipSpace()
            guard cursor.take(0x3A) else { return false }
            cursor.skipSpace()
            // What nobody asks for, and what comes again, is written to a slot that nobody reads.
            let bit: UInt64 = member < 0 ? 0 : 1 &<< UInt64(truncatingIfNeeded: member)
            let isWanted = bit & ~found != 0
            found |= bit
            cursor.position = cursor.value(into: values + (isWanted ? member : names.count))
            guard cursor.position > 0 else { return false }
            rank &+= 1
            cursor.skipSpace()
            if cursor.take(0x2C) { continue }
            guard cursor.take(0x7D) else { return false }
            cursor.skipSpace()
            guard cursor.position == cursor.end else { return false }
            present = found
            return true
        }
    }

    /// Which of the names comes next, -1 for none of them; nil where it is not told so simply.
    @inline(__always)
    private func name(_ cursor: inout ObjectCursor, _ rank: Int) -> Int? {
        let known = known + 2 &* (rank & (Self.rememberedRanks &- 1))
        if cursor.position &+ 16 <= cursor.end {
            let (low, high) = (cursor.word(0), cursor.word(8))
            for index in 0..<2 where known[index].isAt(low, high) {
                cursor.position &+= Int(known[index].length)
                return Int(known[index].member)
            }
        }
        let read = readName(cursor, known)
        cursor.position = read.position
        return read.position == 0 ? nil : read.member
    }

    /// Reads a name, and remembers it for its rank; position 0 where it has to be resolved.
    @inline(never)
    private func readName(
        _ cursor: ObjectCursor, _ known: UnsafeMutablePointer<KnownName>
    ) -> (position: Int, member: Int) {
        guard cursor.position < cursor.end, cursor.byte == 0x22 else { return (0, 0) }
        let name = values + names.count
        let position = cursor.string(into: name)
        guard position > 0, !name.pointee.isInvolved else { return (0, 0) }
        let text = String(decoding: line.bytes(of: name.pointee), as: UTF8.self)
        let member = names.firstIndex(of: text) ?? -1
        let length = position &- cursor.position
        if length <= 16, cursor.position &+ 16 <= cursor.end {
            let name = KnownName(cursor.word(0), cursor.word(8), length, member)
            // The one that came first stays: it is of the lines that come most.
            known[known[0].length == 0 ? 0 : 1] = name
        }
        return (position, member)
    }

    /// Reads any object by way of the tape.
    @inline(never)
    private mutating func readTape() -> Bool {
        guard tape.read(line.raw) else { return false }
        defer { tape.clear() }
        guard tape.entries[0].kind == .object else {
            other = tape.entries[0]
            return false
        }
        var index = 1
        while index < Int(tape.entries[0].next) {
            let text = tape.line.text(of: tape.entries[index])
            if let member = names.firstIndex(of: text), present & 1 << UInt64(member) == 0 {
                present |= 1 << UInt64(member)
                values[member] = tape.entries[index + 1]
            }
            index = Int(tape.entries[index + 1].next)
        }
        return true
    }
}
