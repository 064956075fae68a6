/// Why a terminal cannot show a screen.
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
    package let description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
