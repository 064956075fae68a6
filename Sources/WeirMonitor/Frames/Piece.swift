package import WeirTerminal

/// A part of a line that may be left out where room is short: the highest rank goes first. Pieces
/// of text and columns of tables are such parts.
package protocol RankedPart {
    /// Cells.
    var width: Int { get }
    /// How dispensable the part is; 0 for what matters most.
    var rank: Int { get }
}

extension Array where Element: RankedPart {
    /// The parts that fit beside each other with that many cells between two, in their order.
    ///
    /// The part of the highest rank is left out first, and of equal ranks the one further left. At
    /// least `minimum` parts stay, whether or not they fit: who paints them cuts them. It costs the
    /// square of the number of parts, of which a line has a dozen.
    package func fitting(_ room: Int, gap: Int, keeping minimum: Int = 1) -> [Element] {
        var kept = self
        while kept.reduce(-gap, { $0 + $1.width + gap }) > room, kept.count > minimum {
            guard let last = kept.indices.max(by: { kept[$0].rank < kept[$1].rank }) else { break }
            kept.remove(at: last)
        }
        return kept
    }
}

/// A piece of a line of text, with its look and how dispensable it is.
package struct Piece: RankedPart, Equatable, Sendable {
    package var text: SafeText
    package var style: Style
    package var rank: Int

    package init(_ text: SafeText, _ style: Style = .plain, rank: Int = 0) {
        self.text = text
        self.style = style
        self.rank = rank
    }

    package var width: Int { text.width }
}

extension Canvas {
    /// Draws pieces beside each other in a row, without those that do not fit. One that is left and
    /// still too wide is cut.
    package mutating func put(_ pieces: [Piece], y: Int, symbols: Symbols) {
        var x = 1
        // One cell stays free at the left edge, and pieces stand two cells apart.
        for piece in pieces.fitting(size.width - 1, gap: 2) {
            let text = piece.text.cut(to: size.width - x, ellipsis: symbols.ellipsis)
            x += put(text, x: x, y: y, style: piece.style) + 2
        }
    }
}
