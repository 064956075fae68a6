/// A line of JSON while it is lent, and what the entries say that were found in it.
///
/// A tape and an index of members both hold one: they find the entries, and whoever decodes asks
/// here for the bytes and texts that these stand for. Asking costs no call, as it is done for each
/// value.
@frozen
@usableFromInline
package struct LentLine: BitwiseCopyable {
    /// A value, or the name of a member, whose value is the next entry.
    @frozen
    @usableFromInline
    package struct Entry: BitwiseCopyable {
        @frozen
        @usableFromInline
        package enum Kind: UInt8, BitwiseCopyable, Sendable {
            case name, string, number, object, array, yes, no, null
        }

        /// Where it begins in the line; a string behind its quote.
        @usableFromInline package internal(set) var start: UInt32
        /// How many bytes it has; a string those between its quotes.
        @usableFromInline package internal(set) var count: UInt32
        /// The index of the entry behind the value and all that lies in it; while a container is
        /// open, that of the container around it.
        @usableFromInline package internal(set) var next: UInt32
        @usableFromInline package internal(set) var kind: Kind
        /// Of a string, whether it has escapes or bytes outside of ASCII; of a number, whether it
        /// has anything but digits and a sign.
        @usableFromInline package internal(set) var isInvolved: Bool
        @usableFromInline var hasEscapes: Bool
        /// The first eight bytes of a string or of a name, the first lowest.
        @usableFromInline package internal(set) var head: UInt64
    }

    /// All its bytes; none while no line is lent.
    @usableFromInline package let raw: UnsafeRawBufferPointer

    init(_ raw: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)) {
        self.raw = raw
    }

    /// The bytes of a value or of a name as they stand in the line.
    @inlinable
    @inline(__always)
    package func bytes(of entry: Entry) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: raw.baseAddress.map { $0 + Int(entry.start) }, count: Int(entry.count))
    }

    /// Calls `body` with the bytes of a string or of a name, its escapes resolved.
    @inlinable
    package func withBytes<Result>(
        of entry: Entry, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        let raw = bytes(of: entry)
        return entry.hasEscapes
            ? try JSONEscape.resolved(raw).withUnsafeBytes(body) : try body(raw)
    }

    /// The text of a string or of a name, as `JSONEscape` reads it.
    package func text(of entry: Entry) -> String {
        withBytes(of: entry) { String(decoding: $0, as: UTF8.self) }
    }
}
