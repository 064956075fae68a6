import Testing
import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTerminal

/// A run as the drawings show it: `enrich` limits, what is above it is blocked.
struct ExampleRun {
    static let stages = ["ingest", "parse", "enrich", "window", "sink-pg", "audit", "sink-s3"]
    static let edges = [
        ("ingest", "parse"), ("parse", "enrich"), ("enrich", "window"), ("window", "sink-pg"),
        ("parse", "audit"), ("audit", "sink-s3"),
    ]
    /// 2026-11-24T12:04:31.2Z.
    static let started = Instant(nanoseconds: 1_795_521_871_200_000_000)

    static var facts: RunFacts {
        var facts = RunFacts(
            pipeline: "orders-enrich", stages: stages, edges: edges,
            started: started, tracePath: "weir-traces/orders-enrich-20261124-120431.mcap")
        facts.workers = 4
        return facts
    }

    struct Load {
        var rate: Double
        var busy: Double
        var blocked: Double
        var depth: UInt64 = 0
        var capacity: UInt64 = 0
        var lag: Int64?
    }

    /// What each stage did per second before and after the slow-down at half a minute.
    static func load(_ stage: String, _ second: Double) -> Load {
        let isSlow = second >= 30
        switch stage {
        case "ingest":
            return Load(rate: isSlow ? 96_200 : 128_400, busy: 0.08, blocked: isSlow ? 0.92 : 0.1)
        case "parse":
            return Load(
                rate: isSlow ? 96_200 : 128_400, busy: 0.09, blocked: isSlow ? 0.88 : 0.1,
                depth: isSlow ? 8192 : 700, capacity: 8192, lag: 1_100_000_000)
        case "enrich":
            return Load(
                rate: isSlow ? 96_200 : 128_400, busy: isSlow ? 0.99 : 0.7, blocked: 0,
                depth: isSlow ? 8192 : 900, capacity: 8192, lag: isSlow ? 3_400_000_000 : 90_000_000
            )
        case "window":
            return Load(
                rate: 96_200, busy: 0.39, blocked: 0, depth: 1004, capacity: 8192,
                lag: 3_400_000_000)
        case "sink-pg":
            return Load(rate: 1_200, busy: 0.3, blocked: 0, depth: 26, capacity: 512)
        case "audit":
            return Load(rate: 96_200, busy: 0.17, blocked: 0, depth: 180, capacity: 8192)
        default:
            return Load(rate: 96_200, busy: 0.1, blocked: 0, depth: 9, capacity: 512)
        }
    }

    private var totals = [SubtaskSample]()
    private var tenths: Int64 = 0

    init() { totals = Self.stages.map { SubtaskSample(stage: $0, subtask: 0) } }

    /// The sample a tenth of a second after the one before.
    mutating func next() -> MetricSample {
        tenths += 1
        let second = Double(tenths) / 10
        var channels: [ChannelSample] = []
        for index in totals.indices {
            let load = Self.load(totals[index].stage, second)
            totals[index].recordsIn += UInt64(load.rate / 10)
            totals[index].recordsOut += UInt64(load.rate / 10)
            totals[index].busy += UInt64(load.busy * 1e8)
            totals[index].backpressured += UInt64(load.blocked * 1e8)
            totals[index].idle = UInt64(tenths) * 100_000_000 &- totals[index].busy
            totals[index].idle -= totals[index].backpressured
            totals[index].watermarkLag = load.lag
            if load.capacity > 0 {
                channels.append(
                    ChannelSample(
                        name: "x>\(totals[index].stage)/0", from: "x", to: totals[index].stage,
                        depth: load.depth, capacity: load.capacity, bytes: 0, dropped: 0))
            }
        }
        if tenths % 10 == 0 { addLatencies() }
        var sample = MetricSample(
            time: .milliseconds(tenths * 100), step: Step(tenths * 1_000), subtasks: totals,
            channels: channels,
            recorder: RecorderSample(bytes: ByteCount(tenths * 68_000), logsDropped: 0))
        sample.process = ProcessSample(
            processorNanoseconds: UInt64(tenths) * 231_000_000,
            residentBytes: 48_000_000)
        return sample
    }

    /// What the sinks tell of the last second: most rows in 25 ms, some in 300.
    private mutating func addLatencies() {
        let second = UInt64(tenths / 10)
        for index in totals.indices where totals[index].stage.hasPrefix("sink") {
            var sample = LatencySample(hop: LatencySample.wholeWay)
            sample.counts = [
                UInt64(LatencyClass.of(25_000_000)), second * 90,
                UInt64(LatencyClass.of(300_000_000)), second * 10,
            ]
            totals[index].latencies = [sample]
        }
    }

    /// A screen after so many seconds of this run; `changing` may say more of a sample.
    static func model(
        seconds: Int, width: Int = 80, height: Int = 24, symbols: Symbols = .unicode,
        color: Bool = true, hasNotices: Bool = false,
        views: [any ScreenView.Type] = [Overview.self],
        changing: (inout MetricSample) -> Void = { _ in }
    ) -> ScreenModel {
        var run = ExampleRun()
        var model = ScreenModel(
            facts: facts, standpoint: .owner, size: CanvasSize(width: width, height: height),
            theme: Theme(symbols: symbols, hasColor: color), views: views)
        for _ in 0..<(seconds * 10) {
            var sample = run.next()
            changing(&sample)
            // What is noticed is recorded before the sample after it.
            for notice in hasNotices ? notices : []
            where notice.time > sample.time - 100_000 && notice.time <= sample.time {
                _ = model.update(.notice(notice))
            }
            _ = model.update(.seen(sample))
        }
        return model
    }

    static let notices: [Notice] =
        [
            Notice(
                severity: .warning, step: 31_200, time: 31_200_000, origin: "ingest/0",
                text: "source_retried times=3 broker=eu-1")
        ]
        + (0..<3).map { _ in
            Notice(
                Incident(
                    step: 44_017, kind: .violation, name: "stock is never negative",
                    message: "stock is never negative does not hold (found by enrich/0)",
                    time: 44_000_000))
        }

    static func addNotices(_ model: inout ScreenModel) {
        for notice in notices { _ = model.update(.notice(notice)) }
    }
}

extension ScreenModel {
    /// The overview, where that is shown.
    var overview: Overview {
        get throws { try #require(views.current as? Overview) }
    }
}

/// Events of the timeline as messages to a screen, as whoever drives one sends them.
extension ScreenMessage {
    /// A sample of the example run, which names all its stages.
    static func seen(_ sample: MetricSample) -> ScreenMessage {
        .sample(SampleFrame(sample, names: ExampleRun.stages))
    }

    static func sample(_ frame: SampleFrame) -> ScreenMessage { .timeline(.sample(frame)) }

    static func notice(_ notice: Notice) -> ScreenMessage { .timeline(.notice(notice)) }

    static func ended(_ how: String) -> ScreenMessage { .timeline(.ended(how)) }

    static func restarted(_ path: String) -> ScreenMessage { .timeline(.restarted(path)) }

    static func recordingStopped(_ reason: String) -> ScreenMessage {
        .timeline(.recordingStopped(reason))
    }
}

extension Panel {
    /// The keys that go there from the panel that a screen begins with.
    var keys: [Key] {
        switch self {
        case .graph: [.character("V")]
        case .stages: []
        case .output: [.character("v")]
        case .lag: [.character("v"), .character("v")]
        case .news: [.character("V"), .character("V")]
        }
    }
}
