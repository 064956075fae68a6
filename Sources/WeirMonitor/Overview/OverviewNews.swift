import WeirBase
import WeirTerminal

/// The list of violations, errors and warnings.
extension OverviewPainter {
    func newsTitle(_ number: String, in area: Area) -> SafeText {
        let isNarrow = area.width < 80
        let name = isNarrow ? "Notices" : "Violations, errors, warnings"
        let order = isNarrow ? "" : "   violations, then the newest"
        let place = newsPlace(rows: area.height - 2).map { "   \($0)" } ?? ""
        return SafeText(
            "\(number) \(name) (\(model.shownCounts.total))\(place)\(order)")
    }

    /// Which lines of how many are in sight; nil where all are.
    private func newsPlace(rows: Int) -> String? {
        guard rows > 0, lines.count > rows else { return nil }
        let top = newsTop(rows)
        return "\(top + 1)-\(min(lines.count, top + rows)) of \(lines.count)"
    }

    /// The first line in sight: the one that was chosen stays in the middle.
    private func newsTop(_ rows: Int) -> Int {
        let chosen = lines.firstIndex { $0.id == model.attention.line } ?? 0
        return max(0, min(lines.count - rows, chosen - rows / 2))
    }

    /// `isTitled`: the title says which lines are in sight.
    mutating func paintNews(_ area: Area, isTitled: Bool) {
        guard area.height > 0 else { return }
        if lines.isEmpty {
            canvas.put("no warnings, errors or violations", x: area.x + 1, y: area.y, style: .faint)
            return
        }
        let top = newsTop(area.height)
        for row in 0..<min(area.height, lines.count - top) {
            let y = area.y + row
            var width = area.width
            if row == 0, !isTitled, let place = newsPlace(rows: area.height) {
                let text = SafeText(place)
                canvas.put(text, endingAt: area.right, y: y, style: .faint, limit: area.width / 2)
                width -= text.width + 1
            }
            paintLine(lines[top + row], Area(x: area.x, y: y, width: width, height: 1))
        }
        let below = area.y + lines.count - top
        if model.notices.forgotten > 0, below < area.bottom {
            canvas.put(
                SafeText("\(model.notices.forgotten) older lines are in the trace alone"),
                x: area.x + 1, y: below, style: .faint)
        }
    }

    private mutating func paintLine(_ line: NoticeLine, _ area: Area) {
        let notice = line.notice
        let look = NoticeLook(notice.severity)
        let isChosen = model.attention.panel == .news && line.id == model.attention.line
        if isChosen {
            canvas.put(symbols.selected, x: area.x, y: area.y, style: Style(bold: true))
        }
        canvas.put(SafeText(model.clock(notice.time)), x: area.x + 1, y: area.y, style: .faint)
        canvas.put(look.letter, x: area.x + 12, y: area.y, style: look.style)
        let times = line.count > 1 ? "(\(line.count) times) " : ""
        let text = SafeText("step \(notice.step)  \(times)\(notice.sentence)")
        var style = look.style
        if isChosen { style.isBold = true }
        canvas.put(
            text.cut(to: area.width - 15, ellipsis: symbols.ellipsis), x: area.x + 14, y: area.y,
            style: style)
    }
}

/// How a severity looks; the letter never depends on colour.
struct NoticeLook {
    let letter: Character
    let word: String
    let style: Style

    init(_ severity: Notice.Severity) {
        switch severity {
        case .note: (letter, word, style) = ("i", "note", .plain)
        case .warning: (letter, word, style) = ("W", "warning", Style(.warning))
        case .error: (letter, word, style) = ("E", "error", Style(.failed, bold: true))
        case .violation: (letter, word, style) = ("V", "violation", Style(.failed, bold: true))
        }
    }
}

extension Notice {
    /// Place and text; the text of a violation begins with the invariant's name itself.
    var sentence: String { text.hasPrefix(place) ? text : "\(place): \(text)" }
}

extension OverviewModel {
    /// The time of day of a moment of the run, in UTC.
    func clock(_ microseconds: Int64) -> String {
        Figures.clock(Instant(nanoseconds: facts.started) + .microseconds(microseconds))
    }
}
