import WeirTerminal

/// The line at the bottom: what the last key could not do, and the keys that are used most.
///
/// Made of the rows of the help, so that it names no key that does not do what it says.
struct KeyLine {
    let pieces: [Piece]
    private let symbols: Symbols

    /// `isInside`: a view has something of its own open, which the way out leaves first.
    init(_ rows: [KeyRow], isInside: Bool, _ screen: ScreenState) {
        symbols = screen.symbols
        var pieces: [Piece] = []
        if let message = screen.message { pieces.append(Piece(SafeText(message))) }
        // What is named first in the table goes last, but for help and the way out.
        for (index, row) in rows.enumerated() {
            guard let hint = row.hint else { continue }
            let word = isInside ? hint.wordInside ?? hint.word : hint.word
            let key = row.label.split(separator: " ").first ?? ""
            pieces.append(
                Piece(SafeText("\(key) \(word)"), rank: hint.isVital ? 0 : index + 1))
        }
        self.pieces = pieces
    }

    func paint(on canvas: inout Canvas) {
        let y = canvas.size.height - 1
        canvas.put(pieces, y: y, symbols: symbols)
        canvas.restyle(Area(x: 0, y: y, width: canvas.size.width, height: 1)) {
            $0.isReversed = true
        }
    }
}
