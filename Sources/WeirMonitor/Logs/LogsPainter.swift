import WeirTelemetry
import WeirTerminal

/// How a level looks; the letter never depends on colour.
struct LogLook {
    let letter: Character
    let style: Style

    init(_ level: LogLevel) {
        switch level {
        case .trace: (letter, style) = ("T", .faint)
        case .debug: (letter, style) = ("D", .faint)
        case .info: (letter, style) = ("i", .plain)
        case .notice: (letter, style) = ("N", .plain)
        case .warning: (letter, style) = ("W", Style(.warning))
        case .error: (letter, style) = ("E", Style(.failed, bold: true))
        case .critical: (letter, style) = ("C", Style(.failed, bold: true))
        }
    }
}

/// Paints the view of the log: what is shown of how much, the filter, the lines, and on a high
/// screen the chosen one whole.
struct LogsPainter {
    private let view: LogsView
    private let timeline: Timeline
    private let symbols: Symbols
    private let rows: LogRows
    private let chosen: Int

    init(_ view: LogsView, _ screen: ScreenState) {
        self.view = view
        timeline = screen.timeline
        symbols = screen.symbols
        rows = LogRows(view, timeline)
        chosen = rows.index(of: view.chosen)
    }

    func paint(_ area: Area, on canvas: inout Canvas) {
        canvas.put(counts, y: area.y, symbols: symbols)
        paintFilter(y: area.y + 1, area, on: &canvas)
        var list = area.split(top: 2).rest
        // The fields of the chosen line, where the list keeps twenty rows.
        let details = rows.isEmpty ? 0 : min(8, list.height - 20)
        if details >= 4 {
            let parts = list.split(top: list.height - details)
            list = parts.top
            paintDetails(parts.rest, on: &canvas)
        }
        paintList(list, on: &canvas)
    }

    // MARK: What is said in words

    private var counts: [Piece] {
        var pieces = [
            Piece(
                view.chosen == nil ? "follow" : "follow off",
                view.chosen == nil ? .plain : Style(.warning)),
            Piece(SafeText("shown \(rows.shown) of \(rows.known)")),
        ]
        if rows.hidden > 0 {
            pieces.append(
                Piece(SafeText("\(rows.hidden) hidden by the filter"), Style(bold: true)))
        }
        let newer = rows.count - 1 - chosen
        if view.chosen != nil, newer > 0 { pieces.append(Piece(SafeText("\(newer) newer"))) }
        let logs = timeline.logs
        if logs.forgotten > 0 {
            pieces.append(Piece(SafeText("\(logs.forgotten) older in the trace"), .faint, rank: 2))
        }
        if logs.lost > 0 {
            pieces.append(Piece(SafeText("\(logs.lost) lost"), Style(.failed, bold: true), rank: 1))
        }
        return pieces
    }

    /// The terms, with the one that a key switches reversed; or the one that is being typed, with
    /// what is wrong with it.
    private func paintFilter(y: Int, _ area: Area, on canvas: inout Canvas) {
        if let typed = view.typed {
            paintTyped(typed, y: y, area, on: &canvas)
            return
        }
        let terms = view.filter.terms
        guard !terms.isEmpty else {
            let words: SafeText =
                "no filter   / adds a term: level>=warning  stage=a  name=value  text  -text"
            canvas.put(words, x: area.x + 1, y: y, style: .faint, limit: area.width - 1)
            return
        }
        var x = area.x + 1
        for (index, term) in terms.enumerated() where x < area.right {
            let text = SafeText("\(term.isOn ? "" : "(off) ")\(term.text)")
            var style: Style = term.isOn ? .plain : .faint
            if index == view.term { style.isReversed = true }
            x += canvas.put(text, x: x, y: y, style: style, limit: area.right - x) + 3
        }
    }

    private func paintTyped(
        _ typed: LineBuffer, y: Int, _ area: Area, on canvas: inout Canvas
    ) {
        let (start, end) = TypedLine(prompt: "filter> ", line: typed)
            .paint(x: area.x + 1, y: y, right: area.right, on: &canvas)
        guard let fault = view.fault else { return }
        canvas.restyle(
            Area(
                x: start + fault.column, y: y, width: max(1, end - start - fault.column), height: 1)
        ) { $0.role = .failed }
        canvas.put(
            SafeText(fault.reason), x: end + 2, y: y, style: Style(.failed),
            limit: max(0, area.right - end - 2))
    }

    // MARK: Lines

    func paintList(_ area: Area, on canvas: inout Canvas) {
        guard !rows.isEmpty else {
            let words: SafeText =
                rows.known > 0
                ? "no line passes the filter: F switches a term off"
                : timeline.facts.tracePath == nil
                    ? "the log of a run that is not recorded is not shown" : "no lines yet"
            canvas.put(words, x: area.x + 1, y: area.y, style: .faint, limit: area.width - 1)
            return
        }
        let list =
            view.chosen == nil
            ? ListWindow(count: rows.count, rows: area.height, from: rows.count)
            : ListWindow(count: rows.count, rows: area.height, around: chosen)
        let origins = list.range.map { SafeText(rows[$0].line.origin).width }.max() ?? 0
        let origin = min(20, max(6, min(origins, area.width / 4)))
        for index in list.range {
            paint(
                index,
                Area(x: area.x, y: area.y + index - list.top, width: area.width, height: 1),
                isChosen: view.chosen != nil && index == chosen, originWidth: origin, on: &canvas)
        }
    }

    private func paint(
        _ index: Int, _ area: Area, isChosen: Bool, originWidth: Int,
        on canvas: inout Canvas
    ) {
        let (line, count, y) = (rows[index].line, rows.repeats(index), area.y)
        let look = LogLook(line.level)
        if isChosen { canvas.put(symbols.selected, x: area.x, y: y, style: Style(bold: true)) }
        canvas.put(SafeText(timeline.clock(line.time)), x: area.x + 1, y: y, style: .faint)
        canvas.put(look.letter, x: area.x + 12, y: y, style: look.style)
        let origin = SafeText(line.origin).cut(to: originWidth, ellipsis: symbols.ellipsis)
        canvas.put(origin, x: area.x + 14, y: y, style: .faint)
        let x = area.x + 15 + originWidth
        let times = count > 1 ? "(\(count) times) " : ""
        var style = look.style
        if isChosen { style.isBold = true }
        canvas.put(
            SafeText(times + line.text).cut(to: area.right - x, ellipsis: symbols.ellipsis), x: x,
            y: y, style: style)
    }

    private func paintDetails(_ area: Area, on canvas: inout Canvas) {
        for x in area.x..<area.right {
            canvas.put(symbols.lines.horizontal, x: x, y: area.y, style: .frame)
        }
        canvas.put(" line ", x: area.x + 2, y: area.y, style: .heading)
        let facts = LogDetails(id: rows[chosen].id).facts(of: timeline)
        for (index, fact) in facts.prefix(area.height - 1).enumerated() {
            let y = area.y + 1 + index
            canvas.put(
                SafeText(fact.name).cut(to: 12, ellipsis: symbols.ellipsis), x: area.x + 1, y: y,
                style: .faint)
            canvas.put(
                SafeText(fact.text).cut(to: area.width - 15, ellipsis: symbols.ellipsis),
                x: area.x + 14, y: y, style: fact.style)
        }
    }
}
