/// How a prompt and the part of a line around its cursor fit into one row.
///
/// A line that is longer than the terminal is wide is moved instead of wrapped: where a terminal
/// wraps differs from kind to kind, and a row is all that a prompt may take of the screen.
package struct LineView: Equatable, Sendable {
    /// What is written, safe for a terminal.
    package let text: String
    /// How many cells are before the cursor, those of the prompt included.
    package let cursor: Int

    /// The row for a terminal of `columns`; the line is moved so that the cursor can be seen.
    package init(prompt: String, _ buffer: LineBuffer, columns: Int) {
        let head = SafeText(prompt)
        // One cell at the right is for a cursor behind the last character.
        let room = max(1, columns - head.width - 1)
        let cells = buffer.characters.map { SafeText(String($0)) }
        var start = 0
        var before = cells[..<buffer.cursor].reduce(0) { $0 + $1.width }
        // Characters go at the left until the cursor is in sight.
        while before > room, start < buffer.cursor {
            before -= cells[start].width
            start += 1
        }
        var (used, end) = (0, start)
        while end < cells.count, used + cells[end].width <= room {
            used += cells[end].width
            end += 1
        }
        text = ([head] + cells[start..<end]).map(\.drawn).joined()
        cursor = head.width + before
    }
}

extension SafeText {
    /// The text as it is written to a terminal.
    package var drawn: String {
        var text = ""
        for glyph in glyphs {
            text.unicodeScalars.append(glyph.scalar)
            for combiningMark in [glyph.combiningMarks.first, glyph.combiningMarks.second]
            where combiningMark != 0 {
                if let scalar = Unicode.Scalar(combiningMark) { text.unicodeScalars.append(scalar) }
            }
        }
        return text
    }
}
