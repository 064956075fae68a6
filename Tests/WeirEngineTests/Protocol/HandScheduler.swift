import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// A pipeline whose turns a test takes one by one, with everything noted in lanes of its own.
///
/// The scheduler numbers and locks as the parallel one does, on the test's own thread, and tells
/// where a consumer is woken. One worker; nothing is drained, so that the lanes hold all notes.
final class HandExecution {
    let lanes: LaneSet
    let outside: LiveOutside
    let notes: LaneNotes
    let execution: Execution
    let scheduler: HandScheduler
    let turn: TurnContext

    init(
        _ pipeline: Pipeline, limit: UInt64 = 1_000,
        onIncident: @escaping @Sendable (Incident) -> Void = { _ in }
    ) throws {
        lanes = LaneSet(
            layout: LaneLayout(workers: 1, workerSlots: 1 << 10, sources: [0, 0], executors: 0))
        let planned = try pipeline.plan()
        var connections = LiveOutside.Connections()
        connections.sources = planned.plan.sources.map { _ in nil }
        connections.storesInput = planned.plan.sources.map { _ in false }
        connections.sinks = planned.plan.sinks.map { _ in NoRows() }
        outside = LiveOutside(
            started: Instant(nanoseconds: 0), clock: RunClock(.virtual), connections: connections,
            lanes: lanes)
        notes = LaneNotes(lanes: lanes, logLanes: [], onIncident: onIncident)
        scheduler = HandScheduler(notes)
        var options = BindOptions(seed: 1)
        options.limit = limit
        execution = Execution(
            plan: planned.plan, parts: try planned.bind(options, outside: outside),
            outside: outside, notes: notes, scheduler: scheduler, stopsOnViolation: false)
        turn = TurnContext(execution: execution, worker: 0)
    }

    subscript(name: String) -> Subtask {
        guard let subtask = execution.subtasks.first(where: { $0.name == name }) else {
            preconditionFailure("the plan has no subtask \(name)")
        }
        return subtask
    }

    /// Takes a turn of a subtask; false when there was nothing to take. An issue where less waits
    /// than the test says.
    @discardableResult
    func take(
        _ name: String, _ kind: StepKind = .input, count: UInt32 = 0, inlet: ChannelIndex = 0,
        number: (() -> Void)? = nil
    ) -> Bool {
        let subtask = self[name]
        var choice = Choice(kind: kind)
        (choice.count, choice.inlet, choice.time) = (count, inlet, outside.clock.now)
        if kind == .input, !subtask.isSource, subtask.inlets[inlet].lock == nil {
            let waiting = subtask.inlets[inlet].waiting
            guard count <= waiting else {
                Issue.record("\(name) would take \(count) of \(waiting) messages")
                return false
            }
        }
        notes.reserve(subtask.turnSlots, turn)
        return turn.bind {
            execution.perform(choice, of: subtask, turn) {
                number?()
                return scheduler.nextStep()
            }
        }
    }

    /// All notes of the worker so far.
    var rawNotes: [RawNote] {
        var notes: [RawNote] = []
        let lane = lanes.workers[0]
        lane.rewindToTail()
        while let note = lane.peek() {
            notes.append(note)
            lane.advance(past: note)
        }
        return notes
    }

    /// `3 input`, `3 end`: the steps noted so far and what they were.
    var noted: [String] {
        rawNotes.map { note in
            let kind = StepKind(rawValue: note.kind).map { "\($0)" }
            return "\(note.number) \(note.kind == LaneNote.turnEnd ? "end" : kind ?? "?")"
        }
    }
}

/// Numbers steps under the locks that they ask for.
final class HandScheduler: Scheduler, @unchecked Sendable {
    // Unchecked: the test's one thread.
    private let notes: LaneNotes
    private var steps: Step = 0

    init(_ notes: LaneNotes) { self.notes = notes }

    /// Called where a subtask is woken.
    var onNotify: (Subtask) -> Void = { _ in }
    /// Called behind a number, with the lock held.
    var onExclusive: (ExclusivePurpose, ConditionLock) -> Void = { _, _ in }

    func nextStep() -> Step {
        steps = steps.next
        return steps
    }

    var stepCount: Step { steps }
    func run(_ execution: Execution) {}
    func notify(_ subtask: Subtask) { onNotify(subtask) }
    func mayPublishStep(_ turn: TurnContext) -> Bool { true }

    func beginExclusive(
        _ lock: ConditionLock, slots: Int, purpose: ExclusivePurpose, _ turn: TurnContext
    ) -> Step {
        notes.reserve(slots, turn)
        lock.lock()
        let step = nextStep()
        onExclusive(purpose, lock)
        return step
    }

    func endExclusive(_ lock: ConditionLock, purpose: ExclusivePurpose, _ turn: TurnContext) {
        lock.unlock()
    }

    func stop() {}
}

final class NoRows: RowWriting {
    func write(_ rows: RawSpan) {}
    func close() {}
}

/// Another thread that tries to get a lock.
///
/// Whether a lock is held by the calling thread cannot be asked: an intruder that does not come in
/// says so. It is given a while for it, so a lock that is held costs a test as long.
final class Intruder: @unchecked Sendable {
    // Unchecked: `isInside` is guarded by `door`.
    private static let patience: UInt64 = 20_000_000

    private let door = ConditionLock()
    private var isInside = false
    private var thread: SystemThread?

    /// Whether another thread comes in by a lock within a while.
    func comesIn(by lock: ConditionLock) -> Bool {
        thread = SystemThread("intruder") { [self] in
            lock.withLock {}
            door.withLock {
                isInside = true
                door.signal()
            }
        }
        return door.withLock {
            let deadline = MonotonicClock.nanoseconds() + Self.patience
            while !isInside, MonotonicClock.nanoseconds() < deadline { door.wait(until: deadline) }
            return isInside
        }
    }

    /// Waits until it has come in. With the lock free.
    func join() { thread?.join() }
}
