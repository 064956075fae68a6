import WeirTerminal

/// The keys with which a line is typed into a view: those of the debugger's prompt, as far as a
/// single line needs them.
enum LineKeys {
    private static let edits: [Key: @Sendable (inout LineBuffer) -> Void] = [
        .backspace: { $0.deleteBefore() }, .delete: { $0.deleteAt() },
        .left: { $0.left() }, .right: { $0.right() },
        .home: { $0.home() }, .control("a"): { $0.home() },
        .end: { $0.end() }, .control("e"): { $0.end() },
        .control("w"): { $0.deleteWord() }, .control("u"): { $0.deleteToStart() },
    ]

    /// Does what a key does to a line; nothing where it has no meaning there.
    static func edit(_ line: inout LineBuffer, _ key: Key) {
        if case .character(let scalar) = key {
            line.insert(scalar)
        } else {
            edits[key]?(&line)
        }
    }
}

/// Paints a line that is being typed.
struct TypedLine {
    let prompt: SafeText
    let line: LineBuffer

    /// Paints prompt, text and cursor in a row, and gives the column behind the text and the one at
    /// which the text begins. Of a long text the end is shown, where the cursor mostly is.
    @discardableResult
    func paint(x: Int, y: Int, right: Int, on canvas: inout Canvas) -> (start: Int, end: Int) {
        canvas.put(prompt, x: x, y: y, style: Style(bold: true))
        let start = x + prompt.width
        let before = SafeText(line.textBeforeCursor)
        let room = max(0, right - start - 1)
        let text = SafeText(String(line.text.suffix(max(1, room))))
        let width = canvas.put(text, x: start, y: y, limit: room)
        canvas.restyle(
            Area(x: start + min(before.width, room), y: y, width: 1, height: 1)
        ) { $0.isReversed = true }
        return (start, start + width)
    }
}
