import WeirTerminal

/// A canvas in the making, and what all parts of the overview look at.
///
/// The overview makes one for each frame and takes the canvas back when it is painted. Rates, the
/// verdict and the lines are computed once in `init`, because each is a walk over the history. This
/// file decides which parts there are and gives each its area; each part has a file of its own, as
/// an extension, and paints only in the area that it is given.
struct OverviewPainter {
    let view: Overview
    let screen: ScreenState
    let timeline: Timeline
    let symbols: Symbols
    /// The rates at the shown moment. Which stage limits the run is taken from the verdict of three
    /// seconds and not from these rates of one, so that the picture and the sentence name the same
    /// stage.
    let rates: [StageRate]
    let bottleneck: Bottleneck
    /// The notices that were known at the shown moment.
    let lines: [NoticeLine]
    var canvas: Canvas

    init(_ view: Overview, _ screen: ScreenState, _ canvas: Canvas) {
        self.view = view
        self.screen = screen
        self.canvas = canvas
        timeline = screen.timeline
        symbols = screen.symbols
        bottleneck = timeline.bottleneck
        var rates = timeline.rates
        for index in rates.indices {
            rates[index].isLimiting = bottleneck.stage == rates[index].stage
        }
        self.rates = rates
        lines = timeline.shownLines
    }

    /// Paints the figures of the run in the first row and the parts below it, in the layout that
    /// the size and the chosen panel ask for.
    mutating func paint(_ area: Area) {
        canvas.put(RunFigures(timeline, rates).pieces, y: area.y, symbols: symbols)
        let body = area.split(top: 1).rest
        if view.isWhole {
            paintWhole(view.panel, body)
        } else if Overview.isBoxed(screen.size) {
            paintBoxed(body)
        } else {
            paintPlain(body)
        }
    }

    // MARK: Sizes

    /// The layout without boxes: rules between the parts, and as many parts as there is room for.
    /// The table, the sentence and one row of notices always come; then the graph, where it fits,
    /// and the charts in what is left.
    private mutating func paintPlain(_ body: Area) {
        var rest = body
        // A row for each stage and one for the titles; two rows stay for the sentence and a notice.
        let table = min(timeline.facts.stages.count + 1, max(2, rest.height - 2))
        // What the table, the sentence and one notice leave over.
        let graphHeight = GraphLayout(timeline.facts).height(.compact)
        let spare = rest.height - table - 2
        // The picture needs its own rows and two rules.
        if graphHeight + 2 <= spare, let graph = fittingGraph(.compact, width: rest.width) {
            rest = rule(rest)
            paint(graph, in: rest)
            rest = rest.split(top: graphHeight).rest
        }
        // A rule and an empty row are only worth it where nothing is lost for them.
        if rest.height >= table + 3 { rest = rule(rest) }
        paintTable(rest.split(top: table).top)
        rest = rest.split(top: table).rest
        if rest.height >= 4 { rest = rest.split(top: 1).rest }
        let cause = rest.height >= 6 ? 2 : 1
        paintCause(rest.split(top: cause).top)
        rest = rest.split(top: cause).rest
        if rest.height >= 5 {
            // One chart, no higher than eight rows; two rows stay for notices.
            let charts = min(8, rest.height - 2)
            paintChart(.throughput, in: rest.split(top: charts).top)
            rest = rest.split(top: charts).rest
        }
        paintNews(rest, isTitled: false)
    }

    /// The layout with every part in a box of its own.
    private mutating func paintBoxed(_ body: Area) {
        // The charts need four rows, of which two are edges, and the notices five.
        let minimum = 4 + 5
        // The table has a row for each stage, one for the titles, two for the sentence and two
        // edges. It comes first; the graph takes the form that leaves room for the rest.
        let table = min(timeline.facts.stages.count + 5, max(6, body.height - minimum))
        var rest = body
        for form in [GraphLayout.Form.boxed, .compact] {
            let height = GraphLayout(timeline.facts).height(form) + 2
            guard rest.height - table - height >= minimum,
                let graph = fittingGraph(form, width: rest.width - 4)
            else { continue }
            let inside = box(.graph, rest.split(top: height).top, graphTitle)
            paint(
                graph,
                in: Area(
                    x: inside.x + 1, y: inside.y, width: inside.width - 2, height: inside.height))
            rest = rest.split(top: height).rest
            break
        }
        let inside = box(.stages, rest.split(top: table).top, stagesTitle)
        // The last two rows of the box are the sentence's.
        let parts = inside.split(top: inside.height - 2)
        paintTable(parts.top)
        paintCause(parts.rest)
        paintLowerBoxes(rest.split(top: table).rest)
    }

    /// The charts side by side where there is room for them, and the notices below.
    private mutating func paintLowerBoxes(_ area: Area) {
        // Charts higher than sixteen rows are no easier to read; what is left goes to the notices.
        let notices = area.height >= 18 ? 6 : 5
        let charts = min(16, area.height - notices)
        var rest = area
        if charts >= 4 {
            let row = area.split(top: charts)
            let halves = row.top.split(left: row.top.width / 2)
            paintChart(.throughput, in: box(.output, halves.left, chartTitle(.throughput)))
            paintChart(.lag, in: box(.lag, halves.rest, chartTitle(.lag)))
            rest = row.rest
        }
        paintNews(box(.news, rest, newsTitle(in: rest)), isTitled: true)
    }

    /// Paints a panel's box and gives the area inside. The title of the panel that keys are for is
    /// reversed.
    private mutating func box(_ panel: Panel, _ area: Area, _ title: SafeText) -> Area {
        var style = Style.heading
        style.isReversed = panel == view.panel
        return canvas.box(area, title: title, symbols: symbols, titleStyle: style)
    }

    /// A panel that has the screen to itself.
    private mutating func paintWhole(_ panel: Panel, _ body: Area) {
        switch panel {
        case .graph:
            let inside = box(panel, body, graphTitle)
            for form in [GraphLayout.Form.boxed, .compact] {
                guard GraphLayout(timeline.facts).height(form) <= inside.height,
                    let graph = fittingGraph(form, width: inside.width)
                else { continue }
                paint(graph, in: inside)
                return
            }
            paintEdges(inside)
        case .stages:
            let inside = box(panel, body, stagesTitle)
            // Three rows are for the sentence, which may be long.
            let table = max(2, inside.height - 3)
            paintTable(inside.split(top: table).top)
            paintCause(inside.split(top: table).rest)
        case .output: paintChart(.throughput, in: box(panel, body, chartTitle(.throughput)))
        case .lag: paintChart(.lag, in: box(panel, body, chartTitle(.lag)))
        case .news: paintNews(box(panel, body, newsTitle(in: body)), isTitled: true)
        }
    }

    /// Paints a line across the first row of an area and gives the rest.
    private mutating func rule(_ area: Area) -> Area {
        for x in area.x..<area.right {
            canvas.put(symbols.lines.horizontal, x: x, y: area.y, style: .frame)
        }
        return area.split(top: 1).rest
    }

    // MARK: Too small for parts

    /// On a screen that is too small for parts: the sentence in up to three rows, and below it a
    /// row for each stage as far as they go, with its letter, its name and how busy it is.
    mutating func paintReduced(_ area: Area) {
        guard area.width > 0 else { return }
        let lines = SafeText(bottleneck.sentence)
            .wrapped(to: area.width, lines: min(3, area.height))
        for (index, line) in lines.enumerated() {
            canvas.put(line, x: 0, y: area.y + index, style: causeStyle)
        }
        let top = area.y + lines.count
        for (index, rate) in rates.enumerated() where top + index < area.bottom {
            let (y, look) = (top + index, StageLook(rate))
            canvas.put(look.letter, x: 0, y: y, style: look.style)
            let name = SafeText(rate.stage).cut(to: area.width - 7, ellipsis: symbols.ellipsis)
            canvas.put(name, x: 2, y: y)
            if area.width >= 10 {
                let share = SafeText("\(Figures.wholePercent(rate.busy))%")
                canvas.put(share, endingAt: area.width, y: y, limit: 4)
            }
        }
    }
}
