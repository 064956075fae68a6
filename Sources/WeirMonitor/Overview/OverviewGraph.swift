import WeirBase
import WeirTerminal

/// A graph that fits: its layout and how wide its parts are.
struct FittingGraph {
    var layout: GraphLayout
    var form: GraphLayout.Form
    var nodeWidth: Int
    /// Cells between a layer and the next.
    var gaps: [Int]
}

/// The graph of stages.
extension OverviewPainter {
    /// The graph in a form, if it fits the width.
    func fittingGraph(_ form: GraphLayout.Form, width: Int) -> FittingGraph? {
        let layout = GraphLayout(model.facts)
        guard layout.layers > 0 else { return nil }
        let longest = model.facts.stages.map { SafeText($0).width }.max() ?? 0
        let least = form == .boxed ? 19 : min(longest, 14) + 2
        var gaps: [Int] = []
        for layer in 0..<max(0, layout.layers - 1) {
            // A column for each upright line, one before, and the arrow with one cell before it.
            gaps.append(layout.turningPlaces(after: layer).count * 2 + 3)
        }
        let used = least * layout.layers + gaps.reduce(0, +)
        guard used <= width else { return nil }
        let spare = gaps.isEmpty ? 0 : min(4, (width - used) / gaps.count)
        return FittingGraph(
            layout: layout, form: form, nodeWidth: least, gaps: gaps.map { $0 + spare })
    }

    mutating func paint(_ graph: FittingGraph, in area: Area) {
        var x = area.x
        for layer in 0..<graph.layout.layers {
            for place in graph.layout.places where place.layer == layer {
                let node = Area(
                    x: x, y: area.y + place.lane * graph.form.nodeHeight, width: graph.nodeWidth,
                    height: graph.form.nodeHeight)
                if let stage = place.stage {
                    paintNode(stage, node, graph.form)
                } else {
                    let y = lineRow(place, graph, area)
                    for column in node.x..<node.right {
                        canvas.put(symbols.horizontal, x: column, y: y, style: .frame)
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

    private func lineRow(_ place: GraphLayout.Place, _ graph: FittingGraph, _ area: Area) -> Int {
        area.y + place.lane * graph.form.nodeHeight + (graph.form == .boxed ? 1 : 0)
    }

    /// Lines from a layer to the next. Each cell collects its arms, so that crossings and
    /// branches come out right whatever meets there.
    private mutating func paintGap(after layer: Int, _ graph: FittingGraph, _ gap: Area) {
        let (up, right, down, left) = (1, 2, 4, 8)
        var arms: [Int: Int] = [:]
        var fills: [Int: Double] = [:]
        func key(_ x: Int, _ y: Int) -> Int { y * CanvasSize.maximumSide * 2 + x }
        let turning = graph.layout.turningPlaces(after: layer)
        var ends: [(x: Int, y: Int)] = []
        for link in graph.layout.links where graph.layout.places[link.from].layer == layer {
            let (from, to) = (graph.layout.places[link.from], graph.layout.places[link.to])
            let (top, bottom) = (lineRow(from, graph, gap), lineRow(to, graph, gap))
            let fill = link.target < rates.count ? rates[link.target].fill : 0
            let column = turning.firstIndex(of: link.from).map { gap.x + 1 + $0 * 2 }
            let turn = top == bottom ? gap.right : (column ?? gap.x)
            for x in gap.x..<gap.right {
                let y = x <= turn ? top : bottom
                var arm = left | right
                if x == turn {
                    arm = left | (bottom > top ? down : up)
                    arms[key(x, bottom), default: 0] |= (bottom > top ? up : down) | right
                }
                arms[key(x, y), default: 0] |= arm
                fills[key(x, y)] = max(fills[key(x, y)] ?? 0, fill)
            }
            if top != bottom {
                for y in (min(top, bottom) + 1)..<max(top, bottom) {
                    arms[key(turn, y), default: 0] |= up | down
                }
            }
            if to.stage != nil { ends.append((gap.right - 1, bottom)) }
        }
        for y in gap.y..<gap.bottom {
            for x in gap.x..<gap.right {
                guard let arm = arms[key(x, y)] else { continue }
                let fill = fills[key(x, y)] ?? 0
                let isFlat = arm == left | right
                let sign =
                    isFlat && fill > 0.75
                    ? symbols.heavy : isFlat && fill >= 0.1 ? symbols.medium : symbols.joints[arm]
                canvas.put(sign, x: x, y: y, style: Style(fill > 0.75 ? .blocked : .frame))
            }
        }
        for end in ends { canvas.put(symbols.arrow, x: end.x, y: end.y, style: Style(.frame)) }
    }

    private mutating func paintNode(_ stage: Int, _ node: Area, _ form: GraphLayout.Form) {
        let name = SafeText(model.facts.stages[stage])
        let rate = stage < rates.count ? rates[stage] : nil
        let isSelected = stage == model.selection
        guard form == .boxed else {
            let shown = name.cut(to: node.width - 2, ellipsis: symbols.ellipsis)
            canvas.put("[", x: node.x, y: node.y, style: .frame)
            canvas.put(shown, x: node.x + 1, y: node.y, style: Style(bold: isSelected))
            canvas.put("]", x: node.right - 1, y: node.y, style: .frame)
            if let rate {
                let look = StageLook(rate)
                let state = SafeText("\(look.letter) \(Figures.wholePercent(look.share))")
                canvas.put(
                    state, x: node.x + 1, y: node.y + 1, style: look.style, limit: node.width - 1)
                if rate.isLimiting, node.width >= 8 {
                    canvas.put(
                        symbols.falling == "v" ? "<" : "◀", x: node.x + 2 + state.width,
                        y: node.y + 1, style: Style(.warning, bold: true))
                }
            }
            return
        }
        let inside = canvas.box(
            node, title: name, symbols: symbols, titleStyle: Style(bold: isSelected))
        guard let rate else { return }
        let look = StageLook(rate)
        paintShares(
            rate, Area(x: inside.x, y: inside.y, width: inside.width, height: 1), brackets: false)
        let arrow = symbols.isASCII ? ">" : "→"
        let flow = "\(Figures.count(rate.recordsIn)) \(arrow) \(Figures.count(rate.recordsOut)) /s"
        canvas.put(SafeText(flow), x: inside.x, y: inside.y + 1, limit: inside.width)
        let state = look.word + SafeText(" \(Figures.wholePercent(look.share)) %")
        canvas.put(state, x: inside.x, y: inside.y + 2, style: look.style, limit: inside.width)
        let note = rate.isLimiting ? symbols.root : "x\(rate.subtasks)"
        canvas.put(
            SafeText(note), endingAt: inside.right, y: inside.y + 2,
            style: rate.isLimiting ? Style(.warning, bold: true) : .faint, limit: 6)
    }
}
