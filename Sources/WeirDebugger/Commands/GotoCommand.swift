import WeirBase
import WeirReplay
import WeirTelemetry

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
                "cause: the write before the first failure that its cell's value came from.",
            ], explained: ["place"]),
        read: { text throws(CommandError) in try position(&text) },
        obey: { position, debugger in try debugger.goto(position) },
        candidates: { request, debugger in
            // The words that always name a position, and the session's own.
            request.isFirst ? ["start", "end", "failure", "cause"] + debugger.bookmarks.names : []
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
        if position == .cause { return try goToCause(of: step) }
        return try move(distance(to: step)) {
            try go(to: step)
            return []
        }
    }

    /// Goes to the write that the failing access found: with it, the access that failed is one of
    /// the two whose order decided. A failure of an operator's own state has none.
    private func goToCause(of failure: Step) throws -> Answer {
        guard let facts = try run.facts(of: failure), facts.kind == .access else {
            throw CommandError(
                "the first failure is at no access to a cell, step \(failure)",
                "'goto failure', and then 'last-write STATE' for what looks wrong there")
        }
        let cell = PrintableText.escaped(StepText(run).cell(facts) ?? "")
        return try move(distance(to: failure)) {
            try go(to: failure.previous)
            guard let step = try run.lastWrite(.cell(facts.cell)) else {
                return ["cell \(cell) was not written before the failure at step \(failure)"]
            }
            try go(to: step)
            return ["wrote what the failing access at step \(failure) found in cell \(cell)"]
        }
    }
}
