import Glibc
import Synchronization
import WeirBase
import WeirEngine
import WeirTelemetry
import WeirTrace

/// The recording of a run: lanes, recorder, trace file; or none.
final class RunRecording: @unchecked Sendable {
    // Unchecked: set up before the run's threads; `state` is locked.

    /// Where recording stops by itself when a run has no end in sight.
    static let boundWithoutEnd = 256_000_000
    private static let logLaneBytes = 1 << 20

    private struct State {
        var failure: CommandFailure?
        var isBoundReached = false
        weak var execution: Execution?
    }

    let logLanes: [LogLane]
    private(set) var recorder: Recorder?
    private let mapped: MappedLanes?
    private let writer: TraceWriter?
    private let path: String?
    private let isExplicit: Bool
    private let feed: ScreenFeed?
    private let state = Mutex(State())
    /// What `Retention` removed to keep the folder within its bound.
    private let removed: [String]

    /// The lanes that the run's threads note into; nil when nothing is recorded.
    var lanes: LaneSet? { mapped?.lanes }

    /// A run of which nobody knows that it ends: it follows, or generates, or reads a pipe, without
    /// a limit.
    private static func isEndless(_ options: RunOptions, _ header: RunHeader) -> Bool {
        if options.follows { return true }
        if options.limit != nil || options.duration != nil { return false }
        return header.sources.contains { $0.kind == "generator" || $0.location == "-" }
    }

    /// `feed` sees what is recorded too, and hears when recording stops.
    init(
        options: RunOptions, header: RunHeader, layout: LaneLayout, workers: Int,
        feed: ScreenFeed?
    ) throws {
        self.feed = feed
        let sites = LogSites()
        if case .explicit = options.recording { isExplicit = true } else { isExplicit = false }
        guard let path = try Self.path(options, header) else {
            (mapped, writer, self.path, logLanes, removed) = (nil, nil, nil, [], [])
            return
        }
        removed = isExplicit ? [] : Retention.makeRoom(in: Retention.folder)
        let bound =
            options.keep
            ?? RunOptions.Keep(
                bytes: Self.isEndless(options, header) ? Self.boundWithoutEnd : nil)
        do {
            let lanePath = MappedLanes.path(beside: path)
            let mapped = try MappedLanes.create(
                path: lanePath, run: header.run, layout: layout, overwrite: true)
            do {
                writer = try TraceWriter(
                    path: path, header: header, overwrite: true, byteBound: bound.bytes)
            } catch {
                // The error that counts is the one of the trace.
                try? mapped.remove()
                throw error
            }
            self.mapped = mapped
            self.path = path
        } catch let error as TraceError {
            if isExplicit { throw error }
            Output.error("weir: note: not recorded: \(error)\n")
            (mapped, writer, self.path, logLanes) = (nil, nil, nil, [])
            return
        }
        logLanes = (0..<workers).map { _ in LogLane(capacity: Self.logLaneBytes, sites: sites) }
        guard let mapped, let writer else { return }
        recorder = Recorder(
            lanes: mapped.lanes, logLanes: logLanes, sites: sites,
            consumers: [bound.time.map { TimedConsumer(writer, for: $0) } ?? writer]
                + (feed.map { [$0] } ?? [])
        ) { [weak self] _, error in
            self?.failed(error)
        }
        feed?.takesRecordedBatches()
    }

    private static func path(_ options: RunOptions, _ header: RunHeader) throws -> String? {
        switch options.recording {
        case .none: return nil
        case .explicit(let path): return path
        case .automatic:
            let folder = Retention.folder
            if mkdir(folder, 0o700) != 0, errno != EEXIST {
                Output.error(
                    "weir: note: not recorded: cannot make \(folder) "
                        + "(\(String(cString: strerror(errno))))\n")
                return nil
            }
            let time = CalendarTime(Instant(nanoseconds: header.started))
            func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
            let day = "\(time.year)\(two(time.month))\(two(time.day))"
            let clock = "\(two(time.hour))\(two(time.minute))\(two(time.second))"
            let base = "\(folder)/\(header.pipeline)-\(day)-\(clock)"
            // Two runs may start in one second.
            for suffix in [""] + (2...99).map({ "-\($0)" }) {
                let path = base + suffix + ".mcap"
                if access(path, F_OK) != 0 { return path }
            }
            return base + "-\(header.run.prefix(8)).mcap"
        }
    }

    func attach(_ execution: Execution) { state.withLock { $0.execution = execution } }
    func start() { recorder?.start() }

    /// The recorder's thread: the trace cannot be written on.
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
    var bytesWritten: Int { writer?.bytesWritten ?? 0 }
    var logsDropped: UInt64 { logLanes.reduce(0) { $0 + $1.droppedCount } }

    /// What recording costs and lost so far, but for what reading the samples takes. Any thread.
    var cost: RecorderSample {
        var sample = RecorderSample(bytes: UInt64(bytesWritten), logsDropped: logsDropped)
        sample.offersDropped = UInt64(recorder?.droppedOffers ?? 0)
        guard let cost = writer?.sampleCost else { return sample }
        (sample.sampleBytes, sample.sampleNanoseconds) = (cost.bytes, cost.nanoseconds)
        return sample
    }

    /// What became of the recording.
    struct Result {
        var path: String?
        var bytes = 0
        var isWhole = false
        var logsDropped: UInt64 = 0
        /// Metric samples and marks that the recorder had no room for.
        var offersDropped: UInt64 = 0
        var removed: [String] = []
    }

    /// Writes the end and closes the trace; the lanes go when it is whole.
    func finish(_ end: RunEnd) -> Result {
        guard let recorder, let writer, let mapped else { return Result() }
        recorder.finish()
        var result = Result(path: path, logsDropped: logsDropped, removed: removed)
        result.offersDropped = UInt64(recorder.droppedOffers)
        var end = end
        (end.logsDropped, end.offersDropped) = (result.logsDropped, result.offersDropped)
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

/// Takes batches for some time, then refuses further ones.
final class TimedConsumer: RecordConsumer {
    private let next: any RecordConsumer
    private let deadline: UInt64
    private let time: Duration

    init(_ next: any RecordConsumer, for time: Duration) {
        self.next = next
        self.time = time
        deadline = MonotonicClock.nanoseconds() &+ UInt64(max(0, time.wholeNanoseconds))
    }

    func consume(_ batch: RecordBatch) throws {
        if MonotonicClock.nanoseconds() >= deadline {
            throw TraceError(.bound, "recording reached its bound of \(time)")
        }
        try next.consume(batch)
    }
}
