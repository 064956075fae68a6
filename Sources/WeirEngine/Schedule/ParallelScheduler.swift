import DequeModule
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
/// A thread of the scheduler's own, the clerk, wakes subtasks whose time has come, ends the sources
/// after the run's duration, and asks for rest points: it raises a flag, waits until every worker
/// sleeps or stands at the end of a turn, takes a number and a digest, and lets them go. The
/// recorder never waits for a rest point, and a rest point that would have to wait for the recorder
/// is not taken.
///
/// Locks: `sharedLock` guards `shared`. `restLock` and `timeLock` guard nothing; they are what
/// the clerk sleeps on. `timeLock` may be held when `sharedLock` is taken, never the other way
/// round, and none of the three is held while a turn runs.
package final class ParallelScheduler: Scheduler, @unchecked Sendable {
    // Unchecked: `shared` is guarded by `sharedLock`; `lastRest` is the clerk's; the rest is
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
        /// The maximum time that the clerk sleeps, nanoseconds, when nothing is due. Whatever is
        /// due earlier wakes it, so that this only bounds what a missed reason could cost.
        package var clerkInterval: UInt64 = 100_000_000
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
    private struct Shared {
        var queue = Deque<Subtask>()
        /// How many workers wait for something to do.
        var sleeping = 0
        /// How many workers stand still for a rest point.
        var resting = 0
        /// How many workers have ended.
        var exited = 0
        var isRestWanted = false
        /// Nothing will ever happen again.
        var isOver = false
        /// When subtasks want to be woken.
        var wakes = WakeTimes()
        /// How many subtasks, from the first on, are known to be done for good.
        var finishedPrefix = 0
    }

    private let options: Options
    /// The counter of the total order: the number of the last step. All additions are relaxed. That
    /// is enough, because a turn's addition lies behind its look and before its publishing store:
    /// if one turn took what another published, its addition comes later, and additions to one
    /// atomic have one order.
    private let steps = StepCounter()
    private let sharedLock = ConditionLock()
    private let restLock = ConditionLock()
    private let timeLock = ConditionLock()
    private var shared = Shared()
    /// `Shared.isRestWanted` without the lock, for workers between two turns of an activation.
    /// Relaxed: one that sees it late takes a turn more, and the clerk waits for it.
    private let restWanted = Atomic<Bool>(false)
    private let outside: LiveOutside
    private let notes: any LiveNotes
    private var clock: RunClock { outside.clock }
    private weak var execution: Execution?
    /// The step of the last rest point. Only the clerk's thread.
    private var lastRest: Step = 0

    /// A scheduler that chooses by what `outside` has, and whose turns set aside room in `notes`.
    package init(options: Options, outside: LiveOutside, notes: any LiveNotes) {
        assert(options.workers > 0, "a parallel run has \(options.workers) workers")
        self.options = options
        self.outside = outside
        self.notes = notes
    }

    package var stepCount: Step { steps.last }

    // MARK: Running

    package func run(_ execution: Execution) {
        self.execution = execution
        // A reader may have woken its source already: then it is in the queue, once.
        // Every subtask is looked at once; from then on notifications tell.
        for subtask in execution.subtasks { notify(subtask) }
        let clerk = SystemThread("weir-clerk") { [self] in keepTime(execution) }
        let workers = (0..<options.workers).map { number in
            SystemThread("weir-worker-\(number)") { [self] in work(execution, number) }
        }
        workers.forEach { $0.join() }
        assert(
            sharedLock.withLock { shared.exited } == options.workers,
            "\(options.workers) workers were waited for, and not all of them have ended")
        // Also where the run was stopped and no worker found it over: the clerk goes by it.
        sharedLock.withLock { shared.isOver = true }
        timeLock.withLock { timeLock.broadcast() }
        clerk.join()
        // The end is a rest point without a step: short runs have no other.
        guard execution.hasWideInvariants, !execution.isStopping else { return }
        execution.lookAtRest(step: stepCount, time: clock.now)
    }

    /// What a worker does from its first moment to its last.
    private func work(_ execution: Execution, _ number: Int) {
        let turn = TurnContext(execution: execution, worker: number)
        turn.activityBetweenTurns = .between
        // Whoever drains the notes may sleep since before the run.
        notes.wake()
        turn.bind {
            while let subtask = nextSubtask(execution) { activate(subtask, turn) }
        }
        sharedLock.withLock {
            shared.exited += 1
            sharedLock.broadcast()
        }
        // The clerk may wait for this worker to stand still.
        restLock.withLock { restLock.broadcast() }
    }

    /// The next subtask to run; nil when the run is over. Sleeps and rests in here.
    private func nextSubtask(_ execution: Execution) -> Subtask? {
        sharedLock.lock()
        defer { sharedLock.unlock() }
        while true {
            if execution.isStopping || shared.isOver { return nil }
            if shared.isRestWanted {
                rest()
                continue
            }
            if let subtask = shared.queue.popFirst() {
                // Who moved it to queued appended it, and nobody else moves it on from there.
                assert(
                    subtask.claim.load(ordering: .relaxed) == Claim.queued.rawValue,
                    "\(subtask.name) lies in the run queue and is not claimed for it")
                subtask.claim.store(Claim.running.rawValue, ordering: .relaxed)
                return subtask
            }
            // The last worker awake that finds the queue empty asks whether all is over: nobody
            // else is there who could make anything runnable, save the outside, and a source that
            // waits for it is not finished.
            assert(
                shared.sleeping + shared.resting + shared.exited < options.workers,
                "a worker is awake, and \(shared.sleeping) sleep, \(shared.resting) rest and "
                    + "\(shared.exited) have ended of \(options.workers)")
            let isQuiet = shared.sleeping + shared.exited + 1 == options.workers
            if isQuiet, execution.isFinished(behind: &shared.finishedPrefix) {
                shared.isOver = true
                sharedLock.broadcast()
                return nil
            }
            shared.sleeping += 1
            // A sleeping worker counts as standing still.
            restLock.signal()
            sharedLock.wait()
            shared.sleeping -= 1
            // Behind a sleep the recorder may sleep as well.
            notes.wake()
        }
    }

    /// Stands still at the end of a turn until the rest point is over. The lock is held.
    private func rest() {
        shared.resting += 1
        restLock.signal()
        while shared.isRestWanted && !shared.isOver { sharedLock.wait() }
        shared.resting -= 1
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
        var isRunnable = true
        var turns = 0
        let started = TickClock.nanoseconds()
        var now = started
        subtask.counters.enter(.between, now: started)
        while isRunnable, turns < options.turnsPerActivation, !turn.execution.isStopping {
            if restWanted.load(ordering: .relaxed) { break }
            isRunnable = takeTurn(subtask, turn)
            turns += 1
            now = TickClock.nanoseconds()
            if now &- started >= options.activationNanoseconds { break }
        }
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
        sharedLock.withLock {
            shared.queue.append(subtask)
            // This worker takes the next one itself; another is woken only where there is more than
            // one.
            if shared.sleeping > 0, shared.queue.count > 1 { sharedLock.signal() }
        }
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
            if case .waiting(let until?) = look { wake(subtask, at: until) }
            return false
        }
        let took = execution.perform(choice, of: subtask, turn) { [self] in nextStep() }
        notes.release(took ? 0 : subtask.turnSlots, turn)
        return took
    }

    /// The next number of the total order. Never waits.
    private func nextStep() -> Step { steps.next() }

    // MARK: Seams

    package func notify(_ subtask: Subtask) {
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
                    subtask.counters.enter(.waiting, now: TickClock.nanoseconds())
                    subtask.touched?.insert(subtask.index)
                    sharedLock.withLock {
                        shared.queue.append(subtask)
                        if shared.sleeping > 0 { sharedLock.signal() }
                    }
                    return
                }
            case .running:
                if exchange(subtask, seen, .runningAndNotified) { return }
            case .queued, .runningAndNotified, nil:
                return
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
        timeLock.withLock { timeLock.broadcast() }
    }

    // MARK: The clerk: time and rest points

    /// Notes when a subtask wants to be woken, and tells the clerk when nobody waits for less.
    private func wake(_ subtask: Subtask, at time: RunTime) {
        let isEarlier = sharedLock.withLock { shared.wakes.set(time, of: subtask.index) }
        if isEarlier { timeLock.withLock { timeLock.signal() } }
    }

    /// What the clerk does: wakes, ends, rests, and sleeps until the next of these is due.
    private func keepTime(_ execution: Execution) {
        let start = MonotonicClock.nanoseconds()
        var restDue = start + options.restInterval
        while !sharedLock.withLock({ shared.isOver }), !execution.isStopping {
            wakeDue(execution)
            let now = MonotonicClock.nanoseconds()
            if let duration = options.duration, now - start >= duration, !execution.isEnding {
                execution.end()
            }
            if options.restInterval > 0, now >= restDue {
                let took = takeRest(execution)
                // From the end of this rest on: workers have the time in between for themselves.
                restDue =
                    MonotonicClock.nanoseconds()
                    + max(options.restInterval, took * options.restSpacing)
            }
            var next = now + options.clerkInterval
            if options.restInterval > 0 { next = min(next, restDue) }
            if let duration = options.duration, !execution.isEnding {
                next = min(next, start + duration)
            }
            sleep(until: next, execution)
        }
    }

    /// Notifies the subtasks whose time has come, outside the lock.
    private func wakeDue(_ execution: Execution) {
        let time = clock.now
        let due = sharedLock.withLock { shared.wakes.take(dueAt: time) }
        for index in due { notify(execution.subtasks[index]) }
    }

    /// Sleeps until `latest`, nanoseconds of `MonotonicClock`, or until somebody is to be woken
    /// earlier.
    ///
    /// Whoever sets an earlier time or ends the run signals, and what they set is looked at with
    /// the lock held, so that no signal is missed.
    private func sleep(until latest: UInt64, _ execution: Execution) {
        timeLock.withLock {
            let now = MonotonicClock.nanoseconds()
            var deadline = latest
            if execution.isStopping || sharedLock.withLock({ shared.isOver }) { return }
            if let wake = sharedLock.withLock({ shared.wakes.earliest }) {
                deadline = min(deadline, now + clock.nanoseconds(until: wake))
            }
            if deadline > now { timeLock.wait(until: deadline) }
        }
    }

    /// Lets every worker stand at the end of a turn, takes a number and notes it with the digest of
    /// all state. Tells how long it took, in nanoseconds; 0 where none was taken.
    private func takeRest(_ execution: Execution) -> UInt64 {
        guard notes.keepsRests || execution.hasWideInvariants else { return 0 }
        // Behind a rest point without a step the next would say the same again.
        guard stepCount != lastRest else { return 0 }
        let started = MonotonicClock.nanoseconds()
        // Room first, and without waiting: nothing is held while waiting for the recorder, subtasks
        // are woken in time, and a run that ends is not held up.
        guard notes.tryReserveRest(parts: execution.partCount) else { return 0 }
        // Ahead of the lock, so that workers in the middle of an activation come sooner.
        restWanted.store(true, ordering: .relaxed)
        sharedLock.lock()
        shared.isRestWanted = true
        let isAtRest = waitForRest(since: started, execution)
        var broken: [String] = []
        var step: Step = 0
        let time = clock.now
        // A worker that has ended means that the run is over or stopping: its end is a rest point
        // of its own.
        if isAtRest, shared.exited == 0 {
            // No turn is open: every number below this one has ended, and none above it has begun.
            step = nextStep()
            assert(
                shared.resting + shared.sleeping == options.workers,
                "\(shared.resting) workers rest and \(shared.sleeping) sleep at step \(step), "
                    + "of \(options.workers)")
            assert(step > lastRest, "a rest point at step \(step) comes behind \(lastRest)")
            lastRest = step
            Probe.at(.restNumbered)
            broken = execution.checkAtRest()
            // Before the note: whoever has the rest point has what was found there.
            execution.noteViolationsAtRest(broken, step: step, time: time)
            notes.rested(step: step, time: time) { execution.stateDigest() }
        } else {
            notes.releaseRest(parts: execution.partCount)
        }
        shared.isRestWanted = false
        restWanted.store(false, ordering: .relaxed)
        sharedLock.broadcast()
        sharedLock.unlock()
        // Without the lock, since stopping takes it.
        execution.stopAtRest(broken, step: step)
        return MonotonicClock.nanoseconds() - started
    }

    /// Waits until every worker sleeps or stands still; false when the run is over first, or when a
    /// turn lasts longer than the patience with it. The lock is held, and let go while waiting.
    private func waitForRest(since started: UInt64, _ execution: Execution) -> Bool {
        while !shared.isOver, !execution.isStopping {
            if shared.resting + shared.sleeping + shared.exited >= options.workers { return true }
            if MonotonicClock.nanoseconds() - started > options.restPatience { return false }
            sharedLock.unlock()
            restLock.withLock {
                // Between the unlock above and this wait a worker's signal may be missed; looking
                // again after 200 microseconds mends that.
                restLock.wait(until: MonotonicClock.nanoseconds() + 200_000)
            }
            sharedLock.lock()
        }
        return false
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
