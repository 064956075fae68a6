import Testing
import WeirMonitor
import WeirTerminal

/// Whole frames, compared with what was looked at once and kept beside this file.
@Suite struct FrameTests {
    enum Look: String, CaseIterable {
        case unicode, ascii, mono

        var symbols: Symbols { self == .ascii ? .ascii : .unicode }
        var hasColor: Bool { self != .mono }
    }

    static let sizes = [(80, 24), (160, 48), (40, 10), (200, 60)]

    @Test(arguments: sizes, Look.allCases)
    func `the overview looks as it was drawn`(size: (Int, Int), look: Look) throws {
        var model = ExampleRun.model(
            seconds: 71, width: size.0, height: size.1, symbols: look.symbols,
            color: look.hasColor)
        ExampleRun.addNotices(&model)
        try FrameFiles.compare(model, "overview-\(size.0)x\(size.1)-\(look.rawValue)")
    }

    @Test(arguments: sizes)
    func `the overview without a sample looks as it was drawn`(size: (Int, Int)) throws {
        try FrameFiles.compare(
            ExampleRun.model(seconds: 0, width: size.0, height: size.1),
            "empty-\(size.0)x\(size.1)")
    }

    @Test func `a paused overview and its help look as they were drawn`() throws {
        var model = ExampleRun.model(seconds: 71)
        for _ in 0..<5 { _ = model.update(.key(.character("t"))) }
        try FrameFiles.compare(model, "paused-80x24")
        _ = model.update(.key(.character("?")))
        try FrameFiles.compare(model, "help-80x24")
    }

    @Test(arguments: [(80, 24), (40, 10), (160, 48)])
    func `panels alone and what is read whole look as they were drawn`(size: (Int, Int)) throws {
        func model(_ keys: [Key]) -> ScreenModel {
            var model = ExampleRun.model(
                seconds: 71, width: size.0, height: size.1, hasNotices: true,
                views: [Overview.self, StageView.self])
            for key in keys { _ = model.update(.key(key)) }
            return model
        }
        let form = "\(size.0)x\(size.1)"
        let alone: [Key] = size.0 < 120 ? [] : [.character("+")]
        try FrameFiles.compare(model(Panel.graph.keys + alone), "graph-alone-\(form)")
        try FrameFiles.compare(model(Panel.news.keys + [.down]), "notices-\(form)")
        try FrameFiles.compare(model(Panel.news.keys + [.enter]), "notice-whole-\(form)")
        try FrameFiles.compare(model([.down, .down, .enter, .enter]), "stage-whole-\(form)")
        try FrameFiles.compare(model([.character("i")]), "run-whole-\(form)")
    }
}
