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
    package typealias Entry = LentLine.Entry

    /// So many entries are kept for the lines to come; 1.5 MiB.
    static let maximumKeptEntries = 65_536

    package private(set) var entries: UnsafeMutablePointer<Entry>
    /// How many entries the line has; 0 where there is none.
    package private(set) var count = 0
    private var capacity = 64
    /// The line, as long as it is lent.
    package private(set) var line = LentLine()

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
        if isJSON { (self.line, count) = (LentLine(line), scan.count) }
        return isJSON
    }

    /// Copies the line, so that its bytes may go away and the entries stay until `clear`.
    package mutating func keepLine() {
        precondition(copy == nil, "the line is kept already")
        let raw = line.raw
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: raw.count, alignment: 1)
        bytes.copyMemory(from: raw)
        (copy, line) = (bytes, LentLine(UnsafeRawBufferPointer(bytes)))
    }

    /// Gives the line back: there are no entries any more.
    package mutating func clear() {
        if capacity > Self.maximumKeptEntries {
            entries.deallocate()
            capacity = 64
            entries = .allocate(capacity: capacity)
        }
        count = 0
        line = LentLine()
        copy?.deallocate()
        copy = nil
    }
}
