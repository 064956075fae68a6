import Testing
import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTerminal

/// The view of one stage.
@Suite struct StageViewTests {
    /// The shares of `enrich` that its four subtasks have.
    private static let shares: [UInt64] = [10, 52, 18, 20]

    /// Gives `enrich` four subtasks, of which the second has most, and hops that take their time.
    private static func divide(_ sample: inout MetricSample) {
        guard let index = sample.subtasks.firstIndex(where: { $0.stage == "enrich" }) else {
            return
        }
        let whole = sample.subtasks[index]
        sample.subtasks[index].stage = "gone"
        let parts = shares.enumerated().map { number, share in
            var part = whole
            part.subtask = number
            part.recordsIn = whole.recordsIn * share / 100
            part.recordsOut = part.recordsIn
            part.busy = whole.busy * (share + 48) / 100
            part.idle = whole.idle + whole.busy - part.busy
            if number == 1 { part.busiestKey = BusiestKey(key: "o-1190", share: 0.31) }
            let hops: [(String, UInt64)] = [("queue", 300_000_000), ("process", 1_000_000)]
            part.latencies = hops.map { hop, time in
                var latency = LatencySample(hop: hop)
                let count = whole.recordsIn / 10_000
                latency.counts = [
                    UInt64(LatencyClass.of(time / 4)), count * 90, UInt64(LatencyClass.of(time)),
                    count * 10,
                ]
                return latency
            }
            return part
        }
        sample.subtasks += parts
    }

    /// The view of `enrich` after 71 seconds.
    private func model(
        _ width: Int = 80, _ height: Int = 24, _ look: FrameTests.Look = .unicode, keys: Key...
    ) -> ScreenModel {
        var model = ExampleRun.model(
            seconds: 71, width: width, height: height, symbols: look.symbols, color: look.hasColor,
            hasNotices: true, views: [Overview.self, StageView.self], changing: Self.divide)
        for key in [.down, .down, .enter] + keys { _ = model.update(.key(key)) }
        return model
    }

    private func shown(_ model: ScreenModel) -> String {
        type(of: model.views.current).name
    }

    @Test(arguments: FrameTests.sizes, FrameTests.Look.allCases)
    func `the stage looks as it was drawn`(size: (Int, Int), look: FrameTests.Look) throws {
        try FrameFiles.compare(
            model(size.0, size.1, look), "stage-\(size.0)x\(size.1)-\(look.rawValue)")
    }

    @Test func `a stage without a sample says so`() throws {
        var model = ExampleRun.model(seconds: 0, views: [Overview.self, StageView.self])
        _ = model.update(.key(.enter))
        #expect(model.frame.text.contains("no rates before the second sample"))
    }

    @Test func `enter goes to the selected stage, and q and escape back to the overview`() {
        for key in [Key.character("q"), .escape] {
            var model = model()
            #expect(shown(model) == "stage")
            #expect(model.frame.text.contains("fed by parse (B 88 %)"))
            #expect(model.update(.key(key)).isEmpty)
            #expect(shown(model) == "overview")
            #expect(model.state.selectedStage == 2)
            #expect(!model.state.isEnding)
        }
    }

    @Test
    func `the stage before and after is gone to, and at the ends it is said that there is none`() {
        var model = model(keys: .character("l"))
        #expect(model.state.selectedStage == 3)
        for _ in 0..<9 { _ = model.update(.key(.character("."))) }
        #expect(model.state.selectedStage == 6)
        #expect(model.state.message == "this is the last stage")
        for _ in 0..<9 { _ = model.update(.key(.character("h"))) }
        #expect(model.state.selectedStage == 0)
        #expect(model.state.message == "this is the first stage")
    }

    @Test func `a subtask is chosen among those of the stage`() throws {
        var model = model(keys: .character("j"), .character("j"))
        func subtask() -> Int? { (model.views.current as? StageView)?.subtask }
        #expect(subtask() == 2)
        _ = model.update(.key(.character("G")))
        #expect(subtask() == 3)
        _ = model.update(.key(.character("j")))
        #expect(subtask() == 3)
        // Another stage has subtasks of its own.
        _ = model.update(.key(.character("l")))
        #expect(subtask() == 0)
    }

    @Test func `a subtask with twice the mean is loud`() {
        let canvas = model().frame
        #expect(canvas.text.contains("2.1x") && canvas.text.contains("0.4x"))
        #expect(canvas.text.contains("o-1190 31 %"))
    }

    @Test func `hops are those of the last second, of all subtasks together`() throws {
        let frame = try #require(model().timeline.shownFrame)
        let hops = frame.stages[2].hops
        let waiting = try #require(hops.waiting)
        // Nine of ten lie in the class of 75 ms, the others in that of 300 ms.
        #expect((60_000...80_000).contains(waiting.median))
        #expect((250_000...350_000).contains(waiting.percentile99))
        #expect(waiting.percentile999 >= waiting.percentile99)
        #expect((150...300).contains(try #require(hops.working).median))
        #expect(hops.writing == nil)
        // Nothing was told of `parse`.
        #expect(frame.stages[1].hops == HopLatencies())
    }

    @Test func `a hop that no build names is left out`() {
        var sample = MetricSample(
            time: 1_000, step: 1, subtasks: [SubtaskSample(stage: "a", subtask: 0)], channels: [],
            recorder: RecorderSample(bytes: 0, logsDropped: 0))
        var latency = LatencySample(hop: "teleport")
        latency.counts = [4, 9]
        sample.subtasks[0].latencies = [latency]
        #expect(SampleFrame(sample, names: ["a"]).stages[0].hops == HopLatencies())
    }
}
