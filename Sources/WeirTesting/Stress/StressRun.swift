import Glibc
import Synchronization
import WeirBase
import WeirEngine
import WeirReplay
import WeirTelemetry

func pause(microseconds: Int) { usleep(UInt32(microseconds)) }

/// What a stress run and its replay came to.
package struct StressOutcome: Sendable {
    /// Nil when the replay was identical.
    package var problem: String?
    package var outcome: UInt64 = 0
    package var steps: Int = 0
    package var turns: Int = 0
    package var rests: Int = 0
    package var dropped: Int = 0
    package var completions: Int = 0
    package var timers: Int = 0
    package var waits: Int = 0
    /// Turns during which another turn began.
    package var overlapped: Int = 0
}

/// Bytes in pieces cut at random, with a pause now and then.
private final class JitteryBytes: ByteReading {
    private let state: Mutex<(rest: [UInt8], offset: UInt64, random: SeededGenerator)>
    let isRepeatable = false
    let path: String? = nil
    let byteCount: UInt64? = nil
    private let cancelled = Atomic<Bool>(false)

    init(lines: Int, seed: UInt64) {
        var random = SeededGenerator(seed: seed, stream: 0xB17E)
        var text = ""
        for line in 0..<lines { text += "\(line) \(random.below(1000))\n" }
        state = Mutex((Array(text.utf8), 0, random))
    }

    func next(maximum: Int) -> InputPiece? {
        if cancelled.load(ordering: .relaxed) { return nil }
        let piece: InputPiece = state.withLock { state in
            if state.rest.isEmpty { return .end }
            let count = min(1 + state.random.below(20), state.rest.count)
            let bytes = Array(state.rest.prefix(count))
            state.rest.removeFirst(count)
            defer { state.offset += UInt64(count) }
            return .bytes(bytes, offset: state.offset)
        }
        let wait = state.withLock { $0.random.below(30) == 0 ? $0.random.below(300) : 0 }
        if wait > 0 { pause(microseconds: wait) }
        return piece
    }

    func cancel() { cancelled.store(true, ordering: .relaxed) }
}

extension StressPipeline {
    private struct Recorded {
        var batches: [RecordBatch]
        var digest: UInt64
        var sinks: [SinkDigest]
        var rows: [UInt8]
        var waits: Int
        var isHung = false
    }

    /// Runs in parallel, replays, compares. Says what differs, never traps on a difference.
    package func check(simulated: Bool = false) -> StressOutcome {
        do {
            let planned = try pipeline.plan(seed: seed)
            let recorded = try record(planned, simulated: simulated)
            return try replay(planned, recorded)
        } catch {
            return StressOutcome(problem: "error: \(error)")
        }
    }

    private func record(_ planned: PlannedPipeline, simulated: Bool) throws -> Recorded {
        let threads = simulated ? 1 : workers
        let lanes = LaneSet(
            layout: LaneLayout(
                workers: threads, workerSlots: laneSlots, sources: [0, 0, 1 << 12],
                executors: simulated ? 0 : 2, readerSlots: 64))
        let memory = MemoryRecording()
        let recorder = Recorder(
            lanes: lanes, logLanes: [], sites: LogSites(), consumers: [memory],
            onFailure: { _, _ in })
        let sink = CollectedRows()
        var connections = LiveWorld.Connections()
        connections.sources = [nil, nil, JitteryBytes(lines: elements, seed: seed)]
        connections.sinks = [sink]
        connections.storesInput = [false, false, true]
        let world = LiveWorld(
            started: 1_700_000_000_000_000_000, time: simulated ? .virtual : .real,
            connections: connections, lanes: lanes, logLanes: [], onMark: { _ in })
        var options = BindOptions(seed: seed)
        options.limit = UInt64(elements)
        let scheduler: any Scheduler
        if simulated {
            scheduler = SimulatedScheduler(seed: seed, world: world)
        } else {
            var tuning = ParallelScheduler.Options(workers: threads)
            tuning.restInterval = 1_000_000
            tuning.restSpacing = 4
            scheduler = ParallelScheduler(options: tuning, lanes: lanes)
        }
        let execution = Execution(
            plan: planned.plan, parts: try planned.bind(options, world: world), world: world,
            scheduler: scheduler, stopsOnViolation: false)
        world.start(execution)
        recorder.start()
        scheduler.run(execution)
        world.finish()
        recorder.finish()
        return Recorded(
            batches: memory.recorded, digest: execution.digest(), sinks: execution.sinkDigests(),
            rows: sink.bytes, waits: lanes.workers.reduce(0) { $0 + $1.waits })
    }

    private func replay(
        _ planned: PlannedPipeline, _ recorded: Recorded
    ) throws -> StressOutcome {
        var outcome = summary(recorded)
        let schedule = RecordedSchedule(recorded.batches.map(\.schedule))
        var inputs = recorded.batches.flatMap(\.inputs)[...]
        var results: [UInt64: [UInt8]] = [:]
        for result in recorded.batches.flatMap(\.results) {
            results[UInt64(result.subtask) << 48 | result.call] = result.bytes
        }
        let found = results
        let rows = CollectedFeed()
        let world = ReplayWorld(
            started: 1_700_000_000_000_000_000, schedule: schedule,
            outside: RecordedOutside(
                nextInput: { _ in inputs.popFirst() },
                result: { found[UInt64($0) << 48 | $1] }),
            rows: [0: rows])
        let scheduler = ReplayScheduler(schedule)
        world.scheduler = scheduler
        var options = BindOptions(seed: seed)
        options.isUnbounded = true
        let execution = Execution(
            plan: planned.plan, parts: try planned.bind(options, world: world), world: world,
            scheduler: scheduler, stopsOnViolation: false)
        scheduler.run(execution)
        outcome.problem = compare(execution, scheduler, world, recorded, rows, outcome)
        return outcome
    }

    private func compare(
        _ execution: Execution, _ scheduler: ReplayScheduler, _ world: ReplayWorld,
        _ recorded: Recorded, _ rows: CollectedFeed, _ outcome: StressOutcome
    ) -> String? {
        if let divergence = scheduler.divergence {
            return "step \(divergence.step) \(divergence.subtask): expected "
                + "\(divergence.expected), got \(divergence.got)"
        }
        if let failure = scheduler.readFailure ?? world.readFailure { return "\(failure)" }
        if scheduler.reached != UInt64(outcome.steps) {
            return "reached step \(scheduler.reached) of \(outcome.steps)"
        }
        if !scheduler.inFlight.isEmpty { return "turns in flight: \(scheduler.inFlight)" }
        if execution.sinkDigests() != recorded.sinks { return "sink digests differ" }
        if rows.bytes != recorded.rows { return "rows differ" }
        if execution.digest() != recorded.digest { return "final state differs" }
        if !execution.isFinished { return "the replay did not finish" }
        return nil
    }

    private func summary(_ recorded: Recorded) -> StressOutcome {
        var outcome = StressOutcome()
        var durations: [UInt64: UInt32] = [:]
        var begins: [(step: UInt64, time: Int64)] = []
        for batch in recorded.batches.map(\.schedule) {
            for end in batch.ends { durations[end.step] = end.duration }
            for note in batch.steps {
                outcome.steps += 1
                switch note.kind {
                case .rest: outcome.rests += 1
                case .publish: outcome.dropped += batch.words(of: note).count { $0 >> 6 >= 2 }
                case .completion: outcome.completions += 1
                case .timer: outcome.timers += 1
                default: break
                }
                if note.kind.beginsTurn { begins.append((note.step, note.time)) }
            }
        }
        outcome.turns = begins.count
        for (place, begin) in begins.enumerated() where place + 1 < begins.count {
            let end = begin.time + Int64(durations[begin.step] ?? 0)
            if begins[place + 1].time < end { outcome.overlapped += 1 }
        }
        var hash = StableHash(seed: recorded.digest)
        for sink in recorded.sinks { hash.combine(bytes: Array(sink.ordered.utf8)) }
        outcome.outcome = hash.value
        outcome.waits = recorded.waits
        return outcome
    }
}

/// Rows kept in memory by the live run.
private final class CollectedRows: RowWriting {
    private let state = Mutex<[UInt8]>([])
    var bytes: [UInt8] { state.withLock { $0 } }
    func write(_ rows: UnsafeRawBufferPointer) { state.withLock { $0.append(contentsOf: rows) } }
    func close() {}
}

/// Rows kept in memory by a replay.
package final class CollectedFeed: RowFeed {
    package private(set) var bytes: [UInt8] = []
    package init() {}
    package func offer(_ rows: [UInt8]) -> Bool {
        bytes.append(contentsOf: rows)
        return true
    }
    package func finish() {}
}
