/// Which shared cell of a plan it is, as its index among all of them.
///
/// Counted in the order in which the pipeline made them. A plan has at most 65,535 cells.
@frozen
@usableFromInline
package struct CellIndex: IndexNumber {
    /// The index itself, from 0.
    @usableFromInline package var rawValue: UInt16

    /// The cell with the index `rawValue`.
    @inlinable
    package init(_ rawValue: UInt16) { self.rawValue = rawValue }
}
