import WeirTelemetry
import WeirTerminal

/// The panels of a replay: lists of what waits, what changed, what could be next and what was said.
extension ReplayPainter {
    /// State, queues and choices beside each other where there is room; else state beside queues,
    /// and the choices below. The chosen panel alone where even that is too much.
    func paintPanels(_ area: Area, _ picture: ReplayPicture, on canvas: inout Canvas) {
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
}
