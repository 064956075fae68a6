/// A grid of cells that views paint: a pure value.
///
/// A view is given a canvas, draws on it from back to front, and hands it on; the terminal then
/// shows what differs from the canvas before (`runs(after:)`). Nothing here reaches a terminal, so
/// that a test paints a view and reads the text. A canvas of a usual terminal has some thousand
/// cells.
///
/// Every drawing clips: what lies outside is left out, at any size from 0×0 on. A wide character is
/// whole or not there. An ASCII canvas holds no other character, whatever was drawn: of a letter
/// with marks it holds the letter, for any other character a question mark in each of its cells.
///
/// A wide character has no marks here, because curses sends none (ncurses 6.4: a mark behind a wide
/// character goes to the cell that this covers, and is never written). So what the canvas holds is
/// what the terminal shows. Only marks that do not compose are concerned.
package struct Canvas: Equatable, Sendable {
    package let size: CanvasSize
    package let isASCII: Bool
    /// Row by row, from the top left.
    package private(set) var cells: [Cell]

    /// An empty canvas: spaces in the plain style.
    package init(size: CanvasSize, isASCII: Bool) {
        self.size = size
        self.isASCII = isASCII
        cells = Array(repeating: Cell(), count: size.width * size.height)
    }

    /// All of the canvas.
    package var area: Area { Area(size) }

    /// The cell at a column and a row; a blank one outside.
    package subscript(x: Int, y: Int) -> Cell {
        guard contains(x, y) else { return Cell() }
        return cells[y * size.width + x]
    }

    private func contains(_ x: Int, _ y: Int) -> Bool {
        x >= 0 && y >= 0 && x < size.width && y < size.height
    }

    /// Draws a text from a column to the right, within `limit` cells, and gives the number of cells
    /// that it took. A character that does not fit whole into the limit ends the text; what lies
    /// outside the canvas counts and is not drawn.
    @discardableResult
    package mutating func put(
        _ text: SafeText, x: Int, y: Int, style: Style = .plain, limit: Int = .max
    ) -> Int {
        var column = x
        // The limit is usually the greatest number there is.
        let (sum, overflow) = x.addingReportingOverflow(max(0, limit))
        let end = overflow ? Int.max : sum
        for glyph in text.glyphs {
            if column + glyph.width > end { break }
            set(glyph, x: column, y: y, style: style)
            column += glyph.width
        }
        return column - x
    }

    /// Draws a text so that it ends before the column `right`. It uses at most `limit` cells; of a
    /// longer text the beginning is drawn.
    package mutating func put(
        _ text: SafeText, endingAt right: Int, y: Int, style: Style = .plain, limit: Int
    ) {
        let width = min(limit, text.width)
        put(text, x: right - width, y: y, style: style, limit: width)
    }

    /// Draws one of the view's own signs. Text that came from outside goes through `SafeText`
    /// instead.
    package mutating func put(_ sign: Character, x: Int, y: Int, style: Style = .plain) {
        guard let scalar = sign.unicodeScalars.first else { return }
        set(
            SafeText.Glyph(
                scalar: scalar, combiningMarks: CombiningMarks(),
                width: max(1, CharacterWidth.cells(of: scalar))), x: x, y: y, style: style)
    }

    /// Draws a sign in every cell of an area, as far as that lies on the canvas.
    package mutating func fill(_ area: Area, _ sign: Character = " ", style: Style = .plain) {
        let rows = max(0, area.y)..<max(0, max(area.y, min(size.height, area.bottom)))
        let columns = max(0, area.x)..<max(0, max(area.x, min(size.width, area.right)))
        for y in rows {
            for x in columns { put(sign, x: x, y: y, style: style) }
        }
    }

    /// Gives the cells of an area another style and leaves their characters.
    package mutating func restyle(_ area: Area, _ change: (inout Style) -> Void) {
        for y in max(0, area.y)..<max(0, max(area.y, min(size.height, area.bottom))) {
            for x in max(0, area.x)..<max(0, max(area.x, min(size.width, area.right))) {
                change(&cells[y * size.width + x].style)
            }
        }
    }

    /// Puts a character at a position and keeps the grid whole: of every wide character both halves
    /// are there, or none.
    private mutating func set(_ glyph: SafeText.Glyph, x: Int, y: Int, style: Style) {
        guard contains(x, y) else { return }
        if isASCII, !glyph.scalar.isASCII {
            let letter = glyph.width == 1 ? ComposedText.letter(under: glyph.scalar) : nil
            let substitute = SafeText.Glyph(
                scalar: letter ?? "?", combiningMarks: CombiningMarks(), width: 1)
            for offset in 0..<glyph.width {
                set(substitute, x: x + offset, y: y, style: style)
            }
            return
        }
        guard glyph.width == 1 || contains(x + 1, y) else {
            // Half of a wide character cannot be shown.
            clear(x, y)
            cells[y * size.width + x] = Cell(style: style)
            return
        }
        clear(x, y)
        var cell = Cell(glyph.scalar, style: style)
        if !isASCII, glyph.width == 1 { cell.combiningMarks = glyph.combiningMarks }
        cell.width = UInt8(glyph.width)
        if glyph.width == 2 {
            clear(x + 1, y)
            var covered = Cell(style: style)
            covered.width = 0
            cells[y * size.width + x + 1] = covered
        }
        cells[y * size.width + x] = cell
    }

    /// Before a cell is overwritten: the other half of a wide character there becomes a space.
    private mutating func clear(_ x: Int, _ y: Int) {
        let index = y * size.width + x
        if cells[index].width == 0, x > 0 {
            cells[index - 1] = Cell(style: cells[index - 1].style)
        } else if cells[index].width == 2, x + 1 < size.width {
            cells[index + 1] = Cell(style: cells[index + 1].style)
        }
    }
}
