extension DebuggerCommand {
    /// `goto PLACE`: goes to a step, however it is named.
    ///
    /// Costs the steps since the nearest snapshot before the goal, or since here if that is
    /// nearer. A step that the run does not have is refused, with the steps that it has.
    static let goto = DebuggerCommand(
        .moving, "goto", short: ["g"],
        Help(
            "goto PLACE", "go anywhere",
            details: [
                "PLACE: a step (81), a part of the run (50%), a time since its start (12.5s) or of "
                    + "the",
                "day (2026-11-24T12:04:31Z), start, end, failure, or a name given with 'mark'.",
            ], explained: ["place"]),
        read: { text throws(CommandError) in try position(&text) },
        obey: { position, debugger in try debugger.goto(position) },
        candidates: { request, debugger in
            // The words that always name a position, and the session's own.
            request.isFirst ? ["start", "end", "failure"] + debugger.bookmarks.names : []
        })

    /// Reads everything that is left as one name of a step, so that a bookmark may have
    /// spaces in it.
    private static func position(_ text: inout CommandText) throws(CommandError) -> TracePosition {
        text.skipSpace()
        let column = text.position
        do {
            return try TracePosition(text.rest())
        } catch {
            // A written position does not know where in the command it was written.
            throw CommandError(error.message, error.advice, at: column)
        }
    }
}

extension Debugger {
    /// Goes to a step, as `goto` and the opening of a debugger do.
    func goto(_ position: TracePosition) throws -> Answer {
        // Found before the movement begins, so that a wrong one moves nothing.
        let step = try self.step(of: position)
        return try move(distance(to: step)) {
            try go(to: step)
            return []
        }
    }
}
