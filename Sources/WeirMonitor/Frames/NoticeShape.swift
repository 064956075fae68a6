import WeirTerminal

/// Paints a notice as a line: the time of day, the letter, and the text in what is left. The first
/// cell is for the sign at a chosen line.
struct NoticeShape {
    let timeline: Timeline
    let symbols: Symbols

    func paint(_ line: NoticeLine, _ row: Area, isChosen: Bool, on canvas: inout Canvas) {
        let notice = line.notice
        let look = NoticeLook(notice.severity)
        if isChosen { canvas.put(symbols.selected, x: row.x, y: row.y, style: Style(bold: true)) }
        canvas.put(SafeText(timeline.clock(notice.time)), x: row.x + 1, y: row.y, style: .faint)
        canvas.put(look.letter, x: row.x + 12, y: row.y, style: look.style)
        let times = line.count > 1 ? "(\(line.count) times) " : ""
        let text = SafeText("step \(notice.step)  \(times)\(notice.sentence)")
        var style = look.style
        if isChosen { style.isBold = true }
        canvas.put(
            text.cut(to: row.width - 15, ellipsis: symbols.ellipsis), x: row.x + 14, y: row.y,
            style: style)
    }
}
