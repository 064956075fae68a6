import WeirBase
import WeirTerminal

/// A graph that fits a width: its layout, and how wide its parts are in cells.
struct FittingGraph {
    var layout: GraphLayout
    var form: GraphLayout.Form
    /// Cells of each stage; all have the same.
    var nodeWidth: Int
    /// Cells between a layer and the next.
    var gaps: [Int]
}

/// The graph of stages: as a picture where that fits, else as a list.
///
/// `GraphLayout` says where stages stand, by layers and lanes; here follows how wide layers and the
/// gaps between them are, and what is drawn. Layer after layer is painted from left to right, and
/// after each the gap with the lines to the next one.
extension OverviewPainter {
    /// The title names the signs of the picture, which are nowhere else explained.
    var graphTitle: SafeText {
        let s = symbols
        func edge(_ sign: Character) -> String { "\(sign)\(sign)" }
        return SafeText(
            "Graph   \(s.states.idle) idle  \(s.states.busy) busy  \(s.states.blocked) blocked  "
                + "\(s.states.waiting) waits for a worker   edges: "
                + "\(edge(s.lines.horizontal)) queue below 10 %  \(edge(s.lines.medium)) to 75 %  "
                + "\(edge(s.lines.heavy)) above")
    }

    /// The graph as a list, where its picture does not fit: each stage and what it feeds, around
    /// the selected one.
    mutating func paintEdges(_ area: Area) {
        let stages = timeline.facts.stages
        let selected = min(screen.selectedStage, stages.count - 1)
        let list = ListWindow(count: stages.count, rows: area.height, around: selected)
        for stage in list.range {
            let y = area.y + stage - list.top
            if stage == selected {
                canvas.put(symbols.selected, x: area.x, y: y, style: Style(bold: true))
            }
            let below = timeline.facts.stagesBelow(stage).map { stages[$0] }
            let feeds = below.isEmpty ? "" : " -> " + below.joined(separator: ", ")
            let text = SafeText(stages[stage] + feeds)
                .cut(to: area.width - 2, ellipsis: symbols.ellipsis)
            canvas.put(text, x: area.x + 1, y: y, style: Style(bold: stage == selected))
        }
    }

    /// The graph in a form, with the widths that its parts have, if it fits that many columns; nil
    /// if it does not, or if there is nothing to draw. Rows are the caller's concern.
    func fittingGraph(_ form: GraphLayout.Form, width: Int) -> FittingGraph? {
        let layout = GraphLayout(timeline.facts)
        guard layout.layers > 0 else { return nil }
        let nameWidth = timeline.facts.stages.map { SafeText($0).width }.max() ?? 0
        // A box holds a bar and the figures of a stage; a compact node a name, cut at fourteen
        // cells, in brackets.
        let minimum = form == .boxed ? 19 : min(nameWidth, 14) + 2
        var gaps: [Int] = []
        for layer in 0..<max(0, layout.layers - 1) {
            // A column for each upright line with an empty one beside it, one column before them,
            // and the arrow with a cell before it.
            gaps.append(layout.turningNodes(after: layer).count * 2 + 3)
        }
        let used = minimum * layout.layers + gaps.reduce(0, +)
        guard used <= width else { return nil }
        // What is left over makes the gaps wider, by at most four cells each, because longer lines
        // say nothing more.
        let spare = gaps.isEmpty ? 0 : min(4, (width - used) / gaps.count)
        return FittingGraph(
            layout: layout, form: form, nodeWidth: minimum, gaps: gaps.map { $0 + spare })
    }

    /// Paints a graph that fits into an area that is high enough for its lanes.
    mutating func paint(_ graph: FittingGraph, in area: Area) {
        var x = area.x
        for layer in 0..<graph.layout.layers {
            for node in graph.layout.nodes where node.layer == layer {
                let box = Area(
                    x: x, y: area.y + node.lane * graph.form.nodeHeight, width: graph.nodeWidth,
                    height: graph.form.nodeHeight)
                if let stage = node.stage {
                    paintNode(stage, box, graph.form)
                } else {
                    let y = lineRow(node, graph, area)
                    for column in box.x..<box.right {
                        canvas.put(symbols.lines.horizontal, x: column, y: y, style: .frame)
                    }
                }
            }
            x += graph.nodeWidth
            if layer < graph.gaps.count {
                let gap = Area(x: x, y: area.y, width: graph.gaps[layer], height: area.height)
                paintGap(after: layer, graph, gap)
                x += graph.gaps[layer]
            }
        }
    }

    /// The row in which the lines of a position begin and end: that of the name in a compact node,
    /// the first row below the edge in a box.
    private func lineRow(_ node: GraphLayout.Node, _ graph: FittingGraph, _ area: Area) -> Int {
        area.y + node.lane * graph.form.nodeHeight + (graph.form == .boxed ? 1 : 0)
    }

    /// The lines from a layer to the next: all links are collected first, and then drawn with the
    /// arrows at their ends.
    private mutating func paintGap(after layer: Int, _ graph: FittingGraph, _ gap: Area) {
        var lines = GapLines(gap)
        let turning = graph.layout.turningNodes(after: layer)
        var ends: [Int] = []
        for link in graph.layout.links where graph.layout.nodes[link.from].layer == layer {
            let (from, to) = (graph.layout.nodes[link.from], graph.layout.nodes[link.to])
            let bottom = lineRow(to, graph, gap)
            lines.add(
                from: lineRow(from, graph, gap), to: bottom,
                // Upright lines stand in every other column, so that two of them never touch.
                turningAt: turning.firstIndex(of: link.from).map { gap.x + 1 + $0 * 2 },
                fill: link.target < rates.count ? rates[link.target].fill : 0)
            // An edge that only passes a layer has no arrow there.
            if to.stage != nil { ends.append(bottom) }
        }
        for y in gap.y..<gap.bottom {
            for x in gap.x..<gap.right {
                guard let cell = lines[x, y] else { continue }
                canvas.put(
                    cell.sign(symbols), x: x, y: y,
                    style: Style(cell.fill > 0.75 ? .blocked : .frame))
            }
        }
        for y in ends {
            canvas.put(symbols.lines.arrow, x: gap.right - 1, y: y, style: Style(.frame))
        }
    }

    private mutating func paintNode(_ stage: Int, _ node: Area, _ form: GraphLayout.Form) {
        switch form {
        case .compact: paintCompactNode(stage, node)
        case .boxed: paintBoxedNode(stage, node)
        }
    }

    /// A name in brackets, the state below it.
    private mutating func paintCompactNode(_ stage: Int, _ node: Area) {
        let name = SafeText(timeline.facts.stages[stage])
            .cut(to: node.width - 2, ellipsis: symbols.ellipsis)
        canvas.put("[", x: node.x, y: node.y, style: .frame)
        canvas.put(
            name, x: node.x + 1, y: node.y, style: Style(bold: stage == screen.selectedStage))
        canvas.put("]", x: node.right - 1, y: node.y, style: .frame)
        guard stage < rates.count else { return }
        let look = StageLook(rates[stage])
        let state = SafeText("\(look.letter) \(Figures.wholePercent(look.share))")
        canvas.put(state, x: node.x + 1, y: node.y + 1, style: look.style, limit: node.width - 1)
        if rates[stage].isLimiting, node.width >= 8 {
            canvas.put(
                symbols.limiting, x: node.x + 2 + state.width, y: node.y + 1,
                style: Style(.warning, bold: true))
        }
    }

    /// A box with the name in its edge; in it shares, rates and state.
    private mutating func paintBoxedNode(_ stage: Int, _ node: Area) {
        let inside = canvas.box(
            node, title: SafeText(timeline.facts.stages[stage]), symbols: symbols,
            titleStyle: Style(bold: stage == screen.selectedStage))
        guard stage < rates.count else { return }
        let rate = rates[stage]
        let look = StageLook(rate)
        StateShapes(symbols: symbols).paintBar(
            StateParts(rate), inside.split(top: 1).top, on: &canvas)
        let arrow = symbols.isASCII ? ">" : "→"
        let flow = "\(Figures.count(rate.recordsIn)) \(arrow) \(Figures.count(rate.recordsOut)) /s"
        canvas.put(SafeText(flow), x: inside.x, y: inside.y + 1, limit: inside.width)
        let state = look.word + SafeText(" \(Figures.wholePercent(look.share)) %")
        canvas.put(state, x: inside.x, y: inside.y + 2, style: look.style, limit: inside.width)
        // Where the stage limits the run that is said, else how many subtasks it has.
        let note = rate.isLimiting ? symbols.root : "x\(rate.subtasks)"
        canvas.put(
            SafeText(note), endingAt: inside.right, y: inside.y + 2,
            style: rate.isLimiting ? Style(.warning, bold: true) : .faint, limit: 6)
    }
}
