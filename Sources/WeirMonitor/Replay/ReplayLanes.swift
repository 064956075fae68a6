import WeirBase
import WeirTelemetry
import WeirTerminal

/// How a kind of step looks in a lane: a letter, which never depends on colour, and a style.
struct LaneLook {
    let letter: Character
    let style: Style

    init(_ kind: StepKind) {
        switch kind {
        case .input: (letter, style) = ("i", Style(.busy))
        case .timer: (letter, style) = ("t", Style(.busy))
        case .completion: (letter, style) = ("d", Style(.busy))
        case .continue: (letter, style) = ("n", Style(.busy))
        case .idle: (letter, style) = ("z", .faint)
        case .end: (letter, style) = ("e", Style(bold: true))
        case .failure: (letter, style) = ("F", Style(.failed, bold: true))
        case .access: (letter, style) = ("a", Style(.warning))
        case .publish: (letter, style) = ("p", Style(.live))
        case .rest: (letter, style) = ("|", .faint)
        case .void: (letter, style) = ("x", .faint)
        }
    }

    static let legend =
        "i input t timer d call done n goes on e end F failure; a cell access p publish; = open"
}

/// Paints the recorded schedule around the step: a lane for each subtask, a column for each step.
struct ReplayLanes {
    let picture: ReplayPicture
    let symbols: Symbols

    /// The cells that names take in lanes of a width.
    func nameWidth(_ width: Int) -> Int {
        let names = picture.lanes.subtasks.map { SafeText($0.name).width }.max() ?? 0
        return max(4, min(names, width / 5, 24))
    }

    func paint(_ area: Area, on canvas: inout Canvas) {
        guard area.height > 0 else { return }
        let names = nameWidth(area.width)
        let cells = max(0, area.width - names - 3)
        let start = firstColumn(cells)
        let end = min(picture.lanes.columns.count, start + cells)
        let acting = picture.lanes.subtasks.firstIndex { $0.index == picture.subtask } ?? 0
        let list = ListWindow(
            count: picture.lanes.subtasks.count, rows: area.height, around: acting)
        for row in list.range {
            let subtask = picture.lanes.subtasks[row]
            let y = area.y + row - list.top
            let isActing = subtask.index == picture.subtask
            let name = SafeText(subtask.name).cut(to: names, ellipsis: symbols.ellipsis)
            canvas.put(
                name, x: area.x + 1, y: y, style: isActing ? Style(bold: true) : .plain)
            let lane = Area(x: area.x + names + 2, y: y, width: max(0, end - start), height: 1)
            paintLane(subtask.index, start..<max(start, end), lane, on: &canvas)
        }
        // The present step, as a column through all lanes.
        let column = picture.lanes.first.distance(to: picture.step) - start
        if picture.step > 0, (0..<max(0, end - start)).contains(column) {
            let x = area.x + names + 2 + column
            canvas.restyle(Area(x: x, y: area.y, width: 1, height: list.range.count)) {
                $0.isReversed = true
            }
        }
    }

    /// The first column in sight: the present step is in the middle where there is enough on both
    /// sides.
    private func firstColumn(_ cells: Int) -> Int {
        let columns = picture.lanes.columns.count
        let present = picture.lanes.first.distance(to: picture.step)
        return max(0, min(columns - cells, present - cells / 2))
    }

    private func paintLane(
        _ subtask: SubtaskIndex, _ range: Range<Int>, _ lane: Area, on canvas: inout Canvas
    ) {
        for (cell, index) in range.enumerated() {
            let column = picture.lanes.columns[index]
            let x = lane.x + cell
            // Rest points and voids are everybody's.
            let isEverybodys = column.kind == .rest || column.kind == .void
            if isEverybodys || column.subtask == subtask {
                let look = LaneLook(column.kind)
                canvas.put(look.letter, x: x, y: lane.y, style: look.style)
            } else {
                let track = symbols.isASCII ? "." : symbols.track
                canvas.put(track, x: x, y: lane.y, style: .faint)
            }
        }
        paintOpenTurns(subtask, range, lane, on: &canvas)
    }

    /// A turn that a step of it shows to be open since its beginning, as a line between the two.
    private func paintOpenTurns(
        _ subtask: SubtaskIndex, _ range: Range<Int>, _ lane: Area, on canvas: inout Canvas
    ) {
        let sign = symbols.isASCII ? symbols.lines.medium : "═"
        for index in range {
            let column = picture.lanes.columns[index]
            guard column.kind == .access, column.subtask == subtask else { continue }
            var earlier = index - 1
            while earlier >= range.lowerBound,
                picture.lanes.columns[earlier].subtask != subtask
                    || picture.lanes.columns[earlier].turn != column.turn
            {
                let step = Step(picture.lanes.first.rawValue + UInt64(earlier))
                if step <= column.turn { break }
                if picture.lanes.columns[earlier].kind != .rest {
                    canvas.put(
                        sign, x: lane.x + earlier - range.lowerBound, y: lane.y, style: .faint)
                }
                earlier -= 1
            }
        }
    }
}
