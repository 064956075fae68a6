import Testing
import WeirBase
import WeirMonitor
import WeirTerminal

/// Whole frames of a run in which everything happens, against those that are kept.
@Suite struct StoryFrameTests {
    private static func look(
        _ width: Int, _ height: Int, _ standpoint: Standpoint = .owner
    ) -> StoryRun.Look {
        StoryRun.Look(size: CanvasSize(width: width, height: height), standpoint: standpoint)
    }

    private func press(_ model: inout ScreenModel, _ keys: [Key]) {
        for key in keys { _ = model.update(.key(key)) }
    }

    @Test(arguments: [1, 2, 15, 35, 48, 58, 75], [(80, 24), (130, 44)])
    func `each chapter looks as it was told`(second: Int, size: (Int, Int)) throws {
        try FrameFiles.compare(
            StoryRun.model(at: second, Self.look(size.0, size.1)),
            "story-\(second)-\(size.0)x\(size.1)")
    }

    @Test(arguments: [
        (40, 10), (44, 12), (70, 17), (100, 30), (110, 60), (119, 36), (120, 36), (120, 44),
        (220, 66), (39, 12), (20, 12), (11, 4), (9, 3),
    ])
    func `each size has its form`(width: Int, height: Int) throws {
        var look = Self.look(width, height)
        if height % 4 == 0 { look.symbols = .ascii }
        try FrameFiles.compare(StoryRun.model(at: 36, look), "story-size-\(width)x\(height)")
    }

    private static let wholes: [(String, [Key])] = [
        ("graph", Panel.graph.keys), ("stages", [.down, .down]), ("output", Panel.output.keys),
        ("lag", Panel.lag.keys), ("news", Panel.news.keys + [.down]),
        ("news-last", Panel.news.keys + [.character("G")]),
        ("enrich", [.down, .down, .down, .down, .enter, .enter]),
        ("score", [.down, .down, .down, .down, .down, .enter, .enter]),
        ("audit", [.character("G"), .enter, .enter]), ("notice", Panel.news.keys + [.enter]),
        ("notice-long", Panel.news.keys + [.down, .down, .enter]), ("run", [.character("i")]),
        ("help", [.character("?")]), ("help-end", [.character("?"), .character("G")]),
        ("nothing-after", [.character("}")]), ("chosen", [.down, .down, .down, .pageDown, .up]),
    ]

    @Test(arguments: wholes)
    func `each panel, and what is read whole`(name: String, keys: [Key]) throws {
        for (second, size) in [(60, (80, 24)), (36, (124, 40))] {
            var model = StoryRun.model(at: second, Self.look(size.0, size.1))
            press(&model, keys)
            // With boxes a panel is alone by a key of its own, and the stages always are.
            let isAlone = ["graph", "output", "lag"].contains(name) && size.0 > 120
            if isAlone || name == "stages" { press(&model, [.character("+")]) }
            try FrameFiles.compare(model, "story-\(name)-\(size.0)x\(size.1)")
        }
    }

    @Test func `the past, played and paused, before and behind its end`() throws {
        var model = StoryRun.model(at: 60)
        press(&model, [.character("{")])
        try FrameFiles.compare(model, "story-past-notice")
        press(&model, [.character("{"), .left, .character(" ")])
        _ = model.update(.tick(now: .milliseconds(61_900)))
        try FrameFiles.compare(model, "story-past-playing")
        press(&model, [.character("q")])
        try FrameFiles.compare(model, "story-ending")
        _ = model.update(.ended("stopped: asked for"))
        press(&model, [.character(" ")])
        try FrameFiles.compare(model, "story-ended-past")
        press(&model, [.character("L")])
        try FrameFiles.compare(model, "story-ended")
    }

    @Test func `whoever watches sees ages, rests, a newer run and other help`() throws {
        var model = StoryRun.model(at: 50, Self.look(100, 26, .watcher))
        try FrameFiles.compare(model, "story-watched")
        _ = model.update(.tick(now: .milliseconds(52_001)))
        try FrameFiles.compare(model, "story-watched-old")
        press(&model, [.character("?")])
        try FrameFiles.compare(model, "story-watched-help")
        var resting = StoryRun.model(at: 70, Self.look(100, 26, .watcher))
        _ = resting.update(.tick(now: .milliseconds(75_900)))
        _ = resting.update(.restarted("weir-traces/story-20261124-130000.mcap"))
        try FrameFiles.compare(resting, "story-watched-resting")
        press(&resting, [.character("i")])
        try FrameFiles.compare(resting, "story-watched-run")
    }

    @Test func `what is recorded, what is not, and that it stopped`() throws {
        var look = Self.look(100, 26)
        look.isRecorded = false
        var model = StoryRun.model(at: 20, look)
        press(&model, [.character("d")])
        try FrameFiles.compare(model, "story-unrecorded")
        press(&model, [.character("i")])
        try FrameFiles.compare(model, "story-unrecorded-run")
        var stopped = StoryRun.model(at: 20, Self.look(100, 26))
        _ = stopped.update(.recordingStopped("no space left on device"))
        try FrameFiles.compare(stopped, "story-stopped")
        press(&stopped, [.character("i")])
        try FrameFiles.compare(stopped, "story-stopped-run")
    }
}
