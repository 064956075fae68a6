import Testing
import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTerminal

/// A screen that hosts more than one view.
@Suite struct ScreenHostTests {
    /// A view that counts how often its key was pressed, and says what it is given to look at.
    private struct Tally: ScreenView {
        static let name = "tally"
        static let digit = 7
        static let keys: [KeyBinding<Tally>] =
            ListKeys.bindings(over: "stage") { _, move, screen in
                screen.selectedStage = move.index(
                    from: screen.selectedStage, count: screen.timeline.facts.stages.count,
                    page: screen.page)
            } + [
                KeyBinding([.character("c")], .read, "count one more", hint: "count") {
                    view, _, screen in
                    view.count += 1
                    if view.count > 2 { screen.say("that is a lot") }
                    return view.count > 1 ? [.redraw] : []
                },
                KeyBinding([.enter], .read, "read the count whole") { view, _, screen in
                    screen.open(Whole(count: view.count))
                    return []
                },
            ]

        var count = 0

        init(_ facts: RunFacts) {}

        func paint(on canvas: inout Canvas, in area: Area, _ screen: ScreenState) {
            let stage = screen.timeline.facts.stages[screen.selectedStage]
            let time = screen.timeline.shownTime ?? -1
            canvas.put(SafeText("tally \(count) \(stage) \(time)"), x: area.x, y: area.y)
            canvas.put("last row", x: area.x, y: area.bottom - 1)
        }
    }

    private struct Whole: Details {
        let count: Int
        var title: String { "Count" }

        func facts(of timeline: Timeline) -> [DetailFact] {
            [DetailFact("count", "\(count) at step \(timeline.shownFrame?.step ?? 0)")]
        }
    }

    private func model(_ views: [any ScreenView.Type] = [Overview.self, Tally.self]) -> ScreenModel
    {
        var model = ScreenModel(
            facts: ExampleRun.facts, standpoint: .owner, size: CanvasSize(width: 80, height: 24),
            theme: Theme(symbols: .unicode, hasColor: true), views: views)
        var run = ExampleRun()
        for _ in 0..<30 { _ = model.update(.seen(run.next())) }
        return model
    }

    private func press(_ model: inout ScreenModel, _ keys: Key...) -> [ScreenEffect] {
        keys.flatMap { model.update(.key($0)) }
    }

    private func lines(_ model: ScreenModel) -> [String] {
        model.frame.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test func `Tab goes to the next view and behind the last to the first, backwards too`() {
        var model = model()
        let overview = model.frame
        _ = press(&model, .tab)
        #expect(lines(model)[1].hasPrefix("tally 0"))
        _ = press(&model, .tab)
        #expect(model.frame == overview)
        _ = press(&model, .backTab)
        #expect(lines(model)[1].hasPrefix("tally 0"))
    }

    @Test func `of three views the one before the first is the last`() {
        var model = model([Tally.self, Overview.self, Tally.self])
        _ = press(&model, .character("c"), .backTab)
        #expect(lines(model)[1].hasPrefix("tally 0"))
        _ = press(&model, .tab)
        #expect(lines(model)[1].hasPrefix("tally 1"))
    }

    @Test func `the selected stage and the shown time stay from view to view`() {
        var model = model()
        _ = press(&model, .down, .down, .character("t"), .tab)
        #expect(lines(model)[1] == "tally 0 enrich 2900000")
        _ = press(&model, .up, .character("t"), .tab)
        #expect(lines(model).contains { $0.hasPrefix("▶parse") })
        #expect(model.timeline.playhead == .paused(at: 2_800_000))
    }

    @Test func `a view keeps its own state while another is shown`() {
        var model = model()
        _ = press(&model, .character("V"), .character("V"), .tab, .character("c"), .tab, .tab)
        #expect(lines(model)[1].hasPrefix("tally 1"))
        _ = press(&model, .tab)
        #expect(lines(model)[2].contains("─ Violations"))
    }

    @Test func `a key does what the shown view declared, and nothing in another`() {
        var model = model()
        #expect(press(&model, .character("c"), .character("c")).isEmpty)
        _ = press(&model, .tab)
        #expect(press(&model, .character("c")).isEmpty)
        #expect(press(&model, .character("c")) == [.redraw])
        #expect(lines(model)[1].hasPrefix("tally 2"))
        // A key of the overview is none here.
        _ = press(&model, .character("v"))
        #expect(lines(model)[1].hasPrefix("tally 2"))
    }

    @Test func `what a view says stands at the bottom until the next key`() {
        var model = model()
        _ = press(&model, .tab, .character("c"), .character("c"), .character("c"))
        #expect(lines(model)[23].hasPrefix(" that is a lot"))
        _ = press(&model, .down)
        #expect(!lines(model)[23].contains("that is a lot"))
    }

    @Test func `the help and the line at the bottom are those of the shown view`() {
        var model = model()
        #expect(lines(model)[23].contains("Tab view"))
        _ = press(&model, .tab)
        #expect(lines(model)[23].contains("c count") && !lines(model)[23].contains("panel"))
        _ = press(&model, .character("?"))
        let help = model.frame.text
        #expect(help.contains("Keys of the tally") && help.contains("c          count one more"))
        #expect(help.contains("Tab        next view") && !help.contains("graph, stages"))
    }

    @Test func `where there is one view no key goes to another and the help names none`() {
        var model = model([Overview.self])
        let before = model.frame
        _ = press(&model, .tab, .backTab)
        #expect(model.frame == before && !before.text.contains("Tab view"))
        _ = press(&model, .character("?"), .pageDown)
        #expect(!model.frame.text.contains("Tab"))
    }

    @Test func `a view's own details lie over it and follow the shown time`() {
        var model = model()
        _ = press(&model, .tab, .character("c"), .enter)
        #expect(model.frame.text.contains("Count; any key closes"))
        #expect(model.frame.text.contains("1 at step 30000"))
        // A key closes the box and does nothing else.
        _ = press(&model, .character("c"))
        #expect(model.overlay == nil && lines(model)[1].hasPrefix("tally 1"))
    }

    @Test
    func `the lines at the top and at the bottom are the screen's, what is between is the view's`()
    {
        var model = model()
        _ = press(&model, .tab)
        let lines = lines(model)
        #expect(lines[0].contains("orders-enrich") && lines[0].contains("LIVE"))
        #expect(lines[22] == "last row" && lines[23].contains("q quit"))
    }

    @Test func `a screen that is too small for a view shows the line that matters`() {
        var model = model()
        _ = press(&model, .tab)
        _ = model.update(.resize(CanvasSize(width: 30, height: 5)))
        #expect(model.frame.text == "● LIVE orders-enrich\n\n\n\n\n")
    }

    @Test func `another run is shown in the same view with everything else new`() {
        var model = model()
        _ = press(&model, .down, .tab, .character("c"), .character("t"), .character("q"))
        let renewed = model.renewed(for: ExampleRun.facts)
        #expect(renewed.frame.text.split(separator: "\n")[1] == "tally 0 ingest -1")
        #expect(renewed.timeline.playhead == .live && !renewed.state.isEnding)
    }
}
