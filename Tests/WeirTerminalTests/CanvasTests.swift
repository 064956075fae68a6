import Testing
import WeirTerminal

@Suite struct CanvasTests {
    private func canvas(_ width: Int, _ height: Int, ascii: Bool = false) -> Canvas {
        Canvas(size: CanvasSize(width: width, height: height), isASCII: ascii)
    }

    @Test func `text is clipped at every edge`() {
        for x in -12...12 {
            for y in -2...3 {
                var canvas = canvas(5, 2)
                canvas.put("ab日cd本ef", x: x, y: y)
                #expect(canvas.cells.count == 10)
            }
        }
    }

    @Test func `a limit is held, by wide characters too`() {
        for (limit, shown) in [(0, ""), (1, "a"), (2, "a"), (3, "a日"), (4, "a日b")] {
            var canvas = canvas(8, 1)
            #expect(canvas.put("a日bc", x: 1, y: 0, limit: limit) == min(limit, limit == 2 ? 1 : 4))
            #expect(canvas.text == (shown.isEmpty ? "\n" : " " + shown + "\n"))
        }
    }

    @Test func `shares fill their area, whatever they add up to`() {
        for parts in [[0.3, 0.3], [0.333, 0.333, 0.333], [1, 1], [0, 0], [Double.nan, 0.5]] {
            var canvas = canvas(10, 1)
            canvas.shares(
                parts.enumerated().map { ($0.element, Character("\($0.offset)"), .plain) },
                in: canvas.area)
            #expect(!canvas.text.contains(" "), "\(parts): \(canvas.text)")
            #expect(canvas.text.count == 11)
        }
    }

    @Test func `a small value of a graph can still be seen, and nothing is nothing`() {
        var canvas = canvas(2, 1, ascii: true)
        canvas.graph([0, 0.001], top: 1, in: canvas.area, symbols: .ascii, style: .plain)
        #expect(canvas.text == " .\n")
    }

    @Test func `a part of an area is no larger than the area`() {
        let area = Area(x: 1, y: 2, width: 5, height: 3)
        for count in -1...7 {
            let (top, rest) = area.split(top: count)
            #expect(top.height + rest.height == 3 && rest.y == top.bottom && top.height >= 0)
            #expect(rest.bottom == area.bottom)
            let (left, right) = area.split(left: count)
            #expect(left.width + right.width == 5 && right.x == left.right && left.width >= 0)
            #expect(right.right == area.right)
        }
    }

    @Test func `half of a wide character is never shown`() {
        var canvas = canvas(4, 1)
        canvas.put("日本", x: 0, y: 0)
        canvas.put("x", x: 1, y: 0)
        #expect(canvas.text == " x本\n")
        canvas.put("日", x: 3, y: 0)
        #expect(canvas.text == " x\n")
    }

    @Test func `a wide character clears the other half of the one that it covers`() {
        var canvas = canvas(4, 1)
        canvas.put("x日", x: 1, y: 0)
        canvas.put("木", x: 1, y: 0)
        #expect(canvas.cells.map(\.width) == [1, 2, 0, 1])
        #expect(canvas.text == " 木\n")
    }

    @Test func `a box leaves the area inside it`() {
        var canvas = canvas(12, 3, ascii: true)
        let inside = canvas.box(canvas.area, title: "abc", symbols: .ascii)
        #expect(inside == Area(x: 1, y: 1, width: 10, height: 1))
        #expect(canvas.text == "+- abc ----+\n|          |\n+----------+\n")
    }

    @Test func `drawing over any area of any size does not trap`() {
        for width in 0...6 {
            for height in 0...4 {
                for margin in -2...2 {
                    var canvas = canvas(width, height)
                    let area = canvas.area.inset(margin)
                    canvas.fill(area, "#")
                    canvas.restyle(area) { $0.isBold = true }
                    canvas.box(area, title: "title", symbols: .unicode)
                    canvas.bar(.nan, in: area, symbols: .unicode, style: .plain)
                    canvas.graph(
                        [1, nil, .infinity, -1], top: 2, in: area, symbols: .unicode, style: .plain)
                    #expect(canvas.cells.count == width * height)
                }
            }
        }
    }

    @Test(arguments: [
        (0.0, ""), (0.5, "████"), (1.0, "████████"), (1.0 / 16, "▌"), (.nan, ""), (-1, ""),
    ])
    func `a bar fills by eighths of a cell`(share: Double, filled: String) {
        var canvas = canvas(8, 1)
        canvas.bar(share, in: canvas.area, symbols: .unicode, style: .plain)
        let rest = String(repeating: "·", count: 8 - filled.count)
        #expect(canvas.text == filled + rest + "\n")
    }

    @Test func `a braille graph shows the newest value at the right edge`() {
        var canvas = canvas(3, 1)
        canvas.graph([1, 2, 3, 4], top: 4, in: canvas.area, symbols: .unicode, style: .plain)
        #expect(canvas.text == " ⣠⣾\n")
    }

    @Test func `an ASCII graph has two levels a row`() {
        var canvas = canvas(4, 2, ascii: true)
        canvas.graph([1, 2, 3, 4], top: 4, in: canvas.area, symbols: .ascii, style: .plain)
        #expect(canvas.text == "  .:\n.:::\n")
    }

    @Test func `runs make any canvas out of any other`() {
        var state: UInt64 = 42
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let texts: [SafeText] = ["ab", "日本", "e\u{301}", "░▒▓", "  ", "x日"]
        var screen = canvas(12, 4)
        var shown = Shadow(screen)
        for _ in 0..<500 {
            var next = random(8) == 0 ? canvas(12, 4) : screen
            for _ in 0..<random(5) {
                let style = Style(Role.allCases[random(4)], bold: random(2) == 0)
                next.put(texts[random(texts.count)], x: random(14) - 1, y: random(4), style: style)
            }
            for run in next.runs(after: screen) { shown.write(run) }
            #expect(shown.cells == Shadow(next).cells)
            screen = next
        }
    }

    @Test func `nothing changed is nothing to write`() {
        var canvas = canvas(10, 2)
        canvas.put("same", x: 1, y: 1)
        #expect(canvas.runs(after: canvas).isEmpty)
    }
}

/// A screen of the simplest kind: it overwrites cell by cell, as a terminal does.
private struct Shadow {
    var cells: [[String]]

    init(_ canvas: Canvas) {
        cells = Array(
            repeating: Array(repeating: " ", count: canvas.size.width), count: canvas.size.height)
        for run in canvas.runs(after: nil) { write(run) }
    }

    mutating func write(_ run: CanvasRun) {
        var x = run.x
        for scalar in run.scalars {
            let width = CharacterWidth.cells(of: scalar)
            if width == 0 {
                let base = cells[run.y][x - 1].isEmpty ? x - 2 : x - 1
                cells[run.y][base].unicodeScalars.append(scalar)
                continue
            }
            cells[run.y][x] = "\(scalar)" + "\(run.style.role)\(run.style.isBold)"
            if width == 2 { cells[run.y][x + 1] = "" }
            x += width
        }
    }
}
