/// A growing byte buffer with the encodings that Weir's formats are made of.
///
/// Fixed-width integers are little-endian. Varints are LEB128: seven bits a byte, the lowest
/// first, and all bytes but the last have their top bit set. Signed varints are zigzag-coded
/// first, so that small negative numbers stay small. `ByteReader` reads all of it. One owner.
@usableFromInline
package struct ByteWriter: Sendable {
    /// What was written so far.
    @usableFromInline package private(set) var bytes: [UInt8]

    /// An empty buffer. Room that is reserved once spares it from growing step by step.
    @usableFromInline
    package init(reserving capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    package var count: Int { bytes.count }

    /// Empties the buffer and keeps its room, for writers that make one message after the
    /// other.
    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Appends a byte. Inlined into other modules, where the call would cost more than the
    /// work.
    @inlinable
    package mutating func append(_ byte: UInt8) { appendRaw(byte) }

    @usableFromInline
    mutating func appendRaw(_ byte: UInt8) { bytes.append(byte) }

    /// Appends an integer in its own width.
    package mutating func append(fixed value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends a number in as few bytes as it needs: one below 128, ten at most.
    package mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Appends a number with a sign. The sign goes into the lowest bit.
    @usableFromInline
    package mutating func append(signedVarint value: Int64) {
        append(varint: UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    /// Appends bytes as they are, without their count.
    package mutating func append(raw other: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: other)
    }

    /// Lends what was written so far.
    package func withBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try bytes.withUnsafeBytes(body)
    }

    /// Appends bytes as they are, without their count.
    package mutating func append(contentsOf other: some Sequence<UInt8>) {
        bytes.append(contentsOf: other)
    }

    /// Appends a count as a varint and then the bytes.
    package mutating func append(counted other: some Collection<UInt8>) {
        append(varint: UInt64(other.count))
        bytes.append(contentsOf: other)
    }

    /// Appends a count as a varint and then the bytes.
    package mutating func append(counted other: UnsafeRawBufferPointer) {
        append(varint: UInt64(other.count))
        bytes.append(contentsOf: other)
    }

    /// Appends a count as a varint and then the text in UTF-8.
    @usableFromInline
    package mutating func append(string: String) {
        append(counted: string.utf8)
    }

    /// Overwrites four bytes that were written earlier, for lengths that are known only
    /// afterwards.
    package mutating func patch(fixed value: UInt32, at offset: Int) {
        precondition(offset >= 0 && offset + 4 <= bytes.count, "patch outside the buffer")
        for index in 0..<4 {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
        }
    }

    /// Overwrites eight bytes that were written earlier.
    package mutating func patch(fixed value: UInt64, at offset: Int) {
        precondition(offset >= 0 && offset + 8 <= bytes.count, "patch outside the buffer")
        for index in 0..<8 {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
        }
    }
}
