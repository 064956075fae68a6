import WeirBase

/// Columns of text, each as wide as its widest cell. Cells are made safe as they are added.
struct TextTable {
    /// The head and the rows below it.
    private var rows: [[String]]
    /// The indexes of columns that are aligned to the right.
    private let numeric: Set<Int>

    /// A table with its head. The `numeric` columns are aligned to the right.
    init(_ head: [String], numeric: Set<Int> = []) {
        rows = [head]
        self.numeric = numeric
    }

    /// Adds a row, which must have as many cells as the head. Longer cells are cut at
    /// `limit`.
    mutating func row(_ cells: [String], limit: Int = DebuggerBounds.maximumCellText) {
        rows.append(cells.map { PrintableText.escaped($0, limit: limit) })
    }

    /// The table line by line, without spaces behind the last column.
    var lines: [String] {
        let count = rows[0].count
        // Widths are in characters. Names with characters of double width stand a little off.
        let widths = (0..<count).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let space = String(repeating: " ", count: widths[column] - cell.count)
                // The last column is not filled up, so that no line ends with spaces.
                let isLast = column == count - 1
                line += numeric.contains(column) ? space + cell : isLast ? cell : cell + space
                if !isLast { line += "  " }
            }
            return line
        }
    }
}
