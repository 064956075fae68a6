public import WeirBase

/// Puts the entries of a table in the order of their keys' canonical bytes, in which a window gives
/// them out: the order of a table depends on how its keys came.
///
/// All bytes lie in one piece, and an entry is four words, so that sorting allocates nothing for an
/// entry and copies no keys.
@usableFromInline
struct KeyOrder {
    private struct Entry {
        /// The first eight bytes, which decide nearly always; zeros behind a shorter key.
        var prefix: UInt64
        var start: Int
        var end: Int
        var number: Int
    }

    private var bytes = ByteWriter()
    private var entries: [Entry] = []

    @usableFromInline
    init() {}

    /// Adds the entry with this number, whose key `encode` writes.
    @inlinable
    mutating func add(_ number: Int, _ encode: (inout ByteWriter) -> Void) {
        let start = begin
        withWriter(encode)
        end(number, start)
    }

    @usableFromInline var begin: Int { bytes.count }

    @usableFromInline
    mutating func withWriter(_ encode: (inout ByteWriter) -> Void) { encode(&bytes) }

    @usableFromInline
    mutating func end(_ number: Int, _ start: Int) {
        var prefix: UInt64 = 0
        bytes.withBytes { bytes in
            for offset in 0..<min(8, bytes.count - start) {
                prefix |= UInt64(bytes[start + offset]) << UInt64(56 - 8 * offset)
            }
        }
        entries.append(Entry(prefix: prefix, start: start, end: bytes.count, number: number))
    }

    /// Puts what was added in order; the numbers are there until the next call.
    @usableFromInline
    mutating func sort() {
        bytes.withBytes { bytes in
            entries.sort { left, right in
                if left.prefix != right.prefix { return left.prefix < right.prefix }
                return bytes[left.start..<left.end]
                    .lexicographicallyPrecedes(bytes[right.start..<right.end])
            }
        }
    }

    @usableFromInline var count: Int { entries.count }

    /// The number of the entry at an index of the order.
    @usableFromInline
    subscript(_ index: Int) -> Int { entries[index].number }
}
