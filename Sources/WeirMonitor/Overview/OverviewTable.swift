import WeirTelemetry
import WeirTerminal

/// The table of stages: which columns it has for a width, and their order of leaving.
extension OverviewPainter {
    /// A column of the table. Name, letter and queue have rank 0 and never go.
    enum Column: Sendable {
        case name, letter, shares, percents, strip, into, out, queue, lag, errors, dropped
    }

    /// The columns there are, left to right. A wide table says in figures and over time what a
    /// narrow one shows as a bar. The ranks say in which order columns go where room is short:
    /// first the strip over time, last the elements that come in.
    private func columns(_ width: Int) -> [TableColumn<Column>] {
        let nameWidth = timeline.facts.stages.map { SafeText($0).width }.max() ?? 0
        // The longest name decides, between six and 24 cells and at most a quarter of the width.
        let name = max(6, min(24, min(nameWidth, width / 4)))
        let isWide = width >= 110
        let s = symbols
        let strip: SafeText =
            "60 s: \(s.states.busy) busy \(s.states.blocked) blocked \(s.states.waiting) waits"
        let states: [TableColumn<Column>] =
            isWide
            ? [
                TableColumn(.percents, StateShapes.percentsTitle, width: 19, rank: 7),
                // Besides the name, the columns of a wide table with their gaps take less than 105
                // cells; the strip has what is left, up to a cell for each second of the minute.
                TableColumn(.strip, strip, width: min(60, max(20, width - name - 105)), rank: 8),
            ] : [TableColumn(.shares, "BUSY/BLKD", width: 12, rank: 2)]
        let queue = isWide ? 26 : (width >= 70 ? 18 : 10)
        return [
            TableColumn(.name, "STAGE", width: name, rank: 0),
            TableColumn(.letter, "ST", width: 2, rank: 0),
        ] + states + [
            TableColumn(.into, "IN/s", width: 7, rank: 1, isNumber: true),
            TableColumn(.out, "OUT/s", width: 7, rank: 4, isNumber: true),
            TableColumn(.queue, "QUEUE", width: queue, rank: 0),
            TableColumn(.lag, "LAG", width: 7, rank: 3, isNumber: true),
            TableColumn(.errors, "ERR", width: 5, rank: 5, isNumber: true),
            TableColumn(.dropped, "DROP", width: 5, rank: 6, isNumber: true),
        ]
    }

    var stagesTitle: SafeText {
        SafeText("Stages   \(timeline.facts.stages.count) in graph order")
    }

    mutating func paintTable(_ area: Area) {
        let stages = timeline.facts.stages.count
        let cells = StageCells(self)
        TableFrame(columns(area.width), width: area.width).paint(
            on: &canvas, in: area, count: stages, chosen: min(screen.selectedStage, stages - 1),
            symbols: symbols
        ) { canvas, column, stage, cellArea in cells.paint(column, stage, cellArea, on: &canvas) }
    }
}

/// Paints the cells of the table of stages, and what else shows a stage in a row.
///
/// `OverviewPainter` makes one for a table, and for each box of the graph. It holds what the cells
/// look at, taken from the painter once, and paints on the canvas that it is given.
struct StageCells {
    private let stages: [String]
    /// By the number of the stage; empty before the second sample.
    private let rates: [StageRate]
    /// The totals at the shown moment; empty before the first sample.
    private let totals: [StageTotals]
    private let symbols: Symbols
    private let shapes: StateShapes
    /// For the strip of what a stage did over the last minute.
    private let minute: Minute

    init(_ painter: OverviewPainter) {
        stages = painter.timeline.facts.stages
        rates = painter.rates
        totals = painter.timeline.shownFrame?.stages ?? []
        symbols = painter.symbols
        shapes = StateShapes(symbols: symbols)
        minute = Minute(painter.timeline)
    }

    /// Paints one cell. What is not known yet is left empty.
    func paint(
        _ column: OverviewPainter.Column, _ stage: Int, _ cell: Area, on canvas: inout Canvas
    ) {
        // Before the second sample the names are all that is known.
        guard column == .name || (stage < rates.count && stage < totals.count) else { return }
        switch column {
        case .name:
            let name = SafeText(stages[stage]).cut(to: cell.width, ellipsis: symbols.ellipsis)
            canvas.put(name, x: cell.x, y: cell.y)
        case .letter:
            let look = StageLook(rates[stage])
            canvas.put(look.letter, x: cell.x, y: cell.y, style: look.style)
        case .shares: shapes.paintBracketed(StateParts(rates[stage]), cell, on: &canvas)
        case .percents: shapes.paintPercents(StateParts(rates[stage]), cell, on: &canvas)
        case .strip: shapes.paintStrip(minute, cell, on: &canvas) { $0.stages[stage].times }
        case .into: put(Figures.count(rates[stage].recordsIn), cell, on: &canvas)
        case .out: put(Figures.count(rates[stage].recordsOut), cell, on: &canvas)
        case .queue: paintQueue(rates[stage], cell, on: &canvas)
        case .lag:
            let lag = rates[stage].watermarkLag
            put(lag.map { Figures.duration(microseconds: $0 / 1_000) } ?? "-", cell, on: &canvas)
        case .errors: putFault(totals[stage].errors, cell, on: &canvas)
        case .dropped: putFault(totals[stage].dropped, cell, on: &canvas)
        }
    }

    /// Puts a figure at the right edge of its cell, where numbers are compared most easily.
    private func put(
        _ text: String, _ cell: Area, style: Style = .plain, on canvas: inout Canvas
    ) {
        canvas.put(SafeText(text), endingAt: cell.right, y: cell.y, style: style, limit: cell.width)
    }

    /// A count of what should not be: loud from the first on.
    private func putFault(_ count: UInt64, _ cell: Area, on canvas: inout Canvas) {
        let style = count > 0 ? Style(.failed, bold: true) : .plain
        put(Figures.count(Double(count)), cell, style: style, on: &canvas)
    }

    /// How full the queue is, as a bar and in figures; without the bar where the cell is narrow.
    private func paintQueue(_ rate: StageRate, _ cell: Area, on canvas: inout Canvas) {
        guard rate.capacity > 0 else { return }
        let style = Style(rate.fill >= Bottleneck.full ? .blocked : .text)
        // The figures take up to eleven cells, as in `16384/16384`, and one is the gap.
        let barWidth = cell.width - 12
        if barWidth >= 4 {
            let bar = Area(x: cell.x, y: cell.y, width: barWidth, height: 1)
            canvas.bar(rate.fill, in: bar, symbols: symbols, style: style)
        }
        canvas.put(
            SafeText("\(rate.depth)/\(rate.capacity)"), endingAt: cell.right, y: cell.y,
            style: style, limit: min(11, cell.width))
    }
}
