import WeirTerminal

/// The list of violations, errors and warnings: a line each with its time, severity and step, as
/// many as there are rows, around the one that was chosen. A line that is cut can be read whole
/// with Enter (`NoticeDetails`).
extension OverviewPainter {
    /// The title with the number of notices, which lines are in sight, and on a wide screen in
    /// which order they stand.
    func newsTitle(in area: Area) -> SafeText {
        let isNarrow = area.width < 80
        let name = isNarrow ? "Notices" : "Violations, errors, warnings"
        let order = isNarrow ? "" : "   violations, then the newest"
        // The box that will have this title takes two rows for its edges.
        let position = window(area.height - 2).position.map { "   \($0)" } ?? ""
        return SafeText(
            "\(name) (\(timeline.shownCounts.total))\(position)\(order)")
    }

    /// Which lines are in sight in so many rows: the chosen one stays in the middle.
    private func window(_ rows: Int) -> ListWindow {
        ListWindow(
            count: lines.count, rows: rows, around: lines.firstIndex { $0.id == view.line } ?? 0)
    }

    /// Paints the list. `isTitled` says that a title tells which lines are in sight; without one
    /// the first line tells it at its end.
    mutating func paintNews(_ area: Area, isTitled: Bool) {
        guard area.height > 0 else { return }
        let forgotten = timeline.shownForgotten(beside: lines)
        if lines.isEmpty, forgotten == 0 {
            canvas.put("no warnings, errors or violations", x: area.x + 1, y: area.y, style: .faint)
            return
        }
        let list = window(area.height)
        for line in list.range {
            let y = area.y + line - list.top
            var width = area.width
            if line == list.top, !isTitled, let position = list.position {
                let text = SafeText(position)
                canvas.put(text, endingAt: area.right, y: y, style: .faint, limit: area.width / 2)
                width -= text.width + 1
            }
            NoticeShape(timeline: timeline, symbols: symbols).paint(
                lines[line], Area(x: area.x, y: y, width: width, height: 1),
                isChosen: view.panel == .news && lines[line].id == view.line, on: &canvas)
        }
        let below = area.y + lines.count - list.top
        if forgotten > 0, below < area.bottom {
            canvas.put(
                SafeText("\(forgotten) older lines are in the trace alone"),
                x: area.x + 1, y: below, style: .faint)
        }
    }
}
