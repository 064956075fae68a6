import WeirBase
package import WeirTerminal

/// Paints the overview. Pure: the same model gives the same canvas.
package enum OverviewView {
    /// Below this the one line that matters is shown, and what else fits.
    package static let smallest = CanvasSize(width: 40, height: 10)
    /// From here on panels stand in boxes.
    package static let boxed = CanvasSize(width: 120, height: 36)

    static func isBoxed(_ size: CanvasSize) -> Bool {
        size.width >= boxed.width && size.height >= boxed.height
    }

    package static func view(_ model: OverviewModel) -> Canvas {
        var painter = OverviewPainter(model)
        painter.paint()
        return painter.canvas
    }
}

/// A canvas in the making, and what all parts of the overview look at.
struct OverviewPainter {
    let model: OverviewModel
    let symbols: Symbols
    let rates: [StageRate]
    let bottleneck: Bottleneck
    /// The news that were known at the shown moment.
    let lines: [NoticeLine]
    var canvas: Canvas

    init(_ model: OverviewModel) {
        self.model = model
        symbols = model.theme.symbols
        bottleneck = model.bottleneck
        var rates = model.rates
        for place in rates.indices {
            rates[place].isLimiting = bottleneck.stage == rates[place].stage
        }
        self.rates = rates
        lines = model.notices.lines(model.knowledge)
        canvas = Canvas(size: model.size, isASCII: model.theme.symbols.isASCII)
    }

    mutating func paint() {
        let size = canvas.size
        if size.width < OverviewView.smallest.width || size.height < OverviewView.smallest.height {
            paintReduced()
            return
        }
        paintStatus()
        var (_, body) = canvas.area.split(top: 2)
        body.height -= 1
        if model.attention.isWhole {
            paintWhole(model.attention.panel, body)
        } else if OverviewView.isBoxed(size) {
            paintBoxed(body)
        } else {
            paintPlain(body)
        }
        paintKeyLine()
        OverviewOverlay(model)?.paint(
            on: &canvas, scroll: model.attention.scroll, symbols: symbols)
    }

    // MARK: Sizes

    /// Rules between the parts, as many parts as there is room for.
    private mutating func paintPlain(_ body: Area) {
        var rest = body
        let table = min(model.facts.stages.count + 1, max(2, rest.height - 2))
        // What the table, the sentence and one notice leave over.
        let graphHeight = GraphLayout(model.facts).height(.compact)
        let spare = rest.height - table - 2
        if graphHeight + 2 <= spare, let graph = fittingGraph(.compact, width: rest.width) {
            rest = rule(rest)
            paint(graph, in: rest)
            rest = rest.split(top: graphHeight).rest
        }
        if rest.height >= table + 3 { rest = rule(rest) }
        paintTable(rest.split(top: table).top)
        rest = rest.split(top: table).rest
        if rest.height >= 4 { rest = rest.split(top: 1).rest }
        let cause = rest.height >= 6 ? 2 : 1
        paintCause(rest.split(top: cause).top)
        rest = rest.split(top: cause).rest
        if rest.height >= 5 {
            let charts = min(8, rest.height - 2)
            paintChart(.throughput, in: rest.split(top: charts).top)
            rest = rest.split(top: charts).rest
        }
        paintNews(rest, isTitled: false)
    }

    private mutating func paintBoxed(_ body: Area) {
        var rest = body
        let stages = model.facts.stages.count
        let layout = GraphLayout(model.facts)
        let least = 4 + 5
        // The table comes first; the graph takes the form that leaves room for the rest.
        let table = min(stages + 5, max(6, rest.height - least))
        for form in [GraphLayout.Form.boxed, .compact] {
            let height = layout.height(form) + 2
            guard rest.height - table - height >= least,
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
        var inside = box(.stages, rest.split(top: table).top, stagesTitle)
        paintTable(inside.split(top: inside.height - 2).top)
        inside = inside.split(top: inside.height - 2).rest
        paintCause(inside)
        rest = rest.split(top: table).rest
        let notices = rest.height >= 18 ? 6 : 5
        let charts = min(16, rest.height - notices)
        if charts >= 4 {
            let row = rest.split(top: charts).top
            let halves = row.split(left: row.width / 2)
            let left = box(.output, halves.left, chartTitle("3", .throughput))
            paintChart(.throughput, in: left)
            let right = box(.lag, halves.rest, chartTitle("4", .lag))
            paintChart(.lag, in: right)
            rest = rest.split(top: charts).rest
        }
        paintNews(box(.news, rest, newsTitle("5", in: rest)), isTitled: true)
    }

    private var stagesTitle: SafeText {
        SafeText("2 Stages   \(model.facts.stages.count) in graph order")
    }

    private var graphTitle: SafeText { "1 Graph   " + graphLegend }

    /// The title of the panel that keys are for is reversed.
    private mutating func box(_ panel: Panel, _ area: Area, _ title: SafeText) -> Area {
        var style = Style.heading
        style.isReversed = panel == model.attention.panel
        return canvas.box(area, title: title, symbols: symbols, titleStyle: style)
    }

    /// A panel that has the screen to itself.
    private mutating func paintWhole(_ panel: Panel, _ body: Area) {
        switch panel {
        case .graph:
            let inside = box(panel, body, graphTitle)
            for form in [GraphLayout.Form.boxed, .compact] {
                guard GraphLayout(model.facts).height(form) <= inside.height,
                    let graph = fittingGraph(form, width: inside.width)
                else { continue }
                paint(graph, in: inside)
                return
            }
            paintEdges(inside)
        case .stages:
            let inside = box(panel, body, stagesTitle)
            let table = max(2, inside.height - 3)
            paintTable(inside.split(top: table).top)
            paintCause(inside.split(top: table).rest)
        case .output: paintChart(.throughput, in: box(panel, body, chartTitle("3", .throughput)))
        case .lag: paintChart(.lag, in: box(panel, body, chartTitle("4", .lag)))
        case .news: paintNews(box(panel, body, newsTitle("5", in: body)), isTitled: true)
        }
    }

    /// The graph as a list, where its picture does not fit: each stage and what it feeds.
    private mutating func paintEdges(_ area: Area) {
        let stages = model.facts.stages
        let selected = min(model.selection, stages.count - 1)
        let top = max(0, min(stages.count - area.height, selected - area.height / 2))
        for row in 0..<max(0, min(area.height, stages.count - top)) {
            let stage = top + row
            let y = area.y + row
            if stage == selected {
                canvas.put(symbols.selected, x: area.x, y: y, style: Style(bold: true))
            }
            let below = model.facts.stagesBelow(stage).map { stages[$0] }
            let feeds = below.isEmpty ? "" : " -> " + below.joined(separator: ", ")
            let text = SafeText(stages[stage] + feeds)
                .cut(to: area.width - 2, ellipsis: symbols.ellipsis)
            canvas.put(text, x: area.x + 1, y: y, style: Style(bold: stage == selected))
        }
    }

    private mutating func rule(_ area: Area) -> Area {
        for x in area.x..<area.right {
            canvas.put(symbols.horizontal, x: x, y: area.y, style: .frame)
        }
        return area.split(top: 1).rest
    }

    private var graphLegend: SafeText {
        let s = symbols
        func edge(_ sign: Character) -> String { "\(sign)\(sign)" }
        return SafeText(
            "\(s.idle) idle  \(s.busy) busy  \(s.blocked) blocked  \(s.waiting) waits for a "
                + "worker   edges: "
                + "\(edge(s.horizontal)) queue below 10 %  \(edge(s.medium)) to 75 %  "
                + "\(edge(s.heavy)) above")
    }

    // MARK: Too small for parts

    /// The state in a word, the sentence, and the stages as far as there is room.
    private mutating func paintReduced() {
        let size = canvas.size
        guard size.width > 0, size.height > 0 else { return }
        let pill = statePill
        if size.width < 12 {
            canvas.put(pill.text, x: 0, y: 0, style: pill.style)
        } else {
            let used = canvas.put(pill.text, x: 0, y: 0, style: pill.style)
            let name = SafeText(model.facts.pipeline)
            canvas.put(
                name.cut(to: size.width - used - 1, ellipsis: symbols.ellipsis), x: used + 1, y: 0,
                style: .heading)
        }
        let lines = SafeText(bottleneck.sentence)
            .wrapped(to: size.width, lines: max(0, min(3, size.height - 1)))
        for (index, line) in lines.enumerated() {
            canvas.put(line, x: 0, y: 1 + index, style: causeStyle)
        }
        let top = 1 + lines.count
        for (index, rate) in rates.enumerated() where top + index < size.height {
            let share = "\(Figures.wholePercent(rate.busy))%"
            canvas.put(StageLook(rate).letter, x: 0, y: top + index, style: StageLook(rate).style)
            canvas.put(
                SafeText(rate.stage).cut(to: size.width - 7, ellipsis: symbols.ellipsis), x: 2,
                y: top + index)
            if size.width >= 10 {
                canvas.put(SafeText(share), endingAt: size.width, y: top + index, limit: 4)
            }
        }
    }
}

/// What a stage is mostly doing, as a letter and a style; the letter never depends on colour.
struct StageLook {
    enum State { case busy, blocked, waiting, idle }

    let state: State
    let letter: Character
    let word: SafeText
    let style: Style
    let share: Double

    init(_ rate: StageRate) {
        let greatest = max(rate.busy, rate.backpressured, rate.waiting, rate.idle)
        // Of equal shares the one that says most of what is wrong.
        state =
            switch greatest {
            case rate.backpressured: .blocked
            case rate.waiting: .waiting
            case rate.busy: .busy
            default: .idle
            }
        if rate.errors > 0 {
            (letter, word, style, share) = ("F", "FAILING", Style(.failed, bold: true), rate.busy)
            return
        }
        share = greatest
        switch state {
        case .blocked: (letter, word, style) = ("B", "BLOCKED", Style(.blocked))
        case .waiting: (letter, word, style) = ("W", "WAITING", Style(.waiting))
        case .busy: (letter, word, style) = ("R", "BUSY", Style(.busy))
        case .idle: (letter, word, style) = ("I", "IDLE", Style(.idle))
        }
    }
}
