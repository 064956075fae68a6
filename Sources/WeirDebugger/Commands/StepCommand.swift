import WeirBase
import WeirReplay

extension DebuggerCommand {
    /// `step [N]`: goes N steps on.
    ///
    /// A step on costs the running of it. At the end of the trace the command stays there and
    /// says so.
    static let step = DebuggerCommand(
        .moving, "step", short: ["s"],
        Help(
            "step [N]", "go N steps on (1)",
            details: [
                "A step is the beginning of a turn, an access to a shared cell, a publish, or a",
                "rest point. At step N means: N was run, N + 1 was not.",
            ]),
        isRepeatable: true,
        read: { text throws(CommandError) in try text.count() },
        obey: { count, debugger in try debugger.step(count) })

    /// `reverse-step [N]`: goes N steps back.
    ///
    /// Nothing can be run backward: the replay goes to the nearest snapshot before and runs
    /// forward from there. Near the playhead snapshots are dense, so that single steps back
    /// are quick.
    static let reverseStep = DebuggerCommand(
        .moving, "reverse-step", short: ["rs"], Help("reverse-step [N]", "go N steps back (1)"),
        isRepeatable: true,
        read: { text throws(CommandError) in try text.count() },
        obey: { count, debugger in try debugger.reverseStep(count) })
}

extension Debugger {
    /// Goes on by `count` steps, or to the end of the trace with a note that it is the end.
    fileprivate func step(_ count: UInt64) throws -> Answer {
        let end = "this is the end of the trace"
        // A count may be anything that 64 bits hold.
        let wanted = run.position.later(by: count)
        let goal = min(wanted, run.lastStep)
        return try move(run.position.distance(to: goal)) {
            if run.position == run.lastStep { return [end] }
            try go(to: goal)
            // Fewer steps than asked for: say why.
            return goal < wanted ? [end] : []
        }
    }

    /// Goes back by `count` steps, or to the start with a note that it is the start.
    fileprivate func reverseStep(_ count: UInt64) throws -> Answer {
        let goal = run.position.earlier(by: count)
        return try move(distance(to: goal)) {
            // Asked before the movement, which changes the position.
            let isClamped = goal.later(by: count) > run.position
            try go(to: goal)
            return isClamped ? ["this is the start, before the first step"] : []
        }
    }
}
