import Foundation
import WeirBase
import WeirEngine

/// Decodes lines as values of one `Decodable` type, straight from their bytes.
///
/// The tape of the line says whether it is JSON and where its values are; the type's own decoding
/// asks for them. Nothing is made of members that nobody asks for. A line that is no such value is
/// decoded once more by `JSONLine`, which says why. A tape that a type keeps (with a decoder or a
/// container) stays with its line, and the next line has another. Belongs to one subtask.
final class LineDecoder<Element: Decodable> {
    private var lent = LentTape()
    /// Whether the last line was refused because of a whole number.
    private var hasRefusedWhole = false
    /// How many tapes there have been, the one for the next line among them.
    private(set) var tapeCount = 1

    /// The value of a line.
    ///
    /// - Throws: what `JSONLine.decode` throws.
    func decode(_ line: UnsafeRawBufferPointer) throws -> Element {
        if let value = value(line) { return value }
        // Foundation's decoder may take it, and drop what stands behind the point.
        if hasRefusedWhole { try JSONProbe.check(Element.self, line) }
        return try JSONLine.decode(Element.self, from: line)
    }

    /// The value of a line; nil where it is none, for whatever reason.
    @inline(__always)
    func value(_ line: UnsafeRawBufferPointer) -> Element? {
        hasRefusedWhole = false
        guard lent.tape.pointee.read(line) else { return nil }
        let value = Self.value(lent)
        if value == nil || lent.isLeft {
            hasRefusedWhole = lent.hasRefusedWhole && !lent.isLeft
            giveBack()
            return nil
        }
        giveBack()
        return value
    }

    /// A function of its own, so that nothing of it holds the tape any more when it is looked at.
    @inline(never)
    private static func value(_ lent: LentTape) -> Element? {
        try? TapeDecoder(lent: lent, index: 0).decode(Element.self)
    }

    /// Gives the line back, unless the type has kept what reads it.
    @inline(__always)
    private func giveBack() {
        if isKnownUniquelyReferenced(&lent) {
            lent.clear()
        } else {
            lent.tape.pointee.keepLine()
            lent = LentTape()
            tapeCount += 1
        }
    }
}

/// A tape with its line, for the time that a decoder reads it.
///
/// Decoders and their containers hold it. Where a type keeps one of them for longer than its
/// decoding, the tape keeps a copy of its line, and is not used again.
final class LentTape {
    /// Where a value is: its container, -1 for the whole line, and its index among the elements of
    /// an array; and of a container how many elements it has.
    private struct Way {
        var container: Int32
        var index: UInt32 = 0
        var elements: UInt32 = 0
    }
    /// Behind a pointer, since a variable of a class is checked at each access.
    let tape = UnsafeMutablePointer<JSONTape>.allocate(capacity: 1)
    /// The members of objects that have many, by their names.
    private var wide: [Int: [String: Int]] = [:]
    /// Of each entry, made when the first one is asked for: errors need them, and some types try
    /// one form after the other for each of many elements.
    private var ways: [Way] = []
    /// How many entries were passed over for ways, and how many keys made.
    private(set) var waySteps = 0
    /// Whether the line is left to Foundation's decoder.
    var isLeft = false
    /// Whether a number was refused as a whole one.
    var hasRefusedWhole = false

    /// Of an object with no more members they are looked through one by one.
    static let maximumNarrow = 32
    /// So many ways are kept for the lines to come; 48 KiB.
    private static let maximumKeptWays = 4_096

    init() { tape.initialize(to: JSONTape()) }

    deinit {
        tape.deinitialize(count: 1)
        tape.deallocate()
    }

    func clear() {
        tape.pointee.clear()
        if !wide.isEmpty { wide = [:] }
        if !ways.isEmpty { ways.removeAll(keepingCapacity: ways.count <= Self.maximumKeptWays) }
        (isLeft, hasRefusedWhole) = (false, false)
    }

    @inline(__always)
    subscript(index: Int) -> LentLine.Entry {
        precondition(
            index < tape.pointee.count, "a decoder is asked for a value behind the end of its line")
        return tape.pointee.entries[index]
    }

    /// The value of an object's first member of that name; nil where it has none.
    func member(_ key: some CodingKey, of object: Int) -> Int? {
        var name = key.stringValue
        let end = Int(self[object].next)
        let entries = tape.pointee.entries
        // -1 where names have to be compared as texts: what is not ASCII may be written in
        // several ways, and names with escapes have to be resolved.
        let found = name.withUTF8 { bytes -> Int? in
            let name = ComparedName(UnsafeRawBufferPointer(bytes))
            guard name.isASCII else { return -1 }
            var index = object + 1
            var left = Self.maximumNarrow
            while index < end {
                guard left > 0 else { return -1 }
                left &-= 1
                if entries[index].isInvolved { return -1 }
                if name.isName(of: entries + index, tape.pointee.line.raw) { return index &+ 1 }
                index = Int(entries[index &+ 1].next)
            }
            return nil
        }
        return found == -1 ? members(of: object)[name] : found
    }

    /// The first member of each name.
    private func members(of object: Int) -> [String: Int] {
        if let members = wide[object] { return members }
        var members: [String: Int] = [:]
        forEachMember(of: object) { name, value in
            members[tape.pointee.line.text(of: self[name])] = value
        }
        wide[object] = members
        return members
    }

    /// Calls `body` with the entries of each member's name and value, from the last to the first.
    func forEachMember(of object: Int, _ body: (_ name: Int, _ value: Int) -> Void) {
        var index = object + 1
        var names: [Int] = []
        while index < Int(self[object].next) {
            names.append(index)
            index = Int(self[index + 1].next)
        }
        for name in names.reversed() { body(name, name + 1) }
    }
}

extension LentTape {
    /// The names and indexes on the way to a value.
    func path(to index: Int) -> [any CodingKey] {
        findWays()
        var path: [any CodingKey] = []
        var value = index
        while case let container = Int(ways[value].container), container >= 0 {
            path.append(
                self[container].kind == .object
                    ? PathKey(stringValue: tape.pointee.line.text(of: self[value - 1]))
                    : PathKey(intValue: Int(ways[value].index)))
            value = container
        }
        waySteps += path.count
        return path.reversed()
    }

    /// How many elements an array has.
    func elements(of array: Int) -> Int {
        findWays()
        return Int(ways[array].elements)
    }

    /// One pass over the line, whatever is asked for afterwards.
    private func findWays() {
        guard ways.isEmpty else { return }
        let count = tape.pointee.count
        ways.reserveCapacity(count)
        var container = -1
        for index in 0..<count {
            while container >= 0, index >= Int(self[container].next) {
                container = Int(ways[container].container)
            }
            var way = Way(container: Int32(truncatingIfNeeded: container))
            if container >= 0, self[container].kind == .array {
                way.index = ways[container].elements
                ways[container].elements += 1
            }
            ways.append(way)
            switch self[index].kind {
            case .object, .array: container = index
            case .name, .string, .number, .yes, .no, .null: break
            }
        }
        waySteps += count
    }
}

/// A name that is looked for, with what is compared first.
struct ComparedName {
    let bytes: UnsafeRawBufferPointer
    let head: UInt64
    let isASCII: Bool

    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        head = Self.head(bytes)
        var all = UInt8(truncatingIfNeeded: (head & 0x8080_8080_8080_8080) >> 7 == 0 ? 0 : 0x80)
        for index in stride(from: 8, to: bytes.count, by: 1) { all |= bytes[index] }
        isASCII = all < 0x80
    }

    /// The first eight bytes, in two pieces that may overlap where there are fewer.
    @inline(__always)
    private static func head(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let count = bytes.count
        if count >= 8 { return UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)) }
        if count >= 4 {
            let low = UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))
            let end = bytes.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
            return UInt64(low)
                | UInt64(UInt32(littleEndian: end)) << UInt64(truncatingIfNeeded: 8 &* (count &- 4))
        }
        if count == 0 { return 0 }
        let (middle, last) = (count >> 1, count &- 1)
        return UInt64(bytes[0]) | UInt64(bytes[middle]) << UInt64(truncatingIfNeeded: 8 &* middle)
            | UInt64(bytes[last]) << UInt64(truncatingIfNeeded: 8 &* last)
    }

    /// Whether it is the name of an entry that stands for itself.
    @inline(__always)
    func isName(
        of entry: UnsafePointer<LentLine.Entry>, _ line: UnsafeRawBufferPointer
    ) -> Bool {
        guard entry.pointee.head == head, Int(entry.pointee.count) == bytes.count else {
            return false
        }
        return bytes.count <= 8 || isRestEqual(Int(entry.pointee.start), line)
    }

    private func isRestEqual(_ start: Int, _ line: UnsafeRawBufferPointer) -> Bool {
        for index in 8..<bytes.count where line[start &+ index] != bytes[index] { return false }
        return true
    }
}
