import Testing
import WeirTerminal

/// Exactly what each way to draw leaves on a canvas: its characters, its styles, its changes.
@Suite struct DrawingTests {
    private func canvas(_ width: Int, _ height: Int, ascii: Bool = false) -> Canvas {
        Canvas(size: CanvasSize(width: width, height: height), isASCII: ascii)
    }

    /// A canvas of points, so that what is drawn over and what is left are told apart.
    private func points(_ width: Int, _ height: Int) -> Canvas {
        var canvas = canvas(width, height)
        canvas.fill(canvas.area, ".")
        return canvas
    }

    @Test func `a size is within its bounds, and an area has no negative side`() {
        let size = CanvasSize(width: TerminalBounds.maximumSide + 1, height: -1)
        #expect(size.width == TerminalBounds.maximumSide && size.height == 0)
        let area = Area(x: 3, y: 4, width: -1, height: 5)
        #expect(area.width == 0 && area.isEmpty && area.right == 3 && area.bottom == 9)
        #expect(!Area(x: 0, y: 0, width: 1, height: 1).isEmpty)
        #expect(Area(x: 0, y: 0, width: 1, height: 0).isEmpty)
        #expect(
            Area(x: 1, y: 2, width: 7, height: 5).inset(2)
                == Area(x: 3, y: 4, width: 3, height: 1))
        let (top, rest) = Area(x: 1, y: 2, width: 7, height: 5).split(top: 2)
        #expect(top == Area(x: 1, y: 2, width: 7, height: 2))
        #expect(rest == Area(x: 1, y: 4, width: 7, height: 3))
        let (left, right) = Area(x: 1, y: 2, width: 7, height: 5).split(left: 3)
        #expect(left == Area(x: 1, y: 2, width: 3, height: 5))
        #expect(right == Area(x: 4, y: 2, width: 4, height: 5))
    }

    @Test func `a cell outside of a canvas is an empty one`() {
        let canvas = points(2, 3)
        for (x, y) in [(-1, 0), (0, -1), (2, 0), (0, 3)] { #expect(canvas[x, y] == Cell()) }
        #expect(canvas[1, 2].scalar == "." && canvas[0, 0].scalar == ".")
    }

    @Test(arguments: [
        (-1, "..../..../....\n"), (0, "X.../..../....\n"), (1, ".X../..../....\n"),
        (3, "...X/..../....\n"), (4, "..../..../....\n"),
    ])
    func `a character is put where it fits`(x: Int, drawn: String) {
        var canvas = points(4, 3)
        canvas.put("X", x: x, y: 0)
        #expect(rows(canvas) == drawn.dropLast())
    }

    private func rows(_ canvas: Canvas) -> String {
        canvas.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/")
    }

    @Test func `text is put up to its limit, or so that it ends somewhere`() {
        var canvas = points(6, 5)
        #expect(canvas.put("abcdef", x: 4, y: 0) == 6)
        #expect(canvas.put("abcdef", x: 1, y: 1, limit: 3) == 3)
        #expect(canvas.put("ab", x: 1, y: 2, limit: -1) == 0)
        canvas.put("abc", endingAt: 5, y: 3, limit: 2)
        canvas.put("abc", endingAt: 5, y: 4, limit: 9)
        #expect(rows(canvas) == "....ab/.abc../....../...ab./..abc.")
    }

    @Test func `areas are filled and styled within the canvas`() {
        for (x, y, width, height) in [(-1, -1, 3, 2), (2, 1, 9, 9), (0, 0, 4, 3), (4, 0, 1, 1)] {
            var canvas = points(4, 3)
            let area = Area(x: x, y: y, width: width, height: height)
            canvas.fill(area, "#", style: .heading)
            canvas.restyle(area) { $0.isReversed = true }
            for row in 0..<3 {
                for column in 0..<4 {
                    let isInside =
                        (x..<x + width).contains(column) && (y..<y + height).contains(row)
                    let cell = canvas[column, row]
                    #expect(cell.scalar == (isInside ? "#" : "."))
                    #expect(cell.style.isReversed == isInside && cell.style.isBold == isInside)
                }
            }
        }
    }

    @Test(arguments: [
        (2, 2, "┌┐../└┘../..../...."), (1, 2, "..../..../..../...."), (2, 1, "..../..../..../...."),
        (3, 3, "┌─┐./│.│./└─┘./...."), (4, 4, "┌──┐/│..│/│..│/└──┘"),
    ])
    func `a box has its edges and four corners`(width: Int, height: Int, drawn: String) {
        var canvas = points(4, 4)
        let inside = canvas.box(
            Area(x: 0, y: 0, width: width, height: height), title: "t", symbols: .unicode)
        #expect(rows(canvas) == drawn)
        let isBox = width >= 2 && height >= 2
        #expect(inside.width == (isBox ? width - 2 : 0))
        #expect(inside.x == (isBox ? 1 : 0) && inside.y == (isBox ? 1 : 0))
    }

    @Test(arguments: [
        (6, "┌────┐"), (7, "┌─ … ─┐"), (8, "┌─ a… ─┐"), (9, "┌─ abc ─┐"), (10, "┌─ abc ──┐"),
    ])
    func `a box's title is cut so that a corner and an edge stay on both sides`(
        width: Int, drawn: String
    ) {
        var canvas = canvas(width, 2)
        canvas.box(canvas.area, title: "abc", symbols: .unicode)
        #expect(rows(canvas).hasPrefix(drawn + "/"))
        let styles = canvas.styleText.split(separator: "\n")[0]
        #expect(styles.filter { $0 == "H" }.count == (width > 6 ? min(3, width - 6) : 0))
        canvas = self.canvas(width, 2)
        canvas.box(canvas.area, title: "", symbols: .unicode)
        #expect(rows(canvas).hasPrefix("┌" + String(repeating: "─", count: width - 2) + "┐"))
    }

    @Test func `a bar has eighths in its last cell, and a track behind it`() {
        for eighths in 0...24 {
            var canvas = canvas(5, 1)
            let area = Area(x: 1, y: 0, width: 3, height: 1)
            canvas.bar(Double(eighths) / 24, in: area, symbols: .unicode, style: Style(.busy))
            let full = String(repeating: "█", count: eighths / 8)
            let part = eighths % 8 == 0 ? "" : String(Symbols.unicode.bars[eighths % 8 - 1])
            let filled = full + part
            let track = String(repeating: "·", count: 3 - filled.count)
            #expect(rows(canvas) == " " + filled + track)
            let styles = String(repeating: "R", count: filled.count)
            let faint = String(repeating: ".", count: track.count)
            #expect(canvas.styleText == " " + styles + faint + "\n")
        }
        var canvas = canvas(4, 1, ascii: true)
        canvas.bar(0.5, in: canvas.area, symbols: .ascii, style: .plain)
        #expect(rows(canvas) == "||")
    }

    @Test(arguments: [
        ([0.25, 0.25, 0.5], "aabbcccc"), ([0.0, 0, 0], "cccccccc"), ([2.0, 0, 0], "aaaaaaaa"),
        ([0.5, .nan, 0], "aaaacccc"), ([0.06, 0.06, 0.88], "bccccccc"),
        ([-1, 0.5, 0.5], "bbbbcccc"),
    ])
    func `shares end where their sum is rounded to, and the last takes the rest`(
        shares: [Double], drawn: String
    ) {
        var canvas = points(10, 1)
        canvas.shares(
            zip(shares, ["a", "b", "c"] as [Character]).map { ($0, $1, .plain) },
            in: Area(x: 1, y: 0, width: 8, height: 1))
        #expect(rows(canvas) == "." + drawn + ".")
    }

    @Test func `a graph of braille has four levels a row, the newest value at its right`() {
        var canvas = canvas(4, 2)
        let area = Area(x: 0, y: 0, width: 3, height: 2)
        canvas.graph(
            [9, 1, 2, nil, 0.01, 5, 8, 7], top: 8, in: area, symbols: .unicode, style: .plain)
        let bits = (0..<2).map { y in (0..<3).map { x in canvas[x, y].scalar.value & 0xFF } }
        // The newest six have 2 dots, none, 1 (as little as it is), 5, 8 and 7 of eight.
        #expect(bits == [[0x20, 0x80, 0xF7], [0x44, 0xF8, 0xFF]])
        canvas = self.canvas(2, 1)
        canvas.graph([1], top: 0, in: canvas.area, symbols: .unicode, style: .plain)
        #expect(rows(canvas) == "")
        #expect(Canvas.graphValues(width: 3, symbols: .unicode) == 6)
        #expect(Canvas.graphValues(width: 3, symbols: .ascii) == 3)
        #expect(Canvas.graphValues(width: -3, symbols: .ascii) == 0)
    }

    @Test func `a graph of ASCII stands on its area's floor`() {
        var canvas = canvas(6, 3, ascii: true)
        let area = Area(x: 1, y: 0, width: 4, height: 2)
        canvas.graph(
            [9, nil, 1, 2, 4], top: 4, in: area, symbols: .ascii, style: .plain)
        #expect(rows(canvas) == "    :/  .::/")
        canvas = self.canvas(3, 1, ascii: true)
        canvas.graph([2, -1], top: 2, in: canvas.area, symbols: .ascii, style: .plain)
        #expect(rows(canvas) == " :")
    }

    @Test func `runs tell what changed, by rows and styles, and begin anew behind odd characters`()
    {
        let old = canvas(8, 2)
        var new = old
        new.put("ab", x: 0, y: 0)
        new.put("c", x: 2, y: 0, style: .heading)
        new.put("日e\u{323}f", x: 3, y: 0)
        new.put("z", x: 7, y: 1)
        let seen = new.runs(after: old).map { run in
            "\(run.x),\(run.y) " + run.scalars.map(\.description).joined()
        }
        #expect(seen == ["0,0 ab", "2,0 c", "3,0 日", "5,0 \u{1EB9}f", "7,1 z"])
        #expect(new.runs(after: new).isEmpty)
        #expect(new.runs(after: canvas(8, 1)).count > 3)
        #expect(new.runs(after: nil).map(\.x) == new.runs(after: canvas(9, 2)).map(\.x))
        // A wide character whose second half alone changed is written again.
        var wide = canvas(3, 1)
        wide.put("日", x: 0, y: 0)
        var half = wide
        half.restyle(Area(x: 1, y: 0, width: 1, height: 1)) { $0.isBold = true }
        #expect(half.runs(after: wide).map(\.scalars) == [["日"]])
        var accented = canvas(4, 1)
        accented.put("x\u{301}\u{302}y", x: 0, y: 0)
        #expect(
            accented.runs(after: canvas(4, 1)).map(\.scalars)
                == [["x", "\u{301}", "\u{302}"], ["y"]])
        #expect(accented.text == "x\u{301}\u{302}y\n")
    }

    @Test func `wide characters clear what they cover, and what covers them clears them`() {
        var canvas = points(6, 1)
        canvas.put("日本", x: 1, y: 0)
        canvas.put("語", x: 2, y: 0)
        #expect(rows(canvas) == ". 語 .")
        canvas.put("x", x: 3, y: 0)
        #expect(rows(canvas) == ".  x .")
        canvas = points(2, 1)
        canvas.put("日", x: 1, y: 0, style: .heading)
        #expect(rows(canvas) == "." && canvas[1, 0].style == .heading)
        canvas.put("日", x: 0, y: 0)
        canvas.put("日", x: 1, y: 0)
        #expect(rows(canvas) == "")
        canvas = Canvas(size: CanvasSize(width: 5, height: 1), isASCII: true)
        canvas.put("é日ß", x: 0, y: 0)
        #expect(rows(canvas) == "e???")
    }
}
