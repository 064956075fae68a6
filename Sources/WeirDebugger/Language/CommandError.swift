import WeirBase

/// Why a command was not obeyed, with the place in its text where that is known.
package struct CommandError: Error, Equatable, Sendable {
    /// What is wrong, as a sentence without its stop.
    package let message: String
    /// What to do; empty when there is nothing to say.
    package let advice: String
    /// The characters before the place; nil when it is the whole command.
    package private(set) var column: Int?

    package init(_ message: String, _ advice: String = "", at column: Int? = nil) {
        // Names that are offered come from a trace, too. What is escaped already stays as it is.
        self.message = PrintableText.escaped(message, limit: 2_000)
        self.advice = PrintableText.escaped(advice, limit: 2_000)
        self.column = column
    }

    /// `MESSAGE. ADVICE.` on one line, safe to show.
    package var sentence: String {
        func stopped(_ text: String) -> String {
            text.hasSuffix(".") || text.hasSuffix("?") ? text : text + "."
        }
        return advice.isEmpty ? stopped(message) : stopped(message) + " " + stopped(advice)
    }

    /// The command with a caret under the place, as two lines; empty without a place.
    package func marked(_ command: String) -> String {
        guard let column else { return "" }
        // A character that is shown as an escape takes more room than one.
        let characters = Array(command).prefix(CommandText.longest)
        let before = characters.prefix(column).map { PrintableText.escaped(String($0)) }.joined()
        let after = characters.dropFirst(column).map { PrintableText.escaped(String($0)) }.joined()
        return "  \(before)\(after)\n  \(String(repeating: " ", count: before.count))^\n"
    }
}
