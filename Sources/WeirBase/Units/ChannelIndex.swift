/// Which channel of one subtask it is: its index among the subtask's inlets, or among its outlets.
///
/// Counted in the plan's order of the edges, and on an edge from the first subtask at its other end
/// on. Notes name a channel so, as they name the subtask beside it.
@frozen
@usableFromInline
package struct ChannelIndex: IndexNumber {
    /// The index itself, from 0.
    @usableFromInline package var rawValue: UInt16

    /// The channel with the index `rawValue`.
    @inlinable
    package init(_ rawValue: UInt16) { self.rawValue = rawValue }
}
