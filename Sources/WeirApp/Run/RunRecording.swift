import Glibc
import WeirBase
import WeirEngine
import WeirTelemetry
import WeirTrace

/// The recording of a run: lanes, recorder and trace file, or none of them.
///
/// `RunSession` makes it after inputs and outputs are open and before the engine, whose workers
/// note into its lanes. Then come `attach`, `start`, and `finish` when the run is over; `CutOff`
/// calls `flush` instead. In between, the run only meets the lanes, and the recorder's thread
/// writes what they hold. Every method works, and does nothing, for a run that is not recorded.
///
/// What a failure to record means depends on who wanted the recording. A trace that was asked for
/// by name ends the run with code 5 when it cannot be written; an automatic one is given up with a
/// note, and the run goes on. A bound that is reached is no failure and ends the recording alone.
final class RunRecording: @unchecked Sendable {
    // Unchecked: set up before the run's threads; `state` is locked.

    /// What the recorder's thread found out; locked.
    private struct State {
        /// Why nothing can be recorded any more.
        var failure: CommandFailure?
        /// Whether recording stopped because its bound was reached.
        var isBoundReached = false
        /// The run, to be stopped for a failure; nil before it begins and when it is over. Not
        /// weak: see `ServedExecution`.
        var execution: Execution?
    }

    /// By worker; empty when nothing is recorded.
    let logLanes: [LogLane]
    /// Nil when nothing is recorded.
    private(set) var recorder: Recorder?
    /// The lanes in a file beside the trace: what is noted survives the process.
    private let mapped: MappedLanes?
    private let writer: TraceWriter?
    /// The trace's path as given or made up; nil when nothing is recorded.
    private let path: String?
    /// Whether the trace was asked for by name.
    private let isExplicit: Bool
    private let feed: ScreenFeed?
    private let state = Guarded(State())
    /// What `Retention` removed to keep the folder within its bound.
    private let removed: [String]

    /// The lanes that the run's threads note into; nil when nothing is recorded.
    var lanes: LaneSet? { mapped?.lanes }

    /// Whether nobody knows that the run ends: it follows a file, or generates or reads a pipe
    /// without a limit.
    private static func isEndless(_ options: RunOptions, _ header: RunHeader) -> Bool {
        if options.follows { return true }
        if options.limit != nil || options.duration != nil { return false }
        return header.sources.contains { $0.kind == "generator" || $0.location == "-" }
    }

    /// Creates lanes and trace where the options want them. `layout` says which lanes there are,
    /// and `workers` how many lanes of the log. `feed` sees what is recorded too, and hears when
    /// recording stops.
    init(
        options: RunOptions, header: RunHeader, layout: LaneLayout, workers: Int,
        feed: ScreenFeed?
    ) throws {
        self.feed = feed
        let sites = LogSites()
        if case .explicit = options.recording { isExplicit = true } else { isExplicit = false }
        let bound =
            options.keep
            ?? RunOptions.Keep(
                bytes: Self.isEndless(options, header) ? AppBounds.unwatchedTraceBytes : nil)
        let opened: Opened?
        do {
            opened = try Self.open(options, header, layout, bound.bytes)
        } catch let error as TraceError where !isExplicit {
            Output.error("weir: note: not recorded: \(error)\n")
            opened = nil
        }
        mapped = opened?.lanes
        writer = opened?.writer
        path = opened?.path
        removed = opened?.removed ?? []
        // Not recorded: there is nothing to set up, and every method finds nil.
        guard let mapped, let writer else {
            logLanes = []
            return
        }
        logLanes = (0..<workers).map { _ in
            LogLane(capacity: AppBounds.logLaneBytes.count, sites: sites)
        }
        recorder = Recorder(
            lanes: mapped.lanes, logLanes: logLanes, sites: sites,
            consumers: [bound.time.map { TimedConsumer(writer, for: $0) } ?? writer]
                + (feed.map { [$0] } ?? [])
        ) { [weak self] _, error in
            // The recorder lives in this object; a strong reference would keep both for ever.
            self?.failed(error)
        }
        feed?.takesRecordedBatches()
    }

    /// Lanes and a trace that were just created.
    private struct Opened {
        var path: String
        var lanes: MappedLanes
        var writer: TraceWriter
        /// What was removed to keep the folder within its bound.
        var removed: [String] = []
    }

    /// Creates lanes and trace; nil when nothing is to be recorded.
    private static func open(
        _ options: RunOptions, _ header: RunHeader, _ layout: LaneLayout, _ byteBound: ByteCount?
    ) throws -> Opened? {
        func create(_ path: String, overwrites: Bool) throws -> Opened {
            let created = try RecordingDestination(path, overwrites: overwrites)
                .create(run: header.run, layout: layout, header: header, byteBound: byteBound)
            return Opened(path: path, lanes: created.lanes, writer: created.writer)
        }
        switch options.recording {
        case .none: return nil
        case .explicit(let path): return try create(path, overwrites: options.overwrites)
        // An automatic recording makes its folder, keeps it small, and finds a free name.
        case .automatic:
            let folder = Retention.folder
            if mkdir(folder, 0o700) != 0, errno != EEXIST {
                Output.error(
                    "weir: note: not recorded: cannot make \(folder) "
                        + "(\(String(cString: strerror(errno))))\n")
                return nil
            }
            let removed = Retention.makeRoom(in: folder)
            // Two runs may start in one second.
            let base = automaticName(folder, header)
            // Two runs may start in one second, and any number of them from a script.
            for suffix in [""] + (2...99).map({ "-\($0)" }) {
                do {
                    var opened = try create(base + suffix + ".mcap", overwrites: false)
                    opened.removed = removed
                    return opened
                } catch let error as TraceError where error.code == .usage {
                    // The name is taken, also by one who was faster just now.
                    continue
                }
            }
            return try create(base + "-\(header.run.prefix(8)).mcap", overwrites: false)
        }
    }

    /// `weir-traces/PIPELINE-YYYYMMDD-HHMMSS`.
    private static func automaticName(_ folder: String, _ header: RunHeader) -> String {
        let time = CalendarTime(header.started)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = "\(time.year)\(two(time.month))\(two(time.day))"
        let clock = "\(two(time.hour))\(two(time.minute))\(two(time.second))"
        return "\(folder)/\(header.pipeline)-\(day)-\(clock)"
    }

    /// The run that is recorded. Called before it starts.
    func attach(_ execution: Execution) { state.withLock { $0.execution = execution } }
    /// Starts the recorder's thread.
    func start() { recorder?.start() }

    /// The recorder's thread, or `finish`: the trace cannot be written on.
    private func failed(_ error: any Error) {
        let failure = CommandFailure(error) ?? CommandFailure(code: 5, what: "\(error)")
        if let trace = error as? TraceError, trace.code == .bound {
            state.withLock { $0.isBoundReached = true }
            Output.error("weir: note: \(trace.reason); the run goes on unrecorded\n")
            feed?.recordingStopped("\(trace.reason); the run goes on unrecorded")
            return
        }
        let execution = state.withLock { state in
            state.failure = failure
            return state.execution
        }
        if isExplicit {
            execution?.stop(.outputFailed(message: failure.what), step: .max)
        } else {
            Output.error("weir: note: \(failure.what); the run goes on unrecorded\n")
            feed?.recordingStopped("\(failure.what); the run goes on unrecorded")
        }
    }

    /// The failure for which an explicitly wanted recording ends the run.
    var failureThatEndsTheRun: CommandFailure? {
        guard isExplicit else { return nil }
        return state.withLock { $0.failure }
            .map {
                CommandFailure(code: 5, what: $0.what, advice: "Free space, or record elsewhere")
            }
    }

    /// Where it is recorded; nil when it is not.
    var tracePath: String? { recorder == nil ? nil : path }

    /// Bytes in the trace so far. Any thread.
    var bytesWritten: ByteCount { writer?.bytesWritten ?? .zero }
    /// Records of the log that found no room so far. Any thread.
    var logsDropped: UInt64 { logLanes.reduce(0) { $0 + $1.droppedCount } }

    /// Has what was noted so far written, within a bounded time. Any thread.
    func flush(within nanoseconds: UInt64) { recorder?.flush(within: nanoseconds) }

    /// What recording costs and lost so far, but for what reading the samples takes. Any thread.
    var cost: RecorderSample {
        var sample = RecorderSample(bytes: bytesWritten, logsDropped: logsDropped)
        sample.offersDropped = UInt64(recorder?.droppedOffers ?? 0)
        guard let cost = writer?.sampleCost else { return sample }
        (sample.sampleBytes, sample.sampleNanoseconds) = (cost.bytes, cost.nanoseconds)
        return sample
    }

    /// What became of the recording.
    struct Result {
        var path: String?
        var bytes = ByteCount.zero
        var isWhole = false
        var logsDropped: UInt64 = 0
        /// Metric samples and incidents that the recorder had no room for.
        var offersDropped: UInt64 = 0
        var removed: [String] = []
    }

    /// Writes the end and closes the trace; the lanes are removed when the trace is whole, as it
    /// holds everything that they do then. It waits for the recorder's thread.
    func finish(_ end: RunEnd) -> Result {
        defer { state.withLock { $0.execution = nil } }
        guard let recorder, let writer, let mapped else { return Result() }
        recorder.finish()
        var result = Result(path: path, logsDropped: logsDropped, removed: removed)
        result.offersDropped = UInt64(recorder.droppedOffers)
        var end = end
        (end.logsDropped, end.offersDropped) = (result.logsDropped, result.offersDropped)
        end.marksDropped = UInt64(recorder.droppedIncidents)
        // After a failure the file ends in the middle: an end behind it would make it look whole.
        let hasFailed = state.withLock { $0.failure != nil }
        do {
            if !hasFailed {
                try writer.finish(end)
                result.isWhole = !state.withLock { $0.isBoundReached }
            }
            try mapped.remove()
        } catch {
            failed(error)
        }
        result.bytes = writer.bytesWritten
        return result
    }
}

/// Takes batches for some time and hands them on, then refuses further ones with an error, which
/// ends the recording. The recorder's thread calls it.
final class TimedConsumer: RecordConsumer {
    private let next: any RecordConsumer
    private let deadline: UInt64
    private let time: Duration

    init(_ next: any RecordConsumer, for time: Duration) {
        self.next = next
        self.time = time
        deadline = MonotonicClock.nanoseconds() &+ UInt64(max(0, time.wholeNanoseconds))
    }

    /// Hands the batch on, or throws when the time is over.
    func consume(_ batch: RecordBatch) throws {
        if MonotonicClock.nanoseconds() >= deadline {
            throw TraceError(.bound, "recording reached its bound of \(time)")
        }
        try next.consume(batch)
    }
}
