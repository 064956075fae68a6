package import WeirBase

/// Decides which subtask takes the next turn, on what, and in which order what does not commute
/// happens.
///
/// The parallel, the simulated and the replayed schedule drive the same subtasks through this.
package protocol Scheduler: AnyObject, Sendable {
    /// Runs turns until nothing is left or the execution is stopped. Blocks.
    func run(_ execution: Execution)

    /// Steps taken so far. Any thread.
    var stepCount: UInt64 { get }

    /// A subtask may have become runnable. Any thread; never blocks for long.
    func notify(_ subtask: Subtask)

    /// Whether a turn may publish to an edge that may drop now; a replay that has no such step
    /// says no.
    func mayPublishStep(_ turn: TurnContext, outlet: UInt16) -> Bool

    /// Begins something that does not commute: waits for room in the lane, then for the lock, and
    /// takes the step number under it.
    func beginExclusive(
        _ lock: Monitor, slots: Int, purpose: ExclusivePurpose, _ turn: TurnContext
    ) -> UInt64

    /// Ends it.
    func endExclusive(_ lock: Monitor, purpose: ExclusivePurpose, _ turn: TurnContext)

    /// No turn begins any more; those that have looked finish.
    func stop()
}

/// What a step inside a turn is for.
package enum ExclusivePurpose: Equatable, Sendable {
    case cell(UInt16)
    case publish(UInt16)
}
