extension DebuggerCommand {
    static let goto = DebuggerCommand(
        .moving, "goto", short: ["g"],
        Help(
            "goto PLACE", "go anywhere",
            details: [
                "PLACE: a step (81), a part of the run (50%), a time since its start (12.5s) or of "
                    + "the",
                "day (2026-11-24T12:04:31Z), start, end, failure, or a name given with 'mark'.",
            ], explained: ["place"]),
        read: { text throws(CommandError) in try place(&text) },
        obey: { place, debugger in try debugger.goto(place) },
        candidates: { place, debugger in
            place.isFirst ? ["start", "end", "failure"] + debugger.bookmarks.names : []
        })

    private static func place(_ text: inout CommandText) throws(CommandError) -> Place {
        text.skipSpace()
        let column = text.place
        do {
            return try Place(text.rest())
        } catch {
            throw CommandError(error.message, error.advice, at: column)
        }
    }
}

extension Debugger {
    /// Goes to a place, as `goto` and the opening of a debugger do.
    func goto(_ place: Place) throws -> Answer {
        let step = try self.step(of: place)
        return try move(distance(to: step)) {
            try go(to: step)
            return []
        }
    }
}
