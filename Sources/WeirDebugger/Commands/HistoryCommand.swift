import WeirBase
import WeirReplay

extension DebuggerCommand {
    /// How many accesses are shown when no number is given.
    private static let usualLines = 10

    /// `history STATE [N]`: lists the last accesses of a cell, or turns of a key's owner.
    ///
    /// Accesses that left the value as it was are listed too, without the star: who looked is
    /// often the question.
    static let history = DebuggerCommand(
        .looking, "history", short: ["hi"],
        Help(
            "history STATE [N]",
            "list the last N accesses of a cell, or turns of a key's owner (10)",
            details: [
                "Each with the value after it; * where it was another one before.",
                "history cell budget 20", "history reserve[17]",
            ]),
        read: { text throws(CommandError) in
            HistoryArguments(
                state: try text.state(),
                count: try text.lineCount(
                    usual: usualLines, maximum: DebuggerBounds.maximumHistoryLines))
        },
        obey: { arguments, debugger in
            try debugger.history(arguments.state, arguments.count)
        },
        candidates: { request, debugger in debugger.valuesToOffer(for: request.word) })
}

/// What `history` takes: a piece of state, and how many lines of it.
struct HistoryArguments: Equatable {
    var state: StateReference
    /// How many lines at most, the last ones.
    var count: Int
}

extension Debugger {
    /// Lists the last accesses of a cell, or turns of the subtask that owns an entry, oldest
    /// first.
    ///
    /// The values after them are found by running the steps again, so that it costs a replay
    /// from a snapshot before the oldest of them. The run stands afterwards where it stood.
    fileprivate func history(_ reference: StateReference, _ count: Int) throws -> Answer {
        try check(reference, at: nil)
        // The whole state is followed; the way to a part of it plays no role.
        guard let (state, _) = try reference.state(in: self, at: nil) else {
            throw try notHere(reference)
        }
        var answer = Answer("history")
        answer.member("state", .text(state.name))
        let words = StepText(run)
        // Oldest first, as a table is read.
        let found = try run.history(of: state.id, limit: count)
        // The second column is empty but for the star of a write.
        var table = TextTable(
            ["step", "", "subtask", "turn", "value after it"], numeric: [0, 3])
        for access in found {
            table.row(
                [
                    "\(access.step)", access.isWrite ? "*" : "",
                    words.subtask(number: access.subtask), "\(access.turn)",
                    // An entry may be gone after a turn that removed it.
                    access.value.map {
                        ReflectedValue.text($0, limit: DebuggerBounds.maximumPartText)
                    } ?? "nothing",
                ], limit: DebuggerBounds.maximumPartText)
        }
        // Nobody touched it: a table without rows would say that less clearly.
        if found.isEmpty {
            answer.line(
                "\(PrintableText.escaped(state.name)) was not touched up to step \(run.position)")
        }
        for line in table.lines where !found.isEmpty { answer.line(line) }
        answer.member(
            "accesses",
            .list(
                found.map { access in
                    .members([
                        "step": .number(access.step),
                        "subtask": .text(words.subtask(number: access.subtask)),
                        "turn": .number(access.turn), "write": .flag(access.isWrite),
                        "value": access.value.map { ReflectedValue.json($0) } ?? .nothing,
                    ])
                }))
        return answer
    }
}
