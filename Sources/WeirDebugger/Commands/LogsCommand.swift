import WeirBase
import WeirReplay
import WeirTelemetry

extension DebuggerCommand {
    /// How many lines are shown when no number is given.
    private static let usualLines = 20

    /// `logs [/REGEX/] [N]`: the last recorded log lines up to here.
    ///
    /// These are the lines that the run recorded, at the level that it had. They are read
    /// from the trace from its beginning, and nothing is run.
    static let logs = DebuggerCommand(
        .looking, "logs", short: ["l"],
        Help(
            "logs [/REGEX/] [N]", "show the last N recorded log lines up to here (20)",
            details: ["Those of turns that began up to here; a turn in its middle is one of them."]
        ),
        read: { text throws(CommandError) in
            text.skipSpace()
            // Both arguments may be left out; a slash tells which one comes first.
            let pattern = text.next == "/" ? try text.pattern() : nil
            return LogsArguments(
                pattern: pattern,
                count: try text.lineCount(
                    usual: usualLines, maximum: DebuggerBounds.maximumLogLines,
                    further: ", and a pattern between slashes"))
        },
        obey: { arguments, debugger in try debugger.logs(arguments.pattern, arguments.count) })
}

/// What `logs` takes: a pattern, if any, and how many lines.
struct LogsArguments: Equatable {
    /// What a line must hold to be shown; nil for every line.
    var pattern: LogPattern?
    /// How many of these are shown at most, the last ones.
    var count: Int
}

extension Debugger {
    /// Shows the last lines that match. Reads all recorded lines up to here, and keeps a few
    /// of them.
    fileprivate func logs(_ pattern: LogPattern?, _ count: Int) throws -> Answer {
        // A ring of the last ones, as a run may have more lines than there is memory. Once it
        // is full, `next` is the index of the oldest.
        var lines: [LogLineFacts] = []
        var next = 0
        var total = 0
        try run.logLines(through: run.position) { line in
            // True goes on to the next line.
            if let pattern, try !pattern.matches(line.text) { return true }
            total += 1
            if lines.count < count {
                lines.append(line)
            } else {
                lines[next] = line
                next = (next + 1) % count
            }
            return true
        }
        // The ring from its oldest line on.
        let ordered = Array(lines[next...] + lines[..<next])
        var answer = Answer("logs")
        answer.member("step", .number(run.position))
        if ordered.isEmpty {
            answer.line(
                pattern.map { "no log line up to step \(run.position) matches \($0.described)" }
                    ?? "nothing was logged up to step \(run.position)")
        }
        for line in ordered {
            // A line may belong to no subtask.
            let who = line.subtask.isEmpty ? "-" : PrintableText.escaped(line.subtask)
            answer.line(
                "step \(line.step)  \(line.level.name)  \(who)  "
                    + PrintableText.escaped(line.text, limit: DebuggerBounds.maximumLogText))
        }
        // How many lines there were before these, and the command that shows them.
        if total > ordered.count {
            let before = counted(total - ordered.count, "line")
            answer.line(
                "(\(before) before these: 'logs \(min(total, DebuggerBounds.maximumLogLines))')")
        }
        // The very lines that `weir export` writes.
        answer.member("logs", .list(try ordered.map { .raw(try $0.json()) }))
        answer.member("before", .number(total - ordered.count))
        return answer
    }
}
