package import WeirBase

/// Decides which subtask takes the next turn, on what, and in which order what does not commute
/// happens.
///
/// `ParallelScheduler` runs on several threads, as it comes; `SequentialScheduler` runs one step at
/// a time, drawn from a seed or read in a trace. Both drive the same subtasks, and the subtasks
/// reach their schedule through this protocol alone, so that nothing in a turn knows which one it
/// is.
///
/// The scheduler looks at subtasks, takes turns by `Execution.perform`, and publishes what turns
/// left over by `publishLate` or `publishStep`. From inside a turn come `notify` after each
/// publish, `mayPublishStep`, and `beginExclusive` with `endExclusive` around each access to a cell
/// and each publish to an edge that may drop.
package protocol Scheduler: AnyObject, Sendable {
    /// Runs turns until nothing is left or the execution is stopped. Blocks the caller for that
    /// long, and is called once.
    func run(_ execution: Execution)

    /// Steps taken so far; the number of the step that was taken last. Any thread.
    var stepCount: Step { get }

    /// A subtask may have become runnable: something was published to it, there is room for what it
    /// holds, its input came or its call was answered. Any thread; never blocks for long. One
    /// notification too many costs a look that finds nothing, one too few would leave the subtask
    /// asleep for ever.
    func notify(_ subtask: Subtask)

    /// Whether a turn may publish to an edge that may drop now. A run says yes. A replay says no
    /// for a turn that runs on beyond what the trace has of it, which has no such step.
    func mayPublishStep(_ turn: TurnContext) -> Bool

    /// Begins something that does not commute with its like: waits for room in the lane first, then
    /// for the lock, and takes the step number under it.
    ///
    /// The order matters twice. Room comes first because nobody may wait with a lock in hand; the
    /// number comes inside the lock because only then is the order of the numbers the order in
    /// which the lock was had. The caller makes its note, does its work, and calls `endExclusive`.
    /// A sequential schedule does not lock: whoever has the baton is alone.
    func beginExclusive(
        _ lock: ConditionLock, slots: Int, purpose: ExclusivePurpose, _ turn: TurnContext
    ) -> Step

    /// Ends what `beginExclusive` began, on the same thread. A replay may hold the turn here until
    /// its next step is due.
    func endExclusive(_ lock: ConditionLock, purpose: ExclusivePurpose, _ turn: TurnContext)

    /// The execution stops: wakes whoever sleeps, so that all see it. No turn begins any more, and
    /// those that have looked finish. Any thread, with none of the scheduler's locks held.
    func stop()
}

/// What a step inside a turn is for, and on which object.
package enum ExclusivePurpose: Equatable, Sendable {
    /// An access to the shared cell with this index.
    case cell(CellIndex)
    /// A publish from the subtask's outlet with this index, to an edge that may drop.
    case publish(ChannelIndex)
}
