import Glibc
import Synchronization
import WeirBase
import WeirConnectors
import WeirEngine
import WeirMonitor
import WeirTelemetry
import WeirTrace

/// One `weir run`: puts the rooms together, runs, and sums up.
///
/// `RunCommand` makes it and calls `run` once, on the main thread. The order in `run` matters:
/// signals are blocked before any thread starts; inputs and outputs are judged before anything is
/// emptied; lanes and trace exist before a worker notes; the screen takes the terminal last of all.
/// At the end the turns come first, then the writers of the sinks, the last sample, the trace, the
/// screen and the summary.
struct RunSession {
    private let options: RunOptions
    /// The pipeline as it will run: stages, edges, names, and how each part is made.
    let planned: PlannedPipeline
    /// In whole microseconds, as the trace keeps it.
    private let started: Instant

    /// Plans the pipeline. It throws where the pipeline or its settings are wrong, before anything
    /// is touched.
    init(_ options: RunOptions) throws {
        self.options = options
        started = Instant(nanoseconds: MonotonicClock.wallNanoseconds() / 1_000 * 1_000)
        planned = try options.pipeline.plan(
            settings: options.settings, parallelism: options.parallelism, seed: options.seed,
            started: started)
    }

    /// Runs to the end, writes the summary, and throws where the exit code is not 0.
    mutating func run() throws {
        let outcome = try perform()
        let summary = RunSummary(
            options: options, execution: outcome.execution, books: outcome.books, end: outcome.end,
            cause: outcome.cause, trace: outcome.trace,
            processorNanoseconds: outcome.processorNanoseconds)
        Output.error(options.printsJSON ? summary.json : summary.text)
        if let failure = outcome.recordingFailure { throw failure }
        if outcome.cause.code != 0 { throw outcome.cause.exit }
    }

    /// Runs to the end, and tells what the run came to.
    ///
    /// - Until `ending.opened`, a signal ends the process: opening a pipe may wait for ever, and
    ///   nothing is lost. From there on it is remembered until the run begins.
    /// - The lanes of workers have 16,384 slots each. Those of sources have room for a megabyte
    ///   where the input itself goes into the trace, else for 16 KiB of block hashes and positions.
    /// - The run begins with `ending.started`: its clocks start, and what comes before is
    ///   preparation.
    /// - After `run.run` no turn runs any more, so that the state may be read. Only then do
    ///   the writers of the sinks end: they write what the last turns handed to them.
    /// - Where the run was cut off meanwhile, `ending.finished` does not return: another thread
    ///   ends the process.
    /// - A screen stays up for a person to look at when the run failed.
    mutating func perform() throws -> RunOutcome {
        let ending = EndingWatch(drain: options.drain)
        let endpoints = try Endpoints(options, planned)
        let connections = try endpoints.open()
        ending.opened()
        let header = self.header(endpoints, connections)
        let layout = LaneLayout(
            workers: max(1, options.workers), workerSlots: 1 << 14,
            sources: connections.storesInput.map { $0 ? .mebibytes(1) : .kibibytes(16) },
            executors: 0)
        let feed = ScreenFeed(header)
        let recording = try RunRecording(
            options: options, header: header, layout: layout, workers: max(1, options.workers),
            feed: options.hasScreen ? feed : nil)
        let run = try live(connections, recording, feed)
        let execution = run.execution
        recording.attach(execution)
        let screen = try self.screen(feed, header, recording, run, ending)
        let watch = RunWatch(
            execution: execution, clock: run.outside.clock, recording: recording, header: header,
            showsLines: options.screen == .plain, feed: screen == nil ? nil : feed)
        let wall = MonotonicClock.nanoseconds()
        let processor = MonotonicClock.processorNanoseconds()
        ending.started(
            WatchedRun(
                options: options, execution: execution, outside: run.outside,
                recording: recording, started: wall, standardOutputs: endpoints.standardOutputs,
                screen: screen, feed: feed))
        run.start()
        recording.start()
        screen?.start()
        watch.start()
        run.run()
        let state = execution.stateDigest()
        run.finish()
        let books = execution.closeBooks()
        watch.stop()
        ending.finished()
        let cause = exitCause(execution, ending.last)
        var end = RunEnd(
            cause: cause.name, steps: execution.scheduler.stepCount,
            turns: execution.subtasks.reduce(.zero) { $0 + $1.turnCount },
            events: execution.subtasks.reduce(0) { $0 + $1.sourceTaken })
        end.durationNanoseconds = MonotonicClock.nanoseconds() - wall
        end.note(state, names: execution.partNames)
        end.sinks = execution.sinkDigests()
        end.violations = execution.violations.count
        let trace = recording.finish(end)
        ending.closed()
        let processorEnd = MonotonicClock.processorNanoseconds()
        screen?.ended(cause.name, staying: cause.code == 1)
        ending.stop()
        return RunOutcome(
            execution: execution, clock: run.outside.clock, books: books, end: end, cause: cause,
            trace: trace,
            recordingFailure: recording.failureThatEndsTheRun,
            processorNanoseconds: processorEnd - processor)
    }

    /// The screen of the run, where one is wanted; it takes the terminal.
    private func screen(
        _ feed: ScreenFeed, _ header: RunHeader, _ recording: RunRecording, _ run: LiveRun,
        _ ending: EndingWatch
    ) throws -> RunScreen? {
        guard case .tui(let look) = options.screen else { return nil }
        let facts = RunFacts(header: header, tracePath: recording.tracePath)
        feed.setClock { [clock = run.outside.clock] in clock.now }
        return try RunScreen(
            look: look, facts: facts, source: feed, standpoint: .owner,
            run: RunScreen.Run(
                request: { ending.request(SIGINT) }, isLeaving: { ending.last != nil }))
    }

    /// The run itself: what is recorded of it goes to `recording`, and to `feed` what concerns
    /// people.
    private func live(
        _ connections: LiveOutside.Connections, _ recording: RunRecording, _ feed: ScreenFeed
    ) throws -> LiveRun {
        var setup = LiveRun.Setup(started: started, schedule: schedule)
        setup.connections = connections
        (setup.lanes, setup.logLanes) = (recording.lanes, recording.logLanes)
        setup.stopsOnViolation = options.stopsOnViolation
        setup.onIncident = { incident in
            recording.recorder?.offer(incident)
            feed.offer(incident)
        }
        var bind = BindOptions(seed: options.seed)
        bind.limit = options.limit
        bind.rate = options.rate
        bind.logLevel = options.logLevel
        return try LiveRun(planned, bind, setup)
    }

    private var schedule: LiveRun.Schedule {
        let duration = options.duration.map { UInt64($0.wholeNanoseconds) }
        if options.workers == 0 { return .drawn(seed: options.seed, duration: duration) }
        var tuning = ParallelScheduler.Options(workers: options.workers)
        tuning.duration = duration
        return .parallel(tuning)
    }

    /// Why the run ended. What stopped it comes before a signal, because the signal may have come
    /// while it was stopping.
    private func exitCause(_ execution: Execution, _ signal: Int32?) -> ExitCause {
        if let (cause, step) = execution.stopCause {
            return ExitCause(cause, step: step, signal: signal)
        }
        // Ctrl-C is how a person ends a run that has no end, and no failure.
        if let signal, signal != SIGINT {
            return ExitCause(name: "interrupted", code: 128 + signal, message: nil)
        }
        return ExitCause(
            name: signal == nil ? "finished" : "interrupted", code: 0, message: nil)
    }

    /// What the trace and the screens are told of the run: everything that a replay has to know
    /// beforehand. The run's id is drawn from the system and not from the seed, because two runs
    /// may have the same seed. The environment lists what user code may depend on without the
    /// engine knowing. An input that does not go into the trace is named with its path, as a replay
    /// has to find it.
    func header(
        _ endpoints: Endpoints, _ connections: LiveOutside.Connections
    ) -> RunHeader {
        let plan = planned.plan
        var random = SystemRandomNumberGenerator()
        let run = random.next().hexadecimal + random.next().hexadecimal
        var header = RunHeader(
            run: run, pipeline: plan.pipeline, version: plan.version, plan: plan.hash.hexadecimal,
            seed: options.seed)
        header.workers = options.workers
        header.started = started
        header.settings = options.settings
        header.arguments = Array(CommandLine.arguments.dropFirst())
        header.limit = options.limit
        header.parallelism = options.parallelism
        header.logLevel = options.logLevel.name
        header.onViolation = options.stopsOnViolation ? "stop" : "count"
        header.environment = [
            "hashing": Rehash.isDeterministic && !options.randomHashing
                ? "deterministic" : "random",
            "TZ": getenv("TZ").map { String(cString: $0) } ?? "",
            "LANG": getenv("LANG").map { String(cString: $0) } ?? "",
        ]
        header.recordedWith = BuildInfo(
            version: Program.version, build: BuildIdentity.executableHash,
            toolchain: BuildIdentity.toolchain)
        header.sources = plan.sources.map { source in
            var info = SourceInfo(
                name: source.name, kind: source.readsBytes ? "bytes" : "generator",
                location: endpoints.inputs[source.name] ?? "")
            info.isRepeatable = connections.sources[source.index]?.isRepeatable
            if let reading = connections.sources[source.index],
                !connections.storesInput[source.index]
            {
                info.path = reading.path
                info.byteCount = reading.byteCount.map { ByteCount($0) }
            }
            return info
        }
        header.sinks = plan.sinks.map(\.name)
        fill(&header, plan)
        return header
    }

    /// The outlet through which a sink hands its rows on. It is the last one of its subtask.
    private func sinkOutlets(_ plan: Plan, _ stage: StagePlan, _ subtask: String) -> [String] {
        stage.sink.map { ["\(subtask)>\(plan.sinks[$0].name)"] } ?? []
    }

    /// The graph as it was planned: subtasks with the names of their channels, edges between
    /// stages, cells and invariants. Readers of the trace number them all in this order.
    private func fill(_ header: inout RunHeader, _ plan: Plan) {
        for (stage, ordinal) in plan.subtasks {
            let name = "\(plan.stages[stage].name)/\(ordinal)"
            header.subtasks.append(
                SubtaskInfo(
                    stage: plan.stages[stage].name, index: ordinal,
                    inlets: plan.channelNames(into: stage, ordinal),
                    outlets: plan.channelNames(outOf: stage, ordinal)
                        + sinkOutlets(plan, plan.stages[stage], name),
                    source: plan.stages[stage].source))
        }
        header.edges = plan.edges.map { edge in
            EdgeInfo(
                from: plan.stages[edge.from].name, to: plan.stages[edge.to].name,
                capacity: edge.options.bounds.messages, policy: edge.options.policy.rawValue)
        }
        header.cells = plan.cells
        header.invariants = plan.invariants
    }
}

/// What a run came to, when everything of it has ended.
struct RunOutcome {
    let execution: Execution
    /// The clock that its sources were paced by.
    let clock: RunClock
    let books: Books
    let end: RunEnd
    let cause: ExitCause
    let trace: RunRecording.Result
    /// Why an explicitly wanted recording failed.
    let recordingFailure: CommandFailure?
    /// Processor time of the whole process, from the start of its threads to the end of its trace.
    let processorNanoseconds: UInt64
}

/// Why a run ended, and with which exit code. The codes are those of the command line's contract: 0
/// for a run that did what it was asked, 1 for a violation or a failure of the pipeline, 5 for the
/// world around it, 128 + n for a signal.
struct ExitCause: Sendable {
    /// A word for the summary and the trace, such as `finished` or `violation`.
    let name: String
    let code: Int32
    /// What happened, for a person; nil where the name says it all.
    let message: String?

    init(name: String, code: Int32, message: String?) {
        self.name = name
        self.code = code
        self.message = message
    }

    /// The cause of a run that was stopped at a step. A violation and a failure of the pipeline's
    /// own code end with 1; a full edge whose policy is to fail is one of them. An input that
    /// cannot be read and an output that cannot be written end with 5.
    init(_ cause: StopCause, step: Step, signal: Int32?) {
        switch cause {
        case .violation(let invariant):
            self.init(
                name: "violation", code: 1, message: "\(invariant) does not hold at step \(step)")
        case .operatorFailed(let stage, let message):
            self.init(
                name: "error", code: 1, message: "\(stage) failed at step \(step): \(message)")
        case .edgeFull(let channel):
            self.init(name: "error", code: 1, message: "\(channel) was full at step \(step)")
        case .inputFailed(let source, let message):
            self.init(name: "error", code: 5, message: "\(source): \(message)")
        case .outputFailed(let message):
            self.init(name: "error", code: 5, message: message)
        case .abandoned:
            self.init(name: "stopped", code: 128 + (signal ?? SIGINT), message: nil)
        }
    }

    /// The error that ends the program with this code. Its words stand in the summary too, where a
    /// reader of a log may look for them.
    var exit: any Error {
        if let message { return CommandFailure(code: code, what: PrintableText.escaped(message)) }
        return ExitCodeOnly(code: code)
    }
}

/// An exit code that needs no words.
struct ExitCodeOnly: Error { let code: Int32 }
