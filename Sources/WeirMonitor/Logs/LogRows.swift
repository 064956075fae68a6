/// Which lines of the log a view shows at the shown moment, as rows.
///
/// Made for a frame or a key, from the lines that are kept and known. Without a filter and without
/// folding each of these is a row, so that making it costs a binary search. Otherwise it is one
/// walk over the lines: some nanoseconds each, and some more for each byte where a text is looked
/// for. A row says where its line is and holds nothing of it.
struct LogRows {
    /// A row that was chosen.
    struct Row: BitwiseCopyable {
        /// Where the last of its lines is among those that are known.
        let line: Int
        /// How many lines in a row are the same but for values.
        let count: Int
    }

    private let lines: LogHistory.Lines
    /// The rows, oldest first; nil where each line is one.
    let chosen: [Row]?
    /// How many lines are shown.
    let shown: Int

    init(_ view: LogsView, _ timeline: Timeline) {
        lines = timeline.logs.lines(timeline.knowledge)
        guard view.isFolded || view.filter.isOn else {
            (chosen, shown) = (nil, lines.count)
            return
        }
        var rows: [Row] = []
        var shown = 0
        for (index, entry) in lines.enumerated() where view.filter.keeps(entry.line) {
            shown += 1
            if view.isFolded, let last = rows.last,
                lines[last.line].line.isRepeated(by: entry.line)
            {
                rows[rows.count - 1] = Row(line: index, count: last.count + 1)
            } else {
                rows.append(Row(line: index, count: 1))
            }
        }
        (chosen, self.shown) = (rows, shown)
    }

    var count: Int { chosen?.count ?? lines.count }
    var isEmpty: Bool { count == 0 }
    var indices: Range<Int> { 0..<count }
    /// How many lines are known and kept.
    var known: Int { lines.count }
    var hidden: Int { known - shown }

    /// The last line of a row.
    subscript(index: Int) -> LogHistory.Entry { lines[chosen?[index].line ?? index] }

    /// How many lines a row is.
    func repeats(_ index: Int) -> Int { chosen?[index].count ?? 1 }

    /// The row of a line, or of the one before it where that is not shown; the last one where none
    /// was chosen, and 0 where there are no rows.
    func index(of chosen: UInt64?) -> Int {
        guard let chosen else { return max(0, count - 1) }
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].id < chosen { low = middle + 1 } else { high = middle }
        }
        return min(low, max(0, count - 1))
    }
}

extension LogLine {
    /// Whether another is of the same statement, subtask and level.
    fileprivate func isRepeated(by next: LogLine) -> Bool {
        statement === next.statement && origin == next.origin && level == next.level
    }
}
