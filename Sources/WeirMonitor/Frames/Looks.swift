import WeirTerminal

/// What a stage is mostly doing, as a letter and a style; the letter never depends on colour.
struct StageLook {
    enum State { case busy, blocked, waiting, idle }

    let state: State
    let letter: Character
    let word: SafeText
    let style: Style
    let share: Double

    init(_ rate: StageRate) {
        let greatest = max(rate.busy, rate.backpressured, rate.waiting, rate.idle)
        // Of equal shares the one that says most of what is wrong.
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

extension Notice {
    /// Place and text; the text of a violation begins with the invariant's name itself.
    var sentence: String { text.hasPrefix(place) ? text : "\(place): \(text)" }
}
