package import WeirBase

/// Says what a sequential execution does next: draws it from a seed, reads it in a trace.
///
/// All of it is called by who has the baton, one at a time.
package protocol StepDirector: AnyObject {
    /// Steps taken so far. Any thread.
    var stepCount: UInt64 { get }

    /// The next thing to do.
    func decide(_ scheduler: SequentialScheduler, _ turn: TurnContext) -> SequentialScheduler.Action

    /// The step of an access or a publish that is about to happen, asked when it may go on; its
    /// note takes `slots`.
    func exclusiveStep(_ purpose: ExclusivePurpose, slots: Int, _ turn: TurnContext) -> UInt64

    /// Whether this may have to wait for other subtasks' steps.
    func mayWait(_ purpose: ExclusivePurpose) -> Bool

    /// Whether the turn, having begun its access, has to stop before the cell's closure runs.
    func holds(inside purpose: ExclusivePurpose, _ turn: TurnContext) -> Bool

    /// Whether the turn, having ended its access, has to stop here for now.
    func holds(after purpose: ExclusivePurpose, _ turn: TurnContext) -> Bool

    /// Whether a turn may publish to an edge that may drop now.
    func mayPublishStep(_ turn: TurnContext) -> Bool

    /// A turn or a late publish is over.
    func didFinish(_ scheduler: SequentialScheduler, _ turn: TurnContext)
}

/// Runs one step at a time; which one, its director says.
///
/// A turn that touches a shared cell may have to wait in its middle because another subtask goes
/// first. So turns run on threads that hand a baton to each other: exactly one runs at any moment.
/// Whoever has the baton decides the next step itself, so a turn that goes on costs no switch; a
/// thread whose turn is suspended keeps it on its stack, and another thread goes on deciding.
package final class SequentialScheduler: Scheduler, @unchecked Sendable {
    // Unchecked: everything mutable belongs to who holds the baton; seats hand it over under locks.

    /// What happens next.
    package enum Action {
        /// A turn begins, at this step.
        case turn(Subtask, Choice, step: UInt64)
        /// A suspended turn goes on.
        case resume(Subtask)
        /// Output that a turn left over is published, as a step of its own.
        case publish(Subtask, any StepPublishing)
        /// Whoever has the baton decides.
        case decide
        /// Nothing more for now: whoever called `resume` goes on.
        case finish
        /// The thread ends.
        case leave
    }

    /// A thread's place to wait for the baton.
    private final class Seat: @unchecked Sendable {
        // Unchecked: `action` is guarded by `monitor`.
        private let monitor = Monitor()
        private var action: Action?

        /// Gives the baton to the thread that waits here, with what to do first.
        func call(_ action: Action) {
            monitor.withLock {
                self.action = action
                monitor.signal()
            }
        }

        /// Waits for the baton.
        func wait() -> Action {
            monitor.withLock {
                while true {
                    if let called = action {
                        action = nil
                        return called
                    }
                    monitor.wait()
                }
            }
        }
    }

    private let director: any StepDirector
    private var freeSeats: [Seat] = []
    private var suspended: [UInt16: Seat] = [:]
    /// The seat of the thread that has the baton.
    private var runner: Seat?
    /// What each suspended turn waits to do.
    package private(set) var waiting: [UInt16: ExclusivePurpose] = [:]
    private let over = Monitor()
    private var isOver = false
    private var processor = 0
    private var threads: [Worker] = []
    // Who made both keeps the execution until the scheduler is closed or abandoned.
    private unowned(unsafe) var execution: Execution?
    /// Suspended turns were left behind: nobody waits for them, and nothing they do counts.
    package private(set) var isAbandoned = false
    /// Keeps what abandoned turns still use.
    private var kept: Execution?
    private var abandonedAccesses = 0
    /// An abandoned turn that goes on touching cells longer than this waits for something that
    /// nobody will do, and is left waiting.
    private static let maximumAbandonedAccesses = 100_000

    /// Subtasks whose turns are suspended, in order of their numbers.
    package var suspendedSubtasks: [UInt16] { suspended.keys.sorted() }

    package init(_ director: any StepDirector) { self.director = director }

    package var stepCount: UInt64 { director.stepCount }

    /// What a suspended turn waits to do; nil for one that is held, or not suspended.
    package func purpose(ofSuspended subtask: UInt16) -> ExclusivePurpose? {
        isSuspended(subtask) ? waiting[subtask] : nil
    }

    /// Whether a subtask's turn waits in its middle.
    package func isSuspended(_ subtask: UInt16) -> Bool { suspended[subtask] != nil }

    // MARK: Running

    /// Runs to the end, as far as the director has something to do.
    package func run(_ execution: Execution) {
        resume(execution)
        close()
    }

    /// Runs until the director has nothing more to do for now; may be called again.
    ///
    /// A turn that is suspended then stays so, its thread waiting.
    package func resume(_ execution: Execution) {
        if self.execution == nil {
            self.execution = execution
            processor = Worker.currentProcessor
        }
        over.withLock { isOver = false }
        (freeSeats.popLast() ?? addSeat()).call(.decide)
        over.withLock { while !isOver { over.wait() } }
    }

    /// Ends the threads that wait for something to do. Threads of suspended turns stay.
    package func close() {
        dismiss()
        // A thread whose turn is suspended for ever cannot be ended; the others are waited for.
        if suspended.isEmpty { threads.forEach { $0.join() } }
    }

    /// Tells the threads that wait for something to do that nothing comes.
    private func dismiss() {
        for seat in freeSeats { seat.call(.leave) }
        freeSeats = []
    }

    /// Leaves the execution behind, for good and without waiting.
    ///
    /// Threads cannot be killed: suspended turns run to their ends, one after another, on what is
    /// this execution's own; nobody looks at the outcome. Turns of the subtasks in `held` stay
    /// where they are, since they may trap further on.
    package func abandon(_ execution: Execution, holding held: Set<UInt16>) {
        isAbandoned = true
        for subtask in held { suspended[subtask] = nil }
        guard !suspended.isEmpty else { return dismiss() }
        kept = execution
        (freeSeats.popLast() ?? addSeat()).call(.decide)
    }

    private func nextAction(_ turn: TurnContext) -> Action {
        guard isAbandoned else { return director.decide(self, turn) }
        guard let execution, let next = suspended.keys.min() else {
            dismiss()
            kept = nil
            return .leave
        }
        return .resume(execution.subtasks[Int(next)])
    }

    private func addSeat() -> Seat {
        let seat = Seat()
        let processor = processor
        threads.append(
            Worker("weir-step") { [self] in
                Worker.pin(to: processor)
                guard let execution else { return }
                let turn = TurnContext(execution: execution, worker: 0)
                turn.bind { drive(seat, turn) }
            })
        return seat
    }

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
                _ = turn.execution.perform(choice, of: subtask, turn) { step }
                director.didFinish(self, turn)
                action = .decide
            case .publish(let subtask, let outlet):
                turn.execution.publishStep(subtask, outlet, turn)
                director.didFinish(self, turn)
                action = .decide
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

    /// Lets others go first until it is this turn's time again.
    private func suspend(_ turn: TurnContext) {
        guard let subtask = turn.subtask, let seat = runner else { return }
        let action = nextAction(turn)
        if case .resume(let next) = action, next === subtask { return }
        suspended[subtask.index] = seat
        let other = freeSeats.popLast() ?? addSeat()
        other.call(action)
        _ = seat.wait()
        runner = seat
    }

    /// An abandoned turn touches a cell: nobody goes first any more.
    private func passAbandoned(_ turn: TurnContext) {
        abandonedAccesses += 1
        guard abandonedAccesses > Self.maximumAbandonedAccesses, let seat = runner else { return }
        (freeSeats.popLast() ?? addSeat()).call(.decide)
        _ = seat.wait()
    }

    // MARK: Seams

    package func notify(_ subtask: Subtask) {}

    package func mayPublishStep(_ turn: TurnContext, outlet: UInt16) -> Bool {
        !isAbandoned && director.mayPublishStep(turn)
    }

    package func beginExclusive(
        _ lock: Monitor, slots: Int, purpose: ExclusivePurpose, _ turn: TurnContext
    ) -> UInt64 {
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

    package func endExclusive(_ lock: Monitor, purpose: ExclusivePurpose, _ turn: TurnContext) {
        if !isAbandoned, director.holds(after: purpose, turn) { suspend(turn) }
    }

    package func stop() {}
}
