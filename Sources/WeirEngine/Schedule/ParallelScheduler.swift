import Synchronization
package import WeirBase
import WeirTelemetry

/// Runs subtasks on several threads, as it comes; what it decides is recorded.
///
/// Workers share one run queue. A subtask is in it at most once; a worker that takes it out owns it
/// until its activation ends, which is a few turns later. Waking is by notification: whoever makes
/// a subtask runnable calls `notify`, which puts it into the queue.
///
/// Who may run a subtask is in its claim, one atomic word:
///
///     idle ──notify──> queued ──worker──> running ──notify──> runningAndNotified
///       ^                 ^                  │                        │
///       └── nothing to do ┼──────────────────┘                        │
///                         └────────── more to do, or notified ────────┘
///
/// `notify` moves it from idle to queued, or from running to runningAndNotified, and else does
/// nothing. A worker that finds nothing more to do moves it from running to idle; if that fails,
/// somebody notified it meanwhile, and the worker queues it again. Only who moves it to queued
/// appends it, so that it is never queued twice. These exchanges acquire and release: they carry
/// everything that a subtask is from one worker to the next.
///
/// For each turn a worker reserves room for notes, looks, and has `Execution.perform` take the
/// number. A subtask with unpublished output takes no turn; it tries to publish instead.
///
/// Whom a worker wakes, and who keeps the time, is decided by `RunQueue`: at little load one worker
/// does everything there is, and wakes when the next source is due.
///
/// A thread of the scheduler's own, the clerk, ends the sources after the run's duration, and asks
/// for rest points: it raises a flag, waits until every worker sleeps or stands at the end of a
/// turn, takes a number and a digest, and lets them go. The recorder never waits for a rest point,
/// and a rest point that would have to wait for the recorder is not taken. While turns are taken
/// the clerk also sees to it that nothing waits for long beside a worker that sleeps; while none
/// are it sleeps as well.
///
/// Locks: `sharedLock` guards `shared`. `restLock` and `clerkLock` guard nothing; they are what
/// the clerk sleeps on. `clerkLock` may be held when `sharedLock` is taken, never the other way
/// round, and none of the three is held while a turn runs.
package final class ParallelScheduler: Scheduler, @unchecked Sendable {
    // Unchecked: `shared` is guarded by `sharedLock`; `clerk` is the clerk's thread's; the rest is
    // atomic, or set before the threads start.

    /// How a parallel run is tuned. None of it changes what a turn computes: the counts and times
    /// that it leads to are recorded.
    package struct Options: Sendable {
        package var workers: Int
        /// Turns of one subtask before another gets the worker. Staying saves the queue's lock and
        /// finds the subtask's memory in the cache; 16 turns of 256 elements share one queueing.
        package var turnsPerActivation = 16
        /// A subtask that had the worker for so long, 10 ms, gives it up after the turn. Without
        /// that one with long turns keeps those that feed it, or that it feeds, from their worker,
        /// whatever room there is.
        package var activationNanoseconds: UInt64 = 10_000_000
        /// The minimum time between two rest points, nanoseconds; 0 for none at all. At ten a
        /// second a difference in a replay is narrowed down to a tenth of a second of the run.
        package var restInterval: UInt64 = 100_000_000
        /// A request waits at least so many times as long as the last rest took: rest points cost
        /// at most a fiftieth of the run, however long it takes until all workers stand still.
        package var restSpacing: UInt64 = 50
        /// A request is withdrawn when a turn lasts longer than this, nanoseconds: the other
        /// workers stand still for it, and a turn that never ends would keep them so for ever.
        package var restPatience: UInt64 = 1_000_000_000
        /// How often the clerk looks, nanoseconds, while turns are taken, whether something waits
        /// beside a worker that sleeps: behind a turn that suddenly takes long, which nobody could
        /// know. 4 ms, so that these looks cost a thousandth of a core.
        package var clerkInterval: UInt64 = 4_000_000
        /// The maximum time that the clerk sleeps, nanoseconds, when nothing is due and no turn is
        /// taken. Whatever comes earlier wakes it, so that this only bounds what a missed reason
        /// could cost.
        package var clerkRest: UInt64 = 10_000_000_000
        /// After so many nanoseconds the sources end; nil for no such end.
        package var duration: UInt64?

        package init(workers: Int) { self.workers = workers }
    }

    /// Who may run a subtask: the states of its claim.
    private enum Claim: Int {
        /// Nobody runs it and nobody has to.
        case idle = 0
        /// It is in the run queue, or on its way there.
        case queued = 1
        /// A worker owns it.
        case running = 2
        /// A worker owns it, and there may be something new since its last look.
        case runningAndNotified = 3
    }

    /// What workers and the clerk share, under `sharedLock`.
    struct Shared {
        /// What could run, who sleeps, and when time brings more.
        var queue: RunQueue
        /// How many workers stand still for a rest point.
        var resting = 0
        /// How many workers have ended.
        var exited = 0
        var isRestWanted = false
        /// Nothing will ever happen again.
        var isOver = false
        /// How many subtasks, from the first on, are known to be done for good.
        var finishedPrefix = 0
    }

    let options: Options
    /// The counter of the total order: the number of the last step. All additions are relaxed. That
    /// is enough, because a turn's addition lies behind its look and before its publishing store:
    /// if one turn took what another published, its addition comes later, and additions to one
    /// atomic have one order.
    private let steps = StepCounter()
    let sharedLock = ConditionLock()
    let restLock = ConditionLock()
    let clerkLock = ConditionLock()
    /// Behind a pointer: a variable of a class is checked for exclusive access each time.
    let shared = UnsafeMutablePointer<Shared>.allocate(capacity: 1)
    /// `RunQueue.hasIdleHands` without the lock, for workers between two turns of an activation.
    /// Relaxed: one that sees it late takes a turn more.
    private let hasIdleHands = Atomic<Bool>(false)
    /// Whether the clerk sleeps until a turn is taken, so that whoever begins to run one wakes it.
    let isClerkAtRest = Atomic<Bool>(false)
    /// `Shared.isRestWanted` without the lock, for workers between two turns of an activation.
    /// Relaxed: one that sees it late takes a turn more, and the clerk waits for it.
    let restWanted = Atomic<Bool>(false)
    private let outside: LiveOutside
    let notes: any LiveNotes
    var clock: RunClock { outside.clock }
    /// What the clerk remembers. Only its own thread.
    var clerk = ClerkMemory()

    /// A scheduler that chooses by what `outside` has, and whose turns set aside room in `notes`.
    package init(options: Options, outside: LiveOutside, notes: any LiveNotes) {
        assert(options.workers > 0, "a parallel run has \(options.workers) workers")
        self.options = options
        self.outside = outside
        self.notes = notes
        shared.initialize(to: Shared(queue: RunQueue(workers: options.workers)))
    }

    deinit {
        shared.deinitialize(count: 1)
        shared.deallocate()
    }

    package var stepCount: Step { steps.last }

    // MARK: Running

    package func run(_ execution: Execution) {
        // A reader may have woken its source already: then it is in the queue, once.
        // Every subtask is looked at once; from then on notifications tell.
        for subtask in execution.subtasks { notify(subtask) }
        let clerk = SystemThread("weir-clerk") { [self] in keepClerk(execution) }
        let workers = (0..<options.workers).map { number in
            SystemThread("weir-worker-\(number)") { [self] in work(execution, number) }
        }
        workers.forEach { $0.join() }
        assert(
            sharedLock.withLock { shared.pointee.exited } == options.workers,
            "\(options.workers) workers were waited for, and not all of them have ended")
        // Also where the run was stopped and no worker found it over: the clerk goes by it.
        sharedLock.withLock { shared.pointee.isOver = true }
        clerkLock.withLock { clerkLock.broadcast() }
        clerk.join()
        // The end is a rest point without a step: short runs have no other.
        guard execution.hasWideInvariants, !execution.isStopping else { return }
        execution.lookAtRest(step: stepCount, time: clock.now)
    }

    /// What a worker does from its first moment to its last.
    private func work(_ execution: Execution, _ number: Int) {
        let turn = TurnContext(execution: execution, worker: number)
        turn.activityBetweenTurns = .between
        // A worker that keeps the time is to wake when its alarm is due and not up to 50 us later.
        SystemThread.wakeExactly()
        turn.bind {
            while let subtask = nextSubtask(execution, number) { activate(subtask, turn) }
        }
        sharedLock.withLock {
            shared.pointee.exited += 1
            sharedLock.broadcast()
        }
        // The clerk may wait for this worker to stand still.
        restLock.withLock { restLock.broadcast() }
    }

    /// The next subtask to run; nil when the run is over. Sleeps and rests in here.
    private func nextSubtask(_ execution: Execution, _ worker: Int) -> Subtask? {
        sharedLock.lock()
        defer { sharedLock.unlock() }
        while true {
            if execution.isStopping || shared.pointee.isOver { return nil }
            if shared.pointee.isRestWanted {
                rest()
                continue
            }
            queueDue(execution)
            if let subtask = shared.pointee.queue.popFirst() {
                // Who moved it to queued appended it, and nobody else moves it on from there.
                assert(
                    subtask.claim.load(ordering: .relaxed) == Claim.queued.rawValue,
                    "\(subtask.name) lies in the run queue and is not claimed for it")
                subtask.claim.store(Claim.running.rawValue, ordering: .relaxed)
                if shared.pointee.queue.sleeping > 0 {
                    help(beside: subtask, now: TickClock.nanoseconds())
                }
                return subtask
            }
            // The last worker awake that finds the queue empty asks whether all is over: nobody
            // else is there who could make anything runnable, save the outside, and a source that
            // waits for it is not finished.
            let sleeping = shared.pointee.queue.sleeping
            assert(
                sleeping + shared.pointee.resting + shared.pointee.exited < options.workers,
                "a worker is awake, and \(sleeping) sleep, \(shared.pointee.resting) rest and "
                    + "\(shared.pointee.exited) have ended of \(options.workers)")
            let isQuiet = sleeping + shared.pointee.exited + 1 == options.workers
            if isQuiet, execution.isFinished(behind: &shared.pointee.finishedPrefix) {
                shared.pointee.isOver = true
                sharedLock.broadcast()
                return nil
            }
            sleep(worker)
        }
    }

    /// Sleeps until somebody signals, or, if this worker is to keep the time, until the earliest
    /// subtask is due. The lock is held, and let go while it sleeps.
    private func sleep(_ worker: Int) {
        let alarm = shared.pointee.queue.fallAsleep(worker)
        // A sleeping worker counts as standing still.
        if shared.pointee.isRestWanted { restLock.signal() }
        if let alarm {
            let deadline = MonotonicClock.nanoseconds() + clock.nanoseconds(until: alarm)
            sharedLock.wait(until: deadline)
        } else {
            sharedLock.wait()
        }
        shared.pointee.queue.awake(worker)
        handsChanged()
    }

    /// Queues the subtasks whose time has come. The lock is held.
    private func queueDue(_ execution: Execution) {
        guard shared.pointee.queue.hasWakes else { return }
        let time = clock.now
        while let index = shared.pointee.queue.popDue(at: time) {
            let subtask = execution.subtasks[index]
            if let now = claim(subtask) { append(subtask, now: now) }
        }
    }

    /// Appends a claimed subtask to the run queue. The lock is held.
    private func append(_ subtask: Subtask, now: UInt64) {
        shared.pointee.queue.append(subtask, now: now)
        handsChanged()
    }

    /// Wakes a worker beside the one that runs `subtask`, where that is worth it. The lock is held.
    private func help(beside subtask: Subtask, now: UInt64) {
        if shared.pointee.queue.wantsHelp(beside: subtask, now: now) { sharedLock.signal() }
        handsChanged()
    }

    /// Lets workers in the middle of an activation know what the queue says now. The lock is held.
    private func handsChanged() {
        hasIdleHands.store(shared.pointee.queue.hasIdleHands, ordering: .relaxed)
    }

    /// Stands still at the end of a turn until the rest point is over. The lock is held.
    private func rest() {
        shared.pointee.resting += 1
        restLock.signal()
        while shared.pointee.isRestWanted && !shared.pointee.isOver { sharedLock.wait() }
        shared.pointee.resting -= 1
    }

    /// Runs a subtask that this worker owns for a few turns, and gives it back.
    private func activate(_ subtask: Subtask, _ turn: TurnContext) {
        Probe.at(.claimed)
        assert(
            subtask.claim.load(ordering: .relaxed) >= Claim.running.rawValue,
            "a worker runs \(subtask.name) and has not claimed it")
        // Pairs with the fence in `notify`: either the look below sees what was made visible before
        // a notification, or that notification sees the claim as running.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if isClerkAtRest.load(ordering: .relaxed) { wakeClerk() }
        var isRunnable = true
        var turns = 0
        let started = TickClock.nanoseconds()
        var now = started
        turn.beginActivation(of: subtask, now: started)
        subtask.counters.enter(.between, now: started)
        while isRunnable, turns < options.turnsPerActivation, !turn.execution.isStopping {
            if restWanted.load(ordering: .relaxed) { break }
            isRunnable = takeTurn(subtask, turn)
            turns += 1
            now = TickClock.nanoseconds()
            if now &- started >= options.activationNanoseconds { break }
            if isRunnable, hasIdleHands.load(ordering: .relaxed) {
                sharedLock.withLock { help(beside: subtask, now: now) }
            }
        }
        subtask.ranFor(now &- started)
        if isRunnable { return requeue(subtask, now) }
        // Before the claim is given back: whoever has it next goes on counting.
        subtask.counters.enter(subtask.hasUnpublished ? .backpressured : .idle, now: now)
        turn.execution.touched.insert(subtask.index)
        // Releases what the turns left to whoever owns it next. It fails when somebody notified
        // meanwhile, for what came after the last look.
        if !subtask.claim.compareExchange(
            expected: Claim.running.rawValue, desired: Claim.idle.rawValue,
            ordering: .acquiringAndReleasing
        ).exchanged {
            requeue(subtask, now)
        }
    }

    /// Queues a subtask that this thread has claimed; from `now` on it waits for a worker.
    private func requeue(_ subtask: Subtask, _ now: UInt64) {
        assert(
            subtask.claim.load(ordering: .relaxed) >= Claim.running.rawValue,
            "\(subtask.name) is queued again by a worker that does not own it")
        subtask.counters.enter(.waiting, now: now)
        subtask.touched?.insert(subtask.index)
        // A plain store: the claim is this thread's, and a notification that it overwrites asked
        // for what happens here.
        subtask.claim.store(Claim.queued.rawValue, ordering: .releasing)
        // This worker takes the next one itself, and looks then whether that is worth waking
        // another.
        sharedLock.withLock { append(subtask, now: now) }
    }

    /// Takes one turn; false when the subtask has nothing to do now.
    ///
    /// Reserve, look, number: the order is the protocol's. Reserving may wait for the recorder, so
    /// it comes before the look, which must not grow old, and before the number, behind which
    /// nobody may wait.
    private func takeTurn(_ subtask: Subtask, _ turn: TurnContext) -> Bool {
        let execution = turn.execution
        if subtask.hasUnpublished {
            return execution.publishAgain(subtask, turn) && !subtask.isDone
        }
        if subtask.isDone { return false }
        notes.reserve(subtask.turnSlots, turn)
        Probe.at(.reserved)
        let look = subtask.look(at: outside.present(isEnding: execution.isEnding))
        // Asked again behind the look: whoever sees what was published after a stop also sees the
        // stop.
        guard case .choice(let choice) = look, !execution.isStopping else {
            notes.release(subtask.turnSlots, turn)
            if case .waiting(let until?) = look {
                sharedLock.withLock { shared.pointee.queue.wake(subtask.index, at: until) }
            }
            return false
        }
        let took = execution.perform(choice, of: subtask, turn) { [self] in nextStep() }
        notes.release(took ? 0 : subtask.turnSlots, turn)
        return took
    }

    /// The next number of the total order. Never waits.
    func nextStep() -> Step { steps.next() }

    // MARK: Seams

    package func notify(_ subtask: Subtask) {
        guard let now = claim(subtask) else { return }
        let turn = TurnContext.current
        sharedLock.withLock {
            append(subtask, now: now)
            guard shared.pointee.queue.sleeping > 0 else { return }
            // A worker takes it behind the subtask that it runs now, unless that takes long.
            // Whoever is no worker runs nothing.
            if turn?.staysLong(now: now) ?? true { sharedLock.signal() }
        }
    }

    /// Claims a subtask that runs nowhere, for its caller to append to the run queue; gives the
    /// time of `TickClock` from which on it waits there. Nil where somebody else sees to it.
    private func claim(_ subtask: Subtask) -> UInt64? {
        // Pairs with the fence in `activate`. What the caller made visible (a message, an input, an
        // end) and the claim are two words: without a fence the processor may read the claim while
        // that is still on its way, and see a subtask as queued which has just been taken and has
        // looked in vain. Then nobody would look again.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        while true {
            let seen = subtask.claim.load(ordering: .acquiring)
            switch Claim(rawValue: seen) {
            case .idle:
                if exchange(subtask, seen, .queued) {
                    // Claimed and in no queue yet: what it does is this thread's to say.
                    let now = TickClock.nanoseconds()
                    subtask.counters.enter(.waiting, now: now)
                    subtask.touched?.insert(subtask.index)
                    return now
                }
            case .running:
                if exchange(subtask, seen, .runningAndNotified) { return nil }
            case .queued, .runningAndNotified, nil:
                return nil
            }
        }
    }

    /// Moves a claim on, if it still is what was seen. Releases what the caller did before to
    /// whoever runs the subtask, and acquires what its last turn left.
    private func exchange(_ subtask: Subtask, _ seen: Int, _ next: Claim) -> Bool {
        subtask.claim.compareExchange(
            expected: seen, desired: next.rawValue, ordering: .acquiringAndReleasing
        ).exchanged
    }

    /// A run publishes whenever it has something.
    package func mayPublishStep(_ turn: TurnContext) -> Bool { true }

    package func beginExclusive(
        _ lock: ConditionLock, slots: Int, purpose: ExclusivePurpose, _ turn: TurnContext
    ) -> Step {
        notes.reserve(slots, turn)
        lock.lock()
        Probe.at(.exclusiveLocked)
        let step = nextStep()
        assert(step > turn.step, "step \(step) lies inside the turn that began at \(turn.step)")
        Probe.at(.exclusiveNumbered)
        return step
    }

    package func endExclusive(_ lock: ConditionLock, purpose: ExclusivePurpose, _ turn: TurnContext)
    {
        lock.unlock()
    }

    package func stop() {
        sharedLock.withLock { sharedLock.broadcast() }
        clerkLock.withLock { clerkLock.broadcast() }
    }
}

extension Execution {
    /// Whether nothing will ever happen again; only asked when no worker runs a turn.
    ///
    /// Goes on where the last call stopped: who is done stays done. Workers fall asleep often, and
    /// a plan may have thousands of subtasks.
    fileprivate func isFinished(behind prefix: inout Int) -> Bool {
        while prefix < subtasks.count {
            let subtask = subtasks[prefix]
            guard subtask.isDone, !subtask.hasUnpublished else { return false }
            prefix += 1
        }
        return true
    }
}
