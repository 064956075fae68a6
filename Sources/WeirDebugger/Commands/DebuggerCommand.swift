/// A command of the debugger: what it is called, what `help` says of it, how the text behind
/// its name is read, what it does, and what the prompt offers while it is typed.
///
/// Each command is one value in a file of its own, as a static member of this type, and one
/// line in `CommandTable.all`. A line is obeyed in this order: the table finds the command by
/// its first word; `read` makes a `CommandCall` of the rest; the table refuses what is left
/// over; and the call is obeyed by a debugger. So everything that can be refused without a
/// run is refused in `read`.
struct DebuggerCommand: Sendable {
    /// The headings of `help`, in their order.
    enum Group: String, CaseIterable, Sendable {
        /// Commands that go somewhere and say what is there.
        case moving = "Moving"
        /// Commands that say where `continue` is to stop.
        case stopping = "Stopping"
        /// Commands that ask about the present step and leave the run where it is.
        case looking = "Looking"
        case other = "Other"
    }

    /// The heading under which `help` lists it.
    let group: Group
    /// Its full name, in small letters. Any beginning that fits no other command will do,
    /// too.
    let name: String
    /// Other names. `help` shows all of them, and the first one in its list of all commands.
    let short: [String]
    /// What else `help` and the prompt need to know of it.
    let help: Help
    /// Whether an empty line at the prompt does it once more, as in gdb.
    let isRepeatable: Bool
    /// Reads what follows the name.
    let read: @Sendable (inout CommandText) throws(CommandError) -> CommandCall
    /// All words that could stand at a position of its text. The prompt keeps those that fit.
    let candidates: @Sendable (CompletionRequest, Debugger) -> [String]

    /// What `help` says of a command.
    struct Help: Sendable {
        /// How it is written.
        let usage: String
        /// One line.
        let summary: String
        /// What else is to know, line by line; empty when nothing is.
        let details: [String]
        /// Words that `help` explains by this command, such as those of its usage.
        let explained: [String]

        init(
            _ usage: String, _ summary: String, details: [String] = [], explained: [String] = []
        ) {
            (self.usage, self.summary) = (usage, summary)
            (self.details, self.explained) = (details, explained)
        }
    }

    /// A command with arguments: `read` makes them of the text, `obey` does with them what
    /// the command is for.
    ///
    /// They are compared by tests of the language, which need no run for it.
    init<Arguments: Equatable & SendableMetatype>(
        _ group: Group, _ name: String, short: [String] = [], _ help: Help,
        isRepeatable: Bool = false,
        read: @escaping @Sendable (inout CommandText) throws(CommandError) -> Arguments,
        obey: @escaping @Sendable (Arguments, Debugger) throws -> Answer,
        candidates: @escaping @Sendable (CompletionRequest, Debugger) -> [String] = { _, _ in [] }
    ) {
        (self.group, self.name, self.short) = (group, name, short)
        (self.help, self.isRepeatable) = (help, isRepeatable)
        self.read = { text throws(CommandError) in
            let arguments = try read(&text)
            return CommandCall(
                name: name, arguments: arguments, isRepeatable: isRepeatable,
                obey: { try obey(arguments, $0) })
        }
        self.candidates = candidates
    }

    /// A command that stands alone.
    init(
        _ group: Group, _ name: String, short: [String] = [], _ help: Help,
        obey: @escaping @Sendable (Debugger) throws -> Answer
    ) {
        self.init(
            group, name, short: short, help, read: { _ in NoArguments() },
            obey: { _, debugger in try obey(debugger) })
    }
}

/// The arguments of a command that takes none.
struct NoArguments: Equatable {}

/// A command that was read and not yet obeyed.
struct CommandCall {
    let name: String
    /// What was read, for tests to compare.
    let arguments: any Equatable
    /// Whether an empty line does it once more.
    let isRepeatable: Bool
    /// Does it, in a debugger, and gives the answer.
    let obey: (Debugger) throws -> Answer
}

/// A position in a line that is being typed.
struct CompletionRequest {
    /// The words before it, of which the first one is the command.
    let before: [String]
    /// What is there already; empty behind a space.
    let word: String

    /// Whether it is the first word behind the command.
    var isFirst: Bool { before.count == 1 }
    /// The first word behind the command once it is whole; empty while it is typed.
    var first: String { before.count > 1 ? before[1] : "" }
}
