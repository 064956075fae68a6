import WeirBase
package import WeirEngine
package import WeirTelemetry
package import WeirTrace

/// Why a trace cannot be replayed with this pipeline.
package struct ReplayRefused: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// What a replay came to.
package struct ReplayReport: Equatable, Sendable {
    /// The last step that was run.
    package var steps: UInt64 = 0
    package var turns: UInt64 = 0
    /// Turns whose end was compared with the recorded one.
    package var compared: UInt64 = 0
    /// Over the chain of the schedule, the final state and the sinks.
    package var digest: UInt64 = 0
    package var stateDigest: UInt64 = 0
    package var sinks: [SinkDigest] = []
    package var divergence: Divergence?
    /// Turns that had begun and not ended when the run died: subtask's name, step.
    package var inFlight: [TurnName] = []
    package var marks: [Mark] = []
    /// Where invariants began not to hold; the first thousand.
    package var violations: [Violation] = []
    /// Elements that all sources gave.
    package var elements: UInt64 = 0
    /// Log records that were lost because one turn made more than the lane holds.
    package var lostLogs: UInt64 = 0

    package init() {}

    package struct TurnName: Equatable, Sendable {
        package var subtask: String
        package var step: UInt64
    }
}

/// One replay of a whole trace.
///
/// Owned by one thread; several replays of one trace may run at once.
package struct ReplayRun {
    /// What a replay adds to the trace.
    package struct Options {
        /// By source's name: where its file lies now.
        package var inputs: [String: String] = [:]
        /// By sink's name: where its rows go; others go nowhere.
        package var outputs: [String: any RowWriting] = [:]
        /// Least level of log records made again; nil for none at all.
        package var logLevel: LogLevel?
        /// The last step to run.
        package var through = UInt64.max
        /// Told of the last step run, every so often.
        package var onProgress: ((UInt64) -> Void)?
        /// Log records as their turns end; in order within a subtask.
        package var onLogs: (([LogRecord], LogSites) -> Void)?
        /// Told before a turn in flight is run on to its end, where it may trap; nil leaves it.
        package var onRunningOn: ((UInt64) -> Void)?
        /// Told after each turn: no turn that began before this step is open any more.
        package var onOpenTurns: ((UInt64) -> Void)?

        package init() {}
    }

    private let trace: Trace
    private let planned: PlannedPipeline
    private let options: Options

    /// The least room for the log records of one turn.
    private static let logLaneBytes = 32 << 20

    /// Prepares a replay of `trace` with `pipeline`.
    ///
    /// - Throws: `ReplayRefused` when the pipeline's plan is not the recorded one.
    package init(_ trace: Trace, _ pipeline: Pipeline, _ options: Options) throws {
        self.trace = trace
        self.options = options
        planned = try Self.admit(trace, pipeline)
    }

    /// Plans the pipeline as the trace says it was planned, and refuses another plan.
    static func admit(_ trace: Trace, _ pipeline: Pipeline) throws -> PlannedPipeline {
        let header = trace.header
        let name = PrintableText.escaped(header.pipeline)
        guard header.pipeline == pipeline.name else {
            throw ReplayRefused("the trace is of pipeline \(name), not of \(pipeline.name)")
        }
        guard header.version == pipeline.version else {
            throw ReplayRefused(
                "the trace is of version \(PrintableText.escaped(header.version)) of \(name), this "
                    + "program has version \(pipeline.version)")
        }
        let planned: PlannedPipeline
        do {
            planned = try pipeline.plan(
                settings: header.settings, parallelism: header.parallelism, seed: header.seed,
                started: Instant(nanoseconds: header.started))
        } catch let error as PlanError {
            throw ReplayRefused("the trace's plan cannot be made again: \(error)")
        }
        guard planned.plan.hash.hexadecimal == header.plan else {
            throw ReplayRefused(
                "the trace has another plan of \(name) "
                    + "(\(PrintableText.escaped(header.plan))) than this program "
                    + "(\(planned.plan.hash.hexadecimal)); replay it with the program that "
                    + "recorded it")
        }
        return planned
    }

    /// Runs the trace's steps and compares.
    ///
    /// - Throws: `TraceError` for damage, `InputChanged`, `ConnectorError` of an output.
    package func run() throws -> ReplayReport {
        let cursor = trace.schedule()
        let schedule = RecordedSchedule(flights: try FlightFinder.flights(of: trace)) {
            try cursor.next()
        }
        let inputs = RecordedInputs(trace: trace, paths: options.inputs)
        let results = RecordedResults(trace: trace)
        let sites = LogSites()
        let lane = options.logLevel.map { _ in LogLane(capacity: Self.logLaneBytes, sites: sites) }
        var feeds: [Int: any RowFeed] = [:]
        for sink in planned.plan.sinks {
            if let writing = options.outputs[sink.name] { feeds[sink.index] = DirectRows(writing) }
        }
        let world = ReplayWorld(
            started: trace.header.started, schedule: schedule,
            outside: RecordedOutside(
                nextInput: { try inputs.next(of: $0) },
                result: { try results.result(of: $0, call: $1) }),
            rows: feeds, logLane: lane)
        let scheduler = ReplayScheduler(schedule, through: options.through)
        scheduler.onProgress = options.onProgress
        scheduler.onRunningOn = options.onRunningOn
        world.scheduler = scheduler
        var lost: UInt64 = 0
        world.onLogs = { [options] batch in
            lost += batch.lost
            options.onLogs?(batch.records, sites)
            options.onOpenTurns?(scheduler.leastOpenTurn)
        }
        var bind = BindOptions(seed: trace.header.seed)
        bind.isUnbounded = true
        bind.logLevel = options.logLevel ?? .critical
        let execution = Execution(
            plan: planned.plan, parts: try planned.bind(bind, world: world), world: world,
            scheduler: scheduler,
            stopsOnViolation: false)
        scheduler.run(execution)
        world.drainLogs()
        if let failure = scheduler.readFailure ?? world.readFailure { throw failure }
        for feed in feeds.values {
            if let failure = (feed as? DirectRows)?.failure { throw failure }
        }
        var report = self.report(execution, scheduler, world, chain: cursor.chain)
        report.lostLogs = lost
        return report
    }

    private func report(
        _ execution: Execution, _ scheduler: ReplayScheduler, _ world: ReplayWorld, chain: UInt64
    ) -> ReplayReport {
        var report = ReplayReport()
        report.steps = scheduler.reached
        report.turns = scheduler.turns
        report.compared = world.compared
        report.divergence = scheduler.divergence
        report.marks = world.marks
        report.violations = execution.violations.first
        report.elements = execution.subtasks.reduce(0) { $0 + $1.sourceTaken }
        report.inFlight = scheduler.inFlight.map {
            ReplayReport.TurnName(
                subtask: execution.subtasks[Int($0.subtask)].name, step: $0.step)
        }
        report.stateDigest = execution.digest()
        report.sinks = execution.sinkDigests()
        var hash = StableHash(seed: chain)
        hash.combine(report.stateDigest)
        for sink in report.sinks { hash.combine(bytes: Array(sink.ordered.utf8)) }
        report.digest = hash.value
        if report.divergence == nil, options.through == .max { compareEnd(&report) }
        return report
    }

    /// Holds the final state and the sinks against what the run's end recorded.
    private func compareEnd(_ report: inout ReplayReport) {
        guard let end = trace.end, trace.isComplete else { return }
        func differs(_ what: String, _ expected: String, _ got: String) {
            report.divergence = Divergence(
                step: report.steps, subtask: what, expected: expected, got: got,
                reason: "every compared turn agreed; something that only the final comparison sees "
                    + "differs, such as rows or the values between samples")
        }
        if report.steps != end.steps {
            differs("schedule", "\(end.steps) steps", "\(report.steps) steps")
        } else if let digest = end.stateDigest, digest != report.stateDigest.hexadecimal {
            differs("final state", digest, report.stateDigest.hexadecimal)
        } else if end.sinks != report.sinks {
            let expected = end.sinks.map { "\($0.sink) \($0.rows) rows \($0.ordered)" }
            let got = report.sinks.map { "\($0.sink) \($0.rows) rows \($0.ordered)" }
            differs("sinks", "\(expected)", "\(got)")
        }
    }
}

/// Rows written as they come.
private final class DirectRows: RowFeed {
    private let writing: any RowWriting
    private(set) var failure: (any Error)?

    init(_ writing: any RowWriting) { self.writing = writing }

    func offer(_ rows: [UInt8]) -> Bool {
        if failure == nil {
            do { try rows.withUnsafeBytes { try writing.write($0) } } catch { failure = error }
        }
        return true
    }

    func finish() {}
}
