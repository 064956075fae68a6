/// How roles look on one terminal: which signs it can show, and which colours.
///
/// This is the one type that names a colour. No meaning rests on a colour alone: letters and shades
/// say the same, so that a terminal with two colours and a reader who sees few miss nothing. A
/// theme is chosen once when a screen opens (`ScreenLook`) and never changes.
package struct Theme: Sendable {
    package var symbols: Symbols
    package var hasColor: Bool

    package init(symbols: Symbols, hasColor: Bool) {
        self.symbols = symbols
        self.hasColor = hasColor
    }

    /// The foreground of a role, as a number among the 16 colours of the user's palette; nil for
    /// the default. `available` is how many colours the terminal has; with fewer than eight none is
    /// used, and with fewer than sixteen no bright ones.
    ///
    /// Blue, amber and magenta: no pair of colours that carries meaning differs in red against
    /// green only.
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

    /// Whether a style is drawn bold, dim or reversed besides its colour. Without colours these are
    /// all there is, so that loud roles become bold then.
    package func attributes(of style: Style) -> (bold: Bool, dim: Bool, reversed: Bool) {
        let isLoud = style.role == .failed || style.role == .warning
        let isQuiet = style.role == .idle || (!hasColor && style.role == .faint)
        return (
            style.isBold || (!hasColor && isLoud), isQuiet && !style.isReversed,
            style.isReversed
        )
    }
}
