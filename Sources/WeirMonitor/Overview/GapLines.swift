import WeirTerminal

/// The lines between two layers of a graph, cell by cell.
///
/// Each cell collects its arms, and is drawn when all links are in: so crossings and branches come
/// out right, whatever meets there and in whatever order it came.
struct GapLines {
    /// What meets in a cell.
    struct Crossing {
        /// Up, right, down, left as 1, 2, 4, 8: the index of a joint among the symbols.
        fileprivate(set) var arms = 0
        /// How full the fullest queue is whose line passes.
        fileprivate(set) var fill = 0.0

        /// The sign that is drawn: what lies flat also says how full its queue is.
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

    private let gap: Area
    /// Row by row.
    private var cells: [Crossing]

    init(_ gap: Area) {
        self.gap = gap
        cells = Array(repeating: Crossing(), count: gap.width * gap.height)
    }

    /// What is in a cell of the gap, by its place on the canvas; nil where no line passes.
    subscript(x: Int, y: Int) -> Crossing? {
        guard let index = index(x, y), cells[index].arms != 0 else { return nil }
        return cells[index]
    }

    /// Adds a line from the gap's left edge to its right one. Where its ends are in two rows it
    /// goes upright in a column: `turningAt`, which lies in the gap.
    mutating func add(from top: Int, to bottom: Int, turningAt column: Int?, fill: Double) {
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

    private mutating func add(_ arms: Int, _ x: Int, _ y: Int) {
        if let index = index(x, y) { cells[index].arms |= arms }
    }

    private mutating func fillUp(_ fill: Double, _ x: Int, _ y: Int) {
        if let index = index(x, y) { cells[index].fill = max(cells[index].fill, fill) }
    }

    /// Nil for what lies outside: a lane below an area that is too low for it.
    private func index(_ x: Int, _ y: Int) -> Int? {
        guard x >= gap.x, x < gap.right, y >= gap.y, y < gap.bottom else { return nil }
        return (y - gap.y) * gap.width + x - gap.x
    }
}
