import Synchronization
import WeirBase

/// What the clerk knows of its last looks.
struct ClerkMemory {
    /// The step of the last rest point.
    var lastRest: Step = 0
    /// The last step at the last look at who waits.
    var seenSteps: Step = 0
}

/// The clerk of a parallel run: its duration, its rest points, and a look at who waits.
extension ParallelScheduler {
    /// What the clerk does: ends, rests, has others helped, and sleeps until the next of these is
    /// due.
    func keepClerk(_ execution: Execution) {
        let start = MonotonicClock.nanoseconds()
        var restDue = start + options.restInterval
        while !sharedLock.withLock({ shared.pointee.isOver }), !execution.isStopping {
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
            let mayGoOn = lookAtWaiting()
            var next = now + (mayGoOn ? options.clerkInterval : options.clerkRest)
            // Behind a rest point without a step the next would say the same again.
            if options.restInterval > 0, stepCount != clerk.lastRest { next = min(next, restDue) }
            if let duration = options.duration, !execution.isEnding {
                next = min(next, start + duration)
            }
            sleep(until: next, isAtRest: !mayGoOn, execution)
        }
    }

    /// Has a sleeping worker woken for what could run, or to keep the time, where whoever was to do
    /// it is in a turn. Tells whether turns were taken since its last look.
    ///
    /// A turn that takes long without having done so before is one that was begun since the last
    /// look: where none was, all is as it was then.
    private func lookAtWaiting() -> Bool {
        let steps = stepCount
        defer { clerk.seenSteps = steps }
        guard steps != clerk.seenSteps else { return false }
        sharedLock.withLock {
            if shared.pointee.queue.hasIdleHands || shared.pointee.queue.needsKeeper {
                sharedLock.signal()
            }
        }
        return true
    }

    /// Sleeps until `deadline`, nanoseconds of `MonotonicClock`, or until somebody ends the run, or
    /// takes a turn while the clerk is at rest.
    private func sleep(until deadline: UInt64, isAtRest: Bool, _ execution: Execution) {
        clerkLock.withLock {
            if execution.isStopping || sharedLock.withLock({ shared.pointee.isOver }) { return }
            isClerkAtRest.store(isAtRest, ordering: .relaxed)
            defer { isClerkAtRest.store(false, ordering: .relaxed) }
            // Pairs with the fence in `activate`: either a turn's step is seen here, or whoever
            // takes it sees that the clerk is at rest.
            atomicMemoryFence(ordering: .sequentiallyConsistent)
            if isAtRest, stepCount != clerk.seenSteps { return }
            if deadline > MonotonicClock.nanoseconds() { clerkLock.wait(until: deadline) }
        }
    }

    /// Ends the clerk's rest: turns are taken again.
    func wakeClerk() { clerkLock.withLock { clerkLock.signal() } }

    /// Lets every worker stand at the end of a turn, takes a number and notes it with the digest of
    /// all state. Tells how long it took, in nanoseconds; 0 where none was taken.
    private func takeRest(_ execution: Execution) -> UInt64 {
        guard notes.keepsRests || execution.hasWideInvariants else { return 0 }
        // Behind a rest point without a step the next would say the same again.
        guard stepCount != clerk.lastRest else { return 0 }
        let started = MonotonicClock.nanoseconds()
        // Room first, and without waiting: nothing is held while waiting for the recorder, subtasks
        // are woken in time, and a run that ends is not held up.
        guard notes.tryReserveRest(parts: execution.partCount) else { return 0 }
        // Ahead of the lock, so that workers in the middle of an activation come sooner.
        restWanted.store(true, ordering: .relaxed)
        sharedLock.lock()
        shared.pointee.isRestWanted = true
        let isAtRest = waitForRest(since: started, execution)
        var broken: [String] = []
        var step: Step = 0
        let time = clock.now
        // A worker that has ended means that the run is over or stopping: its end is a rest point
        // of its own.
        if isAtRest, shared.pointee.exited == 0 {
            // No turn is open: every number below this one has ended, and none above it has begun.
            step = nextStep()
            let (resting, sleeping) = (shared.pointee.resting, shared.pointee.queue.sleeping)
            assert(
                resting + sleeping == options.workers,
                "\(resting) workers rest and \(sleeping) sleep at step \(step), "
                    + "of \(options.workers)")
            assert(step > clerk.lastRest, "a rest point at \(step) is behind \(clerk.lastRest)")
            clerk.lastRest = step
            Probe.at(.restNumbered)
            broken = execution.checkAtRest()
            // Before the note: whoever has the rest point has what was found there.
            execution.noteViolationsAtRest(broken, step: step, time: time)
            notes.rested(step: step, time: time) { execution.stateDigest() }
        } else {
            notes.releaseRest(parts: execution.partCount)
        }
        shared.pointee.isRestWanted = false
        restWanted.store(false, ordering: .relaxed)
        // Those that sleep have nothing to do now either.
        if shared.pointee.resting > 0 { sharedLock.broadcast() }
        sharedLock.unlock()
        // Without the lock, since stopping takes it.
        execution.stopAtRest(broken, step: step)
        return MonotonicClock.nanoseconds() - started
    }

    /// Waits until every worker sleeps or stands still; false when the run is over first, or when a
    /// turn lasts longer than the patience with it. The lock is held, and let go while waiting.
    private func waitForRest(since started: UInt64, _ execution: Execution) -> Bool {
        while !shared.pointee.isOver, !execution.isStopping {
            let standing =
                shared.pointee.resting + shared.pointee.queue.sleeping + shared.pointee.exited
            if standing >= options.workers { return true }
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
