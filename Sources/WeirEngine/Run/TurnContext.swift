package import WeirBase
import WeirTelemetry

/// What the code of a running turn can reach without being given it: one for each thread that runs
/// turns.
///
/// A worker makes one, binds it to its thread for as long as it runs turns, and gives it to
/// `Execution.perform`. `Execution` sets `subtask` and `step` while a turn or a late publish runs.
/// A `SharedCell` finds its execution through `current`, since a user's closure captures the cell's
/// handle and not the run. Only the thread that owns it touches it.
package final class TurnContext {
    /// Unowned and unsafe, because it is reached several times a turn. Safe: whoever runs turns
    /// keeps the execution.
    package unowned(unsafe) let execution: Execution
    /// The thread's number among the workers; its lanes of notes and logs have the same. A
    /// sequential schedule's threads all have 0: only one runs at any moment.
    package let worker: Int
    /// Where the log records of its turns go; nil where they go nowhere.
    let logLane: LogLane?
    /// The subtask whose turn runs, or whose late output is published; nil between turns.
    package internal(set) var subtask: Subtask? {
        get { state.pointee.subtask }
        set { state.pointee.subtask = newValue }
    }
    /// The step at which the running turn began; of a late publish, that of the turn which made the
    /// output.
    package internal(set) var step: Step {
        get { state.pointee.step }
        set { state.pointee.step = newValue }
    }
    /// How often the running turn touched cells; its end note has the number.
    package internal(set) var accesses: UInt32 {
        get { state.pointee.accesses }
        set { state.pointee.accesses = newValue }
    }
    /// The step of the turn's last access to a cell; nil before the first.
    var lastAccess: Step? {
        get { state.pointee.lastAccess }
        set { state.pointee.lastAccess = newValue }
    }
    /// What a subtask does between its turns, for the counters: a worker of several stays with it
    /// for a few turns, and that time is the subtask's.
    var activityBetweenTurns: SubtaskCounters.Activity {
        get { state.pointee.activityBetweenTurns }
        set { state.pointee.activityBetweenTurns = newValue }
    }
    /// When what is published now was ready, nanoseconds of `TickClock`. For measuring only.
    var readyTime: UInt64 {
        get { state.pointee.readyTime }
        set { state.pointee.readyTime = newValue }
    }
    /// How many slots the note of the turn's beginning took of what was reserved.
    var usedSlots: Int {
        get { state.pointee.usedSlots }
        set { state.pointee.usedSlots = newValue }
    }
    /// The cell whose closure runs; nil outside one. Touching a second cell meanwhile traps: two
    /// turns that nest their cells the other way round would wait for each other for ever.
    var openCell: CellBase? {
        get { state.pointee.openCell }
        set { state.pointee.openCell = newValue }
    }

    /// What changes from turn to turn.
    private struct State {
        /// Unowned and unsafe, because it is read for each access to a cell and counting references
        /// would cost as much as the access. Safe: it is only set while the execution, which keeps
        /// its subtasks, is in use by this thread.
        unowned(unsafe) var subtask: Subtask?
        var step: Step = 0
        var accesses: UInt32 = 0
        var lastAccess: Step?
        var activityBetweenTurns = SubtaskCounters.Activity.idle
        var readyTime: UInt64 = 0
        var usedSlots = 0
        var openCell: CellBase?
        /// When the worker began to run turns of the subtask that it runs, nanoseconds of
        /// `TickClock`, and whether that usually takes long. For waking others in time only.
        var activationStart: UInt64 = 0
        var activationRunsLong = false
    }
    /// Behind a pointer: a variable of a class is checked for exclusive access each time.
    private let state = UnsafeMutablePointer<State>.allocate(capacity: 1)

    package init(execution: Execution, worker: Int) {
        self.execution = execution
        self.worker = worker
        logLane = execution.notes.logLane(worker: worker)
        state.initialize(to: State())
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// The worker begins to run turns of a subtask.
    func beginActivation(of subtask: Subtask, now: UInt64) {
        state.pointee.activationStart = now
        state.pointee.activationRunsLong = subtask.usuallyRunsLong
    }

    /// Whether what this worker makes runnable `now` would wait long for it.
    func staysLong(now: UInt64) -> Bool {
        state.pointee.activationRunsLong
            || now &- state.pointee.activationStart >= RunQueue.helpNanoseconds
    }

    /// Makes this the context of the calling thread while `body` runs.
    package func bind<Result>(_ body: () throws -> Result) rethrows -> Result {
        let previous = ThreadContext.current
        ThreadContext.set(Unmanaged.passUnretained(self).toOpaque())
        defer { ThreadContext.set(previous) }
        return try body()
    }

    /// The calling thread's context; nil outside a worker.
    static var current: TurnContext? {
        guard let raw = ThreadContext.current else { return nil }
        return Unmanaged<TurnContext>.fromOpaque(raw).takeUnretainedValue()
    }
}
