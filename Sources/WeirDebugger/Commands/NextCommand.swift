import WeirBase
import WeirReplay
import WeirTelemetry

extension DebuggerCommand {
    /// `next [N]`: goes to the next turn of the subtask that is looked at.
    ///
    /// A turn of another subtask in between is run and passed. It is refused where no
    /// subtask's step is looked at, as then there is no turn to follow.
    static let next = DebuggerCommand(
        .moving, "next", short: ["n"],
        Help(
            "next [N]", "go to the next turn of the same subtask",
            details: ["The subtask is the one that the present step belongs to: see 'when'."]),
        isRepeatable: true,
        read: { text throws(CommandError) in try text.count() },
        obey: { count, debugger in try debugger.next(count) })

    /// `reverse-next [N]`: goes to the turn before.
    ///
    /// Goes to the beginning of the turn before this step. Inside of a turn, at one of its
    /// accesses, that is the beginning of this very turn.
    static let reverseNext = DebuggerCommand(
        .moving, "reverse-next", short: ["rn"],
        Help("reverse-next [N]", "go to the turn before of the same subtask"),
        isRepeatable: true,
        read: { text throws(CommandError) in try text.count() },
        obey: { count, debugger in try debugger.reverseNext(count) })
}

extension Debugger {
    /// Finds the turn in the recorded schedule, which runs nothing, and goes there once.
    fileprivate func next(_ count: UInt64) throws -> Answer {
        let subtask = try presentSubtask("next", instead: "step")
        // The goal is found in the schedule, so that only one movement is made however large
        // the count is.
        var goal = run.position
        for _ in 0..<count {
            let found = try run.firstStep(after: goal, through: run.lastStep) {
                $0.kind.beginsTurn && $0.subtask == subtask
            }
            // With fewer turns left than asked for, the last of them is the goal.
            guard let found else { break }
            goal = found
        }
        // Not one further turn: the run stays where it is.
        guard goal > run.position else {
            throw CommandError(
                "\(name(of: subtask)) has no further turn in this trace", "'goto end' goes there")
        }
        // Forward the number of steps is known exactly; back it depends on snapshots.
        return try move(run.position.distance(to: goal)) {
            try go(to: goal)
            return []
        }
    }

    /// Finds the turn before in the recorded schedule, and goes there once.
    fileprivate func reverseNext(_ count: UInt64) throws -> Answer {
        // Whoever wants another subtask's turns goes to one of its steps first.
        let subtask = try presentSubtask("reverse-next", instead: "reverse-step")
        var goal = run.position
        for _ in 0..<count {
            let found = try run.lastStep(before: goal, from: 1) {
                $0.kind.beginsTurn && $0.subtask == subtask
            }
            guard let found else { break }
            goal = found
        }
        guard goal < run.position else {
            // No advice, as there is nothing before that could be meant.
            throw CommandError("\(name(of: subtask)) had no turn before this one")
        }
        return try move(distance(to: goal)) {
            try go(to: goal)
            return []
        }
    }

    /// The subtask that the present step belongs to; throws at a rest point and before the
    /// first step.
    private func presentSubtask(_ command: String, instead: String) throws -> SubtaskIndex {
        // A rest point and a void have subtask 0 in the schedule, which is nobody's.
        guard let facts = try run.facts(of: run.position), facts.kind != .rest, facts.kind != .void
        else {
            throw CommandError(
                "step \(run.position) belongs to no subtask, so '\(command)' has no turn to follow",
                "'\(instead)' goes to the step beside it")
        }
        return facts.subtask
    }

    /// A subtask's name, safe to show.
    private func name(of subtask: SubtaskIndex) -> String {
        let names = run.subtaskNames
        return subtask.isWithin(names)
            ? PrintableText.escaped(names[subtask.offset]) : "subtask \(subtask)"
    }
}
