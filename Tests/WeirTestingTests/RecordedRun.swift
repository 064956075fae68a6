import Weir
import WeirBase
import WeirEngine
import WeirReplay
import WeirTelemetry

/// A run of a pipeline that generates its input, recorded into memory, and its replay.
struct RecordedRun {
    let planned: PlannedPipeline
    let limit: UInt64
    let seed: UInt64
    private(set) var violations: [Violation] = []
    private(set) var batches: [ScheduleBatch] = []
    /// The state at its end, whatever ended it.
    private(set) var state = StateDigest()
    private(set) var hasFailed = false

    private static let started = Instant(nanoseconds: 1_700_000_000_000_000_000)

    /// Runs with so many threads and a rest point every millisecond; 0 for a simulated run.
    init(_ pipeline: Pipeline, seed: UInt64, limit: UInt64, workers: Int) throws {
        planned = try pipeline.plan(seed: seed)
        self.limit = limit
        self.seed = seed
        let lanes = LaneSet(
            layout: LaneLayout(
                workers: max(1, workers), workerSlots: 1 << 14,
                sources: planned.plan.sources.map { _ in 0 }, executors: 0))
        let memory = MemoryRecording()
        let recorder = Recorder(
            lanes: lanes, logLanes: [], sites: LogSites(), consumers: [memory],
            onFailure: { _, _ in })
        var tuning = ParallelScheduler.Options(workers: workers)
        (tuning.restInterval, tuning.restSpacing) = (1_000_000, 1)
        var setup = LiveRun.Setup(
            started: Self.started,
            schedule: workers == 0 ? .drawn(seed: seed) : .parallel(tuning))
        setup.connections.sources = planned.plan.sources.map { _ in nil }
        setup.connections.sinks = try planned.plan.sinks.map { _ in try DiscardSink().open() }
        setup.connections.storesInput = planned.plan.sources.map { _ in false }
        setup.lanes = lanes
        var options = BindOptions(seed: seed)
        options.limit = limit
        let run = try LiveRun(planned, options, setup)
        run.start()
        recorder.start()
        run.run()
        run.finish()
        recorder.finish()
        violations = run.execution.violations.first
        state = run.execution.stateDigest()
        hasFailed = run.execution.stopCause != nil
        batches = memory.recorded.map(\.schedule)
    }

    /// The steps of one kind, in order.
    func steps(_ kind: StepKind) -> [Step] {
        batches.flatMap(\.steps).filter { $0.kind == kind }.map(\.step)
    }

    /// Runs the schedule again; what it found on the way, and the first disagreement.
    func replay() throws -> (
        violations: [Violation], state: StateDigest, divergence: Divergence?
    ) {
        let setup = Rerun.Setup(
            started: Self.started, schedule: RecordedSchedule(batches),
            answers: RecordedOutside.Answers(
                nextInput: { _ in nil }, result: { _, _ in nil }))
        var options = BindOptions(seed: seed)
        options.limit = limit
        let rerun = try Rerun(planned, options, setup)
        rerun.scheduler.run(rerun.execution)
        return (
            rerun.execution.violations.first, rerun.execution.stateDigest(),
            rerun.notes.divergence
        )
    }
}
