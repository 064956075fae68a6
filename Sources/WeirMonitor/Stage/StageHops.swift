import WeirTerminal

/// How long messages wait for the stage, its turns take and its rows wait to be written: three rows
/// because their cures differ.
struct StageHops {
    /// The titles and three rows.
    static let height = 4
    static let width = 44

    private let hops: HopLatencies
    private let isSource: Bool
    private let isSink: Bool

    init(_ painter: StagePainter) {
        hops = painter.totals?.hops ?? HopLatencies()
        isSource = painter.timeline.facts.stagesAbove(painter.stage).isEmpty
        isSink = painter.timeline.facts.stagesBelow(painter.stage).isEmpty
    }

    func paint(_ area: Area, on canvas: inout Canvas) {
        let columns: [(title: SafeText, end: Int)] = [("P50", 28), ("P99", 36), ("P99.9", 44)]
        for column in columns where column.end <= area.width {
            canvas.put(
                column.title, endingAt: area.x + column.end, y: area.y, style: .faint, limit: 7)
        }
        var rows: [(name: SafeText, hop: HopLatency?)] = [
            (isSource ? "waits to be read" : "waits in the queue", hops.waiting),
            ("a turn", hops.working),
        ]
        if isSink { rows.append(("waits to be written", hops.writing)) }
        for (index, row) in rows.enumerated() where index + 1 < area.height {
            let y = area.y + 1 + index
            canvas.put(row.name, x: area.x + 1, y: y, limit: area.width - 1)
            let values = [row.hop?.median, row.hop?.percentile99, row.hop?.percentile999]
            for (column, value) in zip(columns, values) where column.end <= area.width {
                let text = value.map { Figures.duration(microseconds: Int64($0)) } ?? "-"
                canvas.put(SafeText(text), endingAt: area.x + column.end, y: y, limit: 7)
            }
        }
    }
}
