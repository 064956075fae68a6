import Synchronization
package import WeirBase
import WeirTelemetry

/// Why a run ended before its input did. A run that came to its end has none.
package enum StopCause: Equatable, Sendable {
    /// An invariant did not hold, and the run was asked to stop at the first violation.
    case violation(invariant: String)
    /// An operator threw, or broke one of the engine's bounds.
    case operatorFailed(stage: String, message: String)
    /// An edge whose policy is `fail` had no room for an element.
    case edgeFull(channel: String)
    /// A source's input could not be read on.
    case inputFailed(source: String, message: String)
    /// A sink could not be written, or a trace that was explicitly asked for.
    case outputFailed(message: String)
    /// A person asked twice for the end, and the drain was given up.
    case abandoned
}

/// One run of a plan: its subtasks, channels and cells, between a scheduler, an outside and notes.
///
/// This class is the turn protocol; nothing else takes a number or tells a turn. It serves four
/// callers:
///
/// - The scheduler, on its workers' threads. For each turn it reserves room for notes, looks at the
///   subtask, and calls `perform`; what the turn could not publish it offers again with
///   `publishAgain`, `publishLate` or `publishStep`. While one thread is in one of these, no other
///   may be with the same subtask: the scheduler's claim sees to that.
/// - Whoever ends a run, on any thread: `end` lets the sources end and everything drain, `stop`
///   ends it without a drain.
/// - Whoever looks at all state: `stateDigest` at rest points, `save` and `restore` in a replay,
///   `closeBooks` behind the last turn. No turn may be open then.
/// - Whoever watches a run, on any thread and at any time: `touched`, the counters, and what
///   `Execution+Watching` reads from atomics.
///
/// It does not know whether it happens or is replayed. That difference lies in `outside`, `notes`,
/// `scheduler` and the channels, all given to it when it is made.
package final class Execution: @unchecked Sendable {
    // Unchecked: subtasks, channels and cells have rules of their own, which their heads state.
    // What is mutable in this class itself is atomic, guarded by `state`, or (`wideWatch`) used
    // only by the one thread that takes rest points.

    package let plan: Plan
    /// In the order of the plan's stages, and within a stage by ordinal. A subtask's index here is
    /// its number in notes, in traces and in `touched`.
    package let subtasks: [Subtask]
    package let channels: [any AnyChannel]
    package let cells: [any AnyCell]
    /// What the outside answers: the run's start, input, rows and calls.
    package let outside: any Outside
    /// Where it tells what it does.
    package let notes: any Notes
    package let scheduler: any Scheduler
    /// Whether the first violation stops the run; otherwise violations are kept, counted, and it
    /// goes on.
    package let stopsOnViolation: Bool
    /// Subtasks that began or ended a turn, or published late. Whoever watches the run takes them
    /// out, and so looks only at those where something changed.
    package let touched: TouchedSet

    /// What several threads may set at the end of a run. `step` is that of `cause`.
    private struct State {
        var cause: StopCause?
        var step: Step = .max
        var violations = Violations()
    }
    private let state = Guarded(State())
    /// The books behind the last turn, once they were asked for. Locked while they are made, so
    /// that of two who ask at once only one counts what is left over.
    let closedBooks = Guarded<Books?>(nil)
    let wideInvariants: [WideInvariant]
    let stateAtRest: StateAtRest
    /// Which conditions over several parts held at the last rest point. Only the thread that takes
    /// rest points looks through it.
    var wideWatch = WideWatch()
    private let stopping = Atomic<Bool>(false)
    private let ending = Atomic<Bool>(false)
    /// The index of the condition at rest that is being checked; only meaningful while
    /// `checkedSince` is not 0.
    let checkedInvariant = Atomic<Int>(0)
    /// Since when it is being checked, nanoseconds of `TickClock`; 0 when none is.
    let checkedSince = Atomic<UInt64>(0)

    package init(
        plan: Plan, parts: BoundPlan, outside: any Outside, notes: any Notes,
        scheduler: any Scheduler, stopsOnViolation: Bool
    ) {
        self.plan = plan
        subtasks = parts.subtasks
        touched = TouchedSet(count: parts.subtasks.count)
        channels = parts.channels
        cells = parts.cells
        wideInvariants = parts.wideInvariants
        stateAtRest = parts.stateAtRest
        self.outside = outside
        self.notes = notes
        self.scheduler = scheduler
        self.stopsOnViolation = stopsOnViolation
        for subtask in subtasks { subtask.touched = touched }
    }

    // MARK: Ending

    /// Whether the run was stopped: no turn begins any more. The load pairs with the store in
    /// `stop`, so that whoever sees it also sees the cause.
    package var isStopping: Bool { stopping.load(ordering: .acquiring) }
    /// Whether the sources are to end at their next turn. `end` notifies the sources afterwards, so
    /// that those which wait look again.
    package var isEnding: Bool { ending.load(ordering: .relaxed) }
    /// Whether every subtask came to its end and nothing waits to be published. Asked where no turn
    /// is open.
    package var isFinished: Bool { subtasks.allSatisfy { $0.isDone && !$0.hasUnpublished } }

    /// Lets the sources end: each takes one last turn in which it ends, and what they gave is
    /// drained. May be called more than once, by any thread.
    package func end() {
        ending.store(true, ordering: .relaxed)
        for subtask in subtasks where subtask.source != nil { scheduler.notify(subtask) }
    }

    /// Ends the run: turns that have looked finish, none begins, nothing is drained. Any thread.
    ///
    /// Turns run side by side, so several may find a cause, and the later in the total order may
    /// report first. The one at the least step is kept: a replay, which runs the steps in order,
    /// meets that one first. A cause that belongs to no step comes with `.max`, behind all others.
    package func stop(_ cause: StopCause, step: Step) {
        state.withLock { state in
            if state.cause == nil || step < state.step {
                state.cause = cause
                state.step = step
            }
        }
        // Behind the cause: see `isStopping`. The scheduler then wakes whoever sleeps and would not
        // look.
        stopping.store(true, ordering: .releasing)
        scheduler.stop()
    }

    /// Why the run was stopped, and at which step; nil when it was not. Final once all turns ended.
    package var stopCause: (cause: StopCause, step: Step)? {
        state.withLock { state in state.cause.map { ($0, state.step) } }
    }

    /// Keeps a violation with its step, or only counts it when as many as may be kept are there.
    func keep(_ violation: Violation) { state.withLock { $0.violations.keep(violation) } }

    package var violations: Violations { state.withLock { $0.violations } }

    // MARK: A turn

    /// Takes a turn: number, note, run, publish, note. False when there was nothing left to take,
    /// which only happens on an edge that may drop; no number was taken then.
    ///
    /// The caller has reserved room for the turn's notes and has looked, and it owns the subtask.
    /// `number` gives the step: the parallel schedule adds to its counter, a sequential one knows
    /// it already.
    ///
    /// The order of the lines is the protocol. The number comes behind the look, so that whatever
    /// the turn counted was published by a turn with a smaller number; the note comes before
    /// anything is taken out or run, so that nothing can be seen of a turn that was not noted;
    /// publishing comes behind the number, so that whoever takes the output gets a greater one.
    /// HowARunIsExecuted says why that is enough.
    package func perform(
        _ chosen: Choice, of subtask: Subtask, _ turn: TurnContext, number: () -> Step
    ) -> Bool {
        assert(
            turn.subtask == nil,
            "a thread begins a turn of \(subtask.name) in the middle of another one")
        assert(
            turn.openCell == nil,
            "a turn of \(subtask.name) begins inside cell \(turn.openCell?.name ?? "")")
        var choice = chosen
        turn.subtask = subtask
        turn.accesses = 0
        turn.lastAccess = nil
        defer { turn.subtask = nil }
        let inlet = takesFromInlet(choice, subtask)
        // On an edge that may drop, what waits may be evicted between the look and here. The look
        // is made again under the lock, and the number and the taking follow inside it: this turn
        // then stands among the publishes to the edge where its number stands.
        if let lock = inlet?.lock {
            lock.lock()
            choice.count = UInt32(min(Int(choice.count), inlet?.waiting ?? 0))
            if choice.count == 0 {
                lock.unlock()
                return false
            }
        }
        Probe.at(.looked)
        // The time of the turn's note was read at the look. This reading only measures.
        let started = TickClock.nanoseconds()
        subtask.counters.enter(.busy, now: started)
        touched.insert(subtask.index)
        measureWaiting(subtask, inlet, started)
        turn.step = number()
        Probe.at(.numbered)
        notes.began(choice, turn)
        Probe.at(.noted)
        subtask.chain.running.begin(step: turn.step, now: started)
        // A blocking channel has no lock: its messages are worked on in place and given back at the
        // end, since taking a counted prefix commutes with appending.
        if let inlet, let lock = inlet.lock { takeOut(choice, inlet, lock) }
        let results =
            choice.kind == .completion ? outside.calls.take(choice.calls, of: turn) : []
        subtask.run(choice, turn, results: results)
        assert(
            turn.openCell == nil,
            "a turn of \(subtask.name) ends inside cell \(turn.openCell?.name ?? "")")
        subtask.checkInvariants(turn)
        Probe.at(.ran)
        count(subtask, inlet)
        let sample = subtask.sample()
        // Reported before the output is published: the failure stops the run, so that whoever gets
        // the output begins no turn with it.
        if let failure = subtask.failure { report(failure, subtask, turn, kind: choice.kind) }
        let now = TickClock.nanoseconds()
        turn.readyTime = now
        // What finds no room stays in the outlet, and the scheduler offers it again before the
        // subtask's next turn.
        _ = subtask.publish(turn, isLate: false)
        Probe.at(.published)
        wakeProducers(inlet)
        subtask.counters.turnLatency.record(now &- started)
        measureLatency(subtask, now)
        // Behind the first attempt to publish, by the thread that ran the turn: an end that is
        // noted says that everything this turn did to others has been tried.
        notes.ended(
            TurnAccount(
                accesses: turn.accesses,
                duration: UInt32(clamping: (now - started) / 1_000), sample: sample),
            turn)
        // Behind the end's note: the answer of a call may come at once, and its completion turn
        // must not be noted before the turn that made the call has ended.
        subtask.submitCalls()
        subtask.chain.running.end()
        subtask.counters.enter(
            subtask.hasUnpublished ? .backpressured : turn.activityBetweenTurns, now: now)
        touched.insert(subtask.index)
        Probe.at(.ended)
        return true
    }

    /// The inlet that a choice takes from; nil for a source, whose input is no channel, and for
    /// turns that take no messages.
    private func takesFromInlet(_ choice: Choice, _ subtask: Subtask) -> Inlet? {
        guard choice.kind == .input, subtask.source == nil else { return nil }
        assert(
            choice.inlet.isWithin(subtask.inlets),
            "\(subtask.name) takes from inlet \(choice.inlet) of \(subtask.inlets.count)")
        return subtask.inlets[choice.inlet]
    }

    /// Moves the counted messages out and lets the edge go, so that its producer need not wait
    /// while the turn runs.
    private func takeOut(_ choice: Choice, _ inlet: Inlet, _ lock: ConditionLock) {
        inlet.takeOut(Int(choice.count))
        lock.unlock()
    }

    /// Adds what the turn took and emitted to the counters, once a turn and not once an element.
    private func count(_ subtask: Subtask, _ inlet: Inlet?) {
        let counters = subtask.counters
        SubtaskCounters.add(1, to: counters.turns)
        if let source = subtask.source {
            assert(
                source.taken >= counters.recordsIn.load(ordering: .relaxed),
                "the source of \(subtask.name) has taken \(source.taken), and had more")
            counters.recordsIn.store(source.taken, ordering: .relaxed)
            counters.bytesIn.store(source.takenBytes.rawValue, ordering: .relaxed)
            counters.newestEvent.store(source.newestEvent ?? .min, ordering: .relaxed)
            counters.lagRecords.store(source.lag ?? .max, ordering: .relaxed)
            counters.lagSince.store((source.lagSince ?? .max).rawValue, ordering: .relaxed)
        } else if let inlet {
            inlet.totalElements &+= UInt64(inlet.elements)
            SubtaskCounters.add(UInt64(inlet.elements), to: counters.recordsIn)
        }
        var emitted: UInt64 = 0
        for outlet in subtask.outlets {
            emitted += outlet.counts.pointee.endTurn()
            if let rows = outlet as? RowOutlet {
                counters.bytesOut.store(rows.bytes.rawValue, ordering: .relaxed)
            }
        }
        SubtaskCounters.add(emitted, to: counters.recordsOut)
    }

    /// Remembers since when what the turn takes is on its way through the pipeline, and records how
    /// long the oldest message waited for the turn. A source's turn begins the way.
    private func measureWaiting(_ subtask: Subtask, _ inlet: Inlet?, _ started: UInt64) {
        let birth = inlet?.channel.nextBirth ?? 0
        subtask.birth = birth == 0 ? started : birth
        guard let oldest = inlet?.channel.oldestEntry, oldest != 0 else { return }
        subtask.counters.queueLatency.record(started > oldest ? started - oldest : 0)
    }

    /// For a sink's turn, records how long ago the oldest input behind its rows was taken in.
    private func measureLatency(_ subtask: Subtask, _ now: UInt64) {
        for case let outlet as RowOutlet in subtask.outlets where outlet.emitted > 0 {
            let latency = now > subtask.birth ? now - subtask.birth : 0
            outlet.latency.record(latency)
            subtask.counters.wholeLatency.record(latency)
        }
    }

    /// Tells a failure once: as log record, as incident in the notes, as error in the counters,
    /// and as the cause for which the run stops.
    private func report(
        _ failure: OperatorFailure, _ subtask: Subtask, _ turn: TurnContext, kind: StepKind
    ) {
        let name = subtask.operatorName(of: failure)
        SubtaskCounters.add(1, to: subtask.counters.errors)
        subtask.chain.frame.pointee.record(
            .error, "operator_failed",
            ["operator": .text(name), "message": .text(failure.message)], line: #line)
        notes.found(
            Incident(
                step: turn.step, kind: .failure, name: name, message: failure.message,
                time: subtask.chain.frame.pointee.turnTime, access: turn.lastAccess))
        let message = "\(name): \(failure.message)"
        stop(
            kind == .failure
                ? .inputFailed(source: name, message: failure.message)
                : .operatorFailed(stage: subtask.name, message: message),
            step: turn.step)
    }

    /// Lets the producer of the channel that the turn took from know that there is room, if it
    /// waits for that.
    private func wakeProducers(_ inlet: Inlet?) {
        guard let producer = inlet?.channel.producer else { return }
        // Pairs with the fence in `publishAgain`. Here room was given back and then the flag is
        // read; there the flag is set and then the room is read. Both being fenced, at least one
        // side sees the other: either the producer finds the room, or its flag is seen here and it
        // is notified. Acquire and release alone would allow both to miss each other, and the
        // producer to sleep for ever.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if producer.isBlocked.load(ordering: .relaxed) { scheduler.notify(producer) }
    }

    /// Publishes what a turn left over, after raising the flag by which the consumer knows that it
    /// is waited for; true when nothing is left. Only a schedule whose consumers run side by side
    /// needs it.
    ///
    /// When it answers false the flag stays raised, and the subtask may sleep: whoever makes room
    /// notifies it.
    package func publishAgain(_ subtask: Subtask, _ turn: TurnContext) -> Bool {
        subtask.isBlocked.store(true, ordering: .relaxed)
        // Pairs with the fence in `wakeProducers`, which says why.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard publishLate(subtask, turn) else { return false }
        subtask.isBlocked.store(false, ordering: .relaxed)
        return true
    }

    /// Publishes what a turn left over; true when nothing is left now. On a blocking edge that is
    /// no step: nobody can tell when the messages came, since they keep their order and a consumer
    /// only takes what it counted.
    package func publishLate(_ subtask: Subtask, _ turn: TurnContext) -> Bool {
        assert(
            turn.subtask == nil,
            "what \(subtask.name) left over is published in the middle of a turn")
        turn.subtask = subtask
        // What is published belongs to the turn that made it, and a publish step names that turn in
        // its note.
        turn.step = subtask.lastTurn
        defer { turn.subtask = nil }
        let now = TickClock.nanoseconds()
        turn.readyTime = now
        let isPublished = subtask.publish(turn, isLate: true)
        if isPublished { subtask.counters.enter(turn.activityBetweenTurns, now: now) }
        touched.insert(subtask.index)
        return isPublished
    }

    /// Publishes what a turn left over on one edge that may drop, as the one step that a replay's
    /// schedule has at this point.
    package func publishStep(
        _ subtask: Subtask, _ outlet: any StepPublishing, _ turn: TurnContext
    ) {
        assert(
            turn.subtask == nil, "a late publish of \(subtask.name) comes in the middle of a turn")
        turn.subtask = subtask
        turn.step = subtask.lastTurn
        defer { turn.subtask = nil }
        subtask.staleDigest()
        outlet.publishStep(turn)
    }

    // MARK: State

    /// All state as values. In a replay, where no turn is open. Costs a copy of what is not shared
    /// copy-on-write.
    package func save() -> ExecutionSnapshot {
        ExecutionSnapshot(
            subtasks: subtasks.map { $0.savePart() }, channels: channels.map { $0.savePart() },
            cells: cells.map { $0.savePart() }, wideWatch: wideWatch, violations: violations)
    }

    /// Takes saved state in, before the first turn of an execution of the same plan; a snapshot of
    /// another plan traps.
    package func restore(_ snapshot: ExecutionSnapshot) {
        precondition(
            snapshot.subtasks.count == subtasks.count && snapshot.channels.count == channels.count
                && snapshot.cells.count == cells.count,
            "a snapshot of another plan")
        for (subtask, saved) in zip(subtasks, snapshot.subtasks) { subtask.restorePart(saved) }
        for (channel, saved) in zip(channels, snapshot.channels) { channel.restorePart(saved) }
        for (cell, saved) in zip(cells, snapshot.cells) { cell.restorePart(saved) }
        wideWatch = snapshot.wideWatch
        state.withLock { $0.violations = snapshot.violations }
    }
}
