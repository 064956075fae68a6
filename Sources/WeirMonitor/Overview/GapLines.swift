import WeirTerminal

/// The lines between two layers of a graph, cell by cell.
///
/// The painter of the graph makes one for each gap, adds all links that cross it (`add`), and then
/// reads what to draw in each cell. Each cell collects its arms and is drawn when all links are in,
/// so that crossings and branches come out right, whatever meets there and in whatever order it
/// came.
struct GapLines {
    /// What meets in a cell.
    struct Crossing {
        /// The directions in which a line leaves the cell, as a sum of 1 up, 2 right, 4 down and 8
        /// left. The sum is the index of a joint among the symbols.
        fileprivate(set) var arms = 0
        /// How full the fullest queue is whose line passes, as a share.
        fileprivate(set) var fill = 0.0

        /// The sign that is drawn. A cell where a line lies flat also says how full its queue is,
        /// in three steps; the bounds of the steps stand in the graph's title.
        func sign(_ symbols: Symbols) -> Character {
            guard arms == GapLines.left | GapLines.right else { return symbols.lines.joints[arms] }
            if fill > 0.75 { return symbols.lines.heavy }
            return fill >= 0.1 ? symbols.lines.medium : symbols.lines.joints[arms]
        }
    }

    private static let up = 1
    private static let right = 2
    private static let down = 4
    private static let left = 8

    /// Where the gap lies on the canvas.
    private let gap: Area
    /// Row by row, from the top left.
    private var cells: [Crossing]

    init(_ gap: Area) {
        self.gap = gap
        cells = Array(repeating: Crossing(), count: gap.width * gap.height)
    }

    /// What is in a cell, by its position on the canvas; nil where no line passes, and outside the
    /// gap.
    subscript(x: Int, y: Int) -> Crossing? {
        guard let index = index(x, y), cells[index].arms != 0 else { return nil }
        return cells[index]
    }

    /// Adds a line from the gap's left edge, in row `top`, to its right edge, in row `bottom`.
    /// Where those differ the line goes upright in the column `turningAt`, which lies in the gap.
    /// Lines from the same stage share a column and so become branches of one line; lines from
    /// different stages never do.
    mutating func add(from top: Int, to bottom: Int, turningAt column: Int?, fill: Double) {
        // A line in a single row turns nowhere: its turn lies behind the gap.
        let turn = top == bottom ? gap.right : (column ?? gap.x)
        let (away, back) = bottom > top ? (Self.down, Self.up) : (Self.up, Self.down)
        for x in gap.x..<gap.right {
            let y = x <= turn ? top : bottom
            if x == turn {
                add(back | Self.right, x, bottom)
                add(Self.left | away, x, y)
            } else {
                add(Self.left | Self.right, x, y)
            }
            fillUp(fill, x, y)
        }
        guard top != bottom else { return }
        for y in (min(top, bottom) + 1)..<max(top, bottom) { add(Self.up | Self.down, turn, y) }
    }

    /// Adds arms to a cell; nothing outside the gap.
    private mutating func add(_ arms: Int, _ x: Int, _ y: Int) {
        if let index = index(x, y) { cells[index].arms |= arms }
    }

    /// The fullest queue of those that share a cell is the one that shows.
    private mutating func fillUp(_ fill: Double, _ x: Int, _ y: Int) {
        if let index = index(x, y) { cells[index].fill = max(cells[index].fill, fill) }
    }

    /// The index in `cells` of a position; nil for what lies outside, as a lane does below an area
    /// that is too low for it.
    private func index(_ x: Int, _ y: Int) -> Int? {
        guard x >= gap.x, x < gap.right, y >= gap.y, y < gap.bottom else { return nil }
        return (y - gap.y) * gap.width + x - gap.x
    }
}
