import Foundation
import WeirBase
import WeirEngine

/// Decodes lines as values of one `Decodable` type, straight from their bytes.
///
/// The tape of the line says whether it is JSON and where its values are; the type's own decoding
/// asks for them. Nothing is made of members that nobody asks for. A line that is no such value is
/// decoded once more by `JSONLine`, which says why. Belongs to one subtask.
final class LineDecoder<Element: Decodable> {
    private let lent = LentTape()

    /// The value of a line.
    ///
    /// - Throws: what `JSONLine.decode` throws.
    func decode(_ line: UnsafeRawBufferPointer) throws -> Element {
        if let value = value(line) { return value }
        return try JSONLine.decode(Element.self, from: line)
    }

    /// The value of a line; nil where it is none, for whatever reason.
    @inline(__always)
    func value(_ line: UnsafeRawBufferPointer) -> Element? {
        guard lent.tape.pointee.read(line) else { return nil }
        defer { lent.clear() }
        return try? TapeDecoder(lent: lent, index: 0).decode(Element.self)
    }
}

/// A tape with its line, for the time that a decoder reads it.
///
/// Decoders and their containers hold it, and a type might keep one of them for longer than its
/// decoding: then there are no entries any more, and asking for one traps.
final class LentTape {
    /// Behind a pointer, since a variable of a class is checked at each access.
    let tape = UnsafeMutablePointer<JSONTape>.allocate(capacity: 1)
    /// The members of objects that have many, by their names.
    private var wide: [Int: [String: Int]] = [:]

    /// Of an object with no more members they are looked through one by one.
    static let maximumNarrow = 32

    init() { tape.initialize(to: JSONTape()) }

    deinit {
        tape.deinitialize(count: 1)
        tape.deallocate()
    }

    func clear() {
        tape.pointee.clear()
        if !wide.isEmpty { wide = [:] }
    }

    @inline(__always)
    subscript(index: Int) -> JSONTape.Entry {
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
                if name.isName(of: entries + index, tape.pointee.line) { return index &+ 1 }
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
            members[tape.pointee.text(self[name])] = value
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
        of entry: UnsafePointer<JSONTape.Entry>, _ line: UnsafeRawBufferPointer
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
