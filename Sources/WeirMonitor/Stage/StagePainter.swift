import WeirBase
import WeirTerminal

/// What all parts of the stage's view look at, and where each has its area.
///
/// Made for one frame, as rates and the verdict are walks over the history.
struct StagePainter {
    let view: StageView
    let timeline: Timeline
    let symbols: Symbols
    /// The number of the stage, which there is.
    let stage: Int
    /// Its rates at the shown moment; nil before the second sample.
    let rate: StageRate?
    /// The rates of all stages; empty before the second sample.
    let rates: [StageRate]
    /// Its totals at the shown moment; nil before the first sample.
    let totals: StageTotals?
    let bottleneck: Bottleneck

    /// Nil where the run has no such stage.
    init?(_ view: StageView, _ screen: ScreenState) {
        let facts = screen.timeline.facts
        guard facts.stages.indices.contains(screen.selectedStage) else { return nil }
        self.view = view
        timeline = screen.timeline
        symbols = screen.symbols
        stage = screen.selectedStage
        rates = timeline.rates
        rate = rates.indices.contains(stage) ? rates[stage] : nil
        let stages = timeline.shownFrame?.stages ?? []
        totals = stages.indices.contains(stage) ? stages[stage] : nil
        bottleneck = timeline.bottleneck
    }

    var name: SafeText { SafeText(timeline.facts.stages[stage]) }

    /// The figures, its neighbours and the verdict, the hops beside the curve, the subtasks, and
    /// the notices in what is left.
    func paint(_ area: Area, on canvas: inout Canvas) {
        canvas.put(figures, y: area.y, symbols: symbols)
        canvas.put(neighbours, y: area.y + 1, symbols: symbols)
        var rest = area.split(top: 2).rest
        let words = SafeText(verdict).wrapped(to: rest.width - 4, lines: rest.height >= 14 ? 2 : 1)
        let style = isNamed ? Style(.warning, bold: true) : .faint
        for (index, line) in words.enumerated() {
            if index == 0, isNamed { canvas.put("!!", x: rest.x + 1, y: rest.y, style: style) }
            canvas.put(line, x: rest.x + 4, y: rest.y + index, style: style)
        }
        rest = rest.split(top: words.count).rest
        // The subtasks have at least their titles and a row, and a rule above them.
        let upper = min(rest.height >= 26 ? 12 : 7, rest.height - 3)
        if upper >= StageHops.height + 1 {
            paintUpper(
                canvas.rule("latency of the last second", rest, symbols: symbols), upper,
                on: &canvas)
            rest = rest.split(top: upper).rest
        }
        let subtasks = rate?.parts.count ?? 0
        let lines = notices
        let wanted = min(lines.count, 4) + (lines.isEmpty ? 0 : 1)
        let table = min(subtasks + 2, max(3, rest.height - wanted))
        paintSubtasks(
            canvas.rule("subtasks", rest, symbols: symbols).split(top: table - 1).top, on: &canvas)
        rest = rest.split(top: table).rest
        if !lines.isEmpty, rest.height >= 2 {
            paintNotices(lines, canvas.rule("noticed", rest, symbols: symbols), on: &canvas)
        }
    }

    /// The hops at the left, and where there is room what came in over the last minute and how long
    /// it waited.
    private func paintUpper(_ area: Area, _ height: Int, on canvas: inout Canvas) {
        let inside = area.split(top: height - 1).top
        let sides = inside.split(left: min(StageHops.width, inside.width))
        StageHops(self).paint(sides.left, on: &canvas)
        // Two curves where each has fifty cells.
        let charts =
            sides.rest.width >= 100
            ? sides.rest.split(left: sides.rest.width / 2)
            : (left: sides.rest, rest: Area(x: sides.rest.right, y: 0, width: 0, height: 0))
        TimeChart.rate("in/s", .busy).paint(on: &canvas, in: charts.left, symbols: symbols) {
            overMinute($0) { old, new, seconds in
                // Totals that fell belong to samples out of order.
                Double(new.recordsIn &- min(new.recordsIn, old.recordsIn)) / seconds
            }
        }
        TimeChart.duration("wait p99", .blocked).paint(
            on: &canvas, in: charts.rest, symbols: symbols
        ) {
            overMinute($0) { _, new, _ in
                new.hops.waiting.map { Double($0.percentile99) / 1e6 }
            }
        }
    }

    /// A value of the stage for each piece of the last minute, from the totals at its ends and the
    /// seconds between them; nil where nothing was sampled.
    private func overMinute(
        _ count: Int, _ value: (StageTotals, StageTotals, Double) -> Double?
    ) -> [Double?] {
        Minute(timeline).spans(cells: count).map { span -> Double? in
            guard let span else { return nil }
            let passed: RunTime = max(.microseconds(1), span.new.time - span.old.time)
            return value(span.old.stages[stage], span.new.stages[stage], passed.seconds)
        }
    }

    // MARK: What is said in words

    private var figures: [Piece] {
        guard let rate, let totals else {
            return [Piece(name, Style(bold: true)), Piece("no rates before the second sample")]
        }
        let look = StageLook(rate)
        var pieces = [
            Piece(name, Style(bold: true)),
            Piece(
                SafeText("\(look.letter) \(Figures.percent(look.share))"), look.style, rank: 0),
            Piece(SafeText("in \(Figures.count(rate.recordsIn))/s"), rank: 1),
            Piece(SafeText("out \(Figures.count(rate.recordsOut))/s"), rank: 2),
        ]
        if rate.capacity > 0 {
            let style: Style = rate.fill >= Bottleneck.full ? Style(.blocked) : .plain
            pieces.append(Piece(SafeText("queue \(rate.depth)/\(rate.capacity)"), style, rank: 3))
        }
        let lag = rate.watermarkLag.map { Figures.duration(microseconds: $0 / 1_000) }
        pieces.append(Piece(SafeText("lag \(lag ?? "-")"), rank: 4))
        for (name, count, rank) in [("errors", totals.errors, 5), ("dropped", totals.dropped, 6)] {
            let isFound = count > 0
            pieces.append(
                Piece(
                    SafeText("\(name) \(count)"), isFound ? Style(.failed, bold: true) : .plain,
                    rank: isFound ? 0 : rank))
        }
        return pieces
    }

    /// Who feeds the stage and whom it feeds, each with what it mostly does.
    private var neighbours: [Piece] {
        func list(_ stages: [Int], _ none: SafeText) -> SafeText {
            guard !stages.isEmpty else { return none }
            var text: SafeText = ""
            for (index, other) in stages.enumerated() {
                let name = timeline.facts.stages[other]
                let look = rates.indices.contains(other) ? StageLook(rates[other]) : nil
                let state = look.map { " (\($0.letter) \(Figures.percent($0.share)))" } ?? ""
                text = text + SafeText((index > 0 ? ", " : "") + name + state)
            }
            return text
        }
        let facts = timeline.facts
        return [
            Piece("fed by " + list(facts.stagesAbove(stage), "nothing: a source"), .faint),
            Piece("feeds " + list(facts.stagesBelow(stage), "nothing: a sink"), .faint, rank: 1),
        ]
    }

    /// Whether the verdict names this stage.
    private var isNamed: Bool {
        bottleneck.limits && bottleneck.stage == timeline.facts.stages[stage]
    }

    private var verdict: String { bottleneck.sentence }

    // MARK: Too small for parts

    /// The figures below each other, the most telling ones first.
    func paintReduced(_ area: Area, on canvas: inout Canvas) {
        for (index, piece) in figures.prefix(area.height).enumerated() {
            let text = piece.text.cut(to: area.width, ellipsis: symbols.ellipsis)
            canvas.put(text, x: 0, y: area.y + index, style: piece.style)
        }
    }
}
