package import WeirBase
package import WeirEngine
package import WeirTelemetry
package import WeirTrace

/// Why a trace cannot be replayed with this pipeline.
package struct ReplayRefused: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// One replay of a whole trace, from its first step to its last, compared with everything that the
/// trace has.
///
/// `weir replay --verify` and the export of logs make one and call `run`. It puts a `Rerun` and a
/// `RunComparison` together. Owned by one thread; several replays of one trace may run at once.
package struct ReplayRun {
    /// What a replay adds to the trace. The closures are called on the thread that has the baton.
    package struct Options {
        /// Where a source's file lies now, by the source's name; others are read where the trace
        /// says.
        package var inputs: [String: String] = [:]
        /// Where a sink's rows go, by the sink's name; those of others go nowhere.
        package var outputs: [String: any RowWriting] = [:]
        /// The least level of log records that are made again; nil for the recorded one. Logs of
        /// another level are not compared.
        package var logLevel: LogLevel?
        /// Whether this program is the very build that recorded. Another one may have further log
        /// statements.
        package var isSameBuild = true
        /// The last step to run.
        package var through = Step.max
        /// Told of the last step run, every so often.
        package var onProgress: ((Step) -> Void)?
        /// Log records as their turns end; in order within a subtask.
        package var onLogs: (([LogRecord], LogSites) -> Void)?
        /// Told before a turn in flight is run on to its end, where it may trap; nil leaves it.
        package var onRunningOn: ((Step) -> Void)?
        /// Told of all state at each rest point; costs coding it.
        package var onRest: ((_ step: Step, StateDigest) -> Void)?
        /// Told of the sample of values of each turn that took one.
        package var onSample: ((_ turn: Step, _ sample: UInt64) -> Void)?
        /// Told after each turn: no turn that began before this step is open any more.
        package var onOpenTurns: ((Step) -> Void)?

        package init() {}
    }

    private let trace: Trace
    private let planned: PlannedPipeline
    private let options: Options

    /// Prepares a replay of `trace` with `pipeline`. Reads nothing of the schedule yet.
    ///
    /// - Throws: `ReplayRefused` when the pipeline's plan is not the recorded one.
    package init(_ trace: Trace, _ pipeline: Pipeline, _ options: Options) throws {
        self.trace = trace
        self.options = options
        planned = try Self.admit(trace, pipeline)
    }

    /// Plans the pipeline as the trace says it was planned, and refuses another plan. The plan's
    /// hash covers everything that decides what steps mean; what it cannot cover, the operators'
    /// code, shows as a difference.
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
                started: header.started)
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
        let flights = try FlightFinder.flights(of: trace)
        let schedule = RecordedSchedule(
            flights: flights, hasDigests: trace.header.digests != nil
        ) { try cursor.next() }
        let inputs = RecordedInputs(trace: trace, paths: options.inputs)
        let results = RecordedResults(trace: trace)
        var feeds: [Int: any RowFeed] = [:]
        for sink in planned.plan.sinks {
            if let writing = options.outputs[sink.name] { feeds[sink.index] = DirectRows(writing) }
        }
        let sites = LogSites()
        var setup = Rerun.Setup(
            started: trace.header.started, schedule: schedule,
            answers: RecordedOutside.Answers(inputs, results))
        setup.rows = feeds
        setup.logLane = LogLane(capacity: ReplayBounds.logLaneBytes.count, sites: sites)
        setup.lastStep = options.through
        var bind = BindOptions(seed: trace.header.seed)
        bind.logLevel = logLevel
        bind.digests = trace.header.digests ?? .current
        let rerun = try Rerun(planned, bind, setup)
        let (director, notes) = (rerun.director, rerun.notes)
        director.onProgress = options.onProgress
        director.onRunningOn = options.onRunningOn
        let comparison = try RunComparison(
            trace, rerun, inFlight: Set(flights.keys),
            comparesLogs: logLevel == recordedLogLevel, isSameBuild: options.isSameBuild)
        notes.listeners.logs = { [options] batch in
            comparison.take(batch, sites)
            options.onLogs?(batch.records, sites)
            comparison.settle(before: director.earliestOpenTurn)
            options.onOpenTurns?(director.earliestOpenTurn)
        }
        notes.listeners.samples = options.onSample
        comparison.onRest = options.onRest
        // They hold what holds the notes.
        defer { notes.listeners = ComparedNotes.Listeners() }
        rerun.scheduler.run(rerun.execution)
        assert(
            director.reached <= options.through,
            "a replay up to step \(options.through) came to step \(director.reached)")
        notes.drainLogs()
        try rerun.checkReading()
        for feed in feeds.values {
            if let failure = (feed as? DirectRows)?.failure { throw failure }
        }
        return try comparison.report(chain: cursor.chain, isWhole: options.through == .max)
    }

    private var recordedLogLevel: LogLevel { LogLevel(name: trace.header.logLevel) ?? .info }
    private var logLevel: LogLevel { options.logLevel ?? recordedLogLevel }
}

/// Rows written as they come, on the replay's own thread. After a failure nothing more is written,
/// and the failure is thrown behind the run.
private final class DirectRows: RowFeed {
    private let writing: any RowWriting
    private(set) var failure: (any Error)?

    init(_ writing: any RowWriting) { self.writing = writing }

    private(set) var account = RowAccount()

    func offer(_ rows: [UInt8], count: Int) -> Bool {
        // Each row has its line end at least.
        assert(
            1...max(1, rows.count) ~= count, "\(count) rows are offered in \(rows.count) bytes")
        if failure == nil {
            do { try writing.write(rows.span.bytes) } catch { failure = error }
        }
        if failure == nil {
            account.written += UInt64(count)
        } else {
            account.unwritten += UInt64(count)
        }
        return true
    }

    func finish() {}
}
