import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTrace

/// What came since a screen last looked.
struct ScreenNews {
    enum Item {
        case sample(SampleFrame)
        case notice(Notice)
    }

    /// In the order in which they were recorded: what was noticed stands before the sample that it
    /// came with.
    var items: [Item] = []
    /// Why nothing is recorded any more.
    var recordingEnd: String?
    /// How the run ended.
    var ending: String?
    /// The path of a newer trace of the same pipeline.
    var newer: String?
    /// The run's clock, where whoever gives the news knows it: microseconds since its start.
    var now: Int64?
    /// Whether there is more to take at once.
    var hasMore = false

    /// The same as messages to a model, in their order.
    var messages: [OverviewMessage] {
        var messages = items.map { item -> OverviewMessage in
            switch item {
            case .sample(let sample): .sample(sample)
            case .notice(let notice): .notice(notice)
            }
        }
        if let recordingEnd { messages.append(.recordingStopped(recordingEnd)) }
        if let ending { messages.append(.ended(ending)) }
        if let newer { messages.append(.restarted(newer)) }
        return messages
    }

    var samples: [SampleFrame] {
        items.compactMap { if case .sample(let sample) = $0 { sample } else { nil } }
    }

    var notices: [Notice] {
        items.compactMap { if case .notice(let notice) = $0 { notice } else { nil } }
    }

    var isEmpty: Bool {
        items.isEmpty && recordingEnd == nil && ending == nil && newer == nil
    }
}

/// Where a screen's news come from: a run of this process, or a trace.
///
/// The screen's thread calls it, but for what an implementation says of others.
protocol ScreenSource: AnyObject, Sendable {
    /// How long the screen may wait before it looks again when nothing wakes it.
    var pollNanoseconds: UInt64 { get }
    /// What to call when something came.
    func setWake(_ wake: @escaping @Sendable () -> Void)
    /// Everything that came since the last time, or a part of it that says so.
    func take() -> ScreenNews
    /// What is shown instead when a person goes to the newer trace; nil when there is none.
    func successor() -> (facts: RunFacts, source: any ScreenSource)?
}

extension ScreenSource {
    func successor() -> (facts: RunFacts, source: any ScreenSource)? { nil }
}

/// Turns recorded batches into news: the one way from telemetry to a screen, live or from a trace.
///
/// A run's recorder and a reader of its trace give the same batches in the same order, so that a
/// screen shows the same whichever it is fed by.
struct NewsDigest {
    /// By number of the subtask.
    private let subtasks: [String]
    private var stages: StageTable
    /// The log's statements met so far.
    private var sites: [LogSite] = []

    init(_ header: RunHeader) {
        subtasks = header.subtasks.map { "\($0.stage)/\($0.index)" }
        let facts = RunFacts(command: "", header: header, tracePath: nil)
        stages = StageTable(header, names: facts.stages)
    }

    /// Gives a batch's warnings, errors and marks as notices, and then its samples.
    mutating func take(_ batch: RecordBatch, give: (ScreenNews.Item) -> Void) {
        sites.append(contentsOf: batch.newSites)
        for records in TraceWriter.joined(batch.logs) {
            for record in records.records {
                if let made = self.notice(record) { give(.notice(made)) }
            }
        }
        for mark in batch.marks { give(.notice(Notice(mark))) }
        for one in batch.metrics { give(.sample(frame(of: one))) }
    }

    /// The run at a sample; every one has to be taken, as each names what changed since the last.
    mutating func frame(of sample: MetricSample) -> SampleFrame { stages.take(sample) }

    private func notice(_ record: LogRecord) -> Notice? {
        guard Int(record.site) < sites.count else { return nil }
        let site = sites[Int(record.site)]
        // What a mark shows already is not shown twice.
        guard site.level >= .warning, site.message != "invariant_violated" else { return nil }
        let place =
            Int(record.subtask) < subtasks.count ? subtasks[Int(record.subtask)] : "run"
        var text = site.message
        for (name, value) in zip(site.fields, record.values) { text += " \(name)=\(value.text)" }
        return Notice(
            severity: site.level >= .error ? .error : .warning, step: record.step,
            time: record.time, place: place, text: text)
    }
}
