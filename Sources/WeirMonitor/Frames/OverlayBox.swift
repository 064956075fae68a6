package import WeirTerminal

/// A box over the screen: rows that are as wide as it, and how many of them it shows.
///
/// A function of what lies over the screen: keys find here how far there is to scroll.
package struct OverlayBox: Sendable {
    package struct Row: Sendable {
        var label: SafeText = ""
        var text: SafeText
        var style = Style.plain
    }

    package let title: SafeText
    package let rows: [Row]
    package let area: Area
    /// Cells before the texts of rows with labels.
    private let labelWidth: Int

    private init(
        title: String, width: Int, labelWidth: Int, in size: CanvasSize, rows: [Row]
    ) {
        self.rows = rows
        self.labelWidth = labelWidth
        let height = min(size.height, rows.count + 2)
        self.title = SafeText(
            height < rows.count + 2
                ? "\(title); j k scroll, others close" : "\(title); any key closes")
        area = Area(
            x: (size.width - width) / 2, y: (size.height - height) / 2, width: width,
            height: height)
    }

    private var visibleRows: Int { max(0, area.height - 2) }
    package var maximumScroll: Int {
        ListWindow(count: rows.count, rows: visibleRows, from: 0).maximumTop
    }
    var pageRows: Int { max(1, visibleRows - 1) }

    func paint(on canvas: inout Canvas, scroll: Int, symbols: Symbols) {
        canvas.fill(area)
        let inside = canvas.box(area, title: title, symbols: symbols)
        let list = ListWindow(count: rows.count, rows: inside.height, from: scroll)
        for (line, row) in rows[list.range].enumerated() {
            let y = inside.y + line
            canvas.put(
                row.label, x: inside.x + 2, y: y, style: Style(bold: true), limit: labelWidth)
            let indent = labelWidth == 0 || row.style == .heading ? 1 : labelWidth + 3
            canvas.put(
                row.text, x: inside.x + indent, y: y, style: row.style,
                limit: inside.width - indent)
        }
        guard let place = list.place else { return }
        canvas.put(
            SafeText(" \(place) "), endingAt: area.right - 2, y: area.bottom - 1, style: .faint,
            limit: area.width - 4)
    }
}

extension OverlayBox {
    /// The help of a view: its keys and those of the screen, by groups.
    init(help keys: [KeyRow], of view: any ScreenView.Type, _ screen: ScreenState) {
        let groups = KeyGroup.allCases.filter { group in keys.contains { $0.group == group } }
        // Where the rows do not fit, the headings and gaps go first.
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
            title: "Keys of the \(view.name)", width: min(screen.size.width, 66), labelWidth: 10,
            in: screen.size, rows: rows)
    }

    /// Something that is read whole, in lines as wide as the box.
    init(_ details: some Details, _ screen: ScreenState) {
        let width = min(screen.size.width, 120)
        let label = min(12, width / 4)
        let room = max(1, width - 2 - label - 4)
        var rows: [Row] = []
        for fact in details.facts(of: screen.timeline) {
            let lines = SafeText(fact.text, limit: Notice.longestText)
                .wrapped(to: room, lines: Notice.longestText)
            for (index, line) in lines.enumerated() {
                let name: SafeText = index == 0 ? SafeText(fact.name) : ""
                rows.append(Row(label: name, text: line, style: fact.style))
            }
        }
        self.init(
            title: details.title, width: width, labelWidth: label, in: screen.size, rows: rows)
    }
}
