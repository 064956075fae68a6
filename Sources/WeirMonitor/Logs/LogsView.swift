import WeirTelemetry
package import WeirTerminal

/// The view of a run's log: the lines that were recorded by the shown moment, through a filter of
/// small terms, followed or read back.
///
/// How many lines are hidden is always said, and each term can be switched off alone, so
/// that why a line is missing can be seen. This folder is the view: its state and keys are in this
/// file, what it shows of which lines in `LogRows`, and `LogsPainter` paints them.
package struct LogsView: ScreenView {
    package static let name = "logs"
    package static let digit = 3
    package static let legend: String? = "T D i N W E C: trace, debug, info, notice … critical"

    package private(set) var filter = LogFilter()
    /// The term that a key switches off; it may lie behind the last one.
    package private(set) var term = 0
    /// The line that was chosen, by its number; nil while the newest is followed.
    package private(set) var chosen: UInt64?
    /// Whether lines of one statement and subtask in a row are one row with a count.
    package private(set) var isFolded = false
    /// The term that is being typed; nil while none is.
    package private(set) var typed: LineBuffer?
    /// Why it cannot be used, since it was tried.
    package private(set) var fault: LogTerm.Fault?

    package init(_ facts: RunFacts) {}

    // MARK: Keys

    package static let keys: [KeyBinding<LogsView>] =
        ListKeys.bindings(over: "line; from the newest on they are followed") {
            view, move, screen in
            view.choose(move, &screen)
        } + [
            KeyBinding([.character("/"), .function(4)], .read, "add a term", hint: "filter") {
                view, _, _ in
                view.typed = LineBuffer()
                view.fault = nil
                return []
            },
            KeyBinding([.character("f")], .read, "to the next term") { view, _, screen in
                view.goToNextTerm(&screen)
                return []
            },
            KeyBinding([.character("F")], .read, "switch that term off; again: on") {
                view, _, screen in
                if !view.filter.toggle(view.term) { screen.say("there is no term") }
                return []
            },
            KeyBinding([.backspace], .read, "remove the last term") { view, _, _ in
                view.filter.removeLast()
                view.term = 0
                return []
            },
            KeyBinding([.character("0")], .read, "remove all terms") { view, _, _ in
                view.filter.removeAll()
                view.term = 0
                return []
            },
            KeyBinding([.character("+")], .read, "only more severe lines", hint: "level") {
                view, _, screen in
                view.raiseLevel(by: 1, &screen)
                return []
            },
            KeyBinding([.character("-")], .read, "less severe lines as well") {
                view, _, screen in
                view.raiseLevel(by: -1, &screen)
                return []
            },
            KeyBinding([.character("o")], .read, "only lines of the selected stage") {
                view, _, screen in
                view.addStage(&screen)
                return []
            },
            KeyBinding([.character("c")], .read, "repeats in one row; again: each in its own") {
                view, _, _ in
                view.isFolded.toggle()
                return []
            },
        ] + seeking + [
            KeyBinding([.enter], .read, "read the line whole", hint: "whole") {
                view, _, screen in
                view.openDetails(&screen)
                return []
            },
            KeyBinding([.escape], .read, "follow the newest line again") { view, _, _ in
                view.chosen = nil
                return []
            },
        ]

    /// Keys that go to a line of a kind.
    private static let seeking: [KeyBinding<LogsView>] = [
        seek("e", "next error", forward: true) { $0.level >= .error },
        seek("E", "previous error", forward: false) { $0.level >= .error },
        seek("w", "next warning", forward: true) { $0.level == .warning },
        seek("W", "previous warning", forward: false) { $0.level == .warning },
    ]

    private static func seek(
        _ key: Unicode.Scalar, _ what: String, forward: Bool,
        _ isSought: @escaping @Sendable (LogLine) -> Bool
    ) -> KeyBinding<LogsView> {
        KeyBinding([.character(key)], .move, what) { view, _, screen in
            let rows = LogRows(view, screen.timeline)
            let from = rows.index(of: view.chosen)
            let found =
                forward
                ? rows.indices.first { $0 > from && isSought(rows[$0].line) }
                : rows.indices.last { $0 < from && isSought(rows[$0].line) }
            if let found {
                view.choose(rows[found], &screen)
            } else {
                screen.say("no \(what) among the lines that are shown")
            }
            return []
        }
    }

    /// Chooses another line among those that are shown; the newest one is followed.
    private mutating func choose(_ move: ListMove, _ screen: inout ScreenState) {
        let rows = LogRows(self, screen.timeline)
        let count = rows.count
        let next = move.index(from: rows.index(of: chosen), count: count, page: screen.page)
        if count == 0 || next == count - 1 { chosen = nil } else { choose(rows[next], &screen) }
    }

    /// Chooses a row; where it came from is what a replay goes to.
    private mutating func choose(_ row: LogHistory.Entry, _ screen: inout ScreenState) {
        chosen = row.id
        screen.selectedStep = row.line.step
    }

    private mutating func goToNextTerm(_ screen: inout ScreenState) {
        guard !filter.terms.isEmpty else { return screen.say("there is no term") }
        term = (term + 1) % filter.terms.count
    }

    private mutating func raiseLevel(by offset: Int, _ screen: inout ScreenState) {
        let raw = Int(filter.level.rawValue) + offset
        guard let level = UInt8(exactly: raw).flatMap(LogLevel.init(rawValue:)) else {
            return screen.say(offset > 0 ? "nothing is more severe" : "nothing is less severe")
        }
        if !filter.setLevel(level) { sayFull(&screen) }
    }

    private mutating func addStage(_ screen: inout ScreenState) {
        let stages = screen.timeline.facts.stages
        guard stages.indices.contains(screen.selectedStage) else { return }
        let term = LogTerm(.stage(stages[screen.selectedStage]))
        if filter.terms.contains(term) { return screen.say("that term is there already") }
        add(term, &screen)
    }

    /// Adds a term and goes to it: what was added last is what one looks at.
    private mutating func add(_ added: LogTerm, _ screen: inout ScreenState) {
        if filter.add(added) { term = filter.terms.count - 1 } else { sayFull(&screen) }
    }

    private func sayFull(_ screen: inout ScreenState) {
        screen.say("there are \(LogFilter.maximumTerms) terms: remove one first")
    }

    private func openDetails(_ screen: inout ScreenState) {
        let rows = LogRows(self, screen.timeline)
        guard !rows.isEmpty else { return screen.say("there is no line to read") }
        screen.open(LogDetails(id: rows[rows.index(of: chosen)].id))
    }

    // MARK: Typing a term

    package var isTyping: Bool { typed != nil }

    package mutating func type(_ key: Key, _ screen: inout ScreenState) {
        guard var line = typed else { return }
        fault = nil
        if key == .enter { return finishTyping(line.text, &screen) }
        if key == .escape || key == .control("c") {
            typed = nil
            return
        }
        LineKeys.edit(&line, key)
        typed = line
        // While it is typed, a word that is not finished is no fault: only levels are told.
        if !line.isEmpty { _ = try? check(line.text) }
    }

    private mutating func check(_ text: String) throws -> LogTerm {
        do {
            return try LogTerm(typed: text)
        } catch {
            fault = error
            throw error
        }
    }

    private mutating func finishTyping(_ text: String, _ screen: inout ScreenState) {
        if text.allSatisfy({ $0 == " " }) {
            typed = nil
            return
        }
        guard let term = try? check(text) else { return }
        typed = nil
        add(term, &screen)
    }

    // MARK: Painting

    package func paint(on canvas: inout Canvas, in area: Area, _ screen: ScreenState) {
        LogsPainter(self, screen).paint(area, on: &canvas)
    }

    package func paintReduced(on canvas: inout Canvas, in area: Area, _ screen: ScreenState) {
        LogsPainter(self, screen).paintList(area, on: &canvas)
    }
}
