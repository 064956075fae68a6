import WeirTelemetry
package import WeirTerminal

/// The view of a replay: where it stands on the run's timeline, what each subtask did around it,
/// what waits and what changed at this step, what could have happened next, and what was said.
///
/// The replay itself is shared by all views (`ReplayState`); this view moves it by keys and typed
/// commands, and follows the screen's playhead: going through time by the screen's keys, or playing
/// the past, takes the replay along. This folder is the view: its state and keys are in this file,
/// `ReplayPainter` lays it out, and each part has a file of its own.
package struct ReplayView: ScreenView {
    package static let name = "replay"
    package static let digit = 5
    package static let legend: String? = LaneLook.legend

    /// A part of the view that keys for lists are for.
    package enum Panel: Int, CaseIterable, Sendable {
        case states, queues, choices, breaks, answers
    }

    package private(set) var panel = Panel.states
    /// The chosen row of each panel, by the panel's number; it may lie behind the last one.
    package private(set) var chosen = Panel.allCases.map { _ in 0 }
    /// The command that is being typed; nil while none is.
    package private(set) var typed: LineBuffer?
    /// Commands that were typed, oldest first.
    private var history: [String] = []
    /// Which of them is in the line; behind the last for one that is new.
    private var fetched = 0

    package init(_ facts: RunFacts) {}

    // MARK: Keys

    package static let keys: [KeyBinding<ReplayView>] =
        moving
        + ListKeys.bindings(over: "row of the panel") { view, move, screen in
            view.choose(move, screen)
        } + [
            KeyBinding([.character("v")], .read, "next panel", hint: "panel") { view, _, _ in
                view.go(by: 1)
                return []
            },
            KeyBinding([.character("V")], .read, "previous panel") { view, _, _ in
                view.go(by: -1)
                return []
            },
            KeyBinding([.enter], .read, "the value, queue or answer whole") { view, _, screen in
                view.openWhole(&screen)
                return []
            },
            KeyBinding(
                [.character(":"), .character("/")], .other, "type a command", hint: "command"
            ) { view, _, _ in
                view.type("")
                return []
            },
            KeyBinding(
                [.character("B")], .other, "break on what is chosen: edit, then Enter",
                hint: "break"
            ) { view, _, screen in
                view.type(view.suggestedBreak(screen))
                return []
            },
            KeyBinding([.character("D")], .other, "delete a break: the chosen, else the last") {
                view, _, screen in
                view.deleteBreak(&screen)
                return []
            },
            KeyBinding([.character("+")], .time, "play ten times as fast") { _, _, screen in
                screen.changeSpeed(by: 1)
                return []
            },
            KeyBinding([.character("-")], .time, "play at a tenth of the speed") { _, _, screen in
                screen.changeSpeed(by: -1)
                return []
            },
            KeyBinding([.character("m"), .function(9)], .other, "name this step") { view, _, _ in
                view.type("mark ")
                return []
            },
            KeyBinding([.escape], .other, "stop what is under way; else back") {
                view, _, screen in
                view.stopOrLeave(&screen)
                return []
            },
        ]

    private static let moving: [KeyBinding<ReplayView>] = [
        command("s", "step", "one step", hint: "step"),
        command("S", "reverse-step", "one step back", hint: "back"),
        command(".", "next", "next turn of the same subtask", hint: "same subtask"),
        command(",", "reverse-next", "previous turn of the same subtask"),
        command("c", "continue", "to the next break, else the end", hint: "continue"),
        command("C", "reverse-continue", "to the break before, else the start"),
        command("u", "back", "back to where the last jump began", hint: "undo"),
        command("U", "forward", "undo that"),
        command("f", "goto failure", "to the first failure", hint: "failure"),
        command("F", "goto cause", "to the write that the first failure found"),
        write("<", "previous-write", "to the step that wrote the value", hint: "last write"),
        write(">", "next-write", "to the next step that writes the value"),
    ]

    /// A key that stands for a command.
    private static func command(
        _ key: Unicode.Scalar, _ text: String, _ help: String, hint: KeyHint? = nil
    ) -> KeyBinding<ReplayView> {
        KeyBinding([.character(key)], .move, help, hint: hint) { _, _, screen in
            screen.obey(text)
            return []
        }
    }

    /// A key that goes to a write of the chosen value.
    private static func write(
        _ key: Unicode.Scalar, _ command: String, _ help: String, hint: KeyHint? = nil
    ) -> KeyBinding<ReplayView> {
        KeyBinding([.character(key)], .move, help, hint: hint) { view, _, screen in
            if let state = view.chosenState(screen) {
                screen.obey("\(command) \(state.name)")
            } else {
                screen.say("there is no value here: v goes to the panel of state")
            }
            return []
        }
    }

    package var canGoBack: Bool { true }
    package mutating func goBack(_ screen: inout ScreenState) { screen.show(Overview.self) }

    private mutating func stopOrLeave(_ screen: inout ScreenState) {
        if screen.replay.isAtWork { screen.replay.interrupt() } else { goBack(&screen) }
    }

    // MARK: Panels

    private mutating func go(by offset: Int) {
        let count = Panel.allCases.count
        panel = Panel.allCases[(panel.rawValue + offset + count) % count]
    }

    /// How many rows a panel has.
    static func count(_ panel: Panel, _ screen: ScreenState) -> Int {
        let replayed = screen.replay.picture?.replayed
        return switch panel {
        case .states: replayed?.states.count ?? 0
        case .queues: replayed?.queues.count ?? 0
        case .choices: replayed?.choices.count ?? 0
        case .breaks: screen.replay.picture?.breaks.count ?? 0
        case .answers: screen.replay.answers.count
        }
    }

    /// The chosen row of a panel; of answers the rows count from the newest.
    func row(_ panel: Panel, _ screen: ScreenState) -> Int {
        max(0, min(chosen[panel.rawValue], Self.count(panel, screen) - 1))
    }

    private mutating func choose(_ move: ListMove, _ screen: ScreenState) {
        chosen[panel.rawValue] = move.index(
            from: row(panel, screen), count: Self.count(panel, screen), page: screen.page)
    }

    private func chosenState(_ screen: ScreenState) -> ReplayPicture.State? {
        guard let states = screen.replay.picture?.replayed?.states, !states.isEmpty else {
            return nil
        }
        return states[row(.states, screen)]
    }

    private func openWhole(_ screen: inout ScreenState) {
        switch panel {
        case .states:
            guard let state = chosenState(screen) else { return screen.say("there is no value") }
            screen.open(ReplayedValueDetails(state: state))
        case .queues:
            guard let queues = screen.replay.picture?.replayed?.queues, !queues.isEmpty else {
                return screen.say("there is no queue")
            }
            screen.open(ReplayedQueueDetails(queue: queues[row(.queues, screen)]))
        case .choices: screen.say("the recorded choice is marked; another one is a fork")
        case .breaks: screen.say("D deletes it; c goes to where it stops next")
        case .answers:
            let answers = screen.replay.answers
            guard !answers.isEmpty else { return screen.say("nothing was said yet") }
            screen.open(AnswerDetails(answer: answers[answers.count - 1 - row(.answers, screen)]))
        }
    }

    private func deleteBreak(_ screen: inout ScreenState) {
        guard let breaks = screen.replay.picture?.breaks, let last = breaks.last else {
            return screen.say("there is no break")
        }
        let point = panel == .breaks ? breaks[row(.breaks, screen)] : last
        screen.obey("delete \(point.number)")
    }

    /// The command that breaks on what is chosen, to be edited.
    private func suggestedBreak(_ screen: ScreenState) -> String {
        let picture = screen.replay.picture
        switch panel {
        case .states: if let state = chosenState(screen) { return "watch \(state.name)" }
        case .queues:
            if let queues = picture?.replayed?.queues, !queues.isEmpty {
                return "break queue \(queues[row(.queues, screen)].channel) > 90%"
            }
        case .choices:
            if let choices = picture?.replayed?.choices, !choices.isEmpty {
                return "break stage=\(choices[row(.choices, screen)].subtask)"
            }
        case .breaks, .answers: return "break invariant"
        }
        let actor = picture?.lanes.subtasks.first { $0.index == picture?.subtask }
        return "break stage=" + (actor?.name ?? "")
    }

    // MARK: Typing a command

    package var isTyping: Bool { typed != nil }

    private mutating func type(_ text: String) {
        var line = LineBuffer()
        line.replace(with: text)
        typed = line
        fetched = history.count
    }

    package mutating func type(_ key: Key, _ screen: inout ScreenState) {
        guard var line = typed else { return }
        if key == .enter || key == .escape || key == .control("c") {
            typed = nil
            if key == .enter { give(line.text, &screen) }
            return
        }
        if key == .up || key == .control("p") {
            fetch(by: -1, &line)
        } else if key == .down || key == .control("n") {
            fetch(by: 1, &line)
        } else {
            LineKeys.edit(&line, key)
        }
        typed = line
    }

    /// Puts another of the typed commands into the line.
    private mutating func fetch(by offset: Int, _ line: inout LineBuffer) {
        fetched = max(0, min(history.count, fetched + offset))
        line.replace(with: fetched < history.count ? history[fetched] : "")
    }

    private mutating func give(_ text: String, _ screen: inout ScreenState) {
        if text.allSatisfy({ $0 == " " }) { return }
        if history.last != text { history.append(text) }
        if history.count > MonitorBounds.maximumTypedCommands { history.removeFirst() }
        // The prompt's way out is this view's, too.
        if ["quit", "q", "exit"].contains(text) { return goBack(&screen) }
        chosen[Panel.answers.rawValue] = 0
        screen.obey(text)
    }

    // MARK: Painting

    package func paint(on canvas: inout Canvas, in area: Area, _ screen: ScreenState) {
        ReplayPainter(self, screen).paint(area, on: &canvas)
    }

    package func paintReduced(on canvas: inout Canvas, in area: Area, _ screen: ScreenState) {
        ReplayPainter(self, screen).paintReduced(area, on: &canvas)
    }
}
