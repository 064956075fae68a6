import DequeModule
import Synchronization
package import WeirBase
import WeirTelemetry

/// Runs subtasks on several threads; what it decides is recorded.
///
/// Workers share one run queue. A subtask is in it at most once; a worker that takes it out owns
/// it until its activation ends, which is a few turns later. Waking is by notification: whoever
/// makes a subtask runnable puts it into the queue.
///
/// A thread of the scheduler's own wakes subtasks whose time has come and asks for rest points.
package final class ParallelScheduler: Scheduler, @unchecked Sendable {
    // Unchecked: `shared` is guarded by `monitor`; the rest is atomic or set before the threads.

    /// How a parallel run is tuned.
    package struct Options: Sendable {
        package var workers: Int
        /// Turns of one subtask before another gets the worker.
        package var turnsPerActivation = 16
        /// A subtask that had the worker for so long gives it up after the turn: without that one
        /// with long turns keeps those that feed it from their worker, whatever room there is.
        package var activationNanoseconds: UInt64 = 10_000_000
        /// The least time between two rest points; 0 for none at all.
        package var restInterval: UInt64 = 100_000_000
        /// A request waits at least so many times as long as the last rest took.
        package var restSpacing: UInt64 = 50
        /// A request is withdrawn when a turn lasts longer than this: the other workers stand
        /// still for it, and a turn that never ends would keep them so for ever.
        package var restPatience: UInt64 = 1_000_000_000
        /// The clerk sleeps so long at most, nanoseconds, when nothing is due.
        package var clerkInterval: UInt64 = 100_000_000
        /// The sources end after so many nanoseconds; nil for no such end.
        package var duration: UInt64?

        package init(workers: Int) { self.workers = workers }
    }

    private enum Claim: Int {
        case idle = 0
        case queued = 1
        case running = 2
        case runningAndNotified = 3
    }

    private struct Shared {
        var queue = Deque<Subtask>()
        var sleeping = 0
        var resting = 0
        var exited = 0
        var isRestWanted = false
        var isOver = false
        var wakes = WakeTimes()
        /// Subtasks from the first on that are known to be done for good.
        var finishedPrefix = 0
    }

    private let options: Options
    private let steps = Atomic<UInt64>(0)
    private let monitor = Monitor()
    private let restMonitor = Monitor()
    private let timeMonitor = Monitor()
    private var shared = Shared()
    private let restWanted = Atomic<Bool>(false)
    private let outside: LiveOutside
    private let notes: any LiveNotes
    private var clock: RunClock { outside.clock }
    private weak var execution: Execution?
    /// The step of the last rest point; the clerk's.
    private var lastRest: UInt64 = 0

    /// A scheduler that chooses by what `outside` has, and whose turns `notes` has room for.
    package init(options: Options, outside: LiveOutside, notes: any LiveNotes) {
        self.options = options
        self.outside = outside
        self.notes = notes
    }

    package var stepCount: UInt64 { steps.load(ordering: .relaxed) }

    // MARK: Running

    package func run(_ execution: Execution) {
        self.execution = execution
        // A reader may have woken its source already: then it is in the queue, once.
        for subtask in execution.subtasks { notify(subtask) }
        let clerk = Worker("weir-clerk") { [self] in keepTime(execution) }
        let workers = (0..<options.workers).map { number in
            Worker("weir-worker-\(number)") { [self] in work(execution, number) }
        }
        workers.forEach { $0.join() }
        monitor.withLock { shared.isOver = true }
        timeMonitor.withLock { timeMonitor.broadcast() }
        clerk.join()
        // The end is a rest point without a step: short runs have no other.
        guard execution.hasWideInvariants, !execution.isStopping else { return }
        execution.lookAtRest(step: stepCount, time: clock.microseconds)
    }

    private func work(_ execution: Execution, _ number: Int) {
        let turn = TurnContext(execution: execution, worker: number)
        turn.activityBetweenTurns = .between
        notes.wake()
        turn.bind {
            while let subtask = nextSubtask(execution) { activate(subtask, turn) }
        }
        monitor.withLock {
            shared.exited += 1
            monitor.broadcast()
        }
        restMonitor.withLock { restMonitor.broadcast() }
    }

    /// The next subtask to run; nil when the run is over. Sleeps and rests in here.
    private func nextSubtask(_ execution: Execution) -> Subtask? {
        monitor.lock()
        defer { monitor.unlock() }
        while true {
            if execution.isStopping || shared.isOver { return nil }
            if shared.isRestWanted {
                rest()
                continue
            }
            if let subtask = shared.queue.popFirst() {
                subtask.claim.store(Claim.running.rawValue, ordering: .relaxed)
                return subtask
            }
            let isQuiet = shared.sleeping + shared.exited + 1 == options.workers
            if isQuiet, execution.isFinished(behind: &shared.finishedPrefix) {
                shared.isOver = true
                monitor.broadcast()
                return nil
            }
            shared.sleeping += 1
            restMonitor.signal()
            monitor.wait()
            shared.sleeping -= 1
            notes.wake()
        }
    }

    /// Stands still at the end of a turn until the rest point is over. The lock is held.
    private func rest() {
        shared.resting += 1
        restMonitor.signal()
        while shared.isRestWanted && !shared.isOver { monitor.wait() }
        shared.resting -= 1
    }

    private func activate(_ subtask: Subtask, _ turn: TurnContext) {
        #if WEIR_PROBES
            Probe.at(.claimed)
        #endif
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
        if !subtask.claim.compareExchange(
            expected: Claim.running.rawValue, desired: Claim.idle.rawValue,
            ordering: .acquiringAndReleasing
        ).exchanged {
            requeue(subtask, now)
        }
    }

    /// Queues a subtask that this thread has claimed; from `now` on it waits for a worker.
    private func requeue(_ subtask: Subtask, _ now: UInt64) {
        subtask.counters.enter(.waiting, now: now)
        subtask.touched?.insert(subtask.index)
        subtask.claim.store(Claim.queued.rawValue, ordering: .releasing)
        monitor.withLock {
            shared.queue.append(subtask)
            if shared.sleeping > 0, shared.queue.count > 1 { monitor.signal() }
        }
    }

    /// Takes one turn; false when the subtask has nothing to do now.
    private func takeTurn(_ subtask: Subtask, _ turn: TurnContext) -> Bool {
        let execution = turn.execution
        if subtask.hasUnpublished {
            #if WEIR_PROBES
                if Probe.has(.runWithPending) || Probe.has(.mergeRemainder), !subtask.isDone {
                    _ = execution.publishLate(subtask, turn)
                } else {
                    return execution.publishAgain(subtask, turn) && !subtask.isDone
                }
            #else
                return execution.publishAgain(subtask, turn) && !subtask.isDone
            #endif
        }
        if subtask.isDone { return false }
        notes.reserve(subtask.turnSlots, turn)
        #if WEIR_PROBES
            Probe.at(.reserved)
            let early = earlyStep(subtask, execution)
        #endif
        let look = subtask.look(at: outside.present(isEnding: execution.isEnding))
        guard case .choice(let choice) = look, !execution.isStopping else {
            notes.release(subtask.turnSlots, turn)
            if case .waiting(let until?) = look { wake(subtask, at: until) }
            return false
        }
        let took = execution.perform(choice, of: subtask, turn) { [self] in
            #if WEIR_PROBES
                if let early { return early }
            #endif
            return nextStep()
        }
        notes.release(took ? 0 : subtask.turnSlots, turn)
        return took
    }

    #if WEIR_PROBES
        /// The planted fault of a number that is taken before the look that counts.
        private func earlyStep(_ subtask: Subtask, _ execution: Execution) -> UInt64? {
            guard Probe.has(.numberBeforeLook), !execution.isStopping else { return nil }
            let look = subtask.look(at: outside.present(isEnding: execution.isEnding))
            guard case .choice(let choice) = look else { return nil }
            // A choice under a lock may be gone at the second look, and the number with it.
            if choice.kind == .input, subtask.source == nil,
                subtask.inlets[Int(choice.inlet)].lock != nil
            {
                return nil
            }
            let step = nextStep()
            Probe.at(.numbered)
            return step
        }
    #endif

    private func nextStep() -> UInt64 { steps.wrappingAdd(1, ordering: .relaxed).newValue }

    // MARK: Seams

    package func notify(_ subtask: Subtask) {
        while true {
            let seen = subtask.claim.load(ordering: .acquiring)
            switch Claim(rawValue: seen) {
            case .idle:
                if exchange(subtask, seen, .queued) {
                    // Claimed and in no queue yet: what it does is this thread's to say.
                    subtask.counters.enter(.waiting, now: TickClock.nanoseconds())
                    subtask.touched?.insert(subtask.index)
                    monitor.withLock {
                        shared.queue.append(subtask)
                        if shared.sleeping > 0 { monitor.signal() }
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

    private func exchange(_ subtask: Subtask, _ seen: Int, _ next: Claim) -> Bool {
        subtask.claim.compareExchange(
            expected: seen, desired: next.rawValue, ordering: .acquiringAndReleasing
        ).exchanged
    }

    package func mayPublishStep(_ turn: TurnContext, outlet: UInt16) -> Bool { true }

    package func beginExclusive(
        _ lock: Monitor, slots: Int, purpose: ExclusivePurpose, _ turn: TurnContext
    ) -> UInt64 {
        notes.reserve(slots, turn)
        #if WEIR_PROBES
            let isCell = if case .cell = purpose { true } else { false }
            if Probe.has(isCell ? .accessNumberOutsideLock : .publishNumberOutsideLock) {
                let step = nextStep()
                Probe.at(isCell ? .accessLocked : .dropLocked)
                lock.lock()
                return step
            }
        #endif
        lock.lock()
        #if WEIR_PROBES
            Probe.at(isCell ? .accessLocked : .dropLocked)
        #endif
        let step = nextStep()
        #if WEIR_PROBES
            Probe.at(isCell ? .accessNumbered : .dropNumbered)
        #endif
        return step
    }

    package func endExclusive(_ lock: Monitor, purpose: ExclusivePurpose, _ turn: TurnContext) {
        lock.unlock()
    }

    package func stop() {
        monitor.withLock { monitor.broadcast() }
        timeMonitor.withLock { timeMonitor.broadcast() }
    }

    // MARK: The clerk: time and rest points

    private func wake(_ subtask: Subtask, at time: Int64) {
        let isEarlier = monitor.withLock { shared.wakes.set(time, of: subtask.index) }
        if isEarlier { timeMonitor.withLock { timeMonitor.signal() } }
    }

    private func keepTime(_ execution: Execution) {
        let start = MonotonicClock.nanoseconds()
        var restDue = start + options.restInterval
        while !monitor.withLock({ shared.isOver }), !execution.isStopping {
            wakeDue(execution)
            let now = MonotonicClock.nanoseconds()
            if let duration = options.duration, now - start >= duration, !execution.isEnding {
                execution.end()
            }
            if options.restInterval > 0, now >= restDue {
                let took = takeRest(execution)
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

    private func wakeDue(_ execution: Execution) {
        let time = clock.microseconds
        let due = monitor.withLock { shared.wakes.take(dueAt: time) }
        for index in due { notify(execution.subtasks[Int(index)]) }
    }

    /// Sleeps until then, or until somebody is to be woken.
    ///
    /// Whoever sets an earlier time or ends the run signals, and what they set is looked at with
    /// the lock held, so that no signal is missed.
    private func sleep(until latest: UInt64, _ execution: Execution) {
        timeMonitor.withLock {
            let now = MonotonicClock.nanoseconds()
            var deadline = latest
            if execution.isStopping || monitor.withLock({ shared.isOver }) { return }
            if let wake = monitor.withLock({ shared.wakes.earliest }) {
                let ahead = max(0, wake * 1_000 - clock.nanoseconds)
                deadline = min(deadline, now + UInt64(ahead))
            }
            if deadline > now { timeMonitor.wait(until: deadline) }
        }
    }

    /// Lets every worker stand at the end of a turn, takes a number and notes it with the digest
    /// of all state. Tells how long it took, in nanoseconds.
    private func takeRest(_ execution: Execution) -> UInt64 {
        guard notes.keepsRests || execution.hasWideInvariants else { return 0 }
        // Behind a rest point without a step the next would say the same again.
        guard stepCount != lastRest else { return 0 }
        let started = MonotonicClock.nanoseconds()
        // Room first: nothing is held while waiting for it, and a run that ends is not held up.
        guard notes.tryReserveRest(parts: execution.partCount) else { return 0 }
        restWanted.store(true, ordering: .relaxed)
        monitor.lock()
        shared.isRestWanted = true
        let isAtRest = waitForRest(since: started, execution)
        var broken: [String] = []
        var step: UInt64 = 0
        let time = clock.microseconds
        if isAtRest, shared.exited == 0 {
            step = nextStep()
            lastRest = step
            #if WEIR_PROBES
                Probe.at(.restNumbered)
            #endif
            broken = execution.checkAtRest()
            // Before the note: whoever has the rest point has what was found there.
            execution.markAtRest(broken, step: step, time: time)
            notes.rested(step: step, time: time) { execution.stateDigest() }
        } else {
            notes.releaseRest(parts: execution.partCount)
        }
        shared.isRestWanted = false
        restWanted.store(false, ordering: .relaxed)
        monitor.broadcast()
        monitor.unlock()
        execution.stopAtRest(broken, step: step)
        return MonotonicClock.nanoseconds() - started
    }

    /// Waits until every worker sleeps or stands still; false when the run is over first or the
    /// patience with a long turn is. The lock is held, and let go while waiting.
    private func waitForRest(since started: UInt64, _ execution: Execution) -> Bool {
        while !shared.isOver, !execution.isStopping {
            #if WEIR_PROBES
                if Probe.has(.restWithOpenTurns) { return true }
            #endif
            if shared.resting + shared.sleeping + shared.exited >= options.workers { return true }
            if MonotonicClock.nanoseconds() - started > options.restPatience { return false }
            monitor.unlock()
            restMonitor.withLock {
                restMonitor.wait(until: MonotonicClock.nanoseconds() + 200_000)
            }
            monitor.lock()
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
