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

    private static let started: Int64 = 1_700_000_000_000_000_000

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
        var connections = LiveWorld.Connections()
        connections.sources = planned.plan.sources.map { _ in nil }
        connections.sinks = try planned.plan.sinks.map { _ in try DiscardSink().open() }
        connections.storesInput = planned.plan.sources.map { _ in false }
        let world = LiveWorld(
            started: Self.started, time: workers == 0 ? .virtual : .real,
            connections: connections, lanes: lanes, logLanes: [], onMark: { _ in })
        var tuning = ParallelScheduler.Options(workers: workers)
        (tuning.restInterval, tuning.restSpacing) = (1_000_000, 1)
        let scheduler: any Scheduler =
            workers == 0
            ? SequentialScheduler(DrawingDirector(seed: seed, world: world))
            : ParallelScheduler(options: tuning, lanes: lanes)
        var options = BindOptions(seed: seed)
        options.limit = limit
        let execution = Execution(
            plan: planned.plan, parts: try planned.bind(options, world: world), world: world,
            scheduler: scheduler, stopsOnViolation: false)
        world.start(execution)
        recorder.start()
        scheduler.run(execution)
        world.finish()
        recorder.finish()
        violations = execution.violations.first
        state = execution.stateDigest()
        hasFailed = execution.stopCause != nil
        batches = memory.recorded.map(\.schedule)
    }

    /// The steps of one kind, in order.
    func steps(_ kind: StepKind) -> [UInt64] {
        batches.flatMap(\.steps).filter { $0.kind == kind }.map(\.step)
    }

    /// Runs the schedule again; what it found on the way, and the first disagreement.
    func replay() throws -> (
        violations: [Violation], state: StateDigest, divergence: Divergence?
    ) {
        let schedule = RecordedSchedule(batches)
        let world = ReplayWorld(
            started: Self.started, schedule: schedule,
            outside: RecordedOutside(nextInput: { _ in nil }, result: { _, _ in nil }))
        let director = ReplayDirector(schedule)
        world.director = director
        let scheduler = SequentialScheduler(director)
        var options = BindOptions(seed: seed)
        options.limit = limit
        options.edges = SequentialEdges()
        let execution = Execution(
            plan: planned.plan, parts: try planned.bind(options, world: world), world: world,
            scheduler: scheduler, stopsOnViolation: false)
        scheduler.run(execution)
        return (execution.violations.first, execution.stateDigest(), director.divergence)
    }
}
