import Synchronization
import WeirBase
package import WeirTelemetry

/// Why a run ended before its input did, or that it did not.
package enum StopCause: Equatable, Sendable {
    /// An invariant failed and the run was asked to stop then.
    case violation(invariant: String)
    /// An operator threw.
    case operatorFailed(stage: String, message: String)
    /// A `fail` edge was full.
    case edgeFull(channel: String)
    /// A source's input could not be read on.
    case inputFailed(source: String, message: String)
    /// A sink could not be written, or an explicitly wanted trace.
    case outputFailed(message: String)
    /// Asked twice to end.
    case abandoned
}

/// One run of a plan: subtasks, channels and cells, between a scheduler, an outside and notes.
package final class Execution: @unchecked Sendable {
    // Unchecked: the parts have their own rules; what is mutable here is atomic or locked.

    package let plan: Plan
    package let subtasks: [Subtask]
    package let channels: [any AnyChannel]
    package let cells: [any AnyCell]
    /// What the outside answers it.
    package let outside: any Outside
    /// Where it tells what it does.
    package let notes: any Notes
    package let scheduler: any Scheduler
    package let stopsOnViolation: Bool
    /// Subtasks that began or ended a turn, or published late, for whoever watches the run.
    package let touched: TouchedSet

    private struct State {
        var cause: StopCause?
        var step: UInt64 = .max
        var violations = Violations()
        var books: Books?
    }
    private let state = Mutex(State())
    let wideInvariants: [WideInvariant]
    let stateAtRest: StateAtRest
    /// Only whoever takes rest points looks through it.
    var wideWatch = WideWatch()
    private let stopping = Atomic<Bool>(false)
    private let ending = Atomic<Bool>(false)
    /// Which condition at rest is being checked, and since when; 0 when none is.
    let checkedInvariant = Atomic<Int>(0)
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

    /// No turn begins any more.
    package var isStopping: Bool { stopping.load(ordering: .acquiring) }
    /// The sources end at their next turn.
    package var isEnding: Bool { ending.load(ordering: .relaxed) }
    package var isFinished: Bool { subtasks.allSatisfy { $0.isDone && !$0.hasUnpublished } }

    /// Lets the sources end; what they gave is drained. Any thread.
    package func end() {
        ending.store(true, ordering: .relaxed)
        for subtask in subtasks where subtask.source != nil { scheduler.notify(subtask) }
    }

    /// Ends the run: turns that have looked finish, none begins. Any thread.
    ///
    /// Of several causes the one at the least step is kept.
    package func stop(_ cause: StopCause, step: UInt64) {
        state.withLock { state in
            if state.cause == nil || step < state.step {
                state.cause = cause
                state.step = step
            }
        }
        stopping.store(true, ordering: .releasing)
        scheduler.stop()
    }

    package var stopCause: (cause: StopCause, step: UInt64)? {
        state.withLock { state in state.cause.map { ($0, state.step) } }
    }

    /// Keeps a violation with its place, or only counts it.
    func keep(_ violation: Violation) { state.withLock { $0.violations.keep(violation) } }

    package var violations: Violations { state.withLock { $0.violations } }

    /// What became of every element, once no turn is taken any more; the same however often it is
    /// asked for. What is left over counts as dropped from then on, also in the counters.
    package func closeBooks() -> Books {
        if let books = state.withLock({ $0.books }) { return books }
        let books = books(isOver: true)
        for leftover in books.leftovers {
            subtasks[leftover.subtask].counters.drop(leftover.count, leftover.reason)
            touched.insert(subtasks[leftover.subtask].index)
        }
        state.withLock { $0.books = books }
        return books
    }

    // MARK: A turn

    /// Takes a turn: number, note, run, publish, note. False when there was nothing left to take.
    ///
    /// Room for the notes was reserved and the look was made before. `number` gives the step.
    package func perform(
        _ chosen: Choice, of subtask: Subtask, _ turn: TurnContext, number: () -> UInt64
    ) -> Bool {
        var choice = chosen
        turn.subtask = subtask
        turn.accesses = 0
        turn.lastAccess = nil
        defer { turn.subtask = nil }
        let inlet = takesFromInlet(choice, subtask)
        if let lock = inlet?.lock {
            lock.lock()
            choice.count = UInt32(min(Int(choice.count), inlet?.waiting ?? 0))
            if choice.count == 0 {
                lock.unlock()
                return false
            }
        }
        probe(.looked)
        let started = TickClock.nanoseconds()
        subtask.counters.enter(.busy, now: started)
        touched.insert(subtask.index)
        measureWaiting(subtask, inlet, started)
        #if WEIR_PROBES
            let isLate = Probe.has(.numberAfterPublish) && inlet?.lock == nil
        #else
            let isLate = false
        #endif
        if !isLate {
            turn.step = number()
            probe(.numbered)
            notes.began(choice, turn)
            probe(.noted)
        }
        subtask.chain.running.begin(step: turn.step, now: started)
        if let inlet, let lock = inlet.lock { takeOut(choice, inlet, lock) }
        let results =
            choice.kind == .completion ? outside.calls.take(choice.calls, of: turn) : []
        subtask.run(choice, turn, results: results)
        subtask.checkInvariants(turn)
        probe(.ran)
        count(subtask, inlet)
        let sample = subtask.sample()
        if let failure = subtask.failure { report(failure, subtask, turn, kind: choice.kind) }
        let now = TickClock.nanoseconds()
        turn.readyTime = now
        _ = subtask.publish(turn, isLate: false)
        probe(.published)
        #if WEIR_PROBES
            if isLate {
                turn.step = number()
                notes.began(choice, turn)
            }
        #endif
        wakeProducers(inlet)
        subtask.counters.turnLatency.record(now &- started)
        measureLatency(subtask, now)
        notes.ended(
            TurnAccount(
                accesses: turn.accesses,
                duration: UInt32(clamping: (now - started) / 1_000), sample: sample),
            turn)
        subtask.submitCalls()
        subtask.chain.running.end()
        subtask.counters.enter(
            subtask.hasUnpublished ? .backpressured : turn.activityBetweenTurns, now: now)
        touched.insert(subtask.index)
        probe(.ended)
        return true
    }

    private func takesFromInlet(_ choice: Choice, _ subtask: Subtask) -> Inlet? {
        guard choice.kind == .input, subtask.source == nil else { return nil }
        return subtask.inlets[Int(choice.inlet)]
    }

    private func takeOut(_ choice: Choice, _ inlet: Inlet, _ lock: Monitor) {
        #if WEIR_PROBES
            if Probe.has(.takeOutsideLock) {
                lock.unlock()
                probe(.taking)
                lock.lock()
                inlet.takeOut(min(Int(choice.count), inlet.waiting))
                lock.unlock()
                return
            }
        #endif
        inlet.takeOut(Int(choice.count))
        lock.unlock()
    }

    private func count(_ subtask: Subtask, _ inlet: Inlet?) {
        let counters = subtask.counters
        SubtaskCounters.add(1, to: counters.turns)
        if let source = subtask.source {
            counters.recordsIn.store(source.taken, ordering: .relaxed)
            counters.bytesIn.store(source.takenBytes, ordering: .relaxed)
            counters.newestEvent.store(source.newestEvent ?? .min, ordering: .relaxed)
            counters.lagRecords.store(source.lag ?? .max, ordering: .relaxed)
            counters.lagSince.store(source.lagSince ?? .max, ordering: .relaxed)
        } else if let inlet {
            inlet.totalElements &+= UInt64(inlet.elements)
            SubtaskCounters.add(UInt64(inlet.elements), to: counters.recordsIn)
        }
        var emitted: UInt64 = 0
        for outlet in subtask.outlets {
            outlet.totalElements &+= UInt64(outlet.emittedElements)
            emitted += UInt64(outlet.emittedElements)
            if let rows = outlet as? RowOutlet {
                counters.bytesOut.store(rows.bytes, ordering: .relaxed)
            }
        }
        SubtaskCounters.add(emitted, to: counters.recordsOut)
    }

    /// Since when what the turn takes is on its way, and how long it waited for the turn.
    private func measureWaiting(_ subtask: Subtask, _ inlet: Inlet?, _ started: UInt64) {
        let birth = inlet?.channel.nextBirth ?? 0
        subtask.birth = birth == 0 ? started : birth
        guard let oldest = inlet?.channel.oldestEntry, oldest != 0 else { return }
        subtask.counters.queueLatency.record(started > oldest ? started - oldest : 0)
    }

    /// A sink's turn: how long ago the oldest input behind it was taken in.
    private func measureLatency(_ subtask: Subtask, _ now: UInt64) {
        for case let outlet as RowOutlet in subtask.outlets where outlet.emitted > 0 {
            let latency = now > subtask.birth ? now - subtask.birth : 0
            outlet.latency.record(latency)
            subtask.counters.wholeLatency.record(latency)
        }
    }

    private func report(
        _ failure: OperatorFailure, _ subtask: Subtask, _ turn: TurnContext, kind: StepKind
    ) {
        let name = subtask.operatorName(of: failure)
        SubtaskCounters.add(1, to: subtask.counters.errors)
        subtask.chain.frame.pointee.record(
            .error, "operator_failed",
            ["operator": .text(name), "message": .text(failure.message)], line: #line)
        notes.marked(
            Mark(
                step: turn.step, kind: .failure, name: name, message: failure.message,
                time: subtask.chain.frame.pointee.turnTime, access: turn.lastAccess))
        let message = "\(name): \(failure.message)"
        stop(
            kind == .failure
                ? .inputFailed(source: name, message: failure.message)
                : .operatorFailed(stage: subtask.name, message: message),
            step: turn.step)
    }

    private func wakeProducers(_ inlet: Inlet?) {
        guard let producer = inlet?.channel.producer else { return }
        // Pairs with the fence in `publishAgain`: either the producer sees the room that was just
        // given back, or its flag is seen here.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if producer.isBlocked.load(ordering: .relaxed) { scheduler.notify(producer) }
    }

    /// Publishes what a turn left over, once the consumer knows that it is waited for.
    package func publishAgain(_ subtask: Subtask, _ turn: TurnContext) -> Bool {
        subtask.isBlocked.store(true, ordering: .relaxed)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard publishLate(subtask, turn) else { return false }
        subtask.isBlocked.store(false, ordering: .relaxed)
        return true
    }

    /// Publishes what a turn left over; true when nothing is left now.
    package func publishLate(_ subtask: Subtask, _ turn: TurnContext) -> Bool {
        turn.subtask = subtask
        turn.step = subtask.lastTurn
        defer { turn.subtask = nil }
        let now = TickClock.nanoseconds()
        turn.readyTime = now
        let isPublished = subtask.publish(turn, isLate: true)
        if isPublished { subtask.counters.enter(turn.activityBetweenTurns, now: now) }
        touched.insert(subtask.index)
        return isPublished
    }

    /// Publishes what a turn left over on one edge that may drop, as one step.
    package func publishStep(
        _ subtask: Subtask, _ outlet: any StepPublishing, _ turn: TurnContext
    ) {
        turn.subtask = subtask
        turn.step = subtask.lastTurn
        defer { turn.subtask = nil }
        subtask.staleDigest()
        outlet.publishStep(turn)
    }

    // MARK: State

    /// All state as values. In a replay, where no turn is open and the run does not stop.
    package func save() -> ExecutionSnapshot {
        ExecutionSnapshot(
            subtasks: subtasks.map { $0.savePart() }, channels: channels.map { $0.savePart() },
            cells: cells.map { $0.savePart() }, wideWatch: wideWatch, violations: violations)
    }

    /// Takes saved state in, before the first turn of an execution of the same plan.
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

    /// Rows, and both digests, of each sink.
    package func sinkDigests() -> [SinkDigest] {
        plan.sinks.map { sink in
            var rows: UInt64 = 0
            var unordered: UInt64 = 0
            var ordered = StableHash()
            for subtask in subtasks {
                for case let outlet as RowOutlet in subtask.outlets where outlet.sink == sink.name {
                    rows += outlet.rows
                    unordered &+= outlet.unordered
                    ordered.combine(outlet.ordered.value)
                }
            }
            return SinkDigest(
                sink: sink.name, rows: rows, ordered: ordered.value.hexadecimal,
                unordered: unordered.hexadecimal)
        }
    }

    @inline(__always)
    private func probe(_ point: ProtocolPoint) {
        #if WEIR_PROBES
            Probe.at(point)
        #endif
    }
}

#if WEIR_PROBES
    private typealias ProtocolPoint = ProbePoint
#else
    /// The places of the protocol that a test build can yield at; nothing in this build.
    private enum ProtocolPoint { case looked, numbered, noted, ran, published, ended, taking }
#endif
