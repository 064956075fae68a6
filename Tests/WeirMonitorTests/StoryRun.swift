import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTerminal

/// A run in which everything happens that a screen can show, a sample a second.
///
/// It has two sources, a stage with three subtasks of which one is hot, edges that skip a layer,
/// and a chapter for each way in which a run can be limited. Whatever differs between stages or
/// seconds has figures of its own, so that no two cells can be exchanged unseen.
struct StoryRun {
    static let stages = [
        "orders", "prices", "parse", "join", "enrich", "score", "alert", "store", "audit",
    ]
    static let edges = [
        ("orders", "parse"), ("prices", "join"), ("parse", "join"), ("join", "enrich"),
        ("enrich", "score"), ("score", "alert"), ("join", "store"), ("orders", "audit"),
    ]
    /// Which stage has more subtasks than one.
    static let subtasks = ["parse": 2, "enrich": 3]
    /// The last second of the story.
    static let length = 75

    /// What is the matter in a second.
    enum Chapter {
        case calm, hotSubtask, fewWorkers, slowWriter, rest

        init(_ second: Int) {
            switch second {
            case ..<20: self = .calm
            case ..<40: self = .hotSubtask
            case ..<52: self = .fewWorkers
            case ..<64: self = .slowWriter
            default: self = .rest
            }
        }
    }

    static func facts(isRecorded: Bool = true) -> RunFacts {
        var facts = RunFacts(
            pipeline: "story", stages: stages, edges: edges, started: ExampleRun.started,
            tracePath: isRecorded ? "weir-traces/story-20261124-120431.mcap" : nil)
        facts.workers = 3
        facts.subtasks = stages.reduce(0) { $0 + (subtasks[$1] ?? 1) }
        return facts
    }

    private var table = StageTable(names: Self.facts().stages)
    private var totals: [SubtaskSample] = Self.stages.flatMap { stage in
        (0..<(Self.subtasks[stage] ?? 1)).map { SubtaskSample(stage: stage, subtask: $0) }
    }
    private var second = 0

    /// The shares of a second that a subtask is busy, held up and waiting for a worker.
    private static func shares(
        _ chapter: Chapter, _ stage: Int, _ subtask: Int
    ) -> (busy: Double, blocked: Double, waiting: Double) {
        let own = Double(stage * 3 + subtask) / 100
        return switch (chapter, stages[stage]) {
        case (.calm, _): (0.2 + own, 0.01 * Double(stage), 0.02)
        case (.hotSubtask, "enrich"): subtask == 1 ? (0.97, 0, 0.01) : (0.1 + own, 0, 0)
        case (.hotSubtask, "parse"), (.hotSubtask, "join"): (0.1 + own, 0.8 - own, 0)
        case (.hotSubtask, _): (0.05 + own, 0.1, 0)
        case (.fewWorkers, _): (0.12 + own, 0, 0.6)
        case (.slowWriter, "store"): (0.05, 0.93, 0)
        case (.slowWriter, "join"): (0.1, 0.85, 0)
        case (.slowWriter, _): (0.1 + own, 0.2, 0)
        case (.rest, _): (own / 4, 0, 0)
        }
    }

    /// The sample of the next second.
    mutating func next() -> SampleFrame {
        second += 1
        let chapter = Chapter(second)
        for index in totals.indices { add(chapter, at: index) }
        var sample = MetricSample(
            time: .seconds(Int64(second)), step: Step(second * 1_013), subtasks: totals,
            channels: channels(chapter),
            recorder: RecorderSample(
                bytes: ByteCount(second * 1_234_567), logsDropped: second > 50 ? 7 : 0))
        sample.process = ProcessSample(
            processorNanoseconds: UInt64(second) * 1_370_000_000,
            residentBytes: ByteCount(40_000_000 + second * 1_000_000))
        if chapter == .rest { sample.restsFor = .seconds(4) }
        return table.take(sample)
    }

    /// Adds what a subtask did in this second.
    private mutating func add(_ chapter: Chapter, at index: Int) {
        let (name, subtask) = (totals[index].stage, totals[index].subtask)
        let stage = Self.stages.firstIndex(of: name) ?? 0
        let shares = Self.shares(chapter, stage, subtask)
        let isHot = chapter == .hotSubtask && name == "enrich" && subtask == 1
        let rows = UInt64(chapter == .rest ? 3 + stage : (isHot ? 9_000 : 1_000 + 37 * stage))
        totals[index].recordsIn += rows
        totals[index].recordsOut += rows * UInt64(stage + 1) / 2
        totals[index].busy += UInt64(shares.busy * 1e9)
        totals[index].backpressured += UInt64(shares.blocked * 1e9)
        totals[index].waiting = (totals[index].waiting ?? 0) + UInt64(shares.waiting * 1e9)
        totals[index].idle +=
            1_000_000_000 - UInt64(shares.busy * 1e9) - UInt64(shares.blocked * 1e9)
            - UInt64(shares.waiting * 1e9)
        totals[index].busiestKey = isHot ? BusiestKey(key: "shop-7", share: 0.83) : nil
        if stage >= 2 {
            totals[index].watermarkLag = Int64(second * 10 + stage * 100 + subtask) * 10_000_000
        } else {
            totals[index].skew = Int64(stage) * 45_000_000_000
        }
        if name == "score", (45..<48).contains(second) { totals[index].errors += 2 }
        if name == "join", second > 30 {
            totals[index].drops = [DropSample(reason: "late", count: UInt64(second - 30) * 11)]
        }
        if ["alert", "store", "audit"].contains(name) {
            var way = LatencySample(hop: LatencySample.wholeWay)
            way.counts = [
                UInt64(LatencyClass.of(2_000_000)), UInt64(second * 50),
                UInt64(LatencyClass.of(750_000_000)), UInt64(second * 3),
            ]
            totals[index].latencies = [way]
        }
    }

    /// The queues before the stages, of which one has two channels and one drops.
    private func channels(_ chapter: Chapter) -> [ChannelSample] {
        func channel(
            _ from: String, _ to: String, _ depth: UInt64, _ capacity: UInt64, dropped: UInt64 = 0
        ) -> ChannelSample {
            ChannelSample(
                name: "\(from)>\(to)", from: from, to: to, depth: depth, capacity: capacity,
                bytes: 0, dropped: dropped)
        }
        let isHot = chapter == .hotSubtask
        return [
            channel("orders", "parse", isHot ? 500 : 40, 512),
            channel("prices", "join", 20, 256),
            channel("parse", "join", isHot ? 1_000 : 101, 1_024),
            channel("join", "enrich", isHot ? 2_048 : UInt64(60 + second), 2_048),
            channel("enrich", "score", 300, 2_048),
            channel("score", "alert", 9, 64, dropped: UInt64(max(0, second - 41))),
            channel("join", "store", chapter == .slowWriter ? 128 : 1, 128),
            channel("orders", "audit", 0, 16_384),
        ]
    }

    /// What is noticed, by the second in which it is.
    static let notices: [Int: [Notice]] = [
        5: [notice(.note, 5, "weir", "bookmark set")],
        12: [notice(.warning, 12, "orders/0", "source_retried times=3 broker=eu-1")],
        33: [
            notice(.warning, 33, "orders/0", "source_retried times=3 broker=eu-1"),
            notice(.violation, 33, "stock", "stock is negative (found by enrich/1)"),
        ],
        34: [notice(.violation, 34, "stock", "stock is negative (found by enrich/0)")],
        46: [notice(.error, 46, "score/0", "score/0 failed: no model of that name")],
        58: [notice(.warning, 58, "store/0", "sink_slow 日本 " + String(repeating: "w", count: 90))],
    ]

    private static func notice(
        _ severity: Notice.Severity, _ second: Int, _ origin: String, _ text: String
    ) -> Notice {
        Notice(
            severity: severity, step: Step(second * 1_013 - 7),
            time: .milliseconds(Int64(second) * 1_000 - 250), origin: origin, text: text)
    }

    /// How a screen looks upon the story.
    struct Look {
        var size = CanvasSize(width: 80, height: 24)
        var standpoint = Standpoint.owner
        var symbols = Symbols.unicode
        var isRecorded = true
    }

    /// The samples of all seconds: the same for every screen, and made once.
    private static let frames: [SampleFrame] = {
        var run = StoryRun()
        return (0..<length).map { _ in run.next() }
    }()

    /// A screen that has seen the story up to a second.
    static func model(at end: Int, _ look: Look = Look()) -> ScreenModel {
        var model = ScreenModel(
            facts: facts(isRecorded: look.isRecorded), standpoint: look.standpoint,
            size: look.size, theme: Theme(symbols: look.symbols, hasColor: true),
            views: [Overview.self, StageView.self])
        for second in stride(from: 1, through: end, by: 1) {
            for notice in notices[second] ?? [] { _ = model.update(.notice(notice)) }
            _ = model.update(.sample(frames[second - 1]))
            _ = model.update(.tick(now: .milliseconds(Int64(second) * 1_000 + 300)))
        }
        return model
    }
}
