/// The signs that views draw with: one set for UTF-8, one for ASCII.
///
/// Views draw no other signs of their own, so that a set decides alone what a terminal has to be
/// able to show. Which set it is follows from the locale, the terminal and the flags
/// (`ScreenLook`). A test holds that every sign of the ASCII set is ASCII, and that no two states
/// look alike: there are no colours to fall back on.
package struct Symbols: Sendable {
    /// What boxes, rules and the lines of graphs are made of.
    package struct Lines: Sendable {
        package var horizontal: Character
        package var vertical: Character
        /// Corners of a box: top left, top right, bottom left, bottom right.
        package var corners: [Character]
        /// Lines with arms; the index is the sum of 1 up, 2 right, 4 down, 8 left.
        package var joints: [Character]
        package var arrow: Character
        /// A line whose queue holds something.
        package var medium: Character
        /// A line whose queue is nearly full.
        package var heavy: Character
    }

    /// What a stage does, as a shade.
    package struct States: Sendable {
        package var idle: Character
        package var busy: Character
        package var blocked: Character
        /// Runnable, and no worker is free.
        package var waiting: Character
    }

    /// Where the viewer stands on the timeline.
    package struct Playing: Sendable {
        package var live: Character
        package var pause: Character
        package var play: Character
    }

    package var isASCII: Bool
    /// Whether the terminal's font can be expected to hold braille patterns.
    package var hasBraille: Bool
    package var lines: Lines
    package var states: States
    package var playing: Playing
    /// Partly filled cells, in equal steps up to the whole; a single one in ASCII.
    package var bars: [Character]
    /// A level in one cell, in equal steps up to the whole.
    package var levels: [Character]
    /// What a bar leaves empty.
    package var track: Character
    /// Before the row that is chosen.
    package var selected: Character
    /// Behind the stage that limits the run: a sign.
    package var limiting: Character
    /// The same with a word, where there is room.
    package var root: String
    /// Where a text was cut.
    package var ellipsis: Character

    package static let unicode = Symbols(
        isASCII: false, hasBraille: true,
        lines: Lines(
            horizontal: "─", vertical: "│", corners: ["┌", "┐", "└", "┘"],
            joints: [
                " ", "│", "─", "└", "│", "│", "┌", "├", "─", "┘", "─", "┴", "┐", "┤", "┬", "┼",
            ],
            arrow: "▶", medium: "━", heavy: "▰"),
        states: States(idle: "░", busy: "▒", blocked: "▓", waiting: "▚"),
        playing: Playing(live: "●", pause: "‖", play: "▷"),
        bars: ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
        levels: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"], track: "·", selected: "▶", limiting: "◀",
        root: "◀ ROOT", ellipsis: "…")

    package static let ascii = Symbols(
        isASCII: true, hasBraille: false,
        lines: Lines(
            horizontal: "-", vertical: "|", corners: ["+", "+", "+", "+"],
            joints: [
                " ", "|", "-", "+", "|", "|", "+", "+", "-", "+", "-", "+", "+", "+", "+", "+",
            ],
            arrow: ">", medium: "=", heavy: "#"),
        states: States(idle: ".", busy: "#", blocked: "B", waiting: "W"),
        playing: Playing(live: "*", pause: "=", play: ">"),
        bars: ["|"], levels: [".", ":", "-", "=", "+", "*", "#", "@"], track: " ", selected: ">",
        limiting: "<", root: "< ROOT", ellipsis: "~")
}
