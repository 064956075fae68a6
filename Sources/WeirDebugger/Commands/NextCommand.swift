import WeirBase
import WeirReplay
import WeirTelemetry

extension DebuggerCommand {
    static let next = DebuggerCommand(
        .moving, "next", short: ["n"],
        Help(
            "next [N]", "go to the next turn of the same subtask",
            details: ["The subtask is the one that the present step belongs to: see 'when'."]),
        isRepeatable: true,
        read: { text throws(CommandError) in try text.count() },
        obey: { count, debugger in try debugger.next(count) })

    static let reverseNext = DebuggerCommand(
        .moving, "reverse-next", short: ["rn"],
        Help("reverse-next [N]", "go to the turn before of the same subtask"),
        isRepeatable: true,
        read: { text throws(CommandError) in try text.count() },
        obey: { count, debugger in try debugger.reverseNext(count) })
}

extension Debugger {
    fileprivate func next(_ count: UInt64) throws -> Answer {
        let subtask = try presentSubtask("next", instead: "step")
        var goal = run.position
        for _ in 0..<count {
            let found = try run.firstStep(after: goal, through: run.lastStep) {
                $0.kind.beginsTurn && $0.subtask == subtask
            }
            guard let found else { break }
            goal = found
        }
        guard goal > run.position else {
            throw CommandError(
                "\(name(of: subtask)) has no further turn in this trace", "'goto end' goes there")
        }
        return try move(goal - run.position) {
            try go(to: goal)
            return []
        }
    }

    fileprivate func reverseNext(_ count: UInt64) throws -> Answer {
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
            throw CommandError("\(name(of: subtask)) had no turn before this one")
        }
        return try move(distance(to: goal)) {
            try go(to: goal)
            return []
        }
    }

    private func presentSubtask(_ command: String, instead: String) throws -> UInt16 {
        guard let facts = try run.facts(of: run.position), facts.kind != .rest, facts.kind != .void
        else {
            throw CommandError(
                "step \(run.position) belongs to no subtask, so '\(command)' has no turn to follow",
                "'\(instead)' goes to the step beside it")
        }
        return facts.subtask
    }

    private func name(of subtask: UInt16) -> String {
        let names = run.subtaskNames
        return Int(subtask) < names.count
            ? PrintableText.escaped(names[Int(subtask)]) : "subtask \(subtask)"
    }
}
