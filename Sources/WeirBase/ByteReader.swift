/// Why bytes could not be understood, and where.
///
/// Whoever knows where the bytes came from turns it into an error of its room, with a file
/// and an offset in it.
package struct MalformedBytes: Error, Equatable, CustomStringConvertible {
    /// Offset of the first byte that could not be understood, from the start of the reader's bytes.
    package let offset: Int
    /// What is wrong, in a few words that can follow a location.
    package let reason: String

    package init(offset: Int, reason: String) {
        self.offset = offset
        self.reason = reason
    }

    package var description: String { "\(reason) at byte \(offset)" }
}

/// Reads what `ByteWriter` writes, from bytes that nobody vouches for.
///
/// Every length is held against what is left before anything is allocated, so that no input
/// makes it trap, or allocate more than the input's own size. It does not copy the bytes.
/// After an error it is left somewhere in them; one owner.
package struct ByteReader {
    /// What is read, shared with whoever gave it.
    private let bytes: ArraySlice<UInt8>
    /// The index of the next byte, in the slice's own counting.
    private var position: Int

    /// A reader of a slice; offsets count from the slice's beginning.
    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    package init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    /// How many bytes were read.
    package var offset: Int { position - bytes.startIndex }
    /// How many bytes are left.
    package var remaining: Int { bytes.endIndex - position }
    /// Whether everything was read.
    package var isAtEnd: Bool { position == bytes.endIndex }

    /// An error about the next byte.
    package func failure(_ reason: String) -> MalformedBytes {
        MalformedBytes(offset: offset, reason: reason)
    }

    /// Reads one byte.
    package mutating func byte() throws(MalformedBytes) -> UInt8 {
        guard position < bytes.endIndex else { throw failure("ends early") }
        defer { position += 1 }
        return bytes[position]
    }

    /// Reads a little-endian integer of the type's own width.
    ///
    /// When it is called from another module it is not specialised, so it asks the type for
    /// as little as can be: one load instead of a loop over bytes.
    package mutating func fixed<Value: FixedWidthInteger & BitwiseCopyable>(
        _ type: Value.Type = Value.self
    ) throws(MalformedBytes) -> Value {
        let size = MemoryLayout<Value>.size
        guard remaining >= size else { throw failure("ends early") }
        let offset = position - bytes.startIndex
        let value = bytes.withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: offset, as: Value.self)
        }
        position += size
        return Value(littleEndian: value)
    }

    /// Reads a number of up to 64 bits, in as many bytes as it was written with. The tenth
    /// byte has room for a single bit; a longer number is refused.
    package mutating func varint() throws(MalformedBytes) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            // The bit that is left of 64 behind nine groups of seven.
            if shift == 63 && next > 1 { throw failure("number does not fit 64 bits") }
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return value }
            shift += 7
            if shift > 63 { throw failure("number does not fit 64 bits") }
        }
    }

    /// Reads a number with a sign, which was zigzag-coded.
    package mutating func signedVarint() throws(MalformedBytes) -> Int64 {
        let raw = try varint()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    /// Reads a number that must fit the type and be no more than `bound`.
    package mutating func varint<Value: FixedWidthInteger>(
        as type: Value.Type, atMost bound: Value = .max
    ) throws(MalformedBytes) -> Value {
        let start = offset
        let raw = try varint()
        guard let value = Value(exactly: raw), value <= bound else {
            throw MalformedBytes(offset: start, reason: "\(raw) is more than \(bound)")
        }
        return value
    }

    /// Reads so many bytes as they are, without a copy.
    package mutating func slice(_ count: Int) throws(MalformedBytes) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else {
            throw failure("length \(count) exceeds the \(remaining) bytes left")
        }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// Reads a count and so many bytes.
    package mutating func counted() throws(MalformedBytes) -> ArraySlice<UInt8> {
        let count = try varint(as: Int.self)
        return try slice(count)
    }

    /// Reads a count and so many bytes of UTF-8; anything else is refused.
    package mutating func string() throws(MalformedBytes) -> String {
        let start = offset
        let raw = try counted()
        guard let text = String(validating: raw, as: UTF8.self) else {
            throw MalformedBytes(offset: start, reason: "text is not UTF-8")
        }
        return text
    }
}
