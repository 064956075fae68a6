extension DebuggerCommand {
    static let back = DebuggerCommand(
        .moving, "back", Help("back", "go where the last movement came from"),
        obey: { debugger in
            try debugger.travel(
                -1, orSay: "there is no place before this one",
                "Only movements of this session are known")
        })

    static let forward = DebuggerCommand(
        .moving, "forward", Help("forward", "go on again after 'back'"),
        obey: { debugger in
            try debugger.travel(1, orSay: "there is no place after this one", "Go 'back' first")
        })
}

extension Debugger {
    fileprivate func travel(
        _ offset: Int, orSay message: String, _ advice: String
    ) throws -> Answer {
        guard let place = history.neighbour(offset) else { throw CommandError(message, advice) }
        return try move(distance(to: place)) {
            // What the movement records is already part of the history.
            history.move(offset)
            try go(to: place)
            return []
        }
    }
}
