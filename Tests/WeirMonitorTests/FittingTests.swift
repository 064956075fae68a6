import Testing
import WeirMonitor
import WeirTerminal

/// Lines and tables that leave parts out where room is short.
@Suite struct FittingTests {
    private struct Part: RankedPart, Equatable {
        var number: Int
        var width: Int
        var rank: Int
    }

    /// Every line of up to three parts with small widths and ranks.
    private static let lines: [[Part]] = {
        let choices = (1...3).flatMap { width in (0...2).map { (width, $0) } }
        var lines: [[Part]] = [[]]
        for number in 0..<3 {
            lines += lines.filter { $0.count == number }.flatMap { line in
                choices.map { line + [Part(number: number, width: $0.0, rank: $0.1)] }
            }
        }
        return lines
    }()

    private func width(_ parts: [Part]) -> Int {
        parts.reduce(0) { $0 + $1.width } + 2 * max(0, parts.count - 1)
    }

    @Test(arguments: 0...14)
    func `what is left fits, or is the least that has to stay`(room: Int) {
        for line in Self.lines {
            let kept = line.fitting(room, gap: 2)
            #expect(width(kept) <= room || kept.count == 1, "\(line)")
        }
    }

    @Test(arguments: 0...14)
    func `the highest ranks go, the leftmost of equals first, and none that would fit`(room: Int) {
        for line in Self.lines {
            let kept = line.fitting(room, gap: 2)
            let gone = line.filter { !kept.contains($0) }
            guard let lowest = gone.map(\.rank).min() else { continue }
            let isHighest = kept.allSatisfy { $0.rank <= lowest }
            #expect(isHighest, "\(line)")
            // With the part that went last it would not have fitted.
            let last = gone.last { $0.rank == lowest }
            let before = line.filter { $0 == last || kept.contains($0) }
            #expect(width(before) > room, "\(line)")
        }
    }

    @Test func `pieces stand beside each other and what is still too wide is cut`() {
        var canvas = Canvas(size: CanvasSize(width: 12, height: 2), isASCII: true)
        let pieces = [Piece("vital words"), Piece("rest", rank: 1)]
        canvas.put(pieces, y: 0, symbols: .ascii)
        canvas.put([Piece("a longer word than that")], y: 1, symbols: .ascii)
        #expect(canvas.text == " vital words\n a longer w~\n")
    }

    private static let columns: [TableColumn<Character>] = [
        TableColumn("n", "NAME", width: 4, rank: 0),
        TableColumn("x", "X", width: 3, rank: 2, isNumber: true),
        TableColumn("y", "Y", width: 3, rank: 1, isNumber: true),
        TableColumn("q", "Q", width: 2, rank: 0),
    ]

    private func table(width: Int, height: Int = 3, count: Int = 2, chosen: Int = 1) -> String {
        let size = CanvasSize(width: width, height: height)
        var canvas = Canvas(size: size, isASCII: true)
        TableFrame(Self.columns, width: width).paint(
            on: &canvas, in: canvas.area, count: count, chosen: chosen, symbols: .ascii
        ) { canvas, kind, row, area in
            canvas.put(SafeText("\(kind)\(row)"), x: area.x, y: area.y, limit: area.width)
        }
        return canvas.text
    }

    @Test(arguments: [
        (18, " NAME   X   Y Q\n n0   x0  y0  q0\n>n1   x1  y1  q1\n"),
        (16, " NAME   Y Q\n n0   y0  q0\n>n1   y1  q1\n"),
        (13, " NAME   Y Q\n n0   y0  q0\n>n1   y1  q1\n"), (10, " NAME Q\n n0   q0\n>n1   q1\n"),
        (6, " NAME\n n0\n>n1\n"),
    ])
    func `a table leaves out columns by rank, never those of rank 0, and marks its row`(
        width: Int, text: String
    ) {
        #expect(table(width: width) == text)
    }

    @Test func `a table that is too long shows the rows around the chosen one and says which`() {
        let text = table(width: 40, height: 4, count: 40, chosen: 20)
        #expect(
            text == " NAME   X   Y Q              20-22 of 40\n n19  x19 y19 q1\n"
                + ">n20  x20 y20 q2\n n21  x21 y21 q2\n")
    }
}
