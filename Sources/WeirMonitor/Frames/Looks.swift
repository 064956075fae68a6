import WeirTerminal

/// How what a stage is mostly doing is shown: as a letter, a word and a style. The letter never
/// depends on colour, so that nothing is lost on a terminal without any.
///
/// Every part of the screen that shows a stage's state takes it from here, so that the graph, the
/// table and the details never disagree.
struct StageLook {
    enum State { case busy, blocked, waiting, idle }

    /// What the stage is mostly doing. It is also set for a stage that fails, whose letter says
    /// something else.
    let state: State
    let letter: Character
    let word: SafeText
    let style: Style
    /// The share of its time, 0 to 1, that the state has; of a stage that fails, the share that it
    /// is busy.
    let share: Double

    /// The look of a stage by its rates. One with any error in the time of the rates is FAILING,
    /// whatever else it does, because that is what a person has to see first.
    init(_ rate: StageRate) {
        let greatest = max(rate.busy, rate.backpressured, rate.waiting, rate.idle)
        // Of equal shares the one that says most of what is wrong counts: held up, then lacking a
        // worker, then busy. `greatest` is one of the four shares, so that the last case is idle.
        state =
            switch greatest {
            case rate.backpressured: .blocked
            case rate.waiting: .waiting
            case rate.busy: .busy
            default: .idle
            }
        if rate.errors > 0 {
            (letter, word, style, share) = ("F", "FAILING", Style(.failed, bold: true), rate.busy)
            return
        }
        share = greatest
        switch state {
        case .blocked: (letter, word, style) = ("B", "BLOCKED", Style(.blocked))
        case .waiting: (letter, word, style) = ("W", "WAITING", Style(.waiting))
        case .busy: (letter, word, style) = ("R", "BUSY", Style(.busy))
        case .idle: (letter, word, style) = ("I", "IDLE", Style(.idle))
        }
    }

    /// The look of a subtask, which fails with its stage.
    init(_ part: StageRate.Part) {
        var rate = StageRate(stage: "")
        (rate.busy, rate.backpressured, rate.waiting) = (
            part.busy, part.backpressured, part.waiting
        )
        rate.idle = StateParts(part).idle
        self.init(rate)
    }

    /// What the letters say, for the help of a view that shows them.
    static let legend = "B blocked  R busy  W waits for a worker  I idle  F failing"
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

/// How a notice reads as one line.
extension Notice {
    /// Origin and text. The text of a violation begins with the invariant's name itself, which is
    /// its origin, and is not given twice.
    var sentence: String { text.hasPrefix(origin) ? text : "\(origin): \(text)" }
}
