import WeirBase

extension DebuggerCommand {
    /// `delete [N]`: removes break N, or all of them.
    ///
    /// The numbers of the others stay as they are.
    static let delete = DebuggerCommand(
        .stopping, "delete", short: ["d"], Help("delete [N]", "remove break N, or all"),
        read: { text throws(CommandError) in try breakNumber(&text) },
        obey: { number, debugger in try debugger.delete(number) },
        candidates: { _, debugger in debugger.breaks.all.map { "\($0.number)" } })

    /// Reads the number of a break; nil when none is given. Whether there is such a break is
    /// found out when the command is obeyed.
    private static func breakNumber(_ text: inout CommandText) throws(CommandError) -> Int? {
        text.skipSpace()
        let column = text.position
        let word = text.word()
        if word.isEmpty { return nil }
        guard let number = Int(word), number > 0 else {
            throw CommandError(
                "\(PrintableText.escaped(word)) is no number of a break", "See 'info breaks'",
                at: column)
        }
        return number
    }
}

extension Debugger {
    /// Removes a break or all, and says which are gone.
    fileprivate func delete(_ number: Int?) throws -> Answer {
        // Without a number all of them go, and no number is wrong where there are none.
        let gone = try breaks.remove(number)
        var answer = Answer("deleted")
        if gone.isEmpty { answer.line("there are no breaks") }
        for point in gone { answer.line("deleted \(point.number): \(point.text)") }
        answer.member("numbers", .list(gone.map { .number($0.number) }))
        return answer
    }
}
