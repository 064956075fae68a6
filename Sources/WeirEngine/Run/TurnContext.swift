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
    package unowned let execution: Execution
    /// The thread's number among the workers; its lanes of notes and logs have the same. A
    /// sequential schedule's threads all have 0: only one runs at any moment.
    package let worker: Int
    /// Where the log records of its turns go; nil where they go nowhere.
    let logLane: LogLane?
    /// The subtask whose turn runs, or whose late output is published; nil between turns.
    ///
    /// Unowned and unsafe, because it is read for each access to a cell and counting references
    /// would cost as much as the access. Safe: it is only set while `execution`, which keeps its
    /// subtasks, is in use by this thread.
    package internal(set) unowned(unsafe) var subtask: Subtask?
    /// The step at which the running turn began; of a late publish, that of the turn which made the
    /// output.
    package internal(set) var step: Step = 0
    /// How often the running turn touched cells; its end note has the number.
    package internal(set) var accesses: UInt32 = 0
    /// The step of the turn's last access to a cell; nil before the first.
    var lastAccess: Step?
    /// What a subtask does between its turns, for the counters: a worker of several stays with it
    /// for a few turns, and that time is the subtask's.
    var activityBetweenTurns = SubtaskCounters.Activity.idle
    /// When what is published now was ready, nanoseconds of `TickClock`. For measuring only.
    var readyTime: UInt64 = 0
    /// How many slots the note of the turn's beginning took of what was reserved.
    var usedSlots = 0
    /// The cell whose closure runs; nil outside one. Touching a second cell meanwhile traps: two
    /// turns that nest their cells the other way round would wait for each other for ever.
    var openCell: CellBase?

    package init(execution: Execution, worker: Int) {
        self.execution = execution
        self.worker = worker
        logLane = execution.notes.logLane(worker: worker)
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
