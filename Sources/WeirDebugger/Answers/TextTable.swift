import WeirBase

/// Columns of text, each as wide as its widest cell.
struct TextTable {
    private var rows: [[String]]
    private let numeric: Set<Int>

    /// A table with its head; `numeric` columns stand to the right.
    init(_ head: [String], numeric: Set<Int> = []) {
        rows = [head]
        self.numeric = numeric
    }

    /// Cells are made safe here.
    mutating func row(_ cells: [String], limit: Int = 120) {
        rows.append(cells.map { PrintableText.escaped($0, limit: limit) })
    }

    var lines: [String] {
        let count = rows[0].count
        let widths = (0..<count).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let space = String(repeating: " ", count: widths[column] - cell.count)
                let isLast = column == count - 1
                line += numeric.contains(column) ? space + cell : isLast ? cell : cell + space
                if !isLast { line += "  " }
            }
            return line
        }
    }
}
