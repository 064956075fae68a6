package import WeirTerminal

/// A column of a table, before it is known whether it fits. `Kind` tells whoever paints the cells
/// which column it is.
package struct TableColumn<Kind: Sendable>: RankedPart, Sendable {
    package var kind: Kind
    package var title: SafeText
    /// Cells, for the title and for every row.
    package var width: Int
    /// Where room is short, columns of the highest rank go first; those of rank 0 never do.
    package var rank: Int
    /// Whether its title stands at the right, above the ends of its numbers.
    package var isNumber = false

    package init(_ kind: Kind, _ title: SafeText, width: Int, rank: Int, isNumber: Bool = false) {
        self.kind = kind
        self.title = title
        self.width = width
        self.rank = rank
        self.isNumber = isNumber
    }
}

/// A table: a row of titles, and below it the rows of a list that are in sight.
///
/// This is the part that all tables have in common: which columns fit, where they stand, the sign
/// at the chosen row, and which rows of how many are in sight. What is in a cell is the caller's. A
/// view makes one for a width and calls `paint`, which calls back for each cell in sight; a list
/// may be as long as it likes, because rows out of sight are never asked for.
package struct TableFrame<Kind: Sendable> {
    /// A column that fits, and where it stands.
    package struct PositionedColumn {
        package var column: TableColumn<Kind>
        /// Cells from the table's left edge.
        package var x: Int
    }

    /// The columns that fit, left to right, with one empty cell between two. One cell before the
    /// first is for the sign at the chosen row.
    package let columns: [PositionedColumn]

    /// Lays out the columns for a width. Those of rank 0 stay however narrow it is, and are cut by
    /// whoever paints them.
    package init(_ columns: [TableColumn<Kind>], width: Int) {
        let vital = columns.count { $0.rank == 0 }
        var x = 1
        self.columns = columns.fitting(width - 2, gap: 1, keeping: vital).map { column in
            defer { x += column.width + 1 }
            return PositionedColumn(column: column, x: x)
        }
    }

    /// Paints the titles, and the rows of a list of `count` around the chosen one, which has a sign
    /// before it and its first column bold.
    ///
    /// `cell` is called for each cell in sight, row by row, with its area on the canvas. The
    /// position in the list stands at the right of the titles where not all rows are in sight.
    package func paint(
        on canvas: inout Canvas, in area: Area, count: Int, chosen: Int, symbols: Symbols,
        cell: (inout Canvas, _ kind: Kind, _ row: Int, _ area: Area) -> Void
    ) {
        guard area.height > 0 else { return }
        for positioned in columns { paintTitle(positioned, area, on: &canvas) }
        let list = ListWindow(count: count, rows: area.height - 1, around: chosen)
        for row in list.range {
            let y = area.y + 1 + row - list.top
            if row == chosen {
                canvas.put(symbols.selected, x: area.x, y: y, style: Style(bold: true))
            }
            for positioned in columns {
                let cellArea = Area(
                    x: area.x + positioned.x, y: y, width: positioned.column.width, height: 1)
                cell(&canvas, positioned.column.kind, row, cellArea)
            }
            if row == chosen {
                let head = (columns.first?.column.width ?? 0) + 1
                canvas.restyle(Area(x: area.x, y: y, width: head, height: 1)) { $0.isBold = true }
            }
        }
        if let position = list.position {
            canvas.put(
                SafeText(position), endingAt: area.right, y: area.y, style: .faint,
                limit: area.width / 3)
        }
    }

    /// A title, at the right edge of its column where the column holds numbers.
    private func paintTitle(_ positioned: PositionedColumn, _ area: Area, on canvas: inout Canvas) {
        let (column, x) = (positioned.column, area.x + positioned.x)
        if column.isNumber {
            canvas.put(
                column.title, endingAt: x + column.width, y: area.y, style: .faint,
                limit: column.width)
        } else {
            canvas.put(column.title, x: x, y: area.y, style: .faint, limit: column.width)
        }
    }
}
