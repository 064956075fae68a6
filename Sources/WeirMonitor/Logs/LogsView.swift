import WeirTelemetry
package import WeirTerminal

/// The view of a run's log: the lines that were recorded by the shown moment, through a filter of
/// small terms, followed or read back.
///
/// How many lines are hidden is always said, and each term has a digit that switches it off, so
/// that why a line is missing can be seen. This folder is the view: its state and keys are in this
/// file, what it shows of which lines in `LogRows`, and `LogsPainter` paints them.
package struct LogsView: ScreenView {
    package static let name = "logs"
    package static let legend: String? = "T D i N W E C: trace, debug, info, notice … critical"

    package private(set) var filter = LogFilter()
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
            view.choose(move, screen)
        } + [
            KeyBinding([.character("/"), .function(4)], .read, "add a term", hint: "filter") {
                view, _, _ in
                view.typed = LineBuffer()
                view.fault = nil
                return []
            },
            KeyBinding(
                (1...9).map { .character(Unicode.Scalar(UInt8(0x30 + $0))) }, .read,
                "switch a term off; again: on"
            ) { view, key, screen in
                view.toggle(key, &screen)
                return []
            },
            KeyBinding([.backspace], .read, "remove the last term") { view, _, _ in
                view.filter.removeLast()
                return []
            },
            KeyBinding([.character("0")], .read, "remove all terms") { view, _, _ in
                view.filter.removeAll()
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
                view.chosen = rows[found].id
            } else {
                screen.say("no \(what) among the lines that are shown")
            }
            return []
        }
    }

    /// Chooses another line among those that are shown; the newest one is followed.
    private mutating func choose(_ move: ListMove, _ screen: ScreenState) {
        let rows = LogRows(self, screen.timeline)
        let count = rows.count
        let next = move.index(from: rows.index(of: chosen), count: count, page: screen.page)
        chosen = count == 0 || next == count - 1 ? nil : rows[next].id
    }

    private mutating func toggle(_ key: Key, _ screen: inout ScreenState) {
        guard case .character(let digit) = key else { return }
        let index = Int(digit.value) - 0x31
        if !filter.toggle(index) { screen.say("there is no term \(index + 1)") }
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
        if !filter.add(term) { sayFull(&screen) }
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
        if case .character(let scalar) = key {
            line.insert(scalar)
        } else {
            Self.edits[key]?(&line)
        }
        typed = line
        // While it is typed, a word that is not finished is no fault: only levels are told.
        if !line.isEmpty { _ = try? check(line.text) }
    }

    /// The keys of the debugger's prompt, as far as a single line of a few words needs them.
    private static let edits: [Key: @Sendable (inout LineBuffer) -> Void] = [
        .backspace: { $0.deleteBefore() }, .delete: { $0.deleteAt() },
        .left: { $0.left() }, .right: { $0.right() },
        .home: { $0.home() }, .control("a"): { $0.home() },
        .end: { $0.end() }, .control("e"): { $0.end() },
        .control("w"): { $0.deleteWord() }, .control("u"): { $0.deleteToStart() },
    ]

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
        if !filter.add(term) { sayFull(&screen) }
    }

    // MARK: Painting

    package func paint(on canvas: inout Canvas, in area: Area, _ screen: ScreenState) {
        LogsPainter(self, screen).paint(area, on: &canvas)
    }

    package func paintReduced(on canvas: inout Canvas, in area: Area, _ screen: ScreenState) {
        LogsPainter(self, screen).paintList(area, on: &canvas)
    }
}
