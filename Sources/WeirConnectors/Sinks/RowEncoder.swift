import Foundation
import Synchronization

/// Encodes rows of one type as JSON, members in order of their names.
///
/// What Foundation's encoder writes with sorted keys, a test holds, without its tree of values. The
/// ways of encoding that are rare (containers that are nested by hand, a superclass, a member that
/// is written twice, a value that is tried and cannot be written) are left to that one, and so is
/// what JSON cannot hold, for its error.
final class RowEncoder<Row: Encodable>: Sendable {
    /// Whether a row of the type went beyond what is written here: then all are left to Foundation.
    private let isBeyond = Atomic<Bool>(false)

    /// Adds a row to `bytes`.
    func encode(_ row: Row, to bytes: inout [UInt8]) throws {
        if !isBeyond.load(ordering: .relaxed) {
            let text = RowText(bytes)
            bytes = []
            let start = text.bytes.count
            let isWritten = (try? text.write(row)) != nil && !text.isBeyond
            bytes = text.take()
            if isWritten { return }
            bytes.removeSubrange(start...)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = try encoder.encode(row)
        try NotANumber.refuse([UInt8](text))
        bytes += text
        // It can be written, and not by this.
        isBeyond.store(true, ordering: .relaxed)
    }
}

/// A value cannot be written here; the error is never seen.
struct Unwritten: Error {}

/// The text of one row while its type encodes it.
final class RowText {
    /// What a value has turned out to be.
    private enum Kind {
        case none, object, array, single
    }

    /// A value that is being encoded.
    private struct Value {
        var kind = Kind.none
        /// Where its text begins, and its first member in `members`.
        var start: Int
        var firstMember: Int
    }

    private struct Member {
        let name: String
        let start: Int
        var end: Int
    }

    private(set) var bytes: [UInt8]
    private var values: [Value] = []
    private var members: [Member] = []
    /// Whether the row is left to Foundation: then nothing is written any more, and nothing fails.
    private(set) var isBeyond = false

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Gives the text away.
    func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    /// Writes a value of any type by its own encoding.
    func write<Written: Encodable>(_ value: Written) throws {
        if isBeyond { return }
        if let decimal = value as? Decimal, decimal.isNaN { throw Unwritten() }
        if Written.self == Data.self || Written.self == URL.self || Written.self == Decimal.self {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            bytes += try encoder.encode(value)
            return
        }
        values.append(Value(start: bytes.count, firstMember: members.count))
        let index = values.count - 1
        try value.encode(to: TextEncoder(text: self, value: index))
        switch values[index].kind {
        case .object: endObject(values[index])
        case .array: bytes.append(UInt8(ascii: "]"))
        case .single: break
        case .none: isBeyond = true
        }
        values.removeLast()
    }

    /// The value with this index is of a kind, and everything that was begun in it has ended.
    private func claim(_ value: Int, _ kind: Kind) -> Bool {
        // A value that is thrown away has no index.
        guard !isBeyond, value >= 0, value == values.count - 1,
            values[value].kind == .none || values[value].kind == kind
        else {
            isBeyond = true
            return false
        }
        values[value].kind = kind
        return true
    }

    func beginObject(_ value: Int) { _ = claim(value, .object) }

    func beginArray(_ value: Int) {
        guard claim(value, .array) else { return }
        // A second container of the same array would begin it again.
        if bytes.count > values[value].start { isBeyond = true }
        bytes.append(UInt8(ascii: "["))
    }

    /// Writes a member with what `body` writes.
    func member(_ value: Int, _ name: String, _ body: () throws -> Void) throws {
        guard claim(value, .object) else { return }
        members.append(Member(name: name, start: bytes.count, end: bytes.count))
        let index = members.count - 1
        write(name)
        bytes.append(UInt8(ascii: ":"))
        try whole(body)
        if !isBeyond { members[index].end = bytes.count }
    }

    /// Writes an element with what `body` writes.
    func element(_ value: Int, _ body: () throws -> Void) throws {
        guard claim(value, .array) else { return }
        if bytes.count > values[value].start + 1 { bytes.append(UInt8(ascii: ",")) }
        try whole(body)
    }

    /// Writes the whole of a value.
    func single(_ value: Int, _ body: () throws -> Void) throws {
        guard claim(value, .single), bytes.count == values[value].start else {
            isBeyond = true
            return
        }
        try whole(body)
    }

    /// Writes a value with `body`. Half of one may be left where that throws, and its type may go
    /// on all the same: then the row is no longer written here.
    private func whole(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            isBeyond = true
            throw error
        }
    }

    func beyond() { isBeyond = true }

    /// Brings the members of an object into the order of their names.
    private func endObject(_ value: Value) {
        // Members whose ends are not known may be among them.
        if isBeyond { return }
        let written = bytes[value.start...]
        let sorted = members[value.firstMember...].sorted { $0.name < $1.name }
        members.removeSubrange(value.firstMember...)
        var object: [UInt8] = []
        object.reserveCapacity(written.count + sorted.count + 2)
        object.append(UInt8(ascii: "{"))
        for (index, member) in sorted.enumerated() {
            if index > 0 {
                if sorted[index - 1].name == member.name { isBeyond = true }
                object.append(UInt8(ascii: ","))
            }
            object += bytes[member.start..<member.end]
        }
        object.append(UInt8(ascii: "}"))
        bytes.removeSubrange(value.start...)
        bytes += object
    }

    // MARK: Values

    func writeNil() { bytes += "null".utf8 }
    func write(_ flag: Bool) { bytes += (flag ? "true" : "false").utf8 }
    func write(whole number: some FixedWidthInteger) { bytes += number.description.utf8 }

    func write<Number: BinaryFloatingPoint & CustomStringConvertible>(_ number: Number) throws {
        guard number.isFinite else { throw Unwritten() }
        var text = number.description
        if text.hasSuffix(".0") { text.removeLast(2) }
        bytes += text.utf8
    }

    func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte >= 0x20, byte != 0x22, byte != 0x5C {
                bytes.append(byte)
            } else {
                escape(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        if byte == 0x22 || byte == 0x5C {
            bytes.append(byte)
        } else if let short = Self.shortEscapes[byte] {
            bytes.append(short)
        } else {
            let digits = String(byte, radix: 16)
            bytes += "u00\(digits.count < 2 ? "0" : "")\(digits)".utf8
        }
    }

    /// The letters of the control characters that have one.
    private static let shortEscapes: [UInt8: UInt8] = [
        0x08: UInt8(ascii: "b"), 0x0C: UInt8(ascii: "f"), 0x0A: UInt8(ascii: "n"),
        0x0D: UInt8(ascii: "r"), 0x09: UInt8(ascii: "t"),
    ]
}
