package import WeirBase
package import WeirEngine
package import WeirTelemetry
package import WeirTrace

/// A replay that can be moved: forwards, and back by way of snapshots.
///
/// "At step S" means: S was run, S + 1 was not. A turn that touches shared cells can be in its
/// middle then. `go` moves; everything else looks, or searches by moving. Forward the session's
/// replica runs on. Backward a new replica is made from the nearest snapshot before the goal and
/// runs forward from it, and the one before is abandoned. What the session says of a step is the
/// same whichever way it was reached.
///
/// Snapshots are taken on the way, where no turn is open, and kept in a ladder with a bound in
/// bytes. Owned by one thread; while it runs, that thread waits, and the closures here are called
/// on the replay's.
package final class ReplaySession {
    /// What a session adds to the trace.
    package struct Options {
        /// Where a source's file lies now, by the source's name.
        package var inputs: [String: String] = [:]
        /// The bound of the ladder of snapshots.
        package var memoryBytes = ByteCount.mebibytes(256)

        package init() {}
    }

    /// The minimum number of steps between two snapshots. Running 64 steps takes less time than
    /// anybody notices.
    private static let spacing: Int = 64
    /// How many times as long as the last snapshot took is run before the next: snapshots cost at
    /// most a tenth of the way.
    private static let costFactor: UInt64 = 10

    package let trace: Trace
    /// The last step of the trace; of one that is still recorded, at the moment of opening.
    package let lastStep: Step
    /// Asked every so often on a long way, with steps done and steps in all; false ends the journey
    /// where it is.
    package var onProgress: ((_ done: Int, _ total: Int) -> Bool)?

    let plan: ReplicaPlan
    private let pipeline: Pipeline
    private(set) var replica: Replica
    private var ladder: SnapshotLadder
    /// How long the last snapshot took, nanoseconds.
    private var lastSnapshotCost: UInt64 = 0
    /// Violations and failures of the trace, the first `EngineBounds.maximumKeptViolations`.
    private var recordedIncidents: [Incident] = []

    /// Opens a trace at its beginning.
    ///
    /// - Throws: `ReplayRefused` when the pipeline's plan is not the recorded one, `TraceError`.
    package init(_ trace: Trace, _ pipeline: Pipeline, _ options: Options) throws {
        self.trace = trace
        self.pipeline = pipeline
        lastStep = try trace.lastStep()
        plan = try ReplicaPlan(
            trace, ReplayRun.admit(trace, pipeline), paths: options.inputs)
        ladder = SnapshotLadder(maximumBytes: options.memoryBytes)
        replica = try Replica(plan, from: nil)
        let incidents = trace.incidents()
        while recordedIncidents.count < EngineBounds.maximumKeptViolations,
            let incident = try incidents.next()
        {
            recordedIncidents.append(incident)
        }
    }

    /// The step that was run last; 0 before the first.
    package var position: Step { replica.position }

    /// Where and in what the replay disagreed with its trace; it goes no further then.
    package var divergence: Divergence? { replica.notes.divergence }

    /// Violations and failures in order of steps: recorded, and found by the replay so far.
    package var incidents: [Incident] {
        var all = recordedIncidents
        for incident in replica.notes.incidents
        where !recordedIncidents.contains(where: {
            $0.step == incident.step && $0.name == incident.name
        }) {
            all.append(incident)
        }
        return all.sorted { $0.step < $1.step }
    }

    /// The step at which everything that led to the first failure has happened; nil when nothing
    /// failed.
    package var failureStep: Step? {
        incidents.first { $0.kind == .violation || $0.kind == .failure }?.lookStep
    }

    // MARK: Moving

    /// Moves to a step, or to the last one when there is no such step.
    ///
    /// Costs the steps since the nearest snapshot, or since the playhead where that is nearer.
    /// `divergence` tells when it got no further.
    ///
    /// - Throws: `TraceError`, or `InputChanged`, where the trace or an input could not be read on.
    @discardableResult
    package func go(to step: Step) throws -> Travel {
        let goal = min(step, lastStep)
        let started = MonotonicClock.nanoseconds()
        var travel = Travel(from: position, to: goal, stepsRun: 0, nanoseconds: 0)
        let near = ladder.nearest(through: goal)
        // Forward from where it stands, unless a snapshot lies further on that way.
        if goal < position || (near?.step ?? 0) > position {
            replica = try Replica(plan, from: near)
        }
        let begin = position
        travel.isInterrupted = try !run(replica, through: goal)
        assert(position <= goal, "a journey to step \(goal) came to step \(position)")
        travel.to = position
        travel.stepsRun = begin.distance(to: position)
        travel.nanoseconds = MonotonicClock.nanoseconds() - started
        return travel
    }

    /// A replica of its own behind a step, for a look at the past; nil when `onProgress` ended the
    /// way. The session's own stays where it is.
    func replica(at step: Step) throws -> Replica? {
        let past = try Replica(plan, from: ladder.nearest(through: step))
        assert(
            past.position <= step,
            "a look at step \(step) begins at a snapshot of step \(past.position)")
        return try run(past, through: step) ? past : nil
    }

    /// Runs a replica on and leaves snapshots on the way; false when `onProgress` ended it.
    func run(_ replica: Replica, through goal: Step) throws -> Bool {
        let begin = replica.position
        guard goal > begin else { return true }
        var isEnded = false
        var lastTaken = MonotonicClock.nanoseconds()
        var sinceLook = 0
        replica.director.onQuiet = { [unowned self, unowned replica] in
            sinceLook += 1
            guard sinceLook >= Self.spacing,
                ladder.lacks(before: replica.position, within: Self.spacing)
            else { return }
            sinceLook = 0
            let now = MonotonicClock.nanoseconds()
            guard now - lastTaken >= lastSnapshotCost * Self.costFactor else { return }
            guard let snapshot = replica.snapshot() else { return }
            assert(
                snapshot.step <= goal,
                "a snapshot of step \(snapshot.step) is taken on the way to step \(goal)")
            ladder.insert(snapshot, playhead: goal)
            lastTaken = MonotonicClock.nanoseconds()
            lastSnapshotCost = lastTaken - now
        }
        replica.director.onProgress = { [unowned self, unowned replica] step in
            // Every 128 steps: often enough for a key press to be heeded, and seldom enough to cost
            // nothing.
            guard step.isMultiple(of: 128), let onProgress, !isEnded else { return }
            if !onProgress(begin.distance(to: step), begin.distance(to: goal)) {
                isEnded = true
                replica.director.pause()
            }
        }
        defer {
            replica.director.onQuiet = nil
            replica.director.onProgress = nil
        }
        try replica.run(through: goal)
        // Nothing comes behind the end that could tell where a wrong value began.
        if replica.position == lastStep { replica.notes.settleSuspicions() }
        return !isEnded
    }
}
