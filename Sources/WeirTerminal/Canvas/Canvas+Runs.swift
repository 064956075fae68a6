/// Neighbouring cells of one row and one style that are to be written. What changed on a screen is
/// a few of these, and a terminal is sent nothing else.
package struct CanvasRun: Equatable, Sendable {
    /// The column of the first cell, from the left.
    package var x: Int
    /// The row, from the top.
    package var y: Int
    package var style: Style
    /// Characters with their marks; covered cells of wide characters are not in it.
    package var scalars: [Unicode.Scalar]
}

extension Canvas {
    /// The runs that turn a screen that shows `old` into one that shows this canvas; all of the
    /// canvas without `old`, or when that has another size. They come row by row, from left to
    /// right. It costs one comparison for each cell.
    package func runs(after old: Canvas?) -> [CanvasRun] {
        let known = old.flatMap { $0.size == size ? $0.cells : nil }
        var runs: [CanvasRun] = []
        for y in 0..<size.height {
            var isOpen = false
            for x in 0..<size.width {
                let index = y * size.width + x
                let cell = cells[index]
                // A covered cell is written together with the wide character that covers it.
                if cell.width == 0 { continue }
                guard isChanged(index, known) else {
                    isOpen = false
                    continue
                }
                if !isOpen || runs[runs.count - 1].style != cell.style {
                    runs.append(CanvasRun(x: x, y: y, style: cell.style, scalars: []))
                }
                runs[runs.count - 1].scalars.append(cell.scalar)
                for combiningMark in [cell.combiningMarks.first, cell.combiningMarks.second]
                where combiningMark != 0 {
                    if let scalar = Unicode.Scalar(combiningMark) {
                        runs[runs.count - 1].scalars.append(scalar)
                    }
                }
                // Terminals disagree about the width of some characters. After one that they may
                // measure otherwise the run ends, so that the next one sets the cursor's position
                // anew.
                isOpen = cell.width == 1 && cell.combiningMarks.first == 0
            }
        }
        return runs
    }

    /// Whether a cell, or the one that its wide character covers, is not what is shown.
    private func isChanged(_ index: Int, _ known: [Cell]?) -> Bool {
        guard let known else { return true }
        if cells[index] != known[index] { return true }
        return cells[index].width == 2 && cells[index + 1] != known[index + 1]
    }

    /// The characters, one line for each row, without the spaces at the ends of lines. Tests
    /// compare it.
    package var text: String {
        lines { cell in
            var text = String(Character(cell.scalar))
            for combiningMark in [cell.combiningMarks.first, cell.combiningMarks.second]
            where combiningMark != 0 {
                if let scalar = Unicode.Scalar(combiningMark) { text.unicodeScalars.append(scalar) }
            }
            return text
        }
    }

    /// The styles as a second plane of text: for each cell the letter of its role, or `#` where it
    /// is reversed.
    package var styleText: String {
        lines { cell in cell.style.isReversed ? "#" : String(cell.style.role.letter) }
    }

    /// A line for each row, made of what `show` says of each cell that is not covered.
    private func lines(_ show: (Cell) -> String) -> String {
        var text = ""
        for y in 0..<size.height {
            var line = ""
            for x in 0..<size.width where self[x, y].width > 0 { line += show(self[x, y]) }
            while line.last == " " { line.removeLast() }
            text += line + "\n"
        }
        return text
    }
}
