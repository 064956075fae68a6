import WeirBase
import WeirTelemetry

/// What the code of a running turn can reach without being handed it: one per thread.
///
/// A thread that runs turns sets itself up with one; `current` is nil on every other thread.
package final class TurnContext {
    package unowned let execution: Execution
    /// The thread's number; its lane has the same.
    package let worker: Int
    /// Where the log records of its turns go; nil where they go nowhere.
    let logLane: LogLane?
    /// The subtask whose turn runs, or whose late output is published.
    package internal(set) unowned(unsafe) var subtask: Subtask?
    /// The step at which the running turn began.
    package internal(set) var step: UInt64 = 0
    package internal(set) var accesses: UInt32 = 0
    /// The step of the turn's last access to a cell; nil before the first.
    var lastAccess: UInt64?
    /// What a subtask does between its turns: a worker of several stays with it for some.
    var activityBetweenTurns = SubtaskCounters.Activity.idle
    /// When what is published now was ready, nanoseconds of `TickClock`; for measuring only.
    var readyTime: UInt64 = 0
    /// Slots that the note of the turn's beginning took.
    var usedSlots = 0
    /// The cell whose closure runs.
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
