/// A line of JSON as the list of its values, found in one pass.
///
/// Whoever decodes a line looks its members up here. The grammar is that of `JSONScanner`, no
/// more and no less, which a test holds on all that it can think of; but of a line that is no JSON
/// the tape says only that, and the scanner says what is wrong and where. Values that nobody asks
/// for are checked like all others and cost one entry.
///
/// The entries of one line are overwritten by the next one's, and their memory is kept: a line
/// allocates nothing. The line is lent: whoever has called `read` calls `clear` before its bytes
/// go away. One owner.
package struct JSONTape: ~Copyable {
    /// A value, or the name of a member, whose value is the next entry.
    package struct Entry {
        package enum Kind: UInt8, Sendable {
            case name, string, number, object, array, yes, no, null
        }

        /// Where it begins in the line; a string behind its quote.
        package internal(set) var start: UInt32
        /// How many bytes it has; a string those between its quotes.
        package internal(set) var count: UInt32
        /// The index of the entry behind the value and all that lies in it; while a container is
        /// open, that of the container around it.
        package internal(set) var next: UInt32
        package internal(set) var kind: Kind
        /// Of a string, whether it has escapes or bytes outside of ASCII; of a number, whether it
        /// has anything but digits and a sign.
        package internal(set) var isInvolved: Bool
        var hasEscapes: Bool
        /// The first eight bytes of a string or of a name, the first lowest.
        package internal(set) var head: UInt64
    }

    /// So many entries are kept for the lines to come; 1.5 MiB.
    static let maximumKeptEntries = 65_536

    package private(set) var entries: UnsafeMutablePointer<Entry>
    /// How many entries the line has; 0 where there is none.
    package private(set) var count = 0
    private var capacity = 64
    /// The line, as long as it is lent.
    package private(set) var line = UnsafeRawBufferPointer(start: nil, count: 0)

    /// A copy of the line, where the tape has one.
    private var copy: UnsafeMutableRawBufferPointer?

    package init() { entries = .allocate(capacity: capacity) }

    deinit {
        entries.deallocate()
        copy?.deallocate()
    }

    /// Reads a line; false where it is no JSON or blank, and then there is no entry.
    package mutating func read(_ line: UnsafeRawBufferPointer) -> Bool {
        clear()
        guard let base = line.baseAddress, line.count <= UInt32.max else { return false }
        var scan = TapeScan(
            base: base, end: line.count, position: JSONScanner.byteOrderMarkLength(line),
            entries: entries, capacity: capacity)
        let isJSON = scan.run()
        (entries, capacity) = (scan.entries, scan.capacity)
        if isJSON { (self.line, count) = (line, scan.count) }
        return isJSON
    }

    /// Copies the line, so that its bytes may go away and the entries stay until `clear`.
    package mutating func keepLine() {
        precondition(copy == nil, "the line is kept already")
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: line.count, alignment: 1)
        bytes.copyMemory(from: line)
        (copy, line) = (bytes, UnsafeRawBufferPointer(bytes))
    }

    /// Gives the line back: there are no entries any more.
    package mutating func clear() {
        if capacity > Self.maximumKeptEntries {
            entries.deallocate()
            capacity = 64
            entries = .allocate(capacity: capacity)
        }
        count = 0
        line = UnsafeRawBufferPointer(start: nil, count: 0)
        copy?.deallocate()
        copy = nil
    }

    /// The bytes of an entry as they stand in the line.
    @inline(__always)
    package func bytes(_ entry: Entry) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: line.baseAddress.map { $0 + Int(entry.start) }, count: Int(entry.count))
    }

    /// A string's or a name's text, as `JSONEscape` reads it.
    package func text(_ entry: Entry) -> String {
        let raw = bytes(entry)
        if entry.hasEscapes { return String(decoding: JSONEscape.resolved(raw), as: UTF8.self) }
        return String(decoding: raw, as: UTF8.self)
    }

    /// Calls `body` with the bytes of a string, its escapes resolved.
    package func withBytes<Result>(
        of entry: Entry, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        let raw = bytes(entry)
        return entry.hasEscapes
            ? try JSONEscape.resolved(raw).withUnsafeBytes(body) : try body(raw)
    }
}
