import WeirTelemetry
import WeirTerminal

/// The table of the stage's subtasks, and the notices that are about the stage.
extension StagePainter {
    private enum Column: Sendable {
        case subtask, letter, shares, percents, strip, into, skew, key
    }

    private func columns(_ width: Int) -> [TableColumn<Column>] {
        let isWide = width >= 110
        let states: [TableColumn<Column>] =
            isWide
            ? [
                TableColumn(.percents, StateShapes.percentsTitle, width: 19, rank: 4),
                TableColumn(.strip, "60 s", width: 60, rank: 5),
            ] : [TableColumn(.shares, "BUSY/BLKD", width: 12, rank: 2)]
        return [
            TableColumn(.subtask, "SUBTASK", width: 7, rank: 0),
            TableColumn(.letter, "ST", width: 2, rank: 0),
        ] + states + [
            TableColumn(.into, "IN/s", width: 7, rank: 1, isNumber: true),
            TableColumn(.skew, "OF MEAN", width: 7, rank: 1, isNumber: true),
            TableColumn(.key, "BUSIEST KEY", width: isWide ? 30 : 20, rank: 3),
        ]
    }

    func paintSubtasks(_ area: Area, on canvas: inout Canvas) {
        let parts = rate?.parts ?? []
        let cells = SubtaskCells(self, parts)
        TableFrame(columns(area.width), width: area.width).paint(
            on: &canvas, in: area, count: parts.count, chosen: min(view.subtask, parts.count - 1),
            symbols: symbols
        ) { canvas, column, row, cell in cells.paint(column, row, cell, on: &canvas) }
    }

    private struct SubtaskCells {
        let parts: [StageRate.Part]
        let shapes: StateShapes
        let minute: Minute
        /// Where the subtasks of `parts` are among those of a frame: the same in all frames.
        let indices: [Int]
        /// Elements of the rate's time that a subtask has on average.
        let mean: Double
        /// Elements a second of the stage, and in the rate's time.
        let perSecond: Double

        init(_ painter: StagePainter, _ parts: [StageRate.Part]) {
            self.parts = parts
            shapes = StateShapes(symbols: painter.symbols)
            minute = Minute(painter.timeline)
            let subtasks = painter.timeline.shownFrame?.subtasks ?? []
            indices = subtasks.indices.filter { subtasks[$0].stage == painter.stage }
            let all = parts.reduce(0) { $0 + $1.recordsIn }
            mean = all / Double(max(1, parts.count))
            perSecond = all > 0 ? (painter.rate?.recordsIn ?? 0) / all : 0
        }

        func paint(_ column: Column, _ row: Int, _ cell: Area, on canvas: inout Canvas) {
            let part = parts[row]
            switch column {
            case .subtask: put("\(part.subtask)", cell, on: &canvas)
            case .letter:
                let look = StageLook(part)
                canvas.put(look.letter, x: cell.x, y: cell.y, style: look.style)
            case .shares: shapes.paintBracketed(StateParts(part), cell, on: &canvas)
            case .percents: shapes.paintPercents(StateParts(part), cell, on: &canvas)
            case .strip:
                let index = indices[row]
                // A subtask that no plan named may have come later than the frame.
                shapes.paintStrip(minute, cell, on: &canvas) { frame in
                    index < frame.subtasks.count ? frame.subtasks[index].times : nil
                }
            case .into: put(Figures.count(part.recordsIn * perSecond), cell, on: &canvas)
            case .skew: paintSkew(part, cell, on: &canvas)
            case .key:
                guard let key = part.busiestKey else { return }
                let share = " \(Figures.percent(key.share))"
                let text = SafeText(key.key).cut(to: cell.width - share.count, ellipsis: symbols)
                canvas.put(text + SafeText(share), x: cell.x, y: cell.y, limit: cell.width)
            }
        }

        private var symbols: Character { shapes.symbols.ellipsis }

        /// By how much the subtask has more or less than its share; loud where it has twice as
        /// much.
        private func paintSkew(_ part: StageRate.Part, _ cell: Area, on canvas: inout Canvas) {
            guard mean > 0, parts.count > 1 else { return put("-", cell, on: &canvas) }
            let tenths = Int((part.recordsIn / mean * 10).rounded())
            let style: Style = tenths >= 20 ? Style(.warning, bold: true) : .plain
            put("\(tenths / 10).\(tenths % 10)x", cell, style: style, on: &canvas)
        }

        private func put(
            _ text: String, _ cell: Area, style: Style = .plain, on canvas: inout Canvas
        ) {
            canvas.put(
                SafeText(text), endingAt: cell.right, y: cell.y, style: style, limit: cell.width)
        }
    }

    // MARK: Notices

    /// What was noticed of the stage by the shown moment: violations, then the newest.
    var notices: [NoticeLine] {
        let name = timeline.facts.stages[stage]
        return timeline.shownLines.filter { $0.notice.isAbout(name) }
    }

    func paintNotices(_ lines: [NoticeLine], _ area: Area, on canvas: inout Canvas) {
        let shape = NoticeShape(timeline: timeline, symbols: symbols)
        for (index, line) in lines.prefix(area.height).enumerated() {
            let row = Area(x: area.x, y: area.y + index, width: area.width, height: 1)
            shape.paint(line, row, isChosen: false, on: &canvas)
        }
    }
}

extension Notice {
    /// Whether it is about a stage, one of its subtasks, or was found by one.
    fileprivate func isAbout(_ stage: String) -> Bool {
        origin == stage || origin.hasPrefix(stage + "/") || text.contains("found by \(stage)/")
    }
}
