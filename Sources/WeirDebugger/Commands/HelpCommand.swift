extension DebuggerCommand {
    /// `help [COMMAND]`: lists the commands, or explains one. Also explains words of their
    /// usage.
    ///
    /// The list is the first thing that a newcomer sees, so it has a line for each command
    /// and no more; what else there is to know is behind `help COMMAND`.
    static let help = DebuggerCommand(
        .other, "help", short: ["h", "?"],
        Help("help [COMMAND]", "list the commands, or explain one"),
        read: { text throws(CommandError) -> String? in
            let topic = text.rest()
            return topic.isEmpty ? nil : topic
        },
        // Help needs no run.
        obey: { topic, _ in try topic.map { try explain($0) } ?? overview() },
        candidates: { request, _ in request.isFirst ? CommandTable.all.map(\.name) : [] })

    /// All commands under their headings, and for a newcomer some to begin with.
    private static func overview() -> Answer {
        var answer = Answer("help")
        for group in Group.allCases {
            answer.line(group.rawValue)
            for command in CommandTable.all where command.group == group {
                answer.line(command.row)
            }
        }
        answer.line("")
        // How to go on from here, for whoever sees the debugger for the first time.
        answer.line("A beginning that fits one command is enough. 'help COMMAND' says more; 'help")
        answer.line("place', 'help state' and 'help expr' say how those are written.")
        answer.line("New here? Try: when, info states, last-write cell NAME, reverse-step, back.")
        answer.member("commands", .list(CommandTable.all.map(\.answerValue)))
        return answer
    }

    /// Everything there is to say of one command.
    private static func explain(_ topic: String) throws(CommandError) -> Answer {
        // The topic may be a command, its beginning, or a word such as `place` from a usage.
        let command = try CommandTable.explaining(topic)
        var answer = Answer("help")
        answer.line("\(command.help.usage): \(command.help.summary)")
        for line in command.help.details { answer.line("  \(line)") }
        if !command.short.isEmpty {
            answer.line("  short: \(command.short.joined(separator: ", "))")
        }
        answer.member("commands", .list([command.answerValue]))
        return answer
    }

    /// The command's line in the list of all: its usage, its summary and its first short
    /// form.
    private var row: String {
        // The longest usage has 20 characters, which leaves two spaces before the summaries.
        let space = String(repeating: " ", count: max(1, 22 - help.usage.count))
        let short = short.first.map { " (\($0))" } ?? ""
        return "  \(help.usage)\(space)\(help.summary)\(short)"
    }

    /// The command for programs.
    private var answerValue: AnswerValue {
        .members([
            "name": .text(name), "usage": .text(help.usage), "summary": .text(help.summary),
            "short": short.isEmpty ? nil : .list(short.map { .text($0) }),
            "details": help.details.isEmpty ? nil : .list(help.details.map { .text($0) }),
        ])
    }
}
