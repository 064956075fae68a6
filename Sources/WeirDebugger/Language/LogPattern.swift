import WeirBase
import WeirPattern

/// A regular expression that is searched for in log lines.
///
/// A person may type any expression, so `WeirPattern` bounds what each line may cost.
package struct LogPattern: Equatable, Sendable {
    /// The expression as it was typed, without the slashes.
    package let text: String
    /// The compiled expression, with its bound on tries.
    private let pattern: Pattern

    /// Compiles the expression; throws where it is none.
    init(_ text: String) throws(CommandError) {
        guard !text.isEmpty else {
            throw CommandError("the pattern is empty", "Write /late|dropped/")
        }
        self.text = text
        do throws(Pattern.Invalid) {
            pattern = try Pattern(text)
        } catch {
            throw CommandError("the pattern is no regular expression: \(error)")
        }
    }

    /// Whether the line holds a match; only its first 64 KiB are searched.
    ///
    /// - Throws: `CommandError` when the line needs more tries than one line may.
    package func matches(_ line: String) throws(CommandError) -> Bool {
        if let isFound = pattern.occurs(in: line) { return isFound }
        throw CommandError(
            "the pattern \(described) needs more than \(Pattern.maximumTries) tries on one log "
                + "line",
            "Write it without repetitions within repetitions, and delete the break that has it")
    }

    /// The expression between slashes, safe to show.
    package var described: String { "/\(PrintableText.escaped(text))/" }

    /// Patterns are the same when their texts are; compiled ones cannot be compared.
    package static func == (left: LogPattern, right: LogPattern) -> Bool { left.text == right.text }
}
