/// Which lines of the log a view shows at the shown moment, as rows.
///
/// Made for a frame or a key, by one walk over the lines that are kept: some nanoseconds each, and
/// some more for each byte where a text is looked for.
struct LogRows {
    struct Row {
        /// The last of its lines.
        var entry: LogHistory.Entry
        /// How many lines in a row are the same but for values.
        var count = 1
    }

    private(set) var rows: [Row] = []
    /// How many lines are shown, and how many are known and kept.
    private(set) var shown = 0
    let known: Int

    init(_ view: LogsView, _ timeline: Timeline) {
        let lines = timeline.logs.lines(timeline.knowledge)
        known = lines.count
        let filter = view.filter
        for entry in lines where filter.keeps(entry.line) {
            shown += 1
            if view.isFolded, let last = rows.last, last.entry.line.isRepeated(by: entry.line) {
                rows[rows.count - 1] = Row(entry: entry, count: last.count + 1)
            } else {
                rows.append(Row(entry: entry))
            }
        }
    }

    subscript(index: Int) -> LogHistory.Entry { rows[index].entry }

    var hidden: Int { known - shown }

    /// The row of a line, or of the one before it where that is not shown; the last one where none
    /// was chosen, and 0 where there are no rows.
    func index(of chosen: UInt64?) -> Int {
        guard let chosen else { return max(0, rows.count - 1) }
        var (low, high) = (0, rows.count)
        while low < high {
            let middle = (low + high) / 2
            if rows[middle].entry.id < chosen { low = middle + 1 } else { high = middle }
        }
        return min(low, max(0, rows.count - 1))
    }
}

extension LogLine {
    /// Whether another is of the same statement, subtask and level.
    fileprivate func isRepeated(by next: LogLine) -> Bool {
        statement === next.statement && origin == next.origin && level == next.level
    }
}
