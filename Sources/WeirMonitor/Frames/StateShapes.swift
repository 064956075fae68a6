import WeirTelemetry
import WeirTerminal

/// How much of its time a stage or a subtask spends in each state, 0 to 1.
struct StateParts {
    var busy = 0.0
    var blocked = 0.0
    var waiting = 0.0
    var idle = 0.0

    init(_ rate: StageRate) {
        (busy, blocked) = (rate.busy, rate.backpressured)
        (waiting, idle) = (rate.waiting, rate.idle)
    }

    init(_ part: StageRate.Part) {
        (busy, blocked, waiting) = (part.busy, part.backpressured, part.waiting)
        idle = max(0, 1 - busy - blocked - waiting)
    }
}

/// Paints what something does with its time, the same in every table and picture.
struct StateShapes {
    let symbols: Symbols

    /// As a bar between brackets, which show its ends where signs are faint.
    func paintBracketed(_ parts: StateParts, _ cell: Area, on canvas: inout Canvas) {
        canvas.put("[", x: cell.x, y: cell.y, style: .frame)
        canvas.put("]", x: cell.right - 1, y: cell.y, style: .frame)
        let inside = Area(x: cell.x + 1, y: cell.y, width: cell.width - 2, height: 1)
        paintBar(parts, inside, on: &canvas)
    }

    /// As shares of a row.
    func paintBar(_ parts: StateParts, _ row: Area, on canvas: inout Canvas) {
        canvas.shares(
            [
                (parts.busy, symbols.states.busy, Style(.busy)),
                (parts.blocked, symbols.states.blocked, Style(.blocked)),
                (parts.waiting, symbols.states.waiting, Style(.waiting)),
                (parts.idle, symbols.states.idle, Style(.idle)),
            ], in: row)
    }

    /// The heading of a column of `paintPercents`, which is as wide.
    static let percentsTitle: SafeText = "BUSY BLKD WAIT IDLE"

    /// As whole percent numbers, five cells apart.
    func paintPercents(_ parts: StateParts, _ cell: Area, on canvas: inout Canvas) {
        let shares: [(share: Double, role: Role)] = [
            (parts.busy, .busy), (parts.blocked, .blocked), (parts.waiting, .waiting),
            (parts.idle, .idle),
        ]
        for (index, part) in shares.enumerated() {
            canvas.put(
                SafeText("\(Figures.wholePercent(part.share))%"), endingAt: cell.x + 4 + index * 5,
                y: cell.y, style: Style(part.role), limit: 4)
        }
    }

    /// What something was mostly doing over the last minute, a sign for each cell, the newest at
    /// the right. `times` gives the totals of a frame; nil where it does not know them.
    func paintStrip(
        _ minute: Minute, _ cell: Area, on canvas: inout Canvas,
        times: (SampleFrame) -> StateTimes?
    ) {
        for (column, span) in minute.spans(cells: cell.width).enumerated() {
            guard let span, let new = times(span.new) else { continue }
            var rate = StageRate(stage: "")
            rate.take(new.since(times(span.old) ?? StateTimes()))
            let (sign, role): (Character, Role) =
                switch StageLook(rate).state {
                case .blocked: (symbols.states.blocked, .blocked)
                case .waiting: (symbols.states.waiting, .waiting)
                case .busy: (symbols.states.busy, .busy)
                case .idle: (symbols.states.idle, .idle)
                }
            canvas.put(sign, x: cell.x + column, y: cell.y, style: Style(role))
        }
    }
}
