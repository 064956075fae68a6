package import WeirTerminal

/// The parts of the overview, by the number that stands in their title and is their key.
package enum Panel: Int, CaseIterable, Sendable {
    case graph = 1
    case stages, output, lag, news

    /// The key that goes there.
    var key: Key { .character(Unicode.Scalar(UInt8(0x30 + rawValue))) }
}

/// The view of a run as a whole: its graph, what each stage does, what limits the run, how its
/// output and lag went over the last minute, and what was noticed.
///
/// This folder is the view: its state and keys here, its layouts in `OverviewPainter`, and a file
/// for each part that those place. It has no history and no clock: everything that it shows is
/// asked of the timeline, at the moment that the screen shows.
package struct Overview: ScreenView {
    package static let name = "overview"
    package static let legend: String? = StageLook.legend

    /// The panel that keys are for.
    package private(set) var panel = Panel.stages
    /// Whether that panel has the screen to itself.
    package private(set) var isWhole = false
    /// The line of the notices that was chosen, by its id; nil for none.
    package private(set) var line: UInt64?

    package init(_ facts: RunFacts) {}

    // MARK: Keys

    package static let keys: [KeyBinding<Overview>] =
        ListKeys.bindings(over: "stage, or line of the panel") { view, move, screen in
            view.choose(move, &screen)
        } + [
            KeyBinding(
                Panel.allCases.map(\.key), .read,
                "graph, stages, output, lag, notices; again: alone", hint: "panel"
            ) { view, key, screen in
                if let panel = Panel.allCases.first(where: { $0.key == key }) {
                    view.go(to: panel, screen)
                }
                return []
            },
            KeyBinding([.enter], .read, "read the stage or line whole") { view, _, screen in
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

    /// To a panel; a second time it has the screen to itself, and then no more. Where panels have
    /// no place of their own on the screen, the first time does that.
    private mutating func go(to panel: Panel, _ screen: ScreenState) {
        if self.panel == panel {
            isWhole.toggle()
        } else {
            self.panel = panel
            isWhole = isWhole || !Self.isBoxed(screen.size)
        }
    }

    package var canGoBack: Bool { isWhole }

    package mutating func goBack(_ screen: inout ScreenState) {
        // Without boxes nothing shows which panel the keys are for.
        if !isWhole || !Self.isBoxed(screen.size) { panel = .stages }
        isWhole = false
    }

    /// Another stage, or another line of the notices.
    private mutating func choose(_ move: ListMove, _ screen: inout ScreenState) {
        guard panel == .news else {
            screen.selectedStage = move.place(
                from: screen.selectedStage, count: screen.timeline.facts.stages.count,
                page: screen.page)
            return
        }
        let ids = screen.timeline.shownLines.map(\.id)
        let chosen = ids.firstIndex { $0 == line } ?? -1
        line =
            ids.isEmpty ? nil : ids[move.place(from: chosen, count: ids.count, page: screen.page)]
    }

    private mutating func openDetails(_ screen: inout ScreenState) {
        guard panel == .news else {
            let stage = screen.selectedStage
            if screen.timeline.facts.stages.indices.contains(stage) {
                screen.open(StageDetails(stage: stage))
            }
            return
        }
        let lines = screen.timeline.shownLines
        guard let chosen = lines.first(where: { $0.id == line }) ?? lines.first else {
            screen.say("there is no line to open")
            return
        }
        line = chosen.id
        screen.open(NoticeDetails(line: chosen.id))
    }

    // MARK: Painting

    /// From this size on panels stand in boxes.
    package static let boxed = CanvasSize(width: 120, height: 36)

    static func isBoxed(_ size: CanvasSize) -> Bool {
        size.width >= boxed.width && size.height >= boxed.height
    }

    package func paint(on canvas: inout Canvas, in area: Area, _ screen: ScreenState) {
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
