import WeirBase
import WeirEngine
import WeirTelemetry
import WeirTrace

/// The state of a replay behind one step, as values: the execution's own, and how far its inputs
/// and results were read, without which it could not go on.
struct ReplaySnapshot {
    let step: Step
    /// Turns begun so far.
    let turns: TurnCount
    let execution: ExecutionSnapshot
    let inputs: RecordedInputs
    let results: RecordedResults
    let incidents: [Incident]
    /// How many calls each subtask has made; see `RecordedOutside.madeCalls`.
    let madeCalls: [SubtaskIndex: UInt64]
    /// Turns whose recorded ends were compared so far.
    let compared: TurnCount
    /// About how many bytes it takes; the ladder is bounded by it.
    var bytes: ByteCount { execution.bytes + ByteCount(of: incidents.count, Incident.self) }
}

/// What all replicas of one session share: nothing that running changes, save the pages of the
/// schedule that are kept.
final class ReplicaPlan {
    let trace: Trace
    let planned: PlannedPipeline
    let paths: [String: String]
    let pages: SchedulePages
    /// The turns in flight when the run died, each with its last noted access or publish.
    let flights: [Step: Step]

    init(_ trace: Trace, _ planned: PlannedPipeline, paths: [String: String]) throws {
        self.trace = trace
        self.planned = planned
        self.paths = paths
        pages = SchedulePages(trace)
        flights = try FlightFinder.flights(of: trace)
    }
}

/// One execution of a trace's schedule that stands behind some step of it.
///
/// It can only run forward. It is a `Rerun` whose schedule begins behind a snapshot. When the last
/// reference goes it is abandoned: turns in its middle run out on what is their own. Owned by one
/// thread.
final class Replica {
    private let rerun: Rerun
    private let inputs: RecordedInputs
    private let results: RecordedResults

    /// A replica at the beginning, or behind the step of a snapshot.
    init(_ plan: ReplicaPlan, from snapshot: ReplaySnapshot?) throws {
        let start = snapshot?.step ?? 0
        let schedule = RecordedSchedule(
            flights: plan.flights, hasDigests: plan.trace.header.digests != nil,
            nextBatch: plan.pages.batches(from: start.next))
        // The page that holds the next step may begin before it.
        try schedule.skip(through: start)
        let inputs =
            snapshot?.inputs.copy() ?? RecordedInputs(trace: plan.trace, paths: plan.paths)
        let results = snapshot?.results.copy() ?? RecordedResults(trace: plan.trace)
        var setup = Rerun.Setup(
            started: plan.trace.header.started, schedule: schedule,
            answers: RecordedOutside.Answers(inputs, results))
        // It stands still until somebody asks it to run.
        setup.lastStep = start
        var options = BindOptions(seed: plan.trace.header.seed)
        // Logs are read in the trace; those that a moving replay made again would be nobody's.
        options.logLevel = .critical
        options.digests = plan.trace.header.digests ?? .current
        rerun = try Rerun(plan.planned, options, setup)
        if let snapshot {
            rerun.execution.restore(snapshot.execution)
            rerun.notes.begin(
                incidents: snapshot.incidents, turns: snapshot.turns, compared: snapshot.compared)
            rerun.outside.madeCalls = snapshot.madeCalls
            rerun.director.begin(behind: start)
        }
        self.inputs = inputs
        self.results = results
        assert(position == start, "a replica behind step \(start) stands at step \(position)")
    }

    deinit { rerun.abandon() }

    var execution: Execution { rerun.execution }
    var director: ReplayDirector { rerun.director }
    var notes: ComparedNotes { rerun.notes }
    var scheduler: SequentialScheduler { rerun.scheduler }

    /// The step that was run last.
    var position: Step { director.reached }

    /// Runs up to `step`; stops before it at a divergence, or when `pause` was called.
    func run(through step: Step) throws {
        guard step > position else { return }
        director.lastStep = step
        rerun.scheduler.resume(execution)
        try rerun.checkReading()
        assert(position <= step, "a replica that runs to step \(step) came to \(position)")
    }

    /// Everything as values; nil where a turn is open, the run stops, or something differed or is
    /// suspected, since a replica that began there would not know of it.
    func snapshot() -> ReplaySnapshot? {
        guard director.isQuiet, !execution.isStopping, notes.divergence == nil,
            !notes.hasSuspicions
        else { return nil }
        assert(
            scheduler.suspendedSubtasks.isEmpty,
            "no turn is open at step \(position), and one is suspended")
        return ReplaySnapshot(
            step: position, turns: notes.begunTurns, execution: execution.save(),
            inputs: inputs.copy(), results: results.copy(), incidents: notes.incidents,
            madeCalls: rerun.outside.madeCalls, compared: notes.comparedTurns)
    }
}
