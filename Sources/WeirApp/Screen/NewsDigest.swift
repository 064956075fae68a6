import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTrace

/// Turns recorded batches into news: the one way from telemetry to a screen, live or from a trace.
///
/// A run's recorder and a reader of its trace give the same batches in the same order, so that a
/// screen shows the same whichever it is fed by. `ScreenFeed` and `TraceFeed` own one each, made
/// from the run's header, and hand it every batch from the first on: statements of the log and
/// totals of samples are told once and referred to later.
struct NewsDigest {
    /// The names of the subtasks, by their number.
    private let subtasks: [String]
    /// Sums samples up by stages.
    private var stages: StageTable
    /// The statements of the log that were met so far; records name them by index.
    private var sites: [LogSite] = []
    /// What records of each share.
    private var statements: [LogStatement] = []
    /// Whether anybody looks at lines of the log; otherwise only those are made that are notices.
    let givesLines: Bool

    /// A digest for a run, before its first batch.
    init(_ header: RunHeader, givesLines: Bool = true) {
        self.givesLines = givesLines
        subtasks = header.subtasks.map { "\($0.stage)/\($0.index)" }
        let facts = RunFacts(header: header, tracePath: nil)
        stages = StageTable(header, names: facts.stages)
    }

    /// Gives a batch's lines of the log, where anybody looks at them, its warnings, errors and
    /// incidents as notices, and then its samples: a sample comes behind what was noticed before
    /// it.
    mutating func take(_ batch: RecordBatch, give: (TimelineEvent) -> Void) {
        sites.append(contentsOf: batch.newSites)
        statements += batch.newSites.map(LogStatement.init)
        var lines: [LogLine] = []
        var lost: UInt64 = 0
        for records in TraceWriter.joined(batch.logs) {
            lost &+= records.lost
            for record in records.records {
                guard let line = line(record) else { continue }
                if givesLines { lines.append(line) }
                if let notice = notice(line) { give(.notice(notice)) }
            }
        }
        if givesLines, !lines.isEmpty || lost > 0 { give(.logs(lines, lost: lost)) }
        for incident in batch.incidents { give(.notice(Notice(incident))) }
        for one in batch.metrics { give(.sample(frame(of: one))) }
    }

    /// The run at a sample; every one has to be taken, as each names what changed since the last.
    mutating func frame(of sample: MetricSample) -> SampleFrame { stages.take(sample) }

    /// A record of the log as a line; nil for one that a damaged trace made up, or that is no
    /// notice where nobody looks at lines.
    private func line(_ record: LogRecord) -> LogLine? {
        guard Int(record.site) < sites.count else { return nil }
        let site = Int(record.site)
        guard givesLines || sites[site].level >= Self.noticed else { return nil }
        let origin =
            record.subtask.isWithin(subtasks) ? subtasks[record.subtask.offset] : "run"
        return LogLine(
            record, level: sites[site].level, origin: origin, statement: statements[site])
    }

    /// The least severe lines that are notices.
    private static let noticed = LogLevel.warning

    /// A line as a notice; nil for one that no person need see.
    private func notice(_ line: LogLine) -> Notice? {
        // What an incident shows already is not shown twice.
        guard line.level >= Self.noticed, line.statement.message != "invariant_violated" else {
            return nil
        }
        return Notice(
            severity: line.level >= .error ? .error : .warning, step: line.step, time: line.time,
            origin: line.origin, text: line.text)
    }
}
