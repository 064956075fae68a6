import WeirTerminal

/// A box over the screen: rows that are as wide as it, and how many of them it shows.
///
/// A function of the model: keys find here how far there is to scroll.
struct OverviewOverlay {
    struct Row {
        var label: SafeText = ""
        var text: SafeText
        var style = Style.plain
    }

    let title: SafeText
    let rows: [Row]
    let area: Area
    /// Cells before the texts of rows with labels.
    let labelWidth: Int

    /// Nil when nothing lies over the screen.
    init?(_ model: OverviewModel) {
        switch model.attention.overlay {
        case nil: return nil
        case .help: self = Self.help(model)
        case .details(let subject): self = Self.details(model, subject)
        }
    }

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
    var maximumScroll: Int { max(0, rows.count - visibleRows) }
    var pageRows: Int { max(1, visibleRows - 1) }

    func paint(on canvas: inout Canvas, scroll: Int, symbols: Symbols) {
        canvas.fill(area)
        let inside = canvas.box(area, title: title, symbols: symbols)
        let top = min(scroll, maximumScroll)
        for (index, row) in rows[top...].prefix(inside.height).enumerated() {
            let y = inside.y + index
            canvas.put(
                row.label, x: inside.x + 2, y: y, style: Style(bold: true), limit: labelWidth)
            let indent = labelWidth == 0 || row.style == .heading ? 1 : labelWidth + 3
            canvas.put(
                row.text, x: inside.x + indent, y: y, style: row.style,
                limit: inside.width - indent)
        }
        guard maximumScroll > 0 else { return }
        let place = SafeText(" \(top + 1)-\(top + inside.height) of \(rows.count) ")
        canvas.put(
            place, endingAt: area.right - 2, y: area.bottom - 1, style: .faint,
            limit: area.width - 4)
    }

    // MARK: Help

    private static func help(_ model: OverviewModel) -> OverviewOverlay {
        let legend: SafeText = "B blocked  R busy  W waits for a worker  I idle  F failing"
        let groups = KeyBinding.Group.allCases.count
        // Where the rows do not fit, the headings and gaps go first.
        let isTight = model.size.height < KeyTable.overview.count + groups * 2 + 3
        var rows: [Row] = []
        for group in KeyBinding.Group.allCases {
            if !isTight { rows.append(Row(text: SafeText(group.rawValue), style: .heading)) }
            for binding in KeyTable.overview where binding.group == group {
                let help = model.facts.ownsRun ? binding.help : binding.watching ?? binding.help
                rows.append(Row(label: SafeText(binding.label), text: SafeText(help)))
            }
            if !isTight { rows.append(Row(text: "")) }
        }
        rows.append(Row(text: legend, style: .heading))
        return OverviewOverlay(
            title: "Keys of the overview", width: min(model.size.width, 66),
            labelWidth: 10, in: model.size, rows: rows)
    }

    // MARK: Details

    private static func details(_ model: OverviewModel, _ subject: Subject) -> OverviewOverlay {
        let width = min(model.size.width, 120)
        let label = min(12, width / 4)
        let room = max(1, width - 2 - label - 4)
        var rows: [Row] = []
        for fact in OverviewDetails(model, subject).facts {
            let lines = SafeText(fact.text, limit: Notice.longestText)
                .wrapped(to: room, lines: Notice.longestText)
            for (index, line) in lines.enumerated() {
                let name: SafeText = index == 0 ? SafeText(fact.name) : ""
                rows.append(Row(label: name, text: line, style: fact.style))
            }
        }
        return OverviewOverlay(
            title: OverviewDetails.title(subject), width: width,
            labelWidth: label, in: model.size, rows: rows)
    }
}
