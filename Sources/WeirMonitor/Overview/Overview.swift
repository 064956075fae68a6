package import WeirTerminal

/// The parts of the overview, in the order in which they stand on a large screen.
package enum Panel: Int, CaseIterable, Sendable {
    case graph, stages, output, lag, news
}

/// The view of a run as a whole: its graph, what each stage does, what limits the run, how its
/// output and lag went over the last minute, and what was noticed.
///
/// This folder is the view: its state and keys are in this file, its layouts in `OverviewPainter`,
/// and each part that those place has a file of its own. It keeps no history and no clock:
/// everything that it shows is asked of the timeline, at the moment that the screen shows. As every
/// view it is driven by `ScreenModel` alone.
///
/// There are three layouts. A large screen has a box for each part; a smaller one has parts with
/// rules between them, as many as fit; on any screen one panel may have all the room. Which panel
/// keys are for, and whether it is alone, is all the state there is besides the chosen line.
package struct Overview: ScreenView {
    package static let name = "overview"
    package static let digit = 1
    package static let legend: String? = StageLook.legend

    /// The panel that keys are for. Only the panel of notices has a list of its own; in all others
    /// the keys for lists select a stage.
    package private(set) var panel = Panel.stages
    /// Whether that panel has the screen to itself.
    package private(set) var isWhole = false
    /// The line of the notices that was chosen, by its id; nil for none. An id stays valid when new
    /// lines come above it, as an index would not.
    package private(set) var line: UInt64?

    package init(_ facts: RunFacts) {}

    // MARK: Keys

    package static let keys: [KeyBinding<Overview>] =
        ListKeys.bindings(over: "stage, or line of the panel") { view, move, screen in
            view.choose(move, &screen)
        } + [
            KeyBinding([.character("v")], .read, "next panel", hint: "panel") {
                view, _, screen in
                view.go(by: 1, screen)
                return []
            },
            KeyBinding([.character("V")], .read, "previous panel") { view, _, screen in
                view.go(by: -1, screen)
                return []
            },
            KeyBinding([.character("+")], .read, "the panel alone; again: all of them") {
                view, _, _ in
                view.isWhole.toggle()
                return []
            },
            KeyBinding([.character("e")], .move, "next violation or error") { view, _, screen in
                view.seek("violation or error", 1, &screen) { $0 >= .error }
                return []
            },
            KeyBinding([.character("E")], .move, "previous violation or error") { view, _, screen in
                view.seek("violation or error", -1, &screen) { $0 >= .error }
                return []
            },
            KeyBinding([.character("w")], .move, "next warning") { view, _, screen in
                view.seek("warning", 1, &screen) { $0 == .warning }
                return []
            },
            KeyBinding([.character("W")], .move, "previous warning") { view, _, screen in
                view.seek("warning", -1, &screen) { $0 == .warning }
                return []
            },
            KeyBinding([.enter], .read, "open the stage; read the line whole") { view, _, screen in
                view.openDetails(&screen)
                return []
            },
            KeyBinding([.character("i")], .read, "read everything about the run") {
                _, _, screen in
                screen.open(RunDetails())
                return []
            },
            KeyBinding([.escape], .read, "back to all panels") { view, _, screen in
                view.goBack(&screen)
                return []
            },
        ]

    /// Goes that many panels on; the first follows the last. Where panels have no boxes on the
    /// screen, the panel has it to itself, because nothing else would be seen to happen.
    private mutating func go(by offset: Int, _ screen: ScreenState) {
        let count = Panel.allCases.count
        panel = Panel.allCases[(panel.rawValue + offset + count) % count]
        isWhole = isWhole || !Self.isBoxed(screen.size)
    }

    /// Chooses the next notice of a kind below the chosen one, or above it where `offset` is
    /// negative; without a choice the first or the last.
    private mutating func seek(
        _ what: String, _ offset: Int, _ screen: inout ScreenState,
        _ isSought: (Notice.Severity) -> Bool
    ) {
        let lines = screen.timeline.shownLines
        let chosen = panel == .news ? lines.firstIndex { $0.id == line } : nil
        let found =
            offset > 0
            ? lines.indices.first { $0 > chosen ?? -1 && isSought(lines[$0].notice.severity) }
            : lines.indices.last {
                $0 < chosen ?? lines.count && isSought(lines[$0].notice.severity)
            }
        guard let found else { return screen.say("no \(what) among the notices there") }
        if panel != .news {
            panel = .news
            isWhole = isWhole || !Self.isBoxed(screen.size)
        }
        choose(lines[found], &screen)
    }

    private mutating func choose(_ chosen: NoticeLine, _ screen: inout ScreenState) {
        line = chosen.id
        screen.selectedStep = chosen.notice.step
    }

    package var canGoBack: Bool { isWhole }

    /// Back to all panels. Where they are all shown already, or where no boxes would show which
    /// panel keys are for, keys are for the stages again.
    package mutating func goBack(_ screen: inout ScreenState) {
        // Without boxes nothing shows which panel the keys are for.
        if !isWhole || !Self.isBoxed(screen.size) { panel = .stages }
        isWhole = false
    }

    /// Selects another stage, or another line of the notices.
    private mutating func choose(_ move: ListMove, _ screen: inout ScreenState) {
        guard panel == .news else {
            screen.selectedStage = move.index(
                from: screen.selectedStage, count: screen.timeline.facts.stages.count,
                page: screen.page)
            return
        }
        let lines = screen.timeline.shownLines
        // Without a choice the first key chooses the first line.
        let chosen = lines.firstIndex { $0.id == line } ?? -1
        guard !lines.isEmpty else { return line = nil }
        choose(lines[move.index(from: chosen, count: lines.count, page: screen.page)], &screen)
    }

    /// Goes to the selected stage, or opens the chosen notice to be read whole. Without a choice it
    /// is the topmost notice, which is then the chosen one.
    private mutating func openDetails(_ screen: inout ScreenState) {
        guard panel == .news else {
            screen.show(StageView.self)
            return
        }
        let lines = screen.timeline.shownLines
        guard let chosen = lines.first(where: { $0.id == line }) ?? lines.first else {
            screen.say("there is no line to open")
            return
        }
        choose(chosen, &screen)
        screen.open(NoticeDetails(line: chosen.id))
    }

    // MARK: Painting

    /// From this size on panels stand in boxes. Frames and titles cost two rows and two columns for
    /// each part; on a smaller screen the parts themselves need them.
    package static let boxed = CanvasSize(width: 120, height: 36)

    /// Whether a screen of this size has boxes.
    static func isBoxed(_ size: CanvasSize) -> Bool {
        size.width >= boxed.width && size.height >= boxed.height
    }

    package func paint(on canvas: inout Canvas, in area: Area, _ screen: ScreenState) {
        // The painter holds the canvas while it paints, so that its parts need not pass it along.
        var painter = OverviewPainter(self, screen, canvas)
        painter.paint(area)
        canvas = painter.canvas
    }

    package func paintReduced(on canvas: inout Canvas, in area: Area, _ screen: ScreenState) {
        var painter = OverviewPainter(self, screen, canvas)
        painter.paintReduced(area)
        canvas = painter.canvas
    }
}
