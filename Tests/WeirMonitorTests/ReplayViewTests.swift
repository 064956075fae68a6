import Testing
import WeirBase
import WeirTelemetry
import WeirTerminal

@testable import WeirMonitor

/// The view of a replay, without one: its events come from the test.
@Suite struct ReplayViewTests {
    private func press(_ model: inout ScreenModel, _ keys: Key...) -> [ScreenEffect] {
        keys.flatMap { model.update(.key($0)) }
    }

    private func give(_ text: String, to model: inout ScreenModel) -> [ScreenEffect] {
        text.unicodeScalars.flatMap { model.update(.key(.character($0))) }
            + model.update(.key(.enter))
    }

    private func obeyed(_ text: String) -> ScreenEffect {
        .replay(.obey(text, columns: 120))
    }

    @Test(arguments: FrameTests.sizes, FrameTests.Look.allCases)
    func `a replay looks as it was drawn`(size: (Int, Int), look: FrameTests.Look) throws {
        try FrameFiles.compare(
            ExampleReplay.model(size.0, size.1, look),
            "replay-\(size.0)x\(size.1)-\(look.rawValue)")
    }

    @Test func `going to the view opens a replay at the last violation, and once`() {
        var model = ExampleRun.model(
            seconds: 71, width: 120, height: 36, hasNotices: true, views: ScreenViews.all)
        #expect(press(&model, .character("5")) == [.replay(.open(at: "44017"))])
        #expect(press(&model, .character("1"), .character("5")).isEmpty)
        #expect(model.frame.text.contains("opening the trace"))
    }

    @Test func `a run that is not recorded has nothing to replay`() {
        var facts = ExampleRun.facts
        facts.tracePath = nil
        var model = ScreenModel(
            facts: facts, standpoint: .owner, size: CanvasSize(width: 80, height: 24),
            theme: Theme(symbols: .unicode, hasColor: true))
        #expect(press(&model, .character("5")).isEmpty)
        #expect(model.frame.text.contains("not recorded: there is nothing to replay"))
    }

    @Test func `the notice that was chosen is where a replay goes`() {
        var model = ScreenModel(
            facts: ExampleRun.facts, standpoint: .owner, size: CanvasSize(width: 120, height: 36),
            theme: Theme(symbols: .unicode, hasColor: true))
        var run = ExampleRun()
        for _ in 0..<300 { _ = model.update(.seen(run.next())) }
        ExampleRun.addNotices(&model)
        for _ in 0..<410 { _ = model.update(.seen(run.next())) }
        _ = press(&model, .character("w"))
        let step = model.state.selectedStep
        #expect(step != nil)
        #expect(press(&model, .character("5")) == [.replay(.open(at: "\(step ?? 0)"))])
        ExampleReplay.arrive(&model, "open")
        _ = press(&model, .character("1"), .character("E"))
        #expect(press(&model, .character("5")) == [obeyed("goto 44017")])
    }

    @Test func `what happened behind the end that the replay knows begins it anew`() {
        var model = ScreenModel(
            facts: ExampleRun.facts, standpoint: .owner, size: CanvasSize(width: 120, height: 36),
            theme: Theme(symbols: .unicode, hasColor: true))
        var run = ExampleRun()
        for _ in 0..<700 { _ = model.update(.seen(run.next())) }
        _ = press(&model, .character("5"))
        ExampleReplay.arrive(&model, "open")
        // The playhead goes to what the replay does not know: that goes as far as it can.
        for _ in 0..<40 { _ = press(&model, .character("T")) }
        #expect(model.state.message?.hasPrefix("the replay has the run up to step 640000") == true)
        let notice = Notice(
            severity: .error, step: 650_000, time: 70_000_000, origin: "enrich/0", text: "later")
        _ = model.update(.notice(notice))
        _ = model.update(.seen(run.next()))
        _ = press(&model, .character("1"), .character("}"), .character("e"))
        #expect(model.state.selectedStep == 650_000)
        let effects = press(&model, .character("5"))
        #expect(effects == [.replay(.close), .replay(.open(at: "650000"))])
    }

    @Test(
        arguments: [
            ("s", "step"), ("S", "reverse-step"), (".", "next"), (",", "reverse-next"),
            ("c", "continue"), ("C", "reverse-continue"), ("u", "back"), ("U", "forward"),
            ("f", "goto failure"), ("F", "goto cause"), ("<", "previous-write cell budget"),
            (">", "next-write cell budget"), ("D", "delete 1"),
        ] as [(Unicode.Scalar, String)])
    func `a key stands for a command`(key: Unicode.Scalar, command: String) {
        var model = ExampleReplay.model()
        #expect(press(&model, .character(key)) == [obeyed(command)])
    }

    @Test func `while a command is under way, further steps are put together`() {
        var model = ExampleReplay.model()
        #expect(press(&model, .character("s")) == [obeyed("step")])
        #expect(
            press(&model, .character("s"), .character("s"), .character("s"), .character("c"))
                .isEmpty)
        let answer = ReplayEvent.answer(ReplayAnswer(command: "step", lines: [], isFault: false))
        #expect(model.update(.replay(answer)) == [obeyed("step 3")])
        #expect(model.update(.replay(answer)) == [obeyed("continue")])
        #expect(model.update(.replay(answer)).isEmpty)
    }

    @Test func `more commands than there is room for are refused, and escape stops the way`() {
        var model = ExampleReplay.model()
        for _ in 0...MonitorBounds.maximumWaitingCommands { _ = press(&model, .character("c")) }
        #expect(model.state.message == nil)
        _ = press(&model, .character("c"))
        #expect(model.state.message == "the replay is at work: Esc stops it")
        #expect(press(&model, .escape) == [.replay(.interrupt)])
        let answer = ReplayEvent.answer(
            ReplayAnswer(command: "continue", lines: ["interrupted"], isFault: false))
        // What waited is forgotten.
        #expect(model.update(.replay(answer)).isEmpty)
        #expect(!model.state.replay.isAtWork)
    }

    @Test func `where the replay moved the screen shows that moment in all views`() {
        var model = ExampleReplay.model()
        #expect(model.timeline.playhead == .paused(at: 61_234_567))
        #expect(model.frame.text.split(separator: "\n")[0].contains("REPLAY step 600000/640000"))
        _ = press(&model, .character("1"))
        #expect(model.frame.text.split(separator: "\n")[0].contains("REPLAY step 600000/640000"))
        #expect(model.timeline.shownFrame?.time == 61_200_000)
    }

    @Test func `going through time takes the replay along, and it does not move the screen`() {
        var model = ExampleReplay.model()
        let effects = press(&model, .character("t"))
        let step = model.timeline.shownFrame?.step ?? 0
        #expect(effects == [obeyed("goto \(step)")])
        ExampleReplay.arrive(&model, "goto \(step)", step: step.previous)
        #expect(model.timeline.shownFrame?.step == step)
        #expect(model.state.replay.answers.count == 1)
        #expect(press(&model, .character("s")) == [obeyed("step")])
    }

    @Test func `playing takes the replay along at the pace that was asked for`() throws {
        var model = ExampleReplay.model()
        _ = press(&model, .character("+"), .character(" "))
        let answer = ReplayEvent.answer(ReplayAnswer(command: "goto", lines: [], isFault: false))
        _ = model.update(.replay(answer))
        let start = model.timeline.shownTime ?? 0
        let effects = model.update(.tick(now: model.timeline.now + .milliseconds(100)))
        #expect(model.timeline.shownTime == start + .milliseconds(1_000))
        #expect(effects == [obeyed("goto \(model.timeline.shownStep)")])
        // While it is on its way, only the newest moment counts.
        for _ in 0..<5 {
            #expect(model.update(.tick(now: model.timeline.now + .milliseconds(20))).isEmpty)
        }
        #expect(model.update(.replay(answer)) == [obeyed("goto \(model.timeline.shownStep)")])
    }

    @Test func `L ends the replay and shows the newest moment`() {
        var model = ExampleReplay.model()
        #expect(press(&model, .character("L")) == [.replay(.close)])
        #expect(model.timeline.playhead == .live)
        #expect(type(of: model.views.current) == Overview.self)
        // What comes late is nobody's.
        ExampleReplay.arrive(&model, "open")
        #expect(model.timeline.playhead == .live && model.state.replay.picture == nil)
        #expect(press(&model, .character("5")).count == 1)
    }

    @Test func `a replay that ends by itself says why and can be begun again`() {
        var model = ExampleReplay.model()
        _ = model.update(.replay(.ended("ended by signal 4")))
        #expect(model.frame.text.contains("ended by signal 4"))
        #expect(press(&model, .character("s")) == [.replay(.open(at: "600000"))])
        #expect(model.state.message == "the replay begins again")
    }

    @Test func `a typed command is given, and fetched again`() {
        var model = ExampleReplay.model()
        #expect(give(":info queues", to: &model) == [obeyed("info queues")])
        ExampleReplay.arrive(&model, "info queues")
        _ = press(&model, .character(":"), .up)
        #expect(press(&model, .enter) == [obeyed("info queues")])
        ExampleReplay.arrive(&model, "info queues")
        _ = press(&model, .character(":"), .character("x"), .up, .down)
        #expect(model.frame.text.contains("(weir)"))
        // Keys are letters while something is typed.
        #expect(press(&model, .character("q"), .character("s")).isEmpty)
        #expect(press(&model, .escape).isEmpty)
        #expect(!model.views.current.isTyping)
        #expect(give(":quit", to: &model).isEmpty)
        #expect(type(of: model.views.current) == Overview.self)
    }

    @Test func `a break is suggested for what is chosen`() {
        var model = ExampleReplay.model()
        let expected = [
            "watch cell budget", "break queue parse/0>enrich/1 > 90%", "break stage=enrich/1",
            "break invariant", "break invariant",
        ]
        for text in expected {
            _ = press(&model, .character("B"))
            #expect(press(&model, .enter) == [obeyed(text)])
            ExampleReplay.arrive(&model, text)
            _ = press(&model, .character("v"))
        }
    }

    @Test func `a value, a queue and an answer are read whole`() {
        var model = ExampleReplay.model()
        _ = press(&model, .enter)
        #expect(model.frame.text.contains("left: -1000"))
        #expect(model.frame.text.contains("changed it"))
        _ = press(&model, .escape, .character("v"), .enter)
        #expect(model.frame.text.contains("there is room for 8192"))
        #expect(model.frame.text.contains("watermark(12:04:15)"))
        _ = press(&model, .escape, .character("V"), .character("V"), .enter)
        #expect(model.frame.text.contains("and what else"))
    }

    @Test func `progress of a long way is said, with how to stop it`() {
        var model = ExampleReplay.model()
        _ = press(&model, .character("c"))
        _ = model.update(.replay(.progress(done: 25, total: 100)))
        #expect(model.frame.text.contains("continue: 25 % of 100 steps, Esc stops"))
    }

    @Test func `a fault is shown as one and stays among the answers`() {
        var model = ExampleReplay.model()
        _ = give(":goto 99999", to: &model)
        let lines = ["there is no step 99999 in this run. Give a step from 0 to 640000."]
        _ = model.update(
            .replay(.answer(ReplayAnswer(command: "goto 99999", lines: lines, isFault: true))))
        #expect(model.frame.text.contains("there is no step 99999"))
        #expect(model.state.replay.answers.last?.isFault == true)
    }

    @Test(arguments: [0, 1, 7, 20, 39, 40, 41, 79, 80, 119, 120, 500])
    func `it can be painted at every size, with each panel and while typing`(width: Int) {
        for height in [0, 1, 2, 3, 5, 9, 10, 11, 12, 13, 16, 24, 36, 100] {
            var model = ExampleReplay.model(width, height)
            for _ in ReplayView.Panel.allCases {
                _ = press(&model, .character("v"), .down, .pageDown)
                #expect(model.frame.cells.count == width * height)
            }
            _ = press(&model, .character(":"), .character("a"))
            #expect(model.frame.cells.count == width * height)
        }
    }

    @Test func `what differs of two long texts is in sight`() {
        func cut(_ first: String, _ second: String, _ cells: Int) -> [String] {
            let (before, after) = DifferingTexts.cut(first, second, to: cells, ellipsis: "~")
            return [before, after]
        }
        let owner = "Budget(owner: \"a long name\", left: "
        #expect(cut(owner + "0)", owner + "-1)", 20) == ["~left: 0)", "~left: -1)"])
        #expect(cut("a", "b", 20) == ["a", "b"])
        let same = String(repeating: "x", count: 50)
        #expect(cut(same, same, 20) == [same, same])
        #expect(cut("1" + same, "2" + same, 20) == ["1" + same, "2" + same])
        #expect(cut("", "2" + same, 0)[1].hasSuffix(same))
    }
}
