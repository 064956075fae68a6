import WeirTerminal

/// The line at the bottom: what the last key could not do, and the keys that are used most.
///
/// `ScreenModel` makes one for each frame and paints it over the last row of the canvas. It is made
/// of the rows of the help, so that it names no key that does not do what it says. Keys without a
/// hint are left to the help.
struct KeyLine {
    /// The pieces of the line before room is looked at, the message first.
    let pieces: [Piece]
    private let symbols: Symbols

    /// The line for the rows of a screen. `isInside` says that a view has something of its own
    /// open, which the way out leaves first; the hint of such a key then has another word.
    init(_ rows: [KeyRow], isInside: Bool, _ screen: ScreenState) {
        symbols = screen.symbols
        var pieces: [Piece] = []
        if let message = screen.message { pieces.append(Piece(SafeText(message))) }
        // The ranks make the keys further down in the table go first where room is short. Help and
        // the way out have rank 0 and stay, and so does the message.
        for (index, row) in rows.enumerated() {
            guard let hint = row.hint else { continue }
            let word = isInside ? hint.wordInside ?? hint.word : hint.word
            // A key with several names shows the first.
            let key = row.label.split(separator: " ").first ?? ""
            pieces.append(
                Piece(SafeText("\(key) \(word)"), rank: hint.isVital ? 0 : index + 1))
        }
        self.pieces = pieces
    }

    /// Paints the line over the whole last row, reversed, so that it reads as one bar.
    func paint(on canvas: inout Canvas) {
        let y = canvas.size.height - 1
        canvas.put(pieces, y: y, symbols: symbols)
        canvas.restyle(Area(x: 0, y: y, width: canvas.size.width, height: 1)) {
            $0.isReversed = true
        }
    }
}
