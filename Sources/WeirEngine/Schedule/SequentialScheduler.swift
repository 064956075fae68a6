package import WeirBase

/// Says what a sequential execution does next: draws it from a seed (`DrawingDirector`), or reads
/// it in a trace (`ReplayDirector`).
///
/// All of it, but `stepCount`, is called by who has the baton, so one call at a time, though on
/// changing threads. The order within a turn: `decide` gives a turn; for each access or publish in
/// it `mayWait`, then `decide` again while others go first, `exclusiveStep`, `holds(inside:)`, and
/// behind it `holds(after:)`; at the turn's end `didFinish`.
package protocol StepDirector: AnyObject {
    /// Steps taken so far. Any thread.
    var stepCount: Step { get }

    /// The next thing to do. `turn` is the context of the thread that asks; where it has a subtask,
    /// that subtask's turn is in its middle and waits to go on.
    func decide(_ scheduler: SequentialScheduler, _ turn: TurnContext) -> SequentialScheduler.Action

    /// The step of an access or a publish that is about to happen, asked when it may go on. Its
    /// note takes at most `slots`.
    func exclusiveStep(_ purpose: ExclusivePurpose, slots: Int, _ turn: TurnContext) -> Step

    /// Whether this may have to wait for other subtasks' steps. Where it may not, nothing is
    /// decided and no thread is switched.
    func mayWait(_ purpose: ExclusivePurpose) -> Bool

    /// Whether the turn, having begun its access, has to stop before the cell's closure runs: its
    /// run may have died inside.
    func holds(inside purpose: ExclusivePurpose, _ turn: TurnContext) -> Bool

    /// Whether the turn, having ended its access or publish, has to stop there for now.
    func holds(after purpose: ExclusivePurpose, _ turn: TurnContext) -> Bool

    /// Whether a turn may publish to an edge that may drop now. Not in a replay's turn that runs on
    /// beyond what the trace has of it: there is no such step.
    func mayPublishStep(_ turn: TurnContext) -> Bool

    /// A turn, or a publish that came late, is over.
    func didFinish(_ scheduler: SequentialScheduler, _ turn: TurnContext)
}

/// Runs one step at a time; which one, its director says.
///
/// A turn that touches a shared cell may have to wait in its middle because another subtask goes
/// first, and its closures are ordinary functions that cannot be taken off their stack. So turns
/// run on threads that hand a baton to each other: exactly one runs at any moment. Whoever has the
/// baton decides the next step itself, so a turn that goes on costs no switch. A thread whose turn
/// is suspended keeps it on its stack, and another thread goes on deciding; there are as many
/// threads as turns were ever suspended at once, and one.
///
/// `run` runs to the end. A debugger calls `resume` instead, again and again: each returns when the
/// director says `finish`, with suspended turns left where they are; then `close`, or `abandon`
/// where turns are left behind.
///
/// The caller's thread never runs a turn; it waits in `resume`. Everything mutable belongs to
/// whoever has the baton, or to the caller while `resume` is not running.
package final class SequentialScheduler: Scheduler, @unchecked Sendable {
    // Unchecked: everything mutable belongs to who holds the baton. Seats hand it over under locks,
    // which order what one thread did before what the next one does.

    /// What whoever has the baton does next.
    package enum Action {
        /// A turn begins at this step, on the deciding thread.
        case turn(Subtask, Choice, step: Step)
        /// A suspended turn goes on, on the thread that has it on its stack.
        case resume(Subtask)
        /// Output that a turn left over is published to an edge that may drop, as a step of its
        /// own.
        case publish(Subtask, any StepPublishing)
        /// Whoever gets the baton decides.
        case decide
        /// There is nothing more to do for now: whoever called `resume` goes on.
        case finish
        /// The thread ends.
        case leave
    }

    /// Where one thread waits for the baton.
    private final class Seat: @unchecked Sendable {
        // Unchecked: `action` is guarded by `lock`.
        private let lock = ConditionLock()
        private var action: Action?

        /// Gives the baton to the thread that waits here, with what it does first. The caller does
        /// not have it any more. It may come before the thread waits.
        func call(_ action: Action) {
            lock.withLock {
                self.action = action
                lock.signal()
            }
        }

        /// Waits for the baton; tells what to do with it.
        func wait() -> Action {
            lock.withLock {
                while true {
                    if let called = action {
                        action = nil
                        return called
                    }
                    lock.wait()
                }
            }
        }
    }

    private let director: any StepDirector
    /// Seats of threads that have nothing on their stacks and wait for something to do.
    private var freeSeats: [Seat] = []
    /// Where the threads of suspended turns wait, by the subtask's number.
    private var suspended: [SubtaskIndex: Seat] = [:]
    /// The seat of the thread that has the baton.
    private var runner: Seat?
    /// What each turn that waits for its step waits to do, by the subtask's number. A turn that is
    /// held has none.
    package private(set) var waiting: [SubtaskIndex: ExclusivePurpose] = [:]
    /// What the caller of `resume` sleeps on; it guards `isOver`.
    private let over = ConditionLock()
    private var isOver = false
    /// The processor that all its threads are pinned to: only one runs at a time, and a baton that
    /// is given to another processor costs a wake-up there.
    private var processor = 0
    private var threads: [SystemThread] = []
    /// Unowned and unsafe, since the execution keeps its scheduler. Safe: who made both keeps the
    /// execution until the scheduler is closed or abandoned, and `kept` does after that.
    private unowned(unsafe) var execution: Execution?
    /// Whether suspended turns were left behind: nobody waits for them, and nothing that they do
    /// counts.
    package private(set) var isAbandoned = false
    /// Keeps what abandoned turns still use, until the last has ended.
    private var kept: Execution?
    private var abandonedAccesses = 0

    /// Subtasks whose turns are suspended, in order of their numbers.
    package var suspendedSubtasks: [SubtaskIndex] { suspended.keys.sorted() }

    package init(_ director: any StepDirector) { self.director = director }

    package var stepCount: Step { director.stepCount }

    /// What a suspended turn waits to do; nil for one that is held, or not suspended.
    package func purpose(ofSuspended subtask: SubtaskIndex) -> ExclusivePurpose? {
        isSuspended(subtask) ? waiting[subtask] : nil
    }

    /// Whether a subtask's turn waits in its middle.
    package func isSuspended(_ subtask: SubtaskIndex) -> Bool { suspended[subtask] != nil }

    // MARK: Running

    /// Runs to the end, as far as the director has something to do.
    package func run(_ execution: Execution) {
        resume(execution)
        close()
    }

    /// Runs until the director has nothing more to do for now, and blocks the caller meanwhile; may
    /// be called again.
    ///
    /// A turn that is suspended then stays so, its thread waiting.
    package func resume(_ execution: Execution) {
        if self.execution == nil {
            self.execution = execution
            processor = SystemThread.currentProcessor
        }
        assert(self.execution === execution, "one execution was begun and another one goes on")
        assert(!isAbandoned, "an execution that was left behind is to go on")
        over.withLock { isOver = false }
        (freeSeats.popLast() ?? addSeat()).call(.decide)
        over.withLock { while !isOver { over.wait() } }
    }

    /// Ends the threads that wait for something to do, and waits for them. Threads of suspended
    /// turns stay: use `abandon` for these.
    package func close() {
        dismiss()
        // A thread whose turn is suspended for ever cannot be ended; the others are waited for.
        if suspended.isEmpty { threads.forEach { $0.join() } }
    }

    /// Tells the threads that wait for something to do that nothing comes any more.
    private func dismiss() {
        for seat in freeSeats { seat.call(.leave) }
        freeSeats = []
    }

    /// Leaves the execution behind, for good and without waiting. The caller must not use it
    /// afterwards.
    ///
    /// Threads cannot be killed: suspended turns run to their ends, one after another, on what is
    /// this execution's own; nobody looks at the outcome. Turns of the subtasks in `held` stay
    /// where they are, since they may trap further on, and their threads sleep until the process
    /// ends.
    package func abandon(_ execution: Execution, holding held: Set<SubtaskIndex>) {
        isAbandoned = true
        for subtask in held { suspended[subtask] = nil }
        guard !suspended.isEmpty else { return dismiss() }
        kept = execution
        (freeSeats.popLast() ?? addSeat()).call(.decide)
    }

    /// What the director decides; of an abandoned execution, the next suspended turn, and at last
    /// the end of the thread.
    private func nextAction(_ turn: TurnContext) -> Action {
        guard isAbandoned else { return director.decide(self, turn) }
        guard let execution, let next = suspended.keys.min() else {
            dismiss()
            kept = nil
            return .leave
        }
        return .resume(execution.subtasks[next])
    }

    /// A new thread with its seat. It ends when it is called with `leave`.
    private func addSeat() -> Seat {
        let seat = Seat()
        let processor = processor
        threads.append(
            SystemThread("weir-step") { [self] in
                SystemThread.pin(to: processor)
                guard let execution else { return }
                let turn = TurnContext(execution: execution, worker: 0)
                turn.bind { drive(seat, turn) }
            })
        return seat
    }

    /// What a thread does: it waits for the baton and carries out one action after the other until
    /// it gives the baton away.
    private func drive(_ seat: Seat, _ turn: TurnContext) {
        var action = seat.wait()
        while true {
            // At the end all seats are called at once, and none of them has the baton.
            if case .leave = action { return }
            runner = seat
            switch action {
            case .decide:
                action = nextAction(turn)
            case .turn(let subtask, let choice, let step):
                let isTaken = turn.execution.perform(choice, of: subtask, turn) { step }
                // Nobody else is there who could evict what the turn is to take.
                assert(isTaken, "\(subtask.name) found nothing of \(choice.count) messages")
                director.didFinish(self, turn)
                action = .decide
            case .publish(let subtask, let outlet):
                turn.execution.publishStep(subtask, outlet, turn)
                director.didFinish(self, turn)
                action = .decide
            // This thread has nothing on its stack and becomes free; that of the suspended turn
            // goes on in `suspend`.
            case .resume(let subtask):
                guard let target = suspended.removeValue(forKey: subtask.index) else {
                    preconditionFailure("\(subtask.name) is resumed and was not suspended")
                }
                freeSeats.append(seat)
                target.call(.decide)
                action = seat.wait()
            case .finish:
                freeSeats.append(seat)
                over.withLock {
                    isOver = true
                    over.signal()
                }
                action = seat.wait()
            case .leave:
                return
            }
        }
    }

    /// Lets others go first until it is this turn's time again. Called from the middle of a turn,
    /// and returns in it.
    private func suspend(_ turn: TurnContext) {
        guard let subtask = turn.subtask, let seat = runner else { return }
        let action = nextAction(turn)
        // The usual case: this turn is next itself, and no thread is switched.
        if case .resume(let next) = action, next === subtask { return }
        assert(
            suspended[subtask.index] == nil,
            "two turns of \(subtask.name) are in their middle at once")
        suspended[subtask.index] = seat
        let other = freeSeats.popLast() ?? addSeat()
        other.call(action)
        _ = seat.wait()
        runner = seat
    }

    /// An abandoned turn touches a cell: nobody goes first any more, and it goes on, up to a bound.
    private func passAbandoned(_ turn: TurnContext) {
        abandonedAccesses += 1
        guard abandonedAccesses > EngineBounds.maximumAbandonedAccesses, let seat = runner else {
            return
        }
        (freeSeats.popLast() ?? addSeat()).call(.decide)
        _ = seat.wait()
    }

    // MARK: Seams

    /// Nobody sleeps here: the director looks at everything each time.
    package func notify(_ subtask: Subtask) {}

    package func mayPublishStep(_ turn: TurnContext) -> Bool {
        !isAbandoned && director.mayPublishStep(turn)
    }

    package func beginExclusive(
        _ lock: ConditionLock, slots: Int, purpose: ExclusivePurpose, _ turn: TurnContext
    ) -> Step {
        assert(turn.subtask != nil, "\(purpose) is asked for outside of any turn")
        // Whatever an abandoned turn does, it takes no new step and nothing is compared.
        if isAbandoned {
            passAbandoned(turn)
            return turn.step
        }
        if director.mayWait(purpose) {
            waiting[turn.subtask?.index ?? 0] = purpose
            suspend(turn)
            waiting[turn.subtask?.index ?? 0] = nil
        }
        let step = director.exclusiveStep(purpose, slots: slots, turn)
        if director.holds(inside: purpose, turn) { suspend(turn) }
        return step
    }

    package func endExclusive(_ lock: ConditionLock, purpose: ExclusivePurpose, _ turn: TurnContext)
    {
        if !isAbandoned, director.holds(after: purpose, turn) { suspend(turn) }
    }

    /// Nobody has to be woken: the director asks whether the execution stops before it decides.
    package func stop() {}
}
