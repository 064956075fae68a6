import WeirBase

/// The debugger's language: the commands in the order in which `help` lists them.
enum CommandTable {
    static let all: [DebuggerCommand] = [
        .step, .reverseStep, .next, .reverseNext, .goto, .continue, .reverseContinue, .back,
        .forward,
        .break, .watch, .delete,
        .when, .info, .print, .lastWrite, .history, .logs, .assert,
        .mark, .help, .quit,
    ]

    /// Reads a line; nil for an empty one and for a comment, which begins with `#`.
    static func read(_ line: String) throws(CommandError) -> CommandCall? {
        var text = try CommandText(line)
        text.skipSpace()
        let column = text.place
        if text.isAtEnd || text.next == "#" { return nil }
        let command = try find(text.word(), at: column)
        let call = try command.read(&text)
        try text.expectEnd()
        return call
    }

    /// The command that a word means: a short form, a name, or the beginning of one name only.
    static func find(_ word: String, at column: Int) throws(CommandError) -> DebuggerCommand {
        let lower = word.lowercased()
        if let exact = all.first(where: { $0.name == lower || $0.short.contains(lower) }) {
            return exact
        }
        let meant = lower.isEmpty ? [] : all.filter { $0.name.hasPrefix(lower) }
        if meant.count == 1 { return meant[0] }
        let shown = PrintableText.escaped(word, limit: 40)
        if meant.count > 1 {
            throw CommandError(
                "'\(shown)' can be \(meant.map(\.name).joined(separator: ", "))",
                "Write more of it", at: column)
        }
        if ["fork", "follow"].contains(lower) {
            throw CommandError("'\(lower)' is not built yet", "See 'help'", at: column)
        }
        throw CommandError(
            "there is no command '\(shown)'",
            Nearest.best(word, among: all.map(\.name)).map { "Did you mean \($0)?" }
                ?? "See 'help'", at: column)
    }

    /// The command by which `help` explains a word.
    static func explaining(_ topic: String) throws(CommandError) -> DebuggerCommand {
        let lower = topic.lowercased()
        if let command = all.first(where: { $0.help.explained.contains(lower) }) { return command }
        return try find(topic, at: 0)
    }
}
