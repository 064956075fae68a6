import WeirBase

/// Reads a line into a command.
enum CommandParser {
    /// The most logs that are shown at once.
    static let mostLogs = 10_000
    static let usualLogs = 20
    /// The most accesses that are shown at once.
    static let mostHistory = 1_000
    static let usualHistory = 10

    /// Nil for an empty line and for a comment, which begins with `#`.
    static func parse(_ line: String) throws(CommandError) -> DebuggerCommand? {
        var text = try CommandText(line)
        text.skipSpace()
        let column = text.place
        if text.isAtEnd || text.next == "#" { return nil }
        let entry = try CommandTable.find(text.word(), at: column)
        let command = try parse(entry.name, &text)
        try text.expectEnd()
        return command
    }

    private static func parse(_ name: String, _ text: inout CommandText) throws(CommandError)
        -> DebuggerCommand
    {
        switch name {
        case "step": return .step(try count(&text))
        case "reverse-step": return .reverseStep(try count(&text))
        case "next": return .next(try count(&text))
        case "reverse-next": return .reverseNext(try count(&text))
        case "continue": return .continue(try count(&text))
        case "reverse-continue": return .reverseContinue(try count(&text))
        case "goto": return .goto(try place(&text))
        case "break": return .break(try condition(&text))
        case "watch": return .watch(try state(&text))
        case "delete": return .delete(try breakNumber(&text))
        case "info": return try info(&text)
        case "print": return try printed(&text)
        case "last-write": return .lastWrite(try state(&text))
        case "history":
            let state = try state(&text)
            return .history(
                state, count: try lines(&text, usual: usualHistory, most: mostHistory))
        case "when": return .when
        case "logs": return try logs(&text)
        case "mark": return .mark(try markName(&text))
        case "back": return .back
        case "forward": return .forward
        case "assert": return .assert(try Expression.parse(&text))
        case "help":
            let topic = text.rest()
            return .help(topic.isEmpty ? nil : topic)
        case "quit": return .quit
        default: preconditionFailure("the command \(name) is in the table and not read")
        }
    }

    // MARK: Parts

    /// A number of times, 1 unless it is given.
    private static func count(_ text: inout CommandText) throws(CommandError) -> UInt64 {
        text.skipSpace()
        let column = text.place
        let word = text.word()
        if word.isEmpty { return 1 }
        guard let count = UInt64(word), count > 0 else {
            throw CommandError(
                "\(PrintableText.escaped(word)) is no number of times", "Give 1 or more",
                at: column)
        }
        return count
    }

    private static func place(_ text: inout CommandText) throws(CommandError) -> Place {
        text.skipSpace()
        let column = text.place
        do {
            return try Place(text.rest())
        } catch {
            throw CommandError(error.message, error.advice, at: column)
        }
    }

    private static func breakNumber(_ text: inout CommandText) throws(CommandError) -> Int? {
        text.skipSpace()
        let column = text.place
        let word = text.word()
        if word.isEmpty { return nil }
        guard let number = Int(word), number > 0 else {
            throw CommandError(
                "\(PrintableText.escaped(word)) is no number of a break", "See 'info breaks'",
                at: column)
        }
        return number
    }

    private static func markName(_ text: inout CommandText) throws(CommandError) -> String {
        text.skipSpace()
        let column = text.place
        let name = text.rest()
        guard !name.isEmpty else {
            throw CommandError("a name for this place is missing", "Write: mark NAME", at: column)
        }
        guard case .mark = try? Place(name) else {
            throw CommandError(
                "\(PrintableText.escaped(name)) already means a place", "Choose another name",
                at: column)
        }
        return name
    }

    private static func info(_ text: inout CommandText) throws(CommandError) -> DebuggerCommand {
        text.skipSpace()
        let column = text.place
        let word = text.word().lowercased()
        let all = DebuggerCommand.Topic.allCases
        let names = all.map(\.rawValue)
        let meant = word.isEmpty ? [] : all.filter { $0.rawValue.hasPrefix(word) }
        let exact = all.first { $0.rawValue == word || $0.rawValue == word + "s" }
        guard let topic = exact ?? (meant.count == 1 ? meant[0] : nil) else {
            let shown = PrintableText.escaped(word, limit: 40)
            throw CommandError(
                word.isEmpty
                    ? "info wants a topic"
                    : meant.isEmpty
                        ? "there is no topic '\(shown)'"
                        : "'\(shown)' can be \(meant.map(\.rawValue).joined(separator: ", "))",
                meant.isEmpty
                    ? Nearest.best(word, among: names).map { "Did you mean \($0)?" }
                        ?? "There are: \(names.joined(separator: ", "))"
                    : "Write more of it", at: column)
        }
        guard topic == .states || topic == .watermarks else { return .info(topic, stage: nil) }
        let stage = text.word()
        return .info(topic, stage: stage.isEmpty ? nil : stage)
    }

    private static func printed(_ text: inout CommandText) throws(CommandError) -> DebuggerCommand {
        text.skipSpace()
        let start = text.place
        let word = text.word()
        switch word {
        case "":
            throw CommandError(
                "print wants to know what", "Write state, queue, event or an expression",
                at: start)
        case "state": return .printState(try state(&text))
        case "queue":
            text.skipSpace()
            let column = text.place
            let name = text.rest()
            guard !name.isEmpty else {
                throw CommandError(
                    "the name of a channel is missing", "See 'info queues'", at: column)
            }
            return .printQueue(name)
        case "event": return try event(&text)
        default:
            text.rewind(to: start)
            return .printValue(try Expression.value(&text))
        }
    }

    private static func event(_ text: inout CommandText) throws(CommandError) -> DebuggerCommand {
        text.skipSpace()
        let column = text.place
        let word = text.rest()
        guard let colon = word.lastIndex(of: ":"),
            let index = UInt64(word[word.index(after: colon)...]), colon > word.startIndex
        else {
            throw CommandError(
                "an event is a source and an index", "Write: print event orders:8812", at: column)
        }
        return .printEvent(source: String(word[..<colon]), index: index)
    }

    private static func state(_ text: inout CommandText) throws(CommandError) -> StateReference {
        text.skipSpace()
        let column = text.place
        let node = try Expression.value(&text)
        guard case .state(let reference) = node.root.form else {
            throw CommandError(
                "this is no state", "Write stage[key], stage.operator[key] or cell NAME",
                at: column)
        }
        return reference
    }

    private static func logs(_ text: inout CommandText) throws(CommandError) -> DebuggerCommand {
        text.skipSpace()
        let pattern = text.next == "/" ? try text.pattern() : nil
        return .logs(
            pattern,
            count: try lines(
                &text, usual: usualLogs, most: mostLogs, ", and a pattern between slashes"))
    }

    /// How many lines are wanted.
    private static func lines(
        _ text: inout CommandText, usual: Int, most: Int, _ advice: String = ""
    ) throws(CommandError) -> Int {
        text.skipSpace()
        let column = text.place
        let word = text.word()
        if word.isEmpty { return usual }
        guard let count = Int(word), count > 0, count <= most else {
            throw CommandError(
                "\(PrintableText.escaped(word)) is no number of lines",
                "Give 1 to \(most)\(advice)",
                at: column)
        }
        return count
    }
}
