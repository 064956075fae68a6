import WeirBase

/// The debugger's language: the commands in the order in which `help` lists them.
///
/// A new command is one value in a file of its own and one entry here. `Debugger.execute`
/// reads a line by this table, and the prompt finds words to offer by it.
enum CommandTable {
    /// Every command. Their order is that of `help`; for abbreviations it does not matter.
    static let all: [DebuggerCommand] = [
        .step, .reverseStep, .next, .reverseNext, .goto, .continue, .reverseContinue, .back,
        .forward, .previousWrite, .nextWrite,
        .break, .watch, .delete,
        .when, .info, .print, .lastWrite, .history, .logs, .assert,
        .bookmark, .help, .quit,
    ]

    /// Reads a line into a call that can be obeyed; nil for an empty line and for a comment,
    /// which begins with `#`.
    static func read(_ line: String) throws(CommandError) -> CommandCall? {
        var text = try CommandText(line)
        text.skipSpace()
        let column = text.position
        if text.isAtEnd || text.next == "#" { return nil }
        let command = try find(text.word(), at: column)
        // Only this command knows how the rest of the line is read.
        let call = try command.read(&text)
        // Something behind the arguments is a mistake, and a command must not do half of what
        // was typed.
        try text.expectEnd()
        return call
    }

    /// The command that a word means: a short form, a name, or the beginning of one name
    /// only.
    ///
    /// Letters may be of either case. `column` is where the word is, for the error.
    static func find(_ word: String, at column: Int) throws(CommandError) -> DebuggerCommand {
        // Names are in small letters.
        let lower = word.lowercased()
        if let exact = all.first(where: { $0.name == lower || $0.short.contains(lower) }) {
            return exact
        }
        let meant = lower.isEmpty ? [] : all.filter { $0.name.hasPrefix(lower) }
        if meant.count == 1 { return meant[0] }
        let shown = ShownText.word(word)
        // Not the first of them: a new command must not change what an old script means.
        if meant.count > 1 {
            throw CommandError(
                "'\(shown)' can be \(meant.map(\.name).joined(separator: ", "))",
                "Write more of it", at: column)
        }
        // The contract names these commands, so that a person may well try them.
        if ["fork", "follow"].contains(lower) {
            throw CommandError("'\(lower)' is not built yet", "See 'help'", at: column)
        }
        throw CommandError(
            "there is no command '\(shown)'",
            Nearest.best(word, among: all.map(\.name)).map { "Did you mean \($0)?" }
                ?? "See 'help'", at: column)
    }

    /// The command by which `help` explains a word, which may be a word of its usage.
    static func explaining(_ topic: String) throws(CommandError) -> DebuggerCommand {
        let lower = topic.lowercased()
        if let command = all.first(where: { $0.help.explained.contains(lower) }) { return command }
        return try find(topic, at: 0)
    }
}
