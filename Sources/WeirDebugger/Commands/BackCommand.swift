extension DebuggerCommand {
    /// `back`: goes to where the last movement came from, like a browser.
    ///
    /// Only where movements ended counts, and not what they passed.
    static let back = DebuggerCommand(
        .moving, "back", Help("back", "go where the last movement came from"),
        obey: { debugger in
            try debugger.travel(
                -1, orSay: "there is no place before this one",
                "Only movements of this session are known")
        })

    /// `forward`: undoes `back`, as long as no other movement came in between.
    static let forward = DebuggerCommand(
        .moving, "forward", Help("forward", "go on again after 'back'"),
        obey: { debugger in
            try debugger.travel(1, orSay: "there is no place after this one", "Go 'back' first")
        })
}

extension Debugger {
    /// Goes along the history of positions by one, or says that there is nothing in that
    /// direction.
    fileprivate func travel(
        _ offset: Int, orSay message: String, _ advice: String
    ) throws -> Answer {
        guard let step = history.neighbour(offset) else { throw CommandError(message, advice) }
        return try move(distance(to: step)) {
            // First the history, then the run: `move` notes where it came to, and that is
            // then known already.
            history.move(offset)
            try go(to: step)
            return []
        }
    }
}
