package import WeirTerminal

/// The view of one stage: its figures, how long messages wait for it and its turns take, what each
/// of its subtasks does, and what was noticed of it.
///
/// The stage is the one that is selected in all views. This folder is the view: its state and keys
/// are in this file, `StagePainter` lays it out, and each part has a file of its own. As every view
/// it asks the timeline for all it shows, at the moment that the screen shows.
package struct StageView: ScreenView {
    package static let name = "stage"
    package static let digit = 2
    package static let legend: String? = StageLook.legend

    /// The chosen subtask, by its position in the stage's table; it may lie behind the last one of
    /// a stage that was gone to later.
    package private(set) var subtask = 0

    package init(_ facts: RunFacts) {}

    package static let keys: [KeyBinding<StageView>] =
        ListKeys.bindings(over: "subtask") { view, move, screen in
            view.choose(move, screen)
        } + [
            KeyBinding(
                [.character("h"), .character(",")], .move, "stage before this", hint: "stage"
            ) { view, _, screen in
                view.go(by: -1, &screen)
                return []
            },
            KeyBinding([.character("l"), .character(".")], .move, "stage after this") {
                view, _, screen in
                view.go(by: 1, &screen)
                return []
            },
            KeyBinding([.escape], .read, "back to the overview") { view, _, screen in
                view.goBack(&screen)
                return []
            },
            KeyBinding([.enter], .read, "read everything about the stage", hint: "whole") {
                _, _, screen in
                let stage = screen.selectedStage
                if screen.timeline.facts.stages.indices.contains(stage) {
                    screen.open(StageDetails(stage: stage))
                } else {
                    screen.say("the run has no stage")
                }
                return []
            },
        ]

    /// The view was gone into from the overview, and is left to there.
    package var canGoBack: Bool { true }
    package mutating func goBack(_ screen: inout ScreenState) { screen.show(Overview.self) }

    /// Chooses another subtask among those of the shown moment.
    private mutating func choose(_ move: ListMove, _ screen: ScreenState) {
        let rates = screen.timeline.rates
        guard rates.indices.contains(screen.selectedStage) else { return }
        let count = rates[screen.selectedStage].parts.count
        subtask = move.index(from: min(subtask, count - 1), count: count, page: screen.page)
    }

    /// Selects the stage that many positions further on in the order of the graph; at its ends it
    /// stays.
    private mutating func go(by offset: Int, _ screen: inout ScreenState) {
        let last = screen.timeline.facts.stages.count - 1
        let next = max(0, min(last, screen.selectedStage + offset))
        if next == screen.selectedStage {
            return screen.say(offset < 0 ? "this is the first stage" : "this is the last stage")
        }
        screen.selectedStage = next
        subtask = 0
    }

    package func paint(on canvas: inout Canvas, in area: Area, _ screen: ScreenState) {
        guard let painter = StagePainter(self, screen) else {
            canvas.put("the run has no stage", x: area.x + 1, y: area.y, style: .faint)
            return
        }
        painter.paint(area, on: &canvas)
    }

    package func paintReduced(on canvas: inout Canvas, in area: Area, _ screen: ScreenState) {
        guard !area.isEmpty, let painter = StagePainter(self, screen) else { return }
        painter.paintReduced(area, on: &canvas)
    }
}
