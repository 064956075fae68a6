/// Which subtask of a plan it is, as its index among all of them.
///
/// Counted in the plan's order: stage by stage, and within a stage from its first instance on. A
/// plan has at most 65,535 subtasks. The number in a name such as `match/1` is another one: it
/// counts within the stage.
@frozen
@usableFromInline
package struct SubtaskIndex: IndexNumber {
    /// The index itself, from 0.
    @usableFromInline package var rawValue: UInt16

    /// The subtask with the index `rawValue`.
    @inlinable
    package init(_ rawValue: UInt16) { self.rawValue = rawValue }
}
