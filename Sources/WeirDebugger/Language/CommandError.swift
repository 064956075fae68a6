import WeirBase

/// Why a command was not obeyed, with the location in its text where that is known.
///
/// This is what a person reads who has typed something wrong. It says what is wrong, what to
/// do, and points at the character. Nothing was moved when it is thrown, unless the movement
/// itself met it.
package struct CommandError: Error, Equatable, Sendable {
    /// What is wrong, as a sentence without its full stop, safe to show.
    package let message: String
    /// What to do about it; empty when there is nothing to say. Safe to show.
    package let advice: String
    /// How many characters of the command come before the location; nil for the whole
    /// command.
    package private(set) var column: Int?

    package init(_ message: String, _ advice: String = "", at column: Int? = nil) {
        // Names that are offered come from a trace, too. What is escaped already stays as it
        // is.
        self.message = PrintableText.escaped(message, limit: DebuggerBounds.maximumErrorText)
        self.advice = PrintableText.escaped(advice, limit: DebuggerBounds.maximumErrorText)
        self.column = column
    }

    /// Message and advice on one line, with their full stops.
    package var sentence: String {
        func stopped(_ text: String) -> String {
            text.hasSuffix(".") || text.hasSuffix("?") ? text : text + "."
        }
        return advice.isEmpty ? stopped(message) : stopped(message) + " " + stopped(advice)
    }

    /// The command with a caret under the location, as two lines; empty without a location.
    package func underlined(_ command: String) -> String {
        guard let column else { return "" }
        // A character that is shown as an escape takes more room than one, so the caret moves
        // with it.
        let characters = Array(command).prefix(DebuggerBounds.maximumCommandLength)
        let before = characters.prefix(column).map { PrintableText.escaped(String($0)) }.joined()
        let after = characters.dropFirst(column).map { PrintableText.escaped(String($0)) }.joined()
        return "  \(before)\(after)\n  \(String(repeating: " ", count: before.count))^\n"
    }
}
