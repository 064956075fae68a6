/// How many turns a subtask has taken, a run, or a replay so far.
///
/// A turn has no number of its own, as it is named by the step at which it begins; this is a count
/// alone. It is part of a subtask's state, and so of its digest.
@frozen
@usableFromInline
package struct TurnCount: UnitNumber {
    /// The count itself.
    @usableFromInline package var rawValue: UInt64

    /// So many turns.
    @inlinable
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// No turn yet.
    @inlinable
    package static var zero: TurnCount { TurnCount(0) }

    /// The turns of two that take them, together. Traps behind the last number there is, which
    /// counts of one process cannot reach; what a trace claims is compared and not added.
    @inlinable
    package static func + (left: TurnCount, right: TurnCount) -> TurnCount {
        TurnCount(left.rawValue + right.rawValue)
    }

    /// Counts further turns. Traps behind the last number there is.
    @inlinable
    package static func += (count: inout TurnCount, more: TurnCount) {
        count.rawValue += more.rawValue
    }

    /// Whether the last turn is one of those that come every `count` turns, for what is done now
    /// and then.
    @inlinable
    package func isMultiple(of count: UInt64) -> Bool { rawValue.isMultiple(of: count) }
}
