/// Which entries of a list are in sight in so many rows.
///
/// All lists of the screens compute their windows here: tables and notices around the chosen entry,
/// boxes from the row that they were scrolled to. The window never shows empty rows that entries
/// could fill, and never lies outside the list, whatever is asked for. It is a value without a
/// memory: a list that shrinks gets another window at the next frame.
package struct ListWindow: Equatable, Sendable {
    /// How many entries the list has.
    package let count: Int
    /// How many rows there are for them, at least 0.
    package let rows: Int
    /// The index of the entry in the first row.
    package let top: Int

    /// The entries around a chosen one, which stays in the middle as far as the list's ends allow.
    package init(count: Int, rows: Int, around chosen: Int) {
        self.init(count: count, rows: rows, from: chosen - max(0, rows) / 2)
    }

    /// The entries from an index on, moved back where that would leave rows empty that could be
    /// filled.
    package init(count: Int, rows: Int, from index: Int) {
        precondition(count >= 0, "a list of \(count) entries")
        self.count = count
        self.rows = max(0, rows)
        top = max(0, min(count - self.rows, index))
    }

    /// The indices of the entries that are in sight; empty where there are no rows.
    package var range: Range<Int> { top..<min(count, top + rows) }

    /// The greatest `top` that a list of this length can have in these rows: how far there is to
    /// scroll.
    package var maximumTop: Int { max(0, count - rows) }

    /// `4-9 of 60`: which entries of how many are in sight; nil where all are, or none can be.
    package var position: String? {
        guard rows > 0, count > rows else { return nil }
        return "\(top + 1)-\(range.upperBound) of \(count)"
    }
}
