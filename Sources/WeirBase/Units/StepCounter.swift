public import Synchronization

/// Hands out a run's steps one by one.
///
/// Any thread may take one and any may look. The order is relaxed: what orders a step against the
/// work around it is the lock or the message that its caller holds, never this counter. All of it
/// is inlined into the schedulers, where it is one instruction of each turn and not a call.
@frozen
@usableFromInline
package struct StepCounter: ~Copyable, Sendable {
    @usableFromInline let taken: Atomic<UInt64>

    @inlinable
    package init() { taken = Atomic(0) }

    /// The step that was taken last; `.start` before the first.
    @inlinable
    package var last: Step { Step(taken.load(ordering: .relaxed)) }

    /// The next step, which nobody else gets.
    @inlinable
    package func next() -> Step { Step(taken.wrappingAdd(1, ordering: .relaxed).newValue) }

    /// Goes on behind `step`: a replay says itself where it is.
    @inlinable
    package func move(to step: Step) { taken.store(step.rawValue, ordering: .relaxed) }
}
