/// The signs that views draw with: one set for UTF-8, one for ASCII.
package struct Symbols: Sendable {
    package var isASCII: Bool
    /// Whether the terminal's font can be expected to hold braille patterns.
    package var hasBraille: Bool
    package var horizontal: Character
    package var vertical: Character
    /// Corners of a box: top left, top right, bottom left, bottom right.
    package var corners: [Character]
    /// Lines with arms; the index is the sum of 1 up, 2 right, 4 down, 8 left.
    package var joints: [Character]
    package var arrow: Character
    package var medium: Character
    package var heavy: Character
    package var idle: Character
    package var busy: Character
    package var blocked: Character
    /// Runnable, and no worker is free.
    package var waiting: Character
    /// Partly filled cells, from an eighth to the whole; a single one in ASCII.
    package var bars: [Character]
    package var track: Character
    package var selected: Character
    package var dot: Character
    package var pause: Character
    package var play: Character
    package var rising: Character
    package var falling: Character
    package var root: String
    package var ellipsis: Character

    package static let unicode = Symbols(
        isASCII: false, hasBraille: true, horizontal: "─", vertical: "│",
        corners: ["┌", "┐", "└", "┘"],
        joints: [
            " ", "│", "─", "└", "│", "│", "┌", "├", "─", "┘", "─", "┴", "┐", "┤", "┬", "┼",
        ],
        arrow: "▶", medium: "━", heavy: "▰", idle: "░", busy: "▒", blocked: "▓", waiting: "▚",
        bars: ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"], track: "·", selected: "▶", dot: "●",
        pause: "‖", play: "▷", rising: "▲", falling: "▼", root: "◀ ROOT", ellipsis: "…")

    package static let ascii = Symbols(
        isASCII: true, hasBraille: false, horizontal: "-", vertical: "|",
        corners: ["+", "+", "+", "+"],
        joints: [
            " ", "|", "-", "+", "|", "|", "+", "+", "-", "+", "-", "+", "+", "+", "+", "+",
        ],
        arrow: ">", medium: "=", heavy: "#", idle: ".", busy: "#", blocked: "B", waiting: "W",
        bars: ["|"], track: " ", selected: ">", dot: "*", pause: "=", play: ">", rising: "^",
        falling: "v",
        root: "< ROOT", ellipsis: "~")
}

/// How roles look on one terminal.
package struct Theme: Sendable {
    package var symbols: Symbols
    package var hasColor: Bool

    package init(symbols: Symbols, hasColor: Bool) {
        self.symbols = symbols
        self.hasColor = hasColor
    }

    /// The foreground of a role among the 16 colours of the user's palette; nil for the default.
    ///
    /// Blue, amber and magenta: no pair that carries meaning differs in red against green only.
    package func color(of role: Role, available: Int) -> Int? {
        guard hasColor, available >= 8 else { return nil }
        let bright = available >= 16 ? 8 : 0
        switch role {
        case .text, .heading, .idle: return nil
        case .faint, .frame: return available >= 16 ? 8 : nil
        case .busy: return 4 + bright
        case .blocked, .warning: return 3
        case .failed: return 5
        case .live, .waiting: return 6
        case .recording: return 5 + bright
        }
    }

    /// Whether a role is drawn dim, bold or reversed besides its colour.
    ///
    /// Without colours these are all there is; the letters and shades carry the meaning.
    package func attributes(of style: Style) -> (bold: Bool, dim: Bool, reversed: Bool) {
        let isLoud = style.role == .failed || style.role == .warning
        let isQuiet = style.role == .idle || (!hasColor && style.role == .faint)
        return (
            style.isBold || (!hasColor && isLoud), isQuiet && !style.isReversed,
            style.isReversed
        )
    }
}
