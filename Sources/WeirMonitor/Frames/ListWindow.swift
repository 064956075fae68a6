/// Which entries of a list are in sight in so many rows.
package struct ListWindow: Equatable, Sendable {
    package let count: Int
    package let rows: Int
    /// The entry that is in the first row.
    package let top: Int

    /// The entries around a chosen one, which stays in the middle as far as the list's ends allow.
    package init(count: Int, rows: Int, around chosen: Int) {
        self.init(count: count, rows: rows, from: chosen - max(0, rows) / 2)
    }

    /// The entries from a place on, brought back where that leaves rows empty that could be filled.
    package init(count: Int, rows: Int, from place: Int) {
        precondition(count >= 0, "a list of \(count) entries")
        self.count = count
        self.rows = max(0, rows)
        top = max(0, min(count - self.rows, place))
    }

    /// The entries that are in sight.
    package var range: Range<Int> { top..<min(count, top + rows) }

    /// How far there is to scroll.
    package var maximumTop: Int { max(0, count - rows) }

    /// `4-9 of 60`: which entries of how many; nil where all are in sight, or none can be.
    package var place: String? {
        guard rows > 0, count > rows else { return nil }
        return "\(top + 1)-\(range.upperBound) of \(count)"
    }
}
