import Testing
import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTerminal

/// What each key and message does to the model.
@Suite struct UpdateTests {
    private func press(_ model: inout ScreenModel, _ keys: Key...) -> [ScreenEffect] {
        keys.flatMap { model.update(.key($0)) }
    }

    @Test func `j, k, g and G move the selection and stay within the stages`() {
        var model = ExampleRun.model(seconds: 1)
        _ = press(&model, .character("j"), .down)
        #expect(model.state.selectedStage == 2)
        _ = press(&model, .character("k"))
        #expect(model.state.selectedStage == 1)
        _ = press(&model, .character("G"), .down)
        #expect(model.state.selectedStage == ExampleRun.stages.count - 1)
        _ = press(&model, .character("g"), .up)
        #expect(model.state.selectedStage == 0)
        _ = press(&model, .home)
        #expect(model.state.selectedStage == 0)
    }

    @Test(arguments: [Key.character(" "), .function(5)])
    func `pausing keeps the moment while samples come`(key: Key) {
        var run = ExampleRun()
        var model = ExampleRun.model(seconds: 0)
        for _ in 0..<50 { _ = model.update(.seen(run.next())) }
        let live = model.frame
        _ = press(&model, key)
        #expect(model.timeline.playhead == .paused(at: 5_000_000))
        let rates = model.timeline.rates
        for _ in 0..<50 { _ = model.update(.seen(run.next())) }
        #expect(model.timeline.shownTime == 5_000_000)
        #expect(model.timeline.rates == rates)
        #expect(model.timeline.behind == 5_000_000)
        // Below the line with the state nothing moved.
        let paused = model.frame
        #expect(live.text.split(separator: "\n")[1...] == paused.text.split(separator: "\n")[1...])
    }

    @Test func `resuming plays on from where it paused at the pace of the clock`() {
        var run = ExampleRun()
        var model = ExampleRun.model(seconds: 0)
        for _ in 0..<50 { _ = model.update(.seen(run.next())) }
        _ = press(&model, .character(" "))
        for _ in 0..<50 { _ = model.update(.seen(run.next())) }
        _ = model.update(.tick(now: 10_000_000))
        _ = press(&model, .character(" "))
        #expect(model.timeline.shownTime == 5_000_000)
        var last: RunTime = 5_000_000
        for tenth: Int64 in 1...20 {
            _ = model.update(.seen(run.next()))
            _ = model.update(.tick(now: .milliseconds(10_000 + tenth * 100)))
            guard let time = model.timeline.shownTime else { continue }
            #expect(time >= last && time - last <= 100_000)
            last = time
        }
        #expect(model.timeline.behind == 5_000_000)
        _ = press(&model, .character(" "))
        #expect(model.timeline.playhead == .paused(at: last))
    }

    @Test func `playing waits at the edge of a run that goes on`() {
        var model = ExampleRun.model(seconds: 5)
        _ = press(&model, .character(" "), .character(" "))
        _ = model.update(.tick(now: 9_000_000))
        #expect(model.timeline.playhead == .playing(at: 5_000_000))
    }

    @Test func `playing stops at the edge of a run that ended`() {
        var model = ExampleRun.model(seconds: 5)
        _ = press(&model, .character("t"), .character("t"), .character(" "))
        _ = model.update(.ended("finished"))
        _ = model.update(.tick(now: 9_000_000))
        #expect(model.timeline.playhead == .paused(at: 5_000_000))
    }

    @Test(arguments: [Key.character("L"), .end])
    func `L and End return to live from anywhere`(key: Key) {
        var model = ExampleRun.model(seconds: 5)
        _ = press(&model, .character("t"), .character("t"), key)
        #expect(model.timeline.playhead == .live)
        _ = press(&model, .character(" "), .character(" "), key)
        #expect(model.timeline.playhead == .live)
    }

    @Test func `t and T go a sample back and forward and stop at the ends`() {
        var model = ExampleRun.model(seconds: 1)
        _ = press(&model, .character("T"))
        #expect(model.timeline.playhead == .live)
        _ = press(&model, .character("t"), .left)
        #expect(model.timeline.playhead == .paused(at: 800_000))
        _ = press(&model, .character("T"))
        #expect(model.timeline.playhead == .paused(at: 900_000))
        for _ in 0..<30 { _ = press(&model, .left) }
        #expect(model.timeline.playhead == .paused(at: 100_000))
        for _ in 0..<30 { _ = press(&model, .right) }
        #expect(model.timeline.playhead == .paused(at: 1_000_000))
    }

    @Test func `braces go to the warnings and violations`() {
        var model = ExampleRun.model(seconds: 60, hasNotices: true)
        _ = press(&model, .character("{"))
        #expect(model.timeline.playhead == .paused(at: 44_000_000))
        _ = press(&model, .character("{"))
        #expect(model.timeline.playhead == .paused(at: 31_200_000))
        _ = press(&model, .character("}"))
        #expect(model.timeline.playhead == .paused(at: 44_000_000))
        _ = press(&model, .character("}"))
        #expect(model.timeline.playhead == .paused(at: 44_000_000))
        #expect(model.frame.text.contains("nothing was noticed after this"))
    }

    @Test(arguments: [Key.character("q"), .character(" "), .character("x"), .escape])
    func `any key but those that move closes the help and does nothing else`(key: Key) {
        var model = ExampleRun.model(seconds: 1)
        _ = press(&model, .function(1))
        #expect(model.overlay != nil)
        let before = model.timeline.playhead
        #expect(press(&model, key).isEmpty)
        #expect(model.overlay == nil && model.timeline.playhead == before)
        #expect(!model.state.isEnding)
    }

    @Test(arguments: [Key.character("q"), .function(10)])
    func `quit ends the run, then stops it, and leaves when it ended`(key: Key) {
        var model = ExampleRun.model(seconds: 1)
        #expect(press(&model, key) == [.endRun])
        #expect(model.frame.text.contains("ENDING"))
        #expect(press(&model, key) == [.stopRun])
        _ = model.update(.ended("interrupted"))
        #expect(press(&model, key) == [.leave])
    }

    @Test func `redraw and suspend are asked for`() {
        var model = ExampleRun.model(seconds: 1)
        #expect(press(&model, .control("l")) == [.redraw])
        #expect(press(&model, .control("z")) == [.suspend])
    }

    @Test func `a silent run says how old it is`() {
        var model = ExampleRun.model(seconds: 1)
        _ = model.update(.tick(now: 8_000_000))
        #expect(model.frame.text.contains("LIVE 7.0 s old"))
    }

    private func watched(seconds: Int) -> ScreenModel {
        var run = ExampleRun()
        var model = ScreenModel(
            facts: ExampleRun.facts, standpoint: .watcher, size: CanvasSize(width: 140, height: 30),
            theme: Theme(symbols: .unicode, hasColor: true))
        for _ in 0..<(seconds * 10) { _ = model.update(.seen(run.next())) }
        return model
    }

    @Test func `another process's run always has its age and q leaves it alone`() {
        var model = watched(seconds: 3)
        _ = model.update(.tick(now: 3_240_000))
        #expect(model.frame.text.contains("LIVE 0.2 s old"))
        #expect(press(&model, .character("q")) == [.leave])
        // High enough for all of the help.
        _ = model.update(.resize(CanvasSize(width: 140, height: 60)))
        _ = press(&model, .character("?"))
        let help = model.frame.text
        #expect(help.contains("leave; the run goes on") && !help.contains("end the run"))
    }

    @Test func `a run that ended is a replay with a place, wherever the playhead is`() {
        var model = watched(seconds: 5)
        _ = model.update(.ended("failed: violation"))
        #expect(model.frame.text.contains("REPLAY 00:00:05/00:00:05"))
        #expect(model.frame.text.contains("failed: violation"))
        for _ in 0..<20 { _ = press(&model, .character("t")) }
        #expect(model.frame.text.contains("REPLAY 00:00:03/00:00:05"))
        _ = press(&model, .character("L"))
        #expect(model.frame.text.contains("REPLAY 00:00:05/00:00:05"))
    }

    @Test func `a newer run is told and r goes there, not before`() {
        var model = watched(seconds: 1)
        #expect(press(&model, .character("r")) == [])
        #expect(model.frame.text.contains("there is no newer run"))
        _ = model.update(.restarted("weir-traces/orders-2.mcap"))
        #expect(model.frame.text.contains("newer run orders-2.mcap: r goes there"))
        #expect(press(&model, .character("r")) == [.goToNewer])
        #expect(!model.frame.text.contains("there is no newer run"))
    }

    @Test func `a replay is opened at the violation up to the shown moment`() {
        func example(hasNotices: Bool) -> ScreenModel {
            ExampleRun.model(seconds: 60, hasNotices: hasNotices, views: ScreenViews.all)
        }
        var model = example(hasNotices: false)
        #expect(press(&model, .character("5")) == [.replay(.open(at: "600000"))])
        model = example(hasNotices: true)
        #expect(press(&model, .character("5")) == [.replay(.open(at: "44017"))])
        model = example(hasNotices: true)
        _ = press(&model, .character("{"), .character("{"))
        #expect(press(&model, .character("5")) == [.replay(.open(at: "312000"))])
    }

    @Test func `a recording that stopped is said on the first line and among the warnings`() {
        var model = ExampleRun.model(seconds: 2)
        _ = model.update(.recordingStopped("64 MB are reached"))
        let text = model.frame.text
        #expect(text.contains("REC stopped"))
        #expect(text.contains("recorder: 64 MB are reached"))
    }

    @Test func `equal notices in a row are one with a count`() {
        var model = ExampleRun.model(seconds: 1)
        ExampleRun.addNotices(&model)
        #expect(model.timeline.notices.count == 2)
        #expect(model.timeline.notices.counts.violations == 3)
        #expect(model.timeline.notices.lines(.all).map(\.count) == [3, 1])
    }
}
