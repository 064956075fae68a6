import Synchronization
import WeirBase
import WeirConnectors
import WeirEngine
import WeirTelemetry

/// One run of a pipeline between given bytes and memory: what `Pipeline.simulate` and
/// `runInParallel` do.
///
/// It puts the same parts together as `weir run`, with others at the edge: bytes that are given
/// instead of files, rows that stay in memory, no trace. A simulated run has one thread, a virtual
/// clock and a schedule drawn from the seed; a parallel one has workers, and lanes that nobody
/// keeps. A value is made for one run; `run` blocks until that is over.
struct MemoryRun {
    /// Room for the log records of a run in each lane, in bytes. Records are taken out only at the
    /// end, so that what finds no room is lost and counted.
    private static let logBytes = 1 << 24

    private let planned: PlannedPipeline
    /// Seed, limit and level, as the engine wants them.
    private let bound: BindOptions
    private let options: RunOptions
    private let seed: UInt64
    /// Nil for a simulated run.
    private let workers: Int?

    init(_ pipeline: Pipeline, seed: UInt64, _ options: RunOptions, workers: Int?) throws {
        planned = try pipeline.plan(
            settings: options.settings, parallelism: options.parallelism, seed: seed)
        var bound = BindOptions(seed: seed)
        let limit = options.limit ?? pipeline.defaultLimit
        bound.limit = limit == 0 ? nil : limit
        bound.logLevel = options.logLevel
        self.bound = bound
        self.options = options
        self.seed = seed
        self.workers = workers
    }

    /// Runs to the end of the input. It throws where the engine lost or made up an element,
    /// whatever the test looks for.
    func run() throws -> PipelineRun {
        let sites = LogSites()
        let logLanes = (0..<(workers ?? 1)).map { _ in
            LogLane(capacity: Self.logBytes, sites: sites)
        }
        let lanes = workers.map { workers in
            LaneSet(
                layout: LaneLayout(
                    workers: workers, workerSlots: 1 << 14,
                    sources: planned.plan.sources.map { _ in .kibibytes(64) }, executors: 0))
        }
        let memory = planned.plan.sinks.map { _ in MemorySink() }
        var setup = LiveRun.Setup(
            started: options.started,
            schedule: workers.map { .parallel(.init(workers: $0)) } ?? .drawn(seed: seed))
        setup.connections.sources = planned.plan.sources.map { source in
            source.readsBytes
                ? GivenBytes(
                    options.inputs[source.name] ?? [], seed: workers == nil ? seed : nil) : nil
        }
        setup.connections.sinks = try memory.map { try $0.open() }
        setup.connections.storesInput = planned.plan.sources.map { _ in false }
        (setup.lanes, setup.logLanes) = (lanes, logLanes)
        let run = try LiveRun(planned, bound, setup)
        drive(run, lanes)
        let execution = run.execution
        let books = execution.closeBooks()
        if let imbalance = books.imbalances.first {
            throw UnbalancedBooks(
                description: "the books of \(planned.plan.pipeline) do not balance with seed "
                    + "\(seed): \(imbalance)")
        }
        let logs = logLanes.enumerated().compactMap { $1.drain(worker: UInt16($0)) }
        return summary(execution, books, memory, logs, sites.sites(from: 0))
    }

    /// Starts everything, runs the turns and ends everything, in the order of `weir run`. The
    /// recorder has no consumers: it only empties the lanes, or the workers would wait for room.
    private func drive(_ run: LiveRun, _ lanes: LaneSet?) {
        let recorder = lanes.map {
            Recorder(
                lanes: $0, logLanes: [], sites: LogSites(), consumers: [],
                onFailure: { _, _ in })
        }
        run.start()
        recorder?.start()
        run.run()
        run.finish()
        recorder?.finish()
    }

    /// What the run came to, in the form that tests compare.
    private func summary(
        _ execution: Execution, _ books: Books, _ memory: [MemorySink], _ logs: [LogBatch],
        _ sites: [LogSite]
    ) -> PipelineRun {
        var rows: [String: [String]] = [:]
        for (sink, memory) in zip(planned.plan.sinks, memory) { rows[sink.name] = memory.rows }
        var digest = StableHash(seed: execution.stateDigest().whole)
        for sink in execution.sinkDigests() { digest.combine(bytes: Array(sink.ordered.utf8)) }
        return PipelineRun(
            rows: rows,
            violations: execution.violations.first.map {
                PipelineRun.BrokenInvariant(
                    invariant: $0.invariant, step: $0.step.rawValue, subtask: $0.subtask)
            },
            logs: logs.flatMap(\.records).sorted(by: LogRecord.precedes).map {
                line($0, sites[Int($0.site)], execution)
            },
            lostLogs: logs.reduce(0) { $0 + $1.lost },
            steps: execution.scheduler.stepCount.rawValue,
            failure: execution.stopCause.map { "\($0.cause)" }, digest: digest.value,
            elements: books.taken,
            drops: Dictionary(
                uniqueKeysWithValues: books.reasons.map { ($0.reason.rawValue, $0.count) }))
    }

    /// A log record with the names that its numbers stand for.
    private func line(
        _ record: LogRecord, _ site: LogSite, _ execution: Execution
    ) -> PipelineRun.LogLine {
        PipelineRun.LogLine(
            level: site.level, message: site.message,
            fields: Dictionary(
                zip(site.fields, record.values), uniquingKeysWith: { first, _ in first }),
            subtask: execution.subtasks[record.subtask].name, step: record.step.rawValue)
    }
}

/// Bytes that are there already, in pieces whose size is drawn from a seed, else as large as is
/// asked for. In pieces, because how input is cut must not change what comes out, and a test should
/// find where it does.
private final class GivenBytes: ByteReading {
    private let bytes: [UInt8]
    /// The maximum size of a piece.
    private let piece: Int
    private let offset = Guarded(0)
    private let cancelled = Atomic<Bool>(false)
    let isRepeatable = false
    let path: String? = nil
    let byteCount: UInt64? = nil

    init(_ bytes: [UInt8], seed: UInt64?) {
        self.bytes = bytes
        guard let seed else {
            piece = .max
            return
        }
        var random = SeededGenerator(seed: seed, stream: 0xB17E5)
        piece = [7, 61, 4_096, 1 << 20][random.below(4)]
    }

    /// The next piece; the end when there is none, and nil after `cancel`.
    func next(maximum: Int) -> InputPiece? {
        if cancelled.load(ordering: .relaxed) { return nil }
        return offset.withLock { offset in
            guard offset < bytes.count else { return .end }
            let start = offset
            offset = min(bytes.count, start + min(piece, maximum))
            return .bytes(Array(bytes[start..<offset]), offset: UInt64(start))
        }
    }

    func cancel() { cancelled.store(true, ordering: .relaxed) }
}
