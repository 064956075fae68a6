/// Why a terminal cannot show a screen. `ScreenLook` turns it into a note and lines of text, or
/// into the command's failure where a screen was demanded.
package struct TerminalError: Error, Equatable, CustomStringConvertible {
    package enum Code: Equatable, Sendable {
        /// TERM is not set, or names what the database does not know.
        case unknownKind
        /// The terminal cannot move its cursor.
        case dumb
        /// The descriptor is no terminal.
        case noTerminal
        /// The system refused.
        case system
    }

    package let code: Code
    /// A sentence for a person, with the terminal's name made safe.
    package let description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
