import WeirBase
import WeirTelemetry
import WeirTerminal

/// Lays out the view of a replay and paints its lists; the timeline and the lanes have files of
/// their own. Made for one frame.
struct ReplayPainter {
    private let view: ReplayView
    private let screen: ScreenState
    private let symbols: Symbols
    private let replay: ReplayState

    init(_ view: ReplayView, _ screen: ScreenState) {
        self.view = view
        self.screen = screen
        symbols = screen.symbols
        replay = screen.replay
    }

    /// From the top: where it stands, the timeline, the lanes, the panels, and at the bottom what
    /// was said last, or the command that is being typed.
    func paint(_ area: Area, on canvas: inout Canvas) {
        canvas.put(headline, y: area.y, symbols: symbols)
        paintWords(y: area.y + 1, area, on: &canvas)
        var rest = area.split(top: 2).rest
        let said = rest.split(top: rest.height - max(1, min(3, rest.height / 6)))
        paintSaid(said.rest, on: &canvas)
        rest = said.top
        if rest.height >= 10 {
            ReplayTimeline(
                timeline: screen.timeline, picture: replay.picture, stage: screen.selectedStage,
                symbols: symbols
            ).paint(rest, on: &canvas)
            rest = rest.split(top: ReplayTimeline.height).rest
        }
        guard let picture = replay.picture else { return }
        let lanes = min(picture.lanes.subtasks.count, max(1, rest.height / 3)) + 1
        if rest.height >= lanes + 4 {
            let title = SafeText("lanes: a column for each step")
            let below = canvas.rule(title, rest, symbols: symbols)
            ReplayLanes(picture: picture, symbols: symbols)
                .paint(below.split(top: lanes - 1).top, on: &canvas)
            rest = rest.split(top: lanes).rest
        }
        paintPanels(rest, picture, on: &canvas)
    }

    // MARK: What is said in words

    private var headline: [Piece] {
        guard let picture = replay.picture else { return [Piece(SafeText(emptiness))] }
        var pieces = [
            Piece(SafeText("step \(picture.step) of \(picture.lastStep)"), Style(bold: true)),
            Piece(SafeText(seconds(picture.time)), rank: 1),
        ]
        if case .ended(let reason) = replay.phase {
            pieces.append(Piece(SafeText(reason), Style(.failed, bold: true)))
        } else if let work = replay.work {
            var text = work
            if let progress = replay.progress {
                let share = Double(progress.done) / Double(max(1, progress.total))
                text += ": \(Figures.percent(share)) of \(progress.total) steps, Esc stops"
            }
            pieces.append(Piece(SafeText(text), Style(.busy, bold: true)))
        } else {
            pieces.append(
                picture.replayed == nil
                    ? Piece("recorded schedule", .faint, rank: 3)
                    : Piece("regenerated", .faint, rank: 3))
        }
        if let failure = picture.failure {
            pieces.append(Piece(SafeText("failure at \(failure)"), Style(.failed), rank: 2))
        }
        return pieces
    }

    /// Why there is nothing to see yet.
    private var emptiness: String {
        switch replay.phase {
        case .closed:
            screen.timeline.facts.tracePath == nil
                ? "not recorded: there is nothing to replay" : "no replay"
        case .ended(let reason): reason
        case .open:
            replay.progress.map { "on the way: \($0.done) of \($0.total) steps" }
                ?? "opening the trace"
        }
    }

    private func seconds(_ time: RunTime) -> String {
        "+\(Figures.elapsed(time)).\(Self.milliseconds(time))"
    }

    private static func milliseconds(_ time: RunTime) -> String {
        let part = String(max(0, time.rawValue) / 1_000 % 1_000)
        return String(repeating: "0", count: 3 - part.count) + part
    }

    /// What the step was, and what went wrong at it.
    private func paintWords(y: Int, _ area: Area, on canvas: inout Canvas) {
        guard let picture = replay.picture else { return }
        let marks = picture.marks.joined(separator: "; ")
        var x = area.x + 1
        if !marks.isEmpty {
            let style = Style(.failed, bold: true)
            let room = max(20, area.width / 2)
            x += canvas.put(
                SafeText(marks).cut(to: room, ellipsis: symbols.ellipsis), x: x, y: y, style: style)
            x += 2
        }
        canvas.put(
            SafeText(picture.what).cut(to: max(0, area.right - x), ellipsis: symbols.ellipsis), x: x,
            y: y)
    }

    /// The newest answers, or the line that is being typed.
    private func paintSaid(_ area: Area, on canvas: inout Canvas) {
        var room = area
        if let typed = view.typed {
            TypedLine(prompt: "(weir) ", line: typed)
                .paint(x: area.x + 1, y: area.bottom - 1, right: area.right, on: &canvas)
            room.height -= 1
        }
        guard let answer = replay.answers.last else {
            if view.typed == nil {
                let words: SafeText = ": types a command, as at the prompt; 'help' lists them"
                canvas.put(words, x: area.x + 1, y: area.y, style: .faint, limit: area.width - 1)
            }
            return
        }
        let lines = answer.lines.isEmpty ? ["done"] : answer.lines
        let style = answer.isFault ? Style(.failed) : .faint
        for (index, line) in lines.prefix(room.height).enumerated() {
            let isLast = index == room.height - 1 && lines.count > room.height
            let more = isLast ? "  (and \(lines.count - room.height) more)" : ""
            let head = index == 0 ? "\(answer.command): " : "  "
            let cut = SafeText(head + line)
                .cut(to: max(0, area.width - 2 - more.count), ellipsis: symbols.ellipsis)
            canvas.put(
                cut + SafeText(more), x: area.x + 1, y: area.y + index, style: style,
                limit: area.width - 1)
        }
    }

    // MARK: Panels

    /// State, queues and choices beside each other where there is room; else state beside queues,
    /// and the choices below. The chosen panel alone where even that is too much.
    private func paintPanels(_ area: Area, _ picture: ReplayPicture, on canvas: inout Canvas) {
        if view.panel == .answers || area.height < 5 {
            return paintPanel(view.panel, area, picture, on: &canvas)
        }
        if area.width >= 120 {
            let left = area.split(left: area.width * 2 / 5)
            let middle = left.rest.split(left: left.rest.width / 2)
            paintPanel(.states, left.left, picture, on: &canvas)
            paintPanel(.queues, middle.left, picture, on: &canvas)
            // Breaks stand below the choices once there are any.
            let breaks = view.panel == .breaks ? 5 : min(5, picture.breaks.count)
            let right = middle.rest.split(
                top: middle.rest.height - (breaks > 0 ? breaks + 1 : 0))
            paintPanel(.choices, right.top, picture, on: &canvas)
            if breaks > 0 { paintPanel(.breaks, right.rest, picture, on: &canvas) }
            return
        }
        let below = min(5, area.height / 2)
        let rows = area.split(top: area.height - below)
        let sides = rows.top.split(left: rows.top.width * 3 / 5)
        paintPanel(.states, sides.left, picture, on: &canvas)
        paintPanel(.queues, sides.rest, picture, on: &canvas)
        paintPanel(
            view.panel == .breaks ? .breaks : .choices, rows.rest, picture, on: &canvas)
    }

    private func paintPanel(
        _ panel: ReplayView.Panel, _ area: Area, _ picture: ReplayPicture,
        on canvas: inout Canvas
    ) {
        let isChosen = view.panel == panel
        let title = SafeText(title(of: panel, picture))
        let inside = canvas.rule(
            title, area, symbols: symbols,
            style: isChosen ? Style(.heading, bold: true, reversed: true) : .heading)
        guard picture.replayed != nil || panel == .answers || panel == .breaks else {
            canvas.put(
                "not replayed yet", x: inside.x + 1, y: inside.y, style: .faint,
                limit: inside.width - 1)
            return
        }
        paintRows(panel, inside, on: &canvas) { index, row, canvas in
            switch panel {
            case .states:
                if let states = picture.replayed?.states {
                    paintState(states[index], row, on: &canvas)
                }
            case .queues:
                if let queues = picture.replayed?.queues {
                    paintQueue(queues[index], row, on: &canvas)
                }
            case .choices:
                if let choices = picture.replayed?.choices {
                    paintChoice(choices[index], row, on: &canvas)
                }
            case .breaks: paintBreak(picture.breaks[index], row, on: &canvas)
            case .answers: paintAnswer(index, row, on: &canvas)
            }
        }
    }

    private func title(of panel: ReplayView.Panel, _ picture: ReplayPicture) -> String {
        switch panel {
        case .states:
            let omitted = picture.replayed?.omittedStates ?? 0
            return "state: before, after" + (omitted > 0 ? ", \(omitted) more" : "")
        case .queues:
            let omitted = picture.replayed?.omittedQueues ?? 0
            return "queues" + (omitted > 0 ? ", \(omitted) more" : "")
        case .choices: return "could be next, * as recorded"
        case .breaks: return "breaks"
        case .answers: return "answers, newest first"
        }
    }

    /// The rows of a panel's list that are in sight, with the sign at the chosen one.
    private func paintRows(
        _ panel: ReplayView.Panel, _ area: Area, on canvas: inout Canvas,
        _ paintRow: (Int, Area, inout Canvas) -> Void
    ) {
        let count = ReplayView.count(panel, screen)
        guard count > 0 else {
            canvas.put("nothing", x: area.x + 1, y: area.y, style: .faint, limit: area.width - 1)
            return
        }
        let chosen = view.row(panel, screen)
        let list = ListWindow(count: count, rows: area.height, around: chosen)
        for index in list.range {
            let y = area.y + index - list.top
            if index == chosen, view.panel == panel {
                canvas.put(symbols.selected, x: area.x, y: y, style: Style(bold: true))
            }
            paintRow(
                index, Area(x: area.x + 1, y: y, width: max(0, area.width - 2), height: 1), &canvas)
        }
    }

    private func paintState(
        _ state: ReplayPicture.State, _ row: Area, on canvas: inout Canvas
    ) {
        let names = max(8, min(24, row.width / 3))
        let values = max(0, (row.width - names - 4) / 2)
        let style: Style = state.isChanged ? Style(.warning, bold: true) : .plain
        func put(_ text: String, _ x: Int, _ cells: Int, _ style: Style) {
            canvas.put(
                SafeText(text).cut(to: cells, ellipsis: symbols.ellipsis), x: x, y: row.y,
                style: style)
        }
        put(state.name, row.x, names, style)
        let (before, after) = DifferingTexts.cut(
            state.before ?? "-", state.after ?? "-", to: values, ellipsis: symbols.ellipsis)
        put(before, row.x + names + 1, values, .faint)
        put(after, row.x + names + values + 2, values, style)
        if state.isChanged {
            canvas.put("*", x: row.right - 1, y: row.y, style: style)
        }
    }

    private func paintQueue(
        _ queue: ReplayPicture.Queue, _ row: Area, on canvas: inout Canvas
    ) {
        let unpublished = queue.unpublished > 0 ? "+\(queue.unpublished)" : ""
        let level = SafeText("\(queue.depth)\(unpublished)/\(queue.capacity)")
        let names = max(6, min(SafeText(queue.channel).width, row.width - level.width - 1))
        let isFull = queue.capacity > 0 && queue.depth >= queue.capacity
        canvas.put(
            SafeText(queue.channel).cut(to: names, ellipsis: symbols.ellipsis), x: row.x, y: row.y)
        let x = row.x + names + 1
        canvas.put(
            level, x: x, y: row.y, style: isFull ? Style(.blocked, bold: true) : .plain,
            limit: max(0, row.right - x))
        let rest = x + level.width + 1
        if let oldest = queue.oldest.first, row.right - rest > 8 {
            canvas.put(
                SafeText(oldest).cut(to: row.right - rest, ellipsis: symbols.ellipsis), x: rest,
                y: row.y, style: .faint)
        }
    }

    private func paintChoice(
        _ choice: ReplayPicture.Choice, _ row: Area, on canvas: inout Canvas
    ) {
        let style: Style = choice.isRecorded ? Style(.busy, bold: true) : .plain
        let sign = choice.isRecorded ? "* " : "  "
        canvas.put(
            SafeText("\(sign)\(choice.subtask): \(choice.what)")
                .cut(to: row.width, ellipsis: symbols.ellipsis), x: row.x, y: row.y, style: style)
    }

    private func paintBreak(
        _ point: ReplayPicture.Break, _ row: Area, on canvas: inout Canvas
    ) {
        let hits = point.hits == 1 ? "1 hit" : "\(point.hits) hits"
        canvas.put(
            SafeText("\(point.number) \(point.text), \(hits)")
                .cut(to: row.width, ellipsis: symbols.ellipsis), x: row.x, y: row.y)
    }

    private func paintAnswer(_ index: Int, _ row: Area, on canvas: inout Canvas) {
        let answer = replay.answers[replay.answers.count - 1 - index]
        let line = answer.lines.first ?? "done"
        let more = answer.lines.count > 1 ? " (and \(answer.lines.count - 1) more)" : ""
        canvas.put(
            SafeText("\(answer.command): \(line)\(more)")
                .cut(to: row.width, ellipsis: symbols.ellipsis), x: row.x, y: row.y,
            style: answer.isFault ? Style(.failed) : .plain)
    }

    // MARK: Too small for parts

    func paintReduced(_ area: Area, on canvas: inout Canvas) {
        guard !area.isEmpty else { return }
        guard let picture = replay.picture else {
            canvas.put(SafeText(emptiness), x: 0, y: area.y, limit: area.width)
            return
        }
        let lines = ["step \(picture.step) of \(picture.lastStep)"] + picture.marks + [picture.what]
        for (index, line) in lines.prefix(area.height).enumerated() {
            canvas.put(
                SafeText(line).cut(to: area.width, ellipsis: symbols.ellipsis), x: 0,
                y: area.y + index)
        }
    }
}
