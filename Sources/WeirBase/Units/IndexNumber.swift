/// The index of something among all of its kind, in a table that a plan fixes before a run begins.
///
/// Counted from 0. A table is looked into by the index of its own kind, so that a cell's index does
/// not find a subtask; the subscripts stand beside what they find.
@usableFromInline
package protocol IndexNumber: UnitNumber where RawValue == UInt16 {}

extension IndexNumber {
    /// Where it is in an array, for the subscripts of tables.
    @inlinable
    package var offset: Int { Int(rawValue) }

    /// Whether a table has it. What a damaged trace names may lie behind the end.
    @inlinable
    package func isWithin(_ table: some Collection) -> Bool { offset < table.count }
}
