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
        let bound =
            options.keep
            ?? RunOptions.Keep(
                bytes: Self.isEndless(options, header) ? Self.boundWithoutEnd : nil)
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
        guard let mapped, let writer else {
            logLanes = []
            return
        }
        logLanes = (0..<workers).map { _ in LogLane(capacity: Self.logLaneBytes, sites: sites) }
        recorder = Recorder(
            lanes: mapped.lanes, logLanes: logLanes, sites: sites,
            consumers: [bound.time.map { TimedConsumer(writer, for: $0) } ?? writer]
                + (feed.map { [$0] } ?? [])
        ) { [weak self] _, error in
            self?.failed(error)
        }
        feed?.takesRecordedBatches()
    }

    private struct Opened {
        var path: String
        var lanes: MappedLanes
        var writer: TraceWriter
        /// What was removed to keep the folder within its bound.
        var removed: [String] = []
    }

    /// Creates lanes and trace; nil when nothing is to be recorded.
    private static func open(
        _ options: RunOptions, _ header: RunHeader, _ layout: LaneLayout, _ byteBound: Int?
    ) throws -> Opened? {
        func create(_ path: String, overwrites: Bool) throws -> Opened {
            let created = try RecordingPlace(path, overwrites: overwrites)
                .create(run: header.run, layout: layout, header: header, byteBound: byteBound)
            return Opened(path: path, lanes: created.lanes, writer: created.writer)
        }
        switch options.recording {
        case .none: return nil
        case .explicit(let path): return try create(path, overwrites: options.overwrites)
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
        let time = CalendarTime(Instant(nanoseconds: header.started))
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = "\(time.year)\(two(time.month))\(two(time.day))"
        let clock = "\(two(time.hour))\(two(time.minute))\(two(time.second))"
        return "\(folder)/\(header.pipeline)-\(day)-\(clock)"
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

    /// Has what was noted so far written, within a bounded time. Any thread.
    func flush(within nanoseconds: UInt64) { recorder?.flush(within: nanoseconds) }

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
        end.marksDropped = UInt64(recorder.droppedMarks)
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
