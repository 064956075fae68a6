import Synchronization
package import WeirBase
package import WeirEngine
import WeirTelemetry

/// Says which step comes next in a replay: those of the recorded schedule, in their order.
///
/// `SequentialScheduler` asks it, always from the thread that has the baton. For each note of the
/// schedule:
///
/// - the beginning of a turn starts that turn, once the messages that it takes are there;
/// - an access or a publish lets the turn that it belongs to go on, which has stopped before it; a
///   publish that came late is carried out by itself;
/// - a rest point compares the digest of all state, and a void number does nothing.
///
/// Where the execution does not fit the note, as when a turn waits for another cell, the two have
/// diverged: the notes are told, and the replay ends with `finish`.
///
/// Turns that were in flight when the run died are started only when a later step needs them, and
/// held at their last noted access or publish until one does; `OpenTurns` has their states. Behind
/// the last step they are left where they are, or run on to their ends where somebody asked for
/// that.
package final class ReplayDirector: StepDirector {
    private let schedule: any ReplaySchedule
    private let notes: ComparedNotes
    /// The last step to run; more of them may be asked for later. Between two calls of `resume`, or
    /// by `pause`.
    package var lastStep: Step
    /// The step that is being carried out: the number of an access or a publish that goes on.
    private var current: Step = 0
    /// When the last turn or rest point was.
    private var time = RunTime.start
    private var open = OpenTurns()
    private var failure: (any Error)?
    /// The last step that was run. Atomic, because whoever shows the progress reads it on another
    /// thread.
    private let taken = StepCounter()
    /// Called with each step that is taken, before it is carried out.
    package var onProgress: ((Step) -> Void)?
    /// Called where no turn is open, before the next step is looked at: the moment for a snapshot.
    package var onQuiet: (() -> Void)?

    /// Told before a turn in flight is run on beyond what the trace has of it.
    ///
    /// Set it to have such turns run to their ends behind the last step, where they may trap as
    /// they did; nil leaves them where their run died.
    package var onRunningOn: ((_ turn: Step) -> Void)?

    /// Replays up to `lastStep`, or all there is; what differs is told to `notes`.
    package init(
        _ schedule: any ReplaySchedule, _ notes: ComparedNotes, through lastStep: Step = .max
    ) {
        self.schedule = schedule
        self.notes = notes
        self.lastStep = lastStep
    }

    /// No turn that began before this step is open.
    package var earliestOpenTurn: Step {
        assert(
            open.earliest ?? 0 <= reached,
            "a turn is open behind step \(reached), the last that was taken")
        return min(open.earliest ?? .max, reached)
    }

    /// Why the schedule could not be read on; nil when it could.
    package var readFailure: (any Error)? { failure }

    /// The turns that are open, in order of their steps. At the end of a replay these are the turns
    /// in flight: never started, or held where their run died.
    package var inFlight: [(subtask: SubtaskIndex, step: Step)] {
        open.steps.sorted { $0.value < $1.value }.map { (subtask: $0.key, step: $0.value) }
    }

    // MARK: Where it is

    /// Stops behind the step that runs, and whoever called `resume` goes on then. To be called from
    /// `onProgress`.
    package func pause() { lastStep = reached }

    /// Whether no turn is open, begun and not ended.
    package var isQuiet: Bool { open.isEmpty }

    /// Subtasks whose open turn was in flight when the run died and was started.
    package var inFlightSubtasks: Set<SubtaskIndex> {
        Set(open.started.filter { isInFlight($0) })
    }

    private func isInFlight(_ subtask: SubtaskIndex) -> Bool {
        open.startedStep(of: subtask).map { schedule.isInFlight($0) } ?? false
    }

    /// The turns that are open, by subtask: the steps of their beginnings.
    package var openTurns: [SubtaskIndex: Step] { open.steps }

    /// Begins behind `step`, whose turns all ended, as those before a snapshot have. Before the
    /// first `resume` only.
    package func begin(behind step: Step) {
        assert(
            open.isEmpty && reached == 0,
            "a replay that came to step \(reached) begins behind step \(step)")
        reached = step
        current = step
    }

    package var stepCount: Step { taken.last }

    /// The last step that was run.
    package private(set) var reached: Step {
        get { stepCount }
        set { taken.move(to: newValue) }
    }

    /// The number of the note that let the turn go on.
    package func exclusiveStep(
        _ purpose: ExclusivePurpose, slots: Int, _ turn: TurnContext
    ) -> Step {
        // Equal where a turn in flight, the last one of its run, goes on beyond the trace.
        assert(
            current >= turn.step,
            "step \(current) of a turn lies before its beginning, step \(turn.step)")
        return current
    }

    package func mayPublishStep(_ turn: TurnContext) -> Bool {
        // A turn that runs on has no further step in the trace: what it would publish stays. For
        // all others the publish waits for its step like an access, in `mayWait`.
        guard let subtask = turn.subtask else { return false }
        return !open.isRunningOn(subtask.index)
    }

    /// Every access and publish waits for its step, but one: a late publish was asked for by its
    /// own step, which is there already.
    package func mayWait(_ purpose: ExclusivePurpose) -> Bool { !notes.expectsPublish }

    package func didFinish(_ scheduler: SequentialScheduler, _ turn: TurnContext) {
        // A late publish has the step of the turn before it, which may be open and suspended: only
        // a turn that is not in its middle has ended here.
        for subtask in open.started
        where open.step(of: subtask) == turn.step && !scheduler.isSuspended(subtask) {
            open.end(subtask, step: turn.step)
        }
    }

    /// A turn in flight stands before the closure of its last noted access: the access is noted
    /// before the closure runs, so its run may have died inside it, and a trap there would come
    /// again.
    package func holds(inside purpose: ExclusivePurpose, _ turn: TurnContext) -> Bool {
        guard case .cell(let cell) = purpose, let subtask = turn.subtask,
            isLastNoted(subtask, turn)
        else { return false }
        open.enter(subtask.index, cell: cell)
        return true
    }

    package func holds(after purpose: ExclusivePurpose, _ turn: TurnContext) -> Bool {
        guard let subtask = turn.subtask, open.startedStep(of: subtask.index) == turn.step
        else { return false }
        // A turn that stood before the closure of its last access is held behind it too.
        // A publish runs no closure of a user's, so it is held behind at once.
        let isLast = purpose.isPublish && isLastNoted(subtask, turn)
        return open.hold(subtask.index, isLastNoted: isLast)
    }

    /// Whether the step at hand is the last that was noted of a turn in flight which nothing has
    /// asked to go on.
    private func isLastNoted(_ subtask: Subtask, _ turn: TurnContext) -> Bool {
        !open.isRunningOn(subtask.index) && schedule.isInFlight(turn.step)
            && schedule.lastAccess(of: turn.step) == current
    }

    /// Lets a turn in flight run the closure that it is held before.
    private func leave(_ holder: SubtaskIndex, _ execution: Execution) -> SequentialScheduler.Action
    {
        assert(
            isInFlight(holder),
            "subtask \(holder) is held inside a cell, and its turn was not in flight")
        open.leave(holder)
        return .resume(execution.subtasks[holder])
    }

    /// Takes notes from the schedule until one asks for something that a thread has to do.
    package func decide(
        _ scheduler: SequentialScheduler, _ turn: TurnContext
    ) -> SequentialScheduler.Action {
        assert(
            !notes.expectsPublish,
            "the publish of step \(current) was let go on and did not come")
        let asking = Asking(scheduler: scheduler, turn: turn)
        if let onQuiet, isQuiet { onQuiet() }
        // What could not be read for a comparison may be missing for a step as well.
        while notes.divergence == nil, failure == nil, notes.readFailure == nil {
            if let action = runOnAsking(asking) { return action }
            let next: ScheduledStep
            do {
                // Behind the last step: conditions are looked at once more, and turns in flight run
                // on where that is wanted.
                guard let step = try schedule.peek(), step.note.step <= lastStep else {
                    checkInvariants(asking.execution)
                    return runOn(asking) ?? .finish
                }
                next = step
            } catch {
                failure = error
                return .finish
            }
            if let action = action(for: next, asking) { return action }
        }
        return .finish
    }

    /// Who asks what comes next: the thread that has the baton, with the turn that is in its middle
    /// there, if one is.
    private struct Asking {
        let scheduler: SequentialScheduler
        let turn: TurnContext
        var execution: Execution { turn.execution }

        /// What the subtask's turn waits to do; nil for one that waits for nothing.
        func purpose(of subtask: SubtaskIndex) -> ExclusivePurpose? { scheduler.waiting[subtask] }

        /// Whether the subtask's turn stands in its middle, waiting or asking.
        func isInMiddle(_ subtask: Subtask) -> Bool {
            scheduler.isSuspended(subtask.index) || turn.subtask === subtask
        }
    }

    /// Lets a turn that runs on go on at once, unless it stands before a cell that another turn is
    /// inside. Nil where the asking turn is no such turn.
    private func runOnAsking(_ asking: Asking) -> SequentialScheduler.Action? {
        guard let subtask = asking.turn.subtask, open.isRunningOn(subtask.index),
            asking.turn.step == open.step(of: subtask.index)
        else { return nil }
        guard case .cell(let cell)? = asking.purpose(of: subtask.index),
            let holder = open.holder(of: cell), holder != subtask.index
        else { return .resume(subtask) }
        // The run had the cell locked there: whoever is inside goes first.
        if let step = open.step(of: holder) { onRunningOn?(step) }
        return leave(holder, asking.execution)
    }

    /// What a note asks for; nil when it was dealt with here, so that the next one is looked at.
    private func action(
        for next: ScheduledStep, _ asking: Asking
    ) -> SequentialScheduler.Action? {
        let execution = asking.execution
        let note = next.note
        if note.kind == .void {
            take(note, execution)
            return nil
        }
        if let objection = note.timeObjection(in: execution.outside) {
            return refuse(note, "the run", objection)
        }
        if note.kind == .rest {
            take(note, execution)
            rest(next, execution)
            return nil
        }
        guard note.subtask.isWithin(execution.subtasks) else {
            notes.diverge(
                Divergence(
                    step: note.step, subtask: "subtask \(note.subtask)",
                    expected: "a subtask of the plan", got: "\(execution.subtasks.count) subtasks"))
            return .finish
        }
        let subtask = execution.subtasks[note.subtask]
        // A later step of the same subtask says that the turn that was put off went that far. It is
        // started, and the note is looked at again.
        if let begun = open.deferred(note.subtask) { return start(begun, subtask) }
        if note.kind.beginsTurn { return begin(next, subtask, asking) }
        assert(
            note.kind == .access || note.kind == .publish,
            "a \(note.kind) of step \(note.step) is taken for a step inside a turn")
        return goOn(next, subtask, asking)
    }

    /// Ends the replay at a note that no run of this plan can have made.
    private func refuse(
        _ note: StepNote, _ part: String, _ objection: StepNote.Objection
    ) -> SequentialScheduler.Action {
        notes.diverge(
            Divergence(
                step: note.step, subtask: part, expected: objection.noted, got: objection.fact,
                reason: objection.reason))
        return .finish
    }

    /// Looks at conditions over several parts of the state wherever no started turn is open. The
    /// run looked at its rest points alone, so a replay sees more.
    private func checkInvariants(_ execution: Execution) {
        guard execution.hasWideInvariants, open.started.isEmpty, !execution.isStopping
        else { return }
        execution.lookAtRest(step: reached, time: time)
    }

    /// Takes a note from the schedule: it is the current step from now on. The conditions are
    /// looked at first, in the state that the steps before it left.
    private func take(_ note: StepNote, _ execution: Execution) {
        assert(
            note.step > reached && note.step <= lastStep,
            "step \(note.step) is taken behind \(reached), and the last is \(lastStep)")
        checkInvariants(execution)
        schedule.advance()
        if note.kind.beginsTurn || note.kind == .rest { time = note.time }
        reached = note.step
        current = note.step
        onProgress?(note.step)
    }

    /// A rest point: no turn was open there, and all state is held against the recorded digest.
    private func rest(_ rest: ScheduledStep, _ execution: Execution) {
        let note = rest.note
        if let subtask = open.started.first {
            let name = execution.subtasks[subtask].name
            notes.diverge(
                Divergence(
                    step: note.step, subtask: name, expected: "no open turn at a rest point",
                    got: "an open turn of \(name)"))
            return
        }
        notes.expect(rest)
        notes.rested(step: note.step, time: note.time) { execution.stateDigest() }
    }

    /// Sees that the messages which a turn took from an inlet are there; nil where they are.
    ///
    /// A producer that was in flight must have published what is missing, and goes on; without one
    /// the code differs.
    private func obtain(
        _ note: StepNote, _ subtask: Subtask, _ asking: Asking
    ) -> SequentialScheduler.Action? {
        guard note.channel.isWithin(subtask.inlets) else {
            notes.diverge(
                Divergence(
                    step: note.step, subtask: subtask.name, expected: "inlet \(note.channel)",
                    got: "\(subtask.inlets.count) inlets"))
            return .finish
        }
        let inlet = subtask.inlets[note.channel]
        guard inlet.waiting < Int(note.count) else { return nil }
        if let producer = inlet.channel.producer, let action = force(producer, asking) {
            return action
        }
        notes.diverge(
            Divergence(
                step: note.step, subtask: subtask.name,
                expected: "\(note.count) messages on \(inlet.channel.name)",
                got: "\(inlet.waiting)",
                reason: "\(inlet.channel.producer?.name ?? "its producer") emitted less "
                    + "than it did then"))
        return .finish
    }

    /// The beginning of a turn. Nil where something had to go first, or where the turn is put off.
    private func begin(
        _ next: ScheduledStep, _ subtask: Subtask, _ asking: Asking
    ) -> SequentialScheduler.Action? {
        let note = next.note
        if let step = open.step(of: note.subtask) {
            // A turn in flight that a later turn of its own subtask follows must have ended.
            if let force = force(subtask, asking) { return force }
            notes.diverge(
                Divergence(
                    step: note.step, subtask: subtask.name, expected: "a turn of kind \(note.kind)",
                    got: "the turn of step \(step) is still open",
                    reason: "it touches a cell that the recorded turn did not touch"))
            return .finish
        }
        if let objection = note.turnObjection(of: subtask) {
            return refuse(note, subtask.name, objection)
        }
        if note.kind == .input, !subtask.isSource,
            let action = obtain(note, subtask, asking)
        {
            return action
        }
        take(note, asking.execution)
        if schedule.isInFlight(note.step) {
            // What it took from an edge that may drop is moved out now, since a later publish there
            // depends on it. What lies on a blocking edge stays: nobody but this subtask takes it,
            // and this turn comes first.
            open.put(off: next)
            if note.kind == .input, !subtask.isSource {
                let inlet = subtask.inlets[note.channel] as? any TakesAhead
                inlet?.takeAhead(Int(note.count))
            }
            return nil
        }
        return start(next, subtask)
    }

    /// Starts a turn with the choice that its note has.
    private func start(
        _ begun: ScheduledStep, _ subtask: Subtask, runsOn: Bool = false
    ) -> SequentialScheduler.Action {
        let note = begun.note
        assert(
            note.kind.beginsTurn && note.subtask == subtask.index,
            "a \(note.kind) of subtask \(note.subtask) begins a turn of \(subtask.name)")
        assert(
            note.step <= reached,
            "the turn of step \(note.step) is started before its note was taken")
        open.start(note.subtask, step: note.step, runsOn: runsOn)
        var choice = Choice(kind: note.kind)
        choice.inlet = note.channel
        choice.count = note.count
        choice.time = note.time
        choice.calls = begun.words
        return .turn(subtask, choice, step: note.step)
    }

    /// An access or a publish: the open turn that stands before it goes on, or a publish comes
    /// late.
    private func goOn(
        _ next: ScheduledStep, _ subtask: Subtask, _ asking: Asking
    ) -> SequentialScheduler.Action? {
        let note = next.note
        let purpose: ExclusivePurpose =
            note.kind == .access ? .cell(note.cell) : .publish(note.channel)
        if note.kind == .access, let holder = open.holder(of: note.cell) {
            return leave(holder, asking.execution)
        }
        // The turn must wait for just this cell or outlet.
        if open.startedStep(of: note.subtask) != nil, asking.isInMiddle(subtask) {
            let waiting = asking.purpose(of: note.subtask)
            guard waiting == purpose else {
                notes.diverge(
                    Divergence(
                        step: note.step, subtask: subtask.name, expected: "\(purpose)",
                        got: waiting.map { "\($0)" } ?? "nothing"))
                return .finish
            }
            take(note, asking.execution)
            if note.kind == .publish { notes.expect(next) }
            return .resume(subtask)
        }
        guard note.kind == .publish else {
            notes.diverge(
                Divergence(
                    step: note.step, subtask: subtask.name,
                    expected: "an access to cell \(note.cell) in the turn of step \(note.turn)",
                    got: "that turn made none more"))
            return .finish
        }
        guard note.channel.isWithin(subtask.outlets),
            let outlet = subtask.outlets[note.channel] as? any StepPublishing
        else {
            notes.diverge(
                Divergence(
                    step: note.step, subtask: subtask.name,
                    expected: "a publish on outlet \(note.channel) as a step",
                    got: "no edge there that may drop"))
            return .finish
        }
        take(note, asking.execution)
        notes.expect(next)
        return .publish(subtask, outlet)
    }

    /// Behind the last step: the next turn in flight goes on to its end, if that is wanted.
    private func runOn(_ asking: Asking) -> SequentialScheduler.Action? {
        guard let onRunningOn, let next = inFlight.first else { return nil }
        let subtask = asking.execution.subtasks[next.subtask]
        onRunningOn(next.step)
        if let begun = open.deferred(next.subtask) { return start(begun, subtask, runsOn: true) }
        return force(subtask, asking)
    }

    /// Lets a turn in flight go on because a later step needs what it did; nil where there is none.
    ///
    /// The turn may be the very one that asks, at an access which the trace does not have.
    private func force(_ subtask: Subtask, _ asking: Asking) -> SequentialScheduler.Action? {
        if let begun = open.deferred(subtask.index) { return start(begun, subtask) }
        guard isInFlight(subtask.index), asking.isInMiddle(subtask) else { return nil }
        open.runOn(subtask.index)
        return .resume(subtask)
    }
}

extension ExclusivePurpose {
    fileprivate var isPublish: Bool { if case .publish = self { true } else { false } }
}
