import WeirBase
import WeirReplay

extension DebuggerCommand {
    /// `mark NAME`: gives the present step a name, a bookmark.
    ///
    /// The name belongs to the session, and is gone with it. Giving it once more moves it
    /// here.
    static let bookmark = DebuggerCommand(
        .other, "mark", short: ["m"], Help("mark NAME", "name this place, for 'goto NAME'"),
        read: { text throws(CommandError) in try name(&text) },
        obey: { name, debugger in try debugger.bookmark(name) })

    /// Reads the name. One that already means a step in another way, such as a number, is
    /// refused: `goto` would never come to the bookmark.
    private static func name(_ text: inout CommandText) throws(CommandError) -> String {
        text.skipSpace()
        let column = text.position
        let name = text.rest()
        guard !name.isEmpty else {
            throw CommandError("a name for this place is missing", "Write: mark NAME", at: column)
        }
        // A name that is also a number, a time or a word of the language would never be
        // reached.
        guard case .named = try? TracePosition(name) else {
            throw CommandError(
                "\(PrintableText.escaped(name)) already means a place", "Choose another name",
                at: column)
        }
        return name
    }
}

extension Debugger {
    /// Names the present step.
    fileprivate func bookmark(_ name: String) throws -> Answer {
        try bookmarks.add(name, at: run.position)
        var answer = Answer("mark")
        let shown = PrintableText.escaped(name)
        answer.line("marked step \(run.position) as \(shown): 'goto \(shown)' comes here again")
        answer.member("name", .text(name))
        answer.member("step", .number(run.position))
        return answer
    }
}
