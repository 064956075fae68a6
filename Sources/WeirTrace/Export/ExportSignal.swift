import WeirBase
package import WeirTelemetry

/// A signal of a trace as lines of text: what `weir export --signal NAME --format FORMAT` writes.
///
/// An export is one type of this kind, in a file of its own, and one entry in `ExportSignals.all`.
/// The command line finds it there by name and format, so that help, advice, `--follow` and all
/// filters hold for it without another word.
///
/// A finished trace is written whole by `write`. A growing one is followed by a value, which
/// `FollowedExport` makes: it gets `take` for each batch in the order of the file, `flush` whenever
/// the file has no more for now, and at the end `settle` and a last `flush`. Both ways give the
/// same lines in the same order. A value is owned by one thread.
package protocol ExportSignal: SendableMetatype {
    /// The word behind `--signal`.
    static var name: String { get }
    /// The word behind `--format`. A signal in another format is another type of the same name.
    static var format: String { get }
    /// The topics that it is made of; chunks without any of them are not read.
    static var topics: [Topic] { get }

    /// Writes all lines of a finished trace, in bounded memory.
    static func write(
        _ trace: Trace, filter: ExportFilter, output: @escaping ExportOutput) throws

    /// The lines of a run that goes on, before any came.
    init(header: RunHeader, filter: ExportFilter, output: @escaping ExportOutput)
    /// Takes what a chunk holds. What is not final yet is held back, in bounded memory.
    mutating func take(_ batch: RecordBatch) throws
    /// Makes lines of what was held back: nothing more comes. `tail` are the steps that were
    /// recovered from the lanes of a run that died; lanes hold no logs and no samples.
    mutating func settle(_ tail: ScheduleBatch) throws
    /// Hands the lines that wait to the output.
    mutating func flush() throws
}

extension ExportSignal {
    package static var format: String { "jsonl" }
}

/// The exports that there are, in the order in which the help names them.
///
/// An export is added here, by one line, and nowhere else.
package enum ExportSignals {
    package static let all: [any ExportSignal.Type] = [
        LogSignal.self,
        SpanSignal.self,
        MetricSignal.self,
        ScheduleSignal.self,
    ]

    /// The names, each once: a signal may have several formats.
    package static var names: [String] {
        all.map { $0.name }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// The signal of this name in all its formats; empty where there is none.
    package static func named(_ name: String) -> [any ExportSignal.Type] {
        all.filter { $0.name == name }
    }
}

/// Log records, in the order of the run.
package struct LogSignal: ExportSignal {
    package static let name = "logs"
    // Samples and incidents are not written. But they come behind the records of their batch and so
    // tell that the batch is complete, see `SettlingLogs`.
    package static let topics: [Topic] = [.schedule, .log, .metric, .incident]

    private var exporter: LogExporter
    private var logs = SettlingLogs()

    package static func write(
        _ trace: Trace, filter: ExportFilter, output: @escaping ExportOutput
    ) throws { try trace.exportLogs(filter: filter, output: output) }

    package init(header: RunHeader, filter: ExportFilter, output: @escaping ExportOutput) {
        exporter = LogExporter(header: header, filter: filter, output: output)
    }

    package mutating func take(_ batch: RecordBatch) throws {
        try logs.take(batch) { try Self.write($0, $1, $2, &exporter) }
    }

    package mutating func settle(_ tail: ScheduleBatch) throws {
        try logs.settle(before: .max) { try Self.write($0, $1, $2, &exporter) }
    }

    package mutating func flush() throws { try exporter.finish() }

    /// Writes one record with its statement; throws when the trace holds no such statement.
    private static func write(
        _ record: LogRecord, _ sites: [LogSite], _ seq: UInt64, _ exporter: inout LogExporter
    ) throws {
        guard Int(record.site) < sites.count else {
            throw TraceError.damaged(
                0, "a log record names statement \(record.site) of \(sites.count)")
        }
        try exporter.write(record: record, site: sites[Int(record.site)], seq: seq)
    }
}

/// Metric samples, in the order in which they were taken.
package struct MetricSignal: ExportSignal {
    package static let name = "metrics"
    package static let topics: [Topic] = [.metric]

    private var exporter: MetricExporter

    package static func write(
        _ trace: Trace, filter: ExportFilter, output: @escaping ExportOutput
    ) throws { try trace.exportMetrics(filter: filter, output: output) }

    package init(header: RunHeader, filter: ExportFilter, output: @escaping ExportOutput) {
        exporter = MetricExporter(header: header, filter: filter, output: output)
    }

    package mutating func take(_ batch: RecordBatch) throws {
        for sample in batch.metrics { try exporter.write(sample) }
    }

    package mutating func settle(_ tail: ScheduleBatch) throws {}
    package mutating func flush() throws { try exporter.finish() }
}

/// An exporter that makes lines of steps, which it gets in order and joined with the ends of their
/// turns. Of lines that are JSON, `LineExporter` has the rest.
package protocol StepExporter: SendableMetatype {
    /// The name of the signal.
    static var signal: String { get }
    /// As in `ExportSignal`.
    static var format: String { get }
    /// An exporter of a run's lines, which go to `output`.
    init(header: RunHeader, filter: ExportFilter, output: @escaping ExportOutput)
    /// Writes a step, or passes over it.
    mutating func write(_ step: JoinedStep) throws
    /// Hands on the lines that wait.
    mutating func finish() throws
}

extension StepExporter {
    package static var format: String { "jsonl" }
}

extension SpanExporter: StepExporter { package static let signal = "spans" }
extension ScheduleExporter: StepExporter { package static let signal = "schedule" }

/// Every turn as a span, in the order of steps.
package typealias SpanSignal = StepSignal<SpanExporter>
/// Every step, in their order.
package typealias ScheduleSignal = StepSignal<ScheduleExporter>

/// What an exporter makes of the schedule.
package struct StepSignal<Exporter: StepExporter>: ExportSignal {
    package static var name: String { Exporter.signal }
    package static var format: String { Exporter.format }
    package static var topics: [Topic] { [.schedule] }

    private var exporter: Exporter
    private var joiner = TurnJoiner()

    package static func write(
        _ trace: Trace, filter: ExportFilter, output: @escaping ExportOutput
    ) throws {
        var exporter = Exporter(header: trace.header, filter: filter, output: output)
        try trace.forEachJoinedStep { try exporter.write($0) }
        try exporter.finish()
    }

    package init(header: RunHeader, filter: ExportFilter, output: @escaping ExportOutput) {
        exporter = Exporter(header: header, filter: filter, output: output)
    }

    package mutating func take(_ batch: RecordBatch) throws {
        try joiner.add(batch.schedule) { try exporter.write($0) }
    }

    package mutating func settle(_ tail: ScheduleBatch) throws {
        try joiner.add(Self.rest(of: tail, from: joiner.nextStep)) { try exporter.write($0) }
        try joiner.finish { try exporter.write($0) }
    }

    /// What of recovered steps goes on at `step`. Those before it were in the file, which may have
    /// been written on since; behind a gap nothing can be told.
    private static func rest(of tail: ScheduleBatch, from step: Step) -> ScheduleBatch {
        var rest = tail
        rest.steps.removeAll { $0.step < step }
        if let first = rest.steps.first, first.step > step { rest.steps = [] }
        return rest
    }

    package mutating func flush() throws { try exporter.finish() }
}
