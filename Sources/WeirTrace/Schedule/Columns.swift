import WeirBase

/// One column of a message while it is written: varints and raw bytes, one behind the other.
///
/// The codecs own the columns. Each knows what it puts into a column and takes the same out of
/// it.
struct ColumnWriter {
    /// What was written so far.
    private(set) var bytes: [UInt8] = []

    /// Empties the column and keeps its room for the next message.
    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// A byte as it is: a kind or a code.
    mutating func append(byte: UInt8) { bytes.append(byte) }

    /// A number in groups of seven bits, the lowest first; all bytes but the last have their top
    /// bit set.
    @inline(__always)
    mutating func append(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// The difference of two values of the same column. It wraps, so that any two values work,
    /// and is zigzag-coded, so that a small negative one is a small number too.
    @inline(__always)
    mutating func append(_ value: UInt64, after previous: UInt64) {
        let difference = Int64(bitPattern: value &- previous)
        append(UInt64(bitPattern: (difference << 1) ^ (difference >> 63)))
    }

    /// Eight bytes as they are, for values that do not repeat, such as hashes.
    mutating func append(fixed value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Bytes as they are, such as those of a text, whose length is in another column.
    mutating func append(contentsOf other: some Sequence<UInt8>) {
        bytes.append(contentsOf: other)
    }
}

/// One column of a message while it is read. No input makes it trap.
///
/// The codec takes out what the writer put in and calls `finish` at the end, so that a column
/// with too much in it is found as well as one with too little.
struct ColumnReader {
    /// The column's name, for errors.
    let name: String
    private let bytes: [UInt8]
    /// The index of the next byte.
    private var position = 0

    init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    /// All of the column, for the chain.
    var allBytes: [UInt8] { bytes }
    var count: Int { bytes.count }
    /// How many bytes are left, which bounds how many numbers can be: each takes at least
    /// one.
    var remaining: Int { bytes.count - position }

    /// An error that names the column and the byte in it.
    func failure(_ reason: String) -> MalformedBytes {
        MalformedBytes(offset: position, reason: "column \(name): \(reason)")
    }

    /// The next byte, for kinds and codes.
    @inline(__always)
    mutating func byte() throws(MalformedBytes) -> UInt8 {
        guard position < bytes.count else { throw failure("ends early") }
        defer { position += 1 }
        return bytes[position]
    }

    /// The next number as `append(_:)` writes it. Nearly all are below 128, so one byte is tried
    /// first.
    @inline(__always)
    mutating func next() throws(MalformedBytes) -> UInt64 {
        let first = try byte()
        if first < 0x80 { return UInt64(first) }
        return try rest(of: first)
    }

    /// The rest of a number of several bytes; more than 64 bits are refused.
    private mutating func rest(of first: UInt8) throws(MalformedBytes) -> UInt64 {
        assert(first >= 0x80, "the number \(first) has no further bytes")
        var value = UInt64(first & 0x7F)
        var shift: UInt64 = 7
        while true {
            let next = try byte()
            // The tenth group has room for a single bit.
            if shift == 63 && next > 1 { throw failure("a number does not fit 64 bits") }
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return value }
            shift += 7
            if shift > 63 { throw failure("a number does not fit 64 bits") }
        }
    }

    /// The value whose difference from the previous one is next.
    @inline(__always)
    mutating func next(after previous: UInt64) throws(MalformedBytes) -> UInt64 {
        let raw = try next()
        let difference = Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
        return previous &+ UInt64(bitPattern: difference)
    }

    /// The next number, which must fit the type.
    @inline(__always)
    mutating func next<Value: FixedWidthInteger>(
        as type: Value.Type
    ) throws(MalformedBytes) -> Value {
        let raw = try next()
        guard let value = Value(exactly: raw) else { throw failure("\(raw) is too large") }
        return value
    }

    /// The value whose difference from the previous one is next, which must fit the type.
    @inline(__always)
    mutating func next<Value: FixedWidthInteger>(
        after previous: UInt64, as type: Value.Type
    ) throws(MalformedBytes) -> Value {
        let raw = try next(after: previous)
        guard let value = Value(exactly: raw) else { throw failure("\(raw) is too large") }
        return value
    }

    /// The next eight bytes as a number.
    mutating func fixed() throws(MalformedBytes) -> UInt64 {
        guard remaining >= 8 else { throw failure("ends early") }
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
        position += 8
        return value
    }

    /// The next bytes as they are; a slice of the column and no copy.
    mutating func slice(_ count: Int) throws(MalformedBytes) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else { throw failure("ends early") }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// Throws when something is left. To be called when everything that must be there was read.
    func finish() throws(MalformedBytes) {
        guard remaining == 0 else { throw failure("\(remaining) bytes too many") }
    }
}

/// How a set of columns stands in a message.
///
/// First their number; then for each column its raw length, its stored length and its bytes. A
/// stored length below the raw one means a frame of zstd.
///
/// Each column is a frame of its own: columns differ so much that one table of code lengths for
/// all of them costs a third more bytes.
enum ColumnSet {
    /// The maximum number of raw bytes of all columns of one message. A larger claim is taken
    /// for damage.
    static let maximumBytes = 64 << 20
    /// Shorter columns are stored as they are, since a frame of zstd would not be smaller.
    private static let minimumPacked = 24

    /// Appends the columns; returns the stored bytes of each, its lengths included.
    @discardableResult
    static func write(
        _ columns: [ColumnWriter], to writer: inout ByteWriter, zstd: Zstd
    ) -> [Int] {
        writer.append(varint: UInt64(columns.count))
        return columns.map { column in
            let start = writer.count
            writer.append(varint: UInt64(column.bytes.count))
            let packed =
                column.bytes.count < minimumPacked
                ? nil : column.bytes.withUnsafeBytes { zstd.compress($0) }
            if let packed {
                // By the lengths alone a reader knows whether a column was packed.
                assert(
                    packed.count < column.bytes.count,
                    "a column of \(column.bytes.count) bytes was packed to \(packed.count)")
                writer.append(counted: packed)
            } else {
                writer.append(counted: column.bytes)
            }
            return writer.count - start
        }
    }

    /// The columns of a message, which must be as many as these names.
    ///
    /// `stored` is filled with the bytes that each takes in the message, its lengths included.
    static func read(
        _ names: [String], from reader: inout ByteReader, zstd: Zstd, stored: inout [ByteCount]
    ) throws(MalformedBytes) -> [ColumnReader] {
        guard try reader.varint() == UInt64(names.count) else {
            throw reader.failure("a batch without its \(names.count) columns")
        }
        var room = maximumBytes
        var columns: [ColumnReader] = []
        stored.removeAll(keepingCapacity: true)
        for name in names {
            let start = reader.offset
            let count = try reader.varint(as: Int.self, atMost: room)
            // All columns together have one bound, so that many of them cannot claim it each.
            room -= count
            let bytes = try reader.counted()
            stored.append(ByteCount(reader.offset - start))
            // The writer packs only what becomes smaller, so equal lengths mean bytes as they
            // are, and a stored length above the raw one is damage.
            if bytes.count == count {
                columns.append(ColumnReader(name: name, bytes: Array(bytes)))
            } else if bytes.count < count,
                let raw = bytes.withUnsafeBytes({ zstd.decompress($0, count: count) })
            {
                columns.append(ColumnReader(name: name, bytes: raw))
            } else {
                throw reader.failure("column \(name) cannot be unpacked")
            }
            assert(
                columns.last?.remaining == count,
                "column \(name) was unpacked to \(columns.last?.remaining ?? 0) of \(count) bytes")
        }
        return columns
    }
}
