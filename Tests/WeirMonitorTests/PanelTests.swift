import Testing
import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTerminal

/// Panels that are gone through, lists that scroll, and what is read whole.
@Suite struct PanelTests {
    private static let sizes = [(40, 10), (80, 24), (160, 48), (200, 60)]

    private func press(_ model: inout ScreenModel, _ keys: Key...) {
        for key in keys { _ = model.update(.key(key)) }
    }

    private func warn(_ model: inout ScreenModel, _ count: Int, text: String = "w") {
        for number in 0..<count {
            _ = model.update(
                .notice(
                    Notice(
                        severity: .warning, step: Step(number), time: 1_000, origin: "parse/0",
                        text: "\(text)\(number)")))
        }
    }

    private func screen(_ model: ScreenModel) -> String { model.frame.text }

    private static let titles: [(Panel, String)] = [
        (.graph, "Graph"), (.stages, "Stages"), (.output, "Output"), (.lag, "Watermark"),
        (.news, "Violations"),
    ]

    @Test(arguments: titles)
    func `a panel is gone to, and plus gives it the screen`(panel: Panel, title: String) throws {
        var model = ExampleRun.model(seconds: 40, width: 160, height: 48)
        let key = Key.character("+")
        for key in panel.keys { press(&model, key) }
        let canvas = model.frame
        // The title of the panel, and no other, is reversed.
        let styles = canvas.styleText.split(separator: "\n", omittingEmptySubsequences: false)
        let reversed = zip(canvas.text.split(separator: "\n"), styles).dropLast()
            .filter { $0.1.contains("#") }
        #expect(reversed.count == 1)
        #expect(reversed.first?.0.contains("─ \(title)") == true)
        press(&model, key)
        let whole = screen(model).split(separator: "\n")
        #expect(whole[2].contains("┌─ \(title)"))
        #expect(whole.filter { $0.contains("┌─ ") && $0.hasPrefix("┌") }.count == 1)
        press(&model, key)
        #expect(model.frame == canvas)
    }

    @Test(arguments: titles)
    func `where panels have no boxes the one that is gone to is alone, and q closes it`(
        panel: Panel, title: String
    ) throws {
        for (width, height) in [(40, 10), (80, 24), (119, 60)] {
            var model = ExampleRun.model(seconds: 40, width: width, height: height)
            let before = model.frame
            for key in panel.keys { press(&model, key) }
            if panel == .stages { press(&model, .character("+")) }
            let title = width < 80 && panel == .news ? "Notices" : title
            #expect(screen(model).split(separator: "\n")[2].contains("┌─ \(title)"))
            #expect(screen(model).contains("q back"))
            press(&model, .character("q"))
            #expect(model.frame == before)
            #expect(!model.state.isEnding)
        }
    }

    @Test(arguments: [((160, 48), [Panel.news, .news, .stages]), ((80, 24), [.news, .stages])])
    func `Esc takes a panel's screen back, and then the keys for it`(
        size: (Int, Int), panels: [Panel]
    ) throws {
        var model = ExampleRun.model(seconds: 2, width: size.0, height: size.1)
        for key in Panel.news.keys { press(&model, key) }
        // With boxes the panel is alone by a key of its own, without them at once.
        if try !model.overview.isWhole { press(&model, .character("+")) }
        for (index, panel) in panels.enumerated() {
            let overview = try model.overview
            #expect(overview.panel == panel && overview.isWhole == (index == 0))
            press(&model, .escape)
        }
        #expect(try model.overview.panel == .stages)
    }

    @Test(arguments: sizes)
    func `every line of a list that is longer than its panel comes in sight`(size: (Int, Int)) {
        var model = ExampleRun.model(seconds: 2, width: size.0, height: size.1)
        warn(&model, 60, text: "disk slow, number ")
        press(&model, .character("V"), .character("V"))
        var seen = Set<Substring>()
        for _ in 0..<60 {
            press(&model, .down)
            for line in screen(model).split(separator: "\n") {
                if let range = line.firstRange(of: " W step ") {
                    seen.insert(line[range.upperBound...].prefix { $0.isNumber })
                }
            }
        }
        #expect(seen.count == 60)
        #expect(screen(model).contains("of 60"))
        press(&model, .home)
        #expect(screen(model).contains("step 59"))
        press(&model, .character("G"))
        #expect(screen(model).contains("step 0 "))
        press(&model, .pageUp, .pageUp)
        #expect(!screen(model).contains("step 0 "))
    }

    @Test func `the next error or warning is chosen among the notices, from any panel`() throws {
        var model = ExampleRun.model(seconds: 2, width: 160, height: 48)
        press(&model, .character("e"))
        #expect(model.state.message == "no violation or error among the notices there")
        warn(&model, 2)
        _ = model.update(.notice(ExampleRun.notices[1]))
        press(&model, .character("e"))
        #expect(try model.overview.panel == .news)
        #expect(model.state.selectedStep == 44_017)
        press(&model, .character("w"))
        #expect(model.state.selectedStep == 1)
        press(&model, .character("w"), .character("w"))
        #expect(model.state.selectedStep == 0)
        #expect(model.state.message == "no warning among the notices there")
        press(&model, .character("W"))
        #expect(model.state.selectedStep == 1)
        press(&model, .character("E"))
        #expect(model.state.selectedStep == 44_017)
    }

    @Test func `a chosen line stays chosen while others come`() throws {
        var model = ExampleRun.model(seconds: 2, width: 160, height: 48)
        warn(&model, 3)
        press(&model, .character("V"), .character("V"), .down, .down)
        #expect(screen(model).contains("▶00:00:00") || screen(model).contains("step 1 "))
        let chosen = try model.overview.line
        warn(&model, 50, text: "later ")
        #expect(try model.overview.line == chosen)
        press(&model, .enter)
        #expect(screen(model).contains("text") && screen(model).contains(" w1 "))
    }

    @Test(arguments: sizes)
    func `a line that was cut is read whole`(size: (Int, Int)) {
        var model = ExampleRun.model(seconds: 2, width: size.0, height: size.1)
        let words = (0..<150).map { "word\($0)" }
        warn(&model, 1, text: words.joined(separator: " "))
        #expect(!screen(model).contains("word149"))
        press(&model, .character("V"), .character("V"), .enter)
        var seen = Set<Substring>()
        for _ in 0..<60 {
            for word in screen(model).split(whereSeparator: { $0 == " " || $0 == "\n" }) {
                seen.insert(word)
            }
            press(&model, .down)
        }
        #expect(words.dropLast().allSatisfy { seen.contains(Substring($0)) })
        press(&model, .character("q"))
        #expect(model.overlay == nil && !screen(model).contains("word149"))
    }

    @Test func `a stage's whole name and the run's names can be read`() {
        let name = String(repeating: "long", count: 30) + "tail"
        let facts = RunFacts(
            pipeline: "p\(name)", stages: [name, "b"], edges: [(name, "b")],
            started: Instant(nanoseconds: 0), tracePath: "traces/\(name).mcap")
        var model = ScreenModel(
            facts: facts, standpoint: .owner, size: CanvasSize(width: 60, height: 24),
            theme: Theme(symbols: .ascii, hasColor: false))
        #expect(!screen(model).contains("tail"))
        press(&model, .enter, .enter)
        #expect(screen(model).contains("tail"))
        press(&model, .escape, .escape, .character("i"))
        #expect(screen(model).contains("tail.mcap"))
        // What a narrow screen leaves out of its second line.
        var narrow = ExampleRun.model(seconds: 5, width: 40, height: 10)
        press(&narrow, .character("i"), .character("G"))
        #expect(screen(narrow).contains("dropped 0"))
    }

    @Test func `a stage that is read whole tells errors and drops apart`() {
        var model = ExampleRun.model(seconds: 2)
        var run = ExampleRun()
        var sample = run.next()
        for _ in 0..<20 { sample = run.next() }
        sample.subtasks[2].errors = 3
        sample.subtasks[2].drops = [DropSample(reason: "late", count: 7)]
        _ = model.update(.seen(sample))
        let facts = StageDetails(stage: 2).facts(of: model.timeline)
        #expect(facts.contains(DetailFact("errors", "3")))
        #expect(facts.contains(DetailFact("dropped", "7")))
    }

    @Test(arguments: sizes)
    func `a flood of warnings pushes no violation off the screen`(size: (Int, Int)) {
        var model = ExampleRun.model(seconds: 2, width: size.0, height: size.1)
        _ = model.update(.notice(ExampleRun.notices[1]))
        warn(&model, 2_000)
        let top = model.timeline.notices.lines(.all)[0]
        #expect(top.notice.severity == .violation && top.count == 1)
        #expect(screen(model).contains("V step 44017"))
        #expect(model.timeline.notices.count == NoticeLog.capacity(.warning) + 1)
        #expect(model.timeline.notices.counts.warnings == 2_000)
    }

    @Test func `a condition that is broken again and again is one line with a count`() {
        var model = ExampleRun.model(seconds: 2)
        for number in 0..<100 {
            _ = model.update(
                .notice(
                    Notice(
                        Incident(
                            step: Step(number), kind: .violation, name: "stock",
                            message: "stock does not hold (found by enrich/\(number % 3))",
                            time: RunTime(number)))))
            warn(&model, 1, text: "between \(number % 2) ")
        }
        let lines = model.timeline.notices.lines(.all)
        #expect(lines.map(\.count) == [100, 50, 50])
        #expect(lines[0].lastTime == 99)
    }

    @Test func `what is pasted is told and does nothing`() {
        var model = ExampleRun.model(seconds: 2)
        press(&model, .character("?"))
        let before = model.frame.text.split(separator: "\n").dropLast()
        #expect(model.update(.key(.paste)).isEmpty)
        // Only the line at the bottom, which says so, is another.
        #expect(model.frame.text.split(separator: "\n").dropLast() == before)
        #expect(model.timeline.playhead == .live && !model.state.isEnding)
        press(&model, .escape)
        _ = model.update(.key(.paste))
        #expect(screen(model).contains("what was pasted is ignored"))
        press(&model, .character("j"))
        #expect(!screen(model).contains("pasted"))
    }
}
