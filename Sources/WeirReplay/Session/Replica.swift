import WeirBase
import WeirEngine
import WeirTelemetry
import WeirTrace

/// The state of a replay behind one step, as values.
struct ReplaySnapshot {
    let step: UInt64
    let turns: UInt64
    let execution: ExecutionSnapshot
    let inputs: RecordedInputs
    let results: RecordedResults
    let marks: [Mark]
    let compared: UInt64
    var bytes: Int { execution.bytes + marks.count * MemoryLayout<Mark>.stride }
}

/// What all replicas of one session share.
final class ReplicaPlan {
    let trace: Trace
    let planned: PlannedPipeline
    let paths: [String: String]
    let pages: SchedulePages
    let flights: [UInt64: UInt64]

    init(_ trace: Trace, _ planned: PlannedPipeline, paths: [String: String]) throws {
        self.trace = trace
        self.planned = planned
        self.paths = paths
        pages = SchedulePages(trace)
        flights = try FlightFinder.flights(of: trace)
    }
}

/// One execution of a trace's schedule that stands behind some step of it. Owned by one thread.
final class Replica {
    let execution: Execution
    let director: ReplayDirector
    let scheduler: SequentialScheduler
    let world: ReplayWorld
    private let inputs: RecordedInputs
    private let results: RecordedResults

    /// A replica at the beginning, or behind the step of a snapshot.
    init(_ plan: ReplicaPlan, from snapshot: ReplaySnapshot?) throws {
        let start = snapshot?.step ?? 0
        let schedule = RecordedSchedule(
            flights: plan.flights, hasDigests: plan.trace.header.hasCurrentDigests,
            nextBatch: plan.pages.batches(from: start + 1))
        try schedule.skip(through: start)
        let inputs =
            snapshot?.inputs.copy() ?? RecordedInputs(trace: plan.trace, paths: plan.paths)
        let results = snapshot?.results.copy() ?? RecordedResults(trace: plan.trace)
        let world = ReplayWorld(
            started: plan.trace.header.started, schedule: schedule,
            outside: RecordedOutside(
                nextInput: { try inputs.next(of: $0) },
                result: { try results.result(of: $0, call: $1) },
                location: { inputs.location(of: $0) },
                isRepeatable: { inputs.isRepeatable($0) }))
        let director = ReplayDirector(schedule, through: start)
        world.director = director
        let scheduler = SequentialScheduler(director)
        var bind = BindOptions(seed: plan.trace.header.seed)
        bind.edges = SequentialEdges()
        bind.logLevel = .critical
        execution = Execution(
            plan: plan.planned.plan, parts: try plan.planned.bind(bind, world: world),
            world: world, scheduler: scheduler, stopsOnViolation: false)
        if let snapshot {
            execution.restore(snapshot.execution)
            world.begin(marks: snapshot.marks, compared: snapshot.compared)
            director.begin(behind: start, turns: snapshot.turns)
        }
        (self.director, self.scheduler) = (director, scheduler)
        self.world = world
        self.inputs = inputs
        self.results = results
    }

    deinit {
        world.abandon()
        // Turns that were in flight when their run died may trap further on.
        let held = director.inFlightSubtasks
        scheduler.abandon(execution, holding: held)
    }

    /// The step that was run last.
    var position: UInt64 { director.reached }

    /// Runs up to `step`; stops before it at a divergence, or when `pause` was called.
    func run(through step: UInt64) throws {
        guard step > position else { return }
        director.lastStep = step
        scheduler.resume(execution)
        if let failure = director.readFailure ?? world.readFailure { throw failure }
    }

    /// Everything as values; nil where a turn is open, the run stops, or something differed.
    func snapshot() -> ReplaySnapshot? {
        guard director.isQuiet, !execution.isStopping, director.divergence == nil,
            !director.hasSuspicions
        else { return nil }
        return ReplaySnapshot(
            step: position, turns: director.turns, execution: execution.save(),
            inputs: inputs.copy(), results: results.copy(), marks: world.marks,
            compared: world.compared)
    }
}
