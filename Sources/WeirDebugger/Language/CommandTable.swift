import WeirBase

/// The names of the commands, their short forms and what `help` says of them.
package struct CommandTable {
    package struct Entry: Sendable {
        package let name: String
        package let short: [String]
        /// How it is written.
        package let usage: String
        /// One line.
        package let summary: String
        /// What else is to know; empty when nothing is.
        package let details: [String]
        package let group: Group

        init(
            _ group: Group, _ name: String, _ short: [String] = [], _ usage: String,
            _ summary: String, _ details: String...
        ) {
            self.group = group
            self.name = name
            self.short = short
            self.usage = usage
            self.summary = summary
            self.details = details
        }
    }

    package enum Group: String, CaseIterable, Sendable {
        case moving = "Moving"
        case stopping = "Stopping"
        case looking = "Looking"
        case other = "Other"
    }

    package static let entries: [Entry] = moving + stopping + looking + other

    /// The command that a word means: a short form, a name, or the beginning of one name only.
    static func find(_ word: String, at column: Int) throws(CommandError) -> Entry {
        let lower = word.lowercased()
        if let exact = entries.first(where: { $0.name == lower || $0.short.contains(lower) }) {
            return exact
        }
        let meant = lower.isEmpty ? [] : entries.filter { $0.name.hasPrefix(lower) }
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
            Nearest.best(word, among: entries.map(\.name)).map { "Did you mean \($0)?" }
                ?? "See 'help'", at: column)
    }

    private static let moving: [Entry] = [
        Entry(
            .moving, "step", ["s"], "step [N]", "go N steps on (1)",
            "A step is the beginning of a turn, an access to a shared cell, a publish, or a",
            "rest point. At step N means: N was run, N + 1 was not."),
        Entry(.moving, "reverse-step", ["rs"], "reverse-step [N]", "go N steps back (1)"),
        Entry(
            .moving, "next", ["n"], "next [N]", "go to the next turn of the same subtask",
            "The subtask is the one that the present step belongs to: see 'when'."),
        Entry(
            .moving, "reverse-next", ["rn"], "reverse-next [N]",
            "go to the turn before of the same subtask"),
        Entry(
            .moving, "goto", ["g"], "goto PLACE", "go anywhere",
            "PLACE: a step (81), a part of the run (50%), a time since its start (12.5s) or of the",
            "day (2026-11-24T12:04:31Z), start, end, failure, or a name given with 'mark'."),
        Entry(
            .moving, "continue", ["c", "run"], "continue [N]", "run to the next break, N times",
            "Without breaks it runs to the end of the trace."),
        Entry(
            .moving, "reverse-continue", ["rc"], "reverse-continue [N]",
            "go back to the break before, N times",
            "Without breaks it goes to the start."),
        Entry(.moving, "back", [], "back", "go where the last movement came from"),
        Entry(.moving, "forward", [], "forward", "go on again after 'back'"),
    ]

    private static let stopping: [Entry] = [
        Entry(
            .stopping, "break", ["b"], "break WHAT", "have 'continue' stop somewhere",
            "break stage=NAME [when EXPR]  a turn of the stage, or of one subtask (reserve/1)",
            "break when EXPR               the condition comes to hold",
            "break invariant [NAME]        an invariant fails",
            "break log /REGEX/             a turn logs a matching line",
            "break queue CHANNEL > 90%     a queue fills beyond a part, or a number of messages",
            "For EXPR see 'help assert'."),
        Entry(
            .stopping, "watch", [], "watch STATE", "have 'continue' stop where a value changes",
            "watch cell budget.left", "watch reserve[17].onHand"),
        Entry(.stopping, "delete", ["d"], "delete [N]", "remove break N, or all"),
    ]

    private static let looking: [Entry] = [
        Entry(.looking, "when", ["w"], "when", "say where this is: step, time, turn, subtask"),
        Entry(
            .looking, "info", ["i"], "info TOPIC", "list what there is here",
            "info stages       every subtask: turns, records, watermark, open turn",
            "info states [S]   cells and the state of operators, of stage S alone",
            "info queues       every channel: how many messages wait; in a replay they arrive when",
            "                  they are made, so that more than its capacity can wait",
            "info runnable     what could run next if one thread ran everything",
            "info threads      turns that are in their middle, and what they wait for",
            "info breaks       breaks and watches, with their numbers",
            "info marks        failures of the run and places marked here",
            "info drops        elements that had no effect, by stage and reason",
            "info books        every operator and channel: taken, handled, dropped, held",
            "info watermarks [S]  how far event time has come, and which input holds it back;",
            "                  with a stage, or a subtask, each of its inputs"),
        Entry(
            .looking, "print", ["p"], "print WHAT", "show one thing",
            "print state reserve[17]       state of a key; also 'print state cell budget'",
            "print queue match>reserve     messages that wait, oldest first",
            "print event orders:8812       an element of a source, and the turn that took it",
            "print EXPR                    what an expression comes to, such as cell budget.left"),
        Entry(
            .looking, "last-write", ["lw"], "last-write STATE",
            "find the step that last changed a value", "last-write cell budget",
            "last-write reserve[17]"),
        Entry(
            .looking, "history", ["hi"], "history STATE [N]",
            "list the last N accesses of a cell, or turns of a key's owner (10)",
            "Each with the value after it; * where it was another one before.",
            "history cell budget 20", "history reserve[17]"),
        Entry(
            .looking, "logs", ["l"], "logs [/REGEX/] [N]",
            "show the last N recorded log lines up to here (20)",
            "Those of turns that began up to here; a turn in its middle is one of them."),
        Entry(
            .looking, "assert", ["a"], "assert EXPR", "check a condition; exit code 1 if it fails",
            "EXPR: numbers, texts (\"…\"), true, false, nil, step, depth(CHANNEL), cell NAME,",
            "stage[key] or stage.operator[key], with fields (.left) and elements ([0]), compared",
            "by == != < <= > >=, joined by and, or, not and parentheses.",
            "assert cell budget.left >= 0 and depth(match>reserve) < 100"),
    ]

    private static let other: [Entry] = [
        Entry(.other, "mark", ["m"], "mark NAME", "name this place, for 'goto NAME'"),
        Entry(.other, "help", ["h", "?"], "help [COMMAND]", "list the commands, or explain one"),
        Entry(.other, "quit", ["q", "exit"], "quit", "leave"),
    ]
}
