/// One cell of a canvas: a character with its marks, and how it is to look. It holds no references,
/// so that a canvas is copied as plain memory.
package struct Cell: Equatable, Sendable {
    package var scalar: Unicode.Scalar
    package var combiningMarks = CombiningMarks()
    package var style = Style.plain
    /// Cells that the character takes; 0 for the cell that a wide one to its left covers.
    package var width: UInt8 = 1

    package init(_ scalar: Unicode.Scalar = " ", style: Style = .plain) {
        self.scalar = scalar
        self.style = style
    }
}
