import WeirBase
import WeirTelemetry
import WeirTerminal

/// The table of stages.
extension OverviewPainter {
    /// A column; where room is short, those of the highest rank go first. Name, letter and queue
    /// never do.
    enum Column: Int, CaseIterable {
        case name, letter, shares, percents, strip, into, out, queue, lag, errors, dropped

        var rank: Int {
            switch self {
            case .name, .letter, .queue: 0
            case .into: 1
            case .shares: 2
            case .lag: 3
            case .out: 4
            case .errors: 5
            case .dropped: 6
            case .percents: 7
            case .strip: 8
            }
        }
    }

    struct PlacedColumn {
        var column: Column
        var x: Int
        var width: Int
    }

    /// Columns for a width, left to right.
    func columns(_ width: Int) -> [PlacedColumn] {
        let longest = model.facts.stages.map { SafeText($0).width }.max() ?? 0
        let name = max(6, min(24, min(longest, width / 4)))
        let isWide = width >= 110
        var chosen = Column.allCases.filter { $0 != (isWide ? .shares : .percents) }
        if !isWide { chosen.removeAll { $0 == .strip } }
        func cells(_ column: Column) -> Int {
            switch column {
            case .name: name
            case .letter: 2
            case .shares: 12
            case .percents: 19
            case .strip: min(60, max(20, width - name - 105))
            case .into, .out: 7
            case .queue: isWide ? 26 : (width >= 70 ? 18 : 10)
            case .lag: 7
            case .errors: 5
            case .dropped: 5
            }
        }
        while chosen.reduce(1, { $0 + cells($1) + 1 }) > width {
            guard let last = chosen.max(by: { $0.rank < $1.rank }), last.rank > 0 else { break }
            chosen.removeAll { $0 == last }
        }
        var x = 1
        return chosen.map { column in
            defer { x += cells(column) + 1 }
            return PlacedColumn(column: column, x: x, width: cells(column))
        }
    }

    mutating func paintTable(_ area: Area) {
        guard area.height > 0 else { return }
        let placed = columns(area.width)
        for column in placed { paintHeader(column, area) }
        let rows = area.height - 1
        let stages = model.facts.stages.count
        guard rows > 0, stages > 0 else { return }
        // The selection stays in sight.
        let selected = min(model.selection, stages - 1)
        let top = max(0, min(stages - rows, selected - rows / 2))
        for row in 0..<min(rows, stages - top) {
            let stage = top + row
            let y = area.y + 1 + row
            if stage == selected {
                canvas.put(symbols.selected, x: area.x, y: y, style: Style(bold: true))
            }
            for column in placed {
                let cell = Area(x: area.x + column.x, y: y, width: column.width, height: 1)
                paint(column.column, stage, cell)
            }
            if stage == selected {
                canvas.restyle(
                    Area(x: area.x, y: y, width: (placed.first?.width ?? 0) + 1, height: 1)
                ) { $0.isBold = true }
            }
        }
        if top > 0 || top + rows < stages {
            let more = SafeText("\(top + 1)-\(min(stages, top + rows)) of \(stages)")
            canvas.put(more, endingAt: area.right, y: area.y, style: .faint, limit: area.width / 3)
        }
    }

    private mutating func paintHeader(_ column: PlacedColumn, _ area: Area) {
        let s = symbols
        let (title, isRight): (SafeText, Bool) =
            switch column.column {
            case .name: ("STAGE", false)
            case .letter: ("ST", false)
            case .shares: ("BUSY/BLKD", false)
            case .percents: ("BUSY BLKD WAIT IDLE", false)
            case .strip: ("60 s: \(s.busy) busy \(s.blocked) blocked \(s.waiting) waits", false)
            case .into: ("IN/s", true)
            case .out: ("OUT/s", true)
            case .queue: ("QUEUE", false)
            case .lag: ("LAG", true)
            case .errors: ("ERR", true)
            case .dropped: ("DROP", true)
            }
        let x = area.x + column.x
        if isRight {
            canvas.put(
                title, endingAt: x + column.width, y: area.y, style: .faint, limit: column.width)
        } else {
            canvas.put(title, x: x, y: area.y, style: .faint, limit: column.width)
        }
    }

    private mutating func paint(_ column: Column, _ stage: Int, _ cell: Area) {
        if column == .name {
            let name = SafeText(model.facts.stages[stage])
            canvas.put(name.cut(to: cell.width, ellipsis: symbols.ellipsis), x: cell.x, y: cell.y)
            return
        }
        guard stage < rates.count, let frame = model.shownFrame else { return }
        let rate = rates[stage]
        let totals = frame.stages[stage]
        switch column {
        case .name: break
        case .letter:
            let look = StageLook(rate)
            canvas.put(look.letter, x: cell.x, y: cell.y, style: look.style)
        case .shares: paintShares(rate, cell)
        case .percents:
            let shares = [rate.busy, rate.backpressured, rate.waiting, rate.idle]
            let styles = [Style(.busy), Style(.blocked), Style(.waiting), Style(.idle)]
            for (index, share) in shares.enumerated() {
                canvas.put(
                    SafeText("\(Figures.wholePercent(share))%"), endingAt: cell.x + 4 + index * 5,
                    y: cell.y, style: styles[index], limit: 4)
            }
        case .strip: paintStrip(stage, cell)
        case .into: put(Figures.count(rate.recordsIn), right: cell)
        case .out: put(Figures.count(rate.recordsOut), right: cell)
        case .queue: paintQueue(rate, cell)
        case .lag:
            put(
                rate.watermarkLag.map { Figures.duration(microseconds: $0 / 1_000) } ?? "-",
                right: cell)
        case .errors:
            let style = totals.errors > 0 ? Style(.failed, bold: true) : .plain
            put(Figures.count(Double(totals.errors)), right: cell, style: style)
        case .dropped:
            let style = totals.dropped > 0 ? Style(.failed, bold: true) : .plain
            put(Figures.count(Double(totals.dropped)), right: cell, style: style)
        }
    }

    private mutating func put(_ text: String, right cell: Area, style: Style = .plain) {
        canvas.put(SafeText(text), endingAt: cell.right, y: cell.y, style: style, limit: cell.width)
    }

    mutating func paintShares(_ rate: StageRate, _ cell: Area, brackets: Bool = true) {
        let inner =
            brackets
            ? Area(x: cell.x + 1, y: cell.y, width: cell.width - 2, height: 1) : cell
        if brackets {
            canvas.put("[", x: cell.x, y: cell.y, style: .frame)
            canvas.put("]", x: cell.right - 1, y: cell.y, style: .frame)
        }
        canvas.shares(
            [
                (rate.busy, symbols.busy, Style(.busy)),
                (rate.backpressured, symbols.blocked, Style(.blocked)),
                (rate.waiting, symbols.waiting, Style(.waiting)),
                (rate.idle, symbols.idle, Style(.idle)),
            ], in: inner)
    }

    private mutating func paintQueue(_ rate: StageRate, _ cell: Area) {
        guard rate.capacity > 0 else { return }
        let style = Style(rate.fill >= Bottleneck.full ? .blocked : .text)
        let figures = SafeText("\(rate.depth)/\(rate.capacity)")
        let barWidth = cell.width - 12
        if barWidth >= 4 {
            let bar = Area(x: cell.x, y: cell.y, width: barWidth, height: 1)
            canvas.bar(rate.fill, in: bar, symbols: symbols, style: style)
        }
        canvas.put(
            figures, endingAt: cell.right, y: cell.y, style: style, limit: min(11, cell.width))
    }

    /// What a stage was mostly doing over the last minute, the newest at the right.
    private mutating func paintStrip(_ stage: Int, _ cell: Area) {
        for (column, span) in timeline(cells: cell.width).enumerated() {
            guard let span else { continue }
            var rate = StageRate(stage: "")
            rate.take(span.new.stages[stage].times.since(span.old.stages[stage].times))
            let look = StageLook(rate)
            let (sign, role): (Character, Role) =
                switch look.state {
                case .blocked: (symbols.blocked, .blocked)
                case .waiting: (symbols.waiting, .waiting)
                case .busy: (symbols.busy, .busy)
                case .idle: (symbols.idle, .idle)
                }
            canvas.put(sign, x: cell.x + column, y: cell.y, style: Style(role))
        }
    }
}
