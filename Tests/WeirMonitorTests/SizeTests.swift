import Testing
import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTerminal

/// Any size and any name can be painted.
@Suite struct SizeTests {
    @Test(arguments: [Symbols.unicode, .ascii])
    func `every size up to 44 by 16 can be painted`(symbols: Symbols) {
        var model = ExampleRun.model(seconds: 40, symbols: symbols)
        ExampleRun.addNotices(&model)
        for showsHelp in [false, true] {
            if showsHelp { _ = model.update(.key(.character("?"))) }
            for width in 0...44 {
                for height in 0...16 {
                    _ = model.update(.resize(CanvasSize(width: width, height: height)))
                    #expect(model.frame.cells.count == width * height)
                }
            }
        }
    }

    private static let wholes: [[Key]] = [
        Panel.graph.keys + [.character("+")], [.character("+")], Panel.output.keys,
        Panel.lag.keys, Panel.news.keys + [.down], Panel.news.keys + [.enter, .pageDown],
        [.character("G"), .enter, .pageDown], [.character("i"), .character("G")],
    ]

    @Test(arguments: wholes)
    func `panels and what is read whole can be painted at every size`(keys: [Key]) {
        var model = ExampleRun.model(seconds: 40)
        ExampleRun.addNotices(&model)
        for key in keys { _ = model.update(.key(key)) }
        for width in [0, 1, 2, 3, 5, 8, 12, 13, 20, 30, 39, 40, 41, 44, 120] {
            for height in [0, 1, 2, 3, 5, 9, 10, 11, 12, 16, 36] {
                _ = model.update(.resize(CanvasSize(width: width, height: height)))
                #expect(model.frame.cells.count == width * height)
                // Keys find no end where there is none.
                for key in [Key.down, .pageDown, .up] { _ = model.update(.key(key)) }
            }
        }
    }

    @Test(arguments: [Key.character("?"), .character("i")])
    func `a key opens no box on a screen that would not show it`(key: Key) {
        var model = ExampleRun.model(seconds: 40)
        _ = model.update(.resize(CanvasSize(width: 39, height: 24)))
        _ = model.update(.key(key))
        _ = model.update(.resize(CanvasSize(width: 80, height: 24)))
        #expect(model.overlay == nil)
        #expect(model.frame.text.contains("the window was too small for that"))
    }

    @Test func `sizes around the borders of the forms can be painted`() {
        var model = ExampleRun.model(seconds: 40)
        for width in [45, 60, 79, 100, 119, 120, 121, 300, 1000] {
            for height in [10, 11, 12, 13, 17, 20, 24, 35, 36, 37, 40, 100] {
                _ = model.update(.resize(CanvasSize(width: width, height: height)))
                #expect(model.frame.cells.count == width * height)
            }
        }
    }

    @Test func `the state is on the screen at every size`() {
        var model = ExampleRun.model(seconds: 40)
        for key: (Key?, Character) in [(nil, "●"), (.character(" "), "‖"), (.character(" "), "▷")] {
            if let press = key.0 { _ = model.update(.key(press)) }
            for width in 1...100 {
                for height in [1, 2, 9, 10, 24, 48] {
                    _ = model.update(.resize(CanvasSize(width: width, height: height)))
                    #expect(model.frame.text.contains(key.1))
                }
            }
        }
    }

    @Test(arguments: [
        "\u{1B}]52;c;ZXZpbA==\u{07}", "\u{9B}2J", "\u{202E}kcirt", "日本語の段",
        "e\u{301}\u{301}\u{301}",
        "", "a\nb", String(repeating: "long", count: 5_000),
    ])
    func `hostile names can be painted and steer nothing`(name: String) {
        let facts = RunFacts(
            pipeline: name, stages: [name, "b"], edges: [(name, "b")],
            started: Instant(nanoseconds: 0),
            tracePath: name)
        for (width, height) in [(80, 24), (160, 48), (30, 5)] {
            var model = ScreenModel(
                facts: facts, standpoint: .owner, size: CanvasSize(width: width, height: height),
                theme: Theme(symbols: .unicode, hasColor: true))
            for time: RunTime in [100_000, 200_000, 300_000] {
                let subtasks = [name, "b"].map { SubtaskSample(stage: $0, subtask: 0) }
                let sample = MetricSample(
                    time: time, step: 1, subtasks: subtasks, channels: [],
                    recorder: RecorderSample())
                _ = model.update(.sample(SampleFrame(sample, names: facts.stages)))
            }
            _ = model.update(
                .notice(
                    Notice(severity: .error, step: 1, time: 1, origin: name, text: name + name)))
            for cell in model.frame.cells {
                let category = cell.scalar.properties.generalCategory
                #expect(category != .control && category != .format)
            }
        }
    }

    @Test func `samples that make no sense can be painted`() {
        var model = ExampleRun.model(seconds: 2)
        var stages = StageTable(names: ExampleRun.stages)
        var odd = SubtaskSample(stage: "enrich", subtask: 0)
        odd.recordsIn = .max
        odd.busy = .max
        odd.watermarkLag = .max
        for time: RunTime in [.min, 0, 2_100_000, .max - 1, .max] {
            var sample = MetricSample(
                time: time, step: .max, subtasks: [odd, odd],
                channels: [
                    ChannelSample(
                        name: "", from: "", to: "enrich", depth: .max, capacity: 1, bytes: .max,
                        dropped: .max)
                ], recorder: RecorderSample(bytes: .max, logsDropped: .max))
            sample.newest = time.rawValue
            _ = model.update(.sample(stages.take(sample)))
            #expect(model.frame.cells.count == 80 * 24)
        }
    }

    @Test func `where no box is shown none takes keys`() {
        var model = ExampleRun.model(seconds: 40, width: 30, height: 8)
        _ = model.update(.key(.character("?")))
        let isShown = model.overlay != nil
        #expect(!isShown)
        _ = model.update(.key(.character(" ")))
        #expect(model.timeline.playhead != .live)
    }
}
