/// What `help` says.
enum HelpText {
    static func answer(_ topic: String?) throws(CommandError) -> Answer {
        if let topic { return try explain(topic) }
        var answer = Answer("help")
        for group in CommandTable.Group.allCases {
            answer.line(group.rawValue)
            for entry in CommandTable.entries where entry.group == group {
                answer.line(row(entry))
            }
        }
        answer.line("")
        answer.line("A beginning that fits one command is enough. 'help COMMAND' says more; 'help")
        answer.line("place', 'help state' and 'help expr' say how those are written.")
        answer.line("New here? Try: when, info states, last-write cell NAME, reverse-step, back.")
        answer.member("commands", .list(CommandTable.entries.map { value($0) }))
        return answer
    }

    private static func explain(_ topic: String) throws(CommandError) -> Answer {
        let words = ["place": "goto", "state": "assert", "expr": "assert", "what": "print"]
        let entry = try CommandTable.find(words[topic.lowercased()] ?? topic, at: 0)
        var answer = Answer("help")
        answer.line("\(entry.usage): \(entry.summary)")
        for line in entry.details { answer.line("  \(line)") }
        if !entry.short.isEmpty { answer.line("  short: \(entry.short.joined(separator: ", "))") }
        answer.member("commands", .list([value(entry)]))
        return answer
    }

    private static func row(_ entry: CommandTable.Entry) -> String {
        let space = String(repeating: " ", count: max(1, 22 - entry.usage.count))
        let short = entry.short.first.map { " (\($0))" } ?? ""
        return "  \(entry.usage)\(space)\(entry.summary)\(short)"
    }

    private static func value(_ entry: CommandTable.Entry) -> AnswerValue {
        .members([
            "name": .text(entry.name), "usage": .text(entry.usage),
            "summary": .text(entry.summary),
            "short": entry.short.isEmpty ? nil : .list(entry.short.map { .text($0) }),
            "details": entry.details.isEmpty ? nil : .list(entry.details.map { .text($0) }),
        ])
    }
}
