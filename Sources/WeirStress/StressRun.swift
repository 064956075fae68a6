import Glibc
import Synchronization
package import WeirBase
package import WeirEngine
import WeirReplay
package import WeirTelemetry

/// Holds the thread up. Only what stands for the outside world may do that.
func pause(microseconds: Int) { usleep(UInt32(microseconds)) }

/// A recorded run of the stress pipeline, in memory: what the recorder handed over, and what the
/// run came to, which a replay of it has to come to as well.
package struct StressRecording: Sendable {
    /// What was recorded, in order; empty where the run was recorded elsewhere.
    package var batches: [RecordBatch] = []
    /// The digest of the final state.
    package var digest: UInt64 = 0
    /// The digests of the sink's rows.
    package var sinks: [SinkDigest] = []
    /// The rows of the sink, as it wrote them.
    package var rows: [UInt8] = []
    /// The cells' values, as text.
    package var cells: [String] = []
    /// How often a worker waited for room in its lane.
    package var waits = 0
    /// A rule that was seen broken while it ran.
    package var problem: String?
}

/// Running the pipeline with recording, on threads or simulated.
extension StressPipeline {
    /// When every stress run says that it started.
    package static let started = Instant(nanoseconds: 1_700_000_000_000_000_000)

    /// The plan of this shape.
    package func plan() throws -> PlannedPipeline {
        try pipeline.plan(seed: shape, started: Self.started)
    }

    /// The lanes of a run. Only the source of bytes has room for input.
    package func laneLayout(simulated: Bool) -> LaneLayout {
        LaneLayout(
            workers: simulated ? 1 : workers, workerSlots: laneSlots,
            sources: [0, 0, .kibibytes(4)],
            executors: simulated ? 0 : 2, readerSlots: 64)
    }

    /// Runs once, recorded into memory.
    package func record(_ planned: PlannedPipeline, simulated: Bool) throws -> StressRecording {
        let memory = MemoryRecording()
        let lanes = LaneSet(layout: laneLayout(simulated: simulated))
        var recording = try record(
            planned, simulated: simulated, lanes: lanes, consumers: [memory], witness: nil)
        recording.batches = memory.recorded
        return recording
    }

    /// Runs once into `lanes` and to `consumers`; `witness` sees every note as well. It blocks
    /// until the run and its recorder are over.
    package func record(
        _ planned: PlannedPipeline, simulated: Bool, lanes: LaneSet,
        consumers: [any RecordConsumer], witness: Witness?
    ) throws -> StressRecording {
        let recorder = Recorder(
            lanes: lanes, logLanes: [], sites: LogSites(), consumers: consumers,
            onFailure: { _, _ in })
        // Rows are compared with those of the replay byte by byte.
        let sink = CollectedRows()
        var setup = LiveRun.Setup(started: Self.started, schedule: schedule(simulated: simulated))
        setup.connections.sources = [nil, nil, JitteryBytes(lines: elements, seed: seed)]
        setup.connections.sinks = [sink]
        setup.connections.storesInput = [false, false, true]
        setup.lanes = lanes
        var witnessed: WitnessedNotes?
        setup.wrap = { notes in
            let wrapped = WitnessedNotes(notes, witness)
            witnessed = wrapped
            return wrapped
        }
        var options = BindOptions(seed: shape)
        options.limit = UInt64(elements)
        let run = try LiveRun(planned, options, setup)
        run.start()
        recorder.start()
        witness?.start()
        run.run()
        run.finish()
        recorder.finish()
        let execution = run.execution
        return StressRecording(
            digest: execution.stateDigest().whole, sinks: execution.sinkDigests(), rows: sink.bytes,
            cells: execution.cells.map { "\($0.anyValue)" },
            waits: lanes.workers.reduce(0) { $0 + $1.waits },
            // A rule that was broken on the way comes first: books that do not balance may follow
            // from it.
            problem: witnessed?.problem ?? execution.closeBooks().imbalances.first)
    }

    /// What runs the turns. Rest points come far more often than usual, because they are a part of
    /// the protocol like any other.
    private func schedule(simulated: Bool) -> LiveRun.Schedule {
        if simulated { return .drawn(seed: seed) }
        var tuning = ParallelScheduler.Options(workers: workers)
        tuning.restInterval = 1_000_000
        tuning.restSpacing = 4
        return .parallel(tuning)
    }
}

/// Bytes in pieces cut at random, with a pause now and then: an input that is never where one
/// expects it. How they are cut is drawn from the seed, so that a simulated run is the same each
/// time.
private final class JitteryBytes: ByteReading {
    /// What is left, where it begins, and what the next cut is drawn from.
    private let state: Guarded<(rest: ArraySlice<UInt8>, offset: UInt64, random: SeededGenerator)>
    let isRepeatable = false
    let path: String? = nil
    let byteCount: UInt64? = nil
    private let cancelled = Atomic<Bool>(false)

    init(lines: Int, seed: UInt64) {
        var random = SeededGenerator(seed: seed, stream: 0xB17E)
        var text = ""
        for line in 0..<lines { text += "\(line) \(random.below(1000))\n" }
        state = Guarded((Array(text.utf8)[...], 0, random))
    }

    func next(maximum: Int) -> InputPiece? {
        if cancelled.load(ordering: .relaxed) { return nil }
        let (piece, wait): (InputPiece, Int) = state.withLock { state in
            if state.rest.isEmpty { return (.end, 0) }
            let count = min(1 + state.random.below(20), state.rest.count)
            let bytes = Array(state.rest.prefix(count))
            state.rest.removeFirst(count)
            defer { state.offset += UInt64(count) }
            let wait = state.random.below(30) == 0 ? state.random.below(300) : 0
            return (.bytes(bytes, offset: state.offset), wait)
        }
        if wait > 0 { pause(microseconds: wait) }
        return piece
    }

    func cancel() { cancelled.store(true, ordering: .relaxed) }
}

/// Rows kept in memory by the live run. The writer's thread adds to them; they are read when it has
/// ended.
private final class CollectedRows: RowWriting {
    private let state = Guarded<[UInt8]>([])
    var bytes: [UInt8] { state.withLock { $0 } }
    func write(_ rows: RawSpan) {
        state.withLock { state in rows.withUnsafeBytes { state.append(contentsOf: $0) } }
    }
    func close() {}
}
