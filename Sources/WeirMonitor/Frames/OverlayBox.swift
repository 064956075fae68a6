package import WeirTerminal

/// A box over the screen: its rows, broken to the width that it has, and where on the screen it
/// lies.
///
/// `ScreenModel` makes one whenever the box is painted or a key scrolls it, from the help or from
/// details, so that a box follows the run and the size of the window. It is a function of what lies
/// over the screen; how far it was scrolled is kept in `ScreenState`, and what there is to scroll
/// is found here. A box is as high as its rows as far as the screen allows, and stands in the
/// middle.
package struct OverlayBox: Sendable {
    /// One row: a label, which may be empty, and a text that fits beside it.
    package struct Row: Sendable {
        var label: SafeText = ""
        var text: SafeText
        var style = Style.plain
    }

    /// Stands in the upper edge, with the keys that the box takes.
    package let title: SafeText
    /// All rows, in sight or not.
    package let rows: [Row]
    /// The whole box on the screen, with its frame.
    package let area: Area
    /// Cells that labels have; the texts of rows with labels begin behind them.
    private let labelWidth: Int

    private init(
        title: String, width: Int, labelWidth: Int, in size: CanvasSize, rows: [Row]
    ) {
        self.rows = rows
        self.labelWidth = labelWidth
        // Two rows are the upper and the lower edge.
        let height = min(size.height, rows.count + 2)
        self.title = SafeText(
            height < rows.count + 2
                ? "\(title); j k scroll, others close" : "\(title); any key closes")
        area = Area(
            x: (size.width - width) / 2, y: (size.height - height) / 2, width: width,
            height: height)
    }

    /// The rows that fit between the edges.
    private var visibleRows: Int { max(0, area.height - 2) }
    /// How many rows can be scrolled out of sight at the top; 0 where all fit.
    package var maximumScroll: Int {
        ListWindow(count: rows.count, rows: visibleRows, from: 0).maximumTop
    }
    /// What a page key moves by: the rows in sight less one, which stays for the reader's eye.
    var pageRows: Int { max(1, visibleRows - 1) }

    /// Paints the box over whatever is there. `scroll` may be too great, as after the window grew,
    /// and is brought back.
    func paint(on canvas: inout Canvas, scroll: Int, symbols: Symbols) {
        canvas.fill(area)
        let inside = canvas.box(area, title: title, symbols: symbols)
        let list = ListWindow(count: rows.count, rows: inside.height, from: scroll)
        for (line, row) in rows[list.range].enumerated() {
            let y = inside.y + line
            canvas.put(
                row.label, x: inside.x + 2, y: y, style: Style(bold: true), limit: labelWidth)
            // Headings and rows of a box without labels begin at the edge.
            let indent = labelWidth == 0 || row.style == .heading ? 1 : labelWidth + 3
            canvas.put(
                row.text, x: inside.x + indent, y: y, style: row.style,
                limit: inside.width - indent)
        }
        guard let position = list.position else { return }
        canvas.put(
            SafeText(" \(position) "), endingAt: area.right - 2, y: area.bottom - 1, style: .faint,
            limit: area.width - 4)
    }
}

extension OverlayBox {
    /// The help of a view: its keys and those of the screen, in groups with a heading each.
    init(help keys: [KeyRow], of view: any ScreenView.Type, _ screen: ScreenState) {
        let groups = KeyGroup.allCases.filter { group in keys.contains { $0.group == group } }
        // Each group has a heading and a gap below it; three more rows are the edges and the
        // legend. Where all that does not fit, headings and gaps are left out before anybody has to
        // scroll.
        let isTight = screen.size.height < keys.count + groups.count * 2 + 3
        var rows: [Row] = []
        for group in groups {
            if !isTight { rows.append(Row(text: SafeText(group.rawValue), style: .heading)) }
            for key in keys where key.group == group {
                let watched = screen.standpoint == .watcher ? key.watching : nil
                rows.append(Row(label: SafeText(key.label), text: SafeText(watched ?? key.help)))
            }
            if !isTight { rows.append(Row(text: "")) }
        }
        if let legend = view.legend { rows.append(Row(text: SafeText(legend), style: .heading)) }
        self.init(
            // Sixty-six cells hold a label of ten and the longest sentences of the help.
            title: "Keys of the \(view.name)", width: min(screen.size.width, 66), labelWidth: 10,
            in: screen.size, rows: rows)
    }

    /// Something that is read whole, in lines as wide as the box. Nothing is cut: a text of the
    /// greatest length is broken into lines, and the box scrolls.
    init(_ details: some Details, _ screen: ScreenState) {
        // Longer lines than these are hard to read.
        let width = min(screen.size.width, 120)
        // The names of facts are short; a narrow screen gives the texts three quarters of the
        // width.
        let label = min(12, width / 4)
        // The frame takes two cells, and the gaps around label and text four.
        let room = max(1, width - 2 - label - 4)
        var rows: [Row] = []
        for fact in details.facts(of: screen.timeline) {
            let lines = SafeText(fact.text, limit: MonitorBounds.maximumNoticeScalars)
                .wrapped(to: room, lines: MonitorBounds.maximumNoticeScalars)
            for (index, line) in lines.enumerated() {
                let name: SafeText = index == 0 ? SafeText(fact.name) : ""
                rows.append(Row(label: name, text: line, style: fact.style))
            }
        }
        self.init(
            title: details.title, width: width, labelWidth: label, in: screen.size, rows: rows)
    }
}
