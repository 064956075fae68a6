import Glibc
import WeirBase
import WeirEngine
import WeirReplay
import WeirTrace

/// Runs the turns that were in flight when a run died, in a process of their own.
///
/// If one of them trapped then, it will trap now: in a child, whose end is what is looked at. `weir
/// replay --verify` calls `verdict`, which starts this program again with a hidden flag; that
/// process calls `run`. The two speak through the child's standard output alone: an empty line is a
/// sign of life, a number is the step whose turn comes next, and the last line is `end`.
enum InFlightTurns {
    /// The child's last word: without it somebody else ended the process.
    private static let endSign = "end"

    /// The child's side: replays all and runs on, and names each turn on standard output before it
    /// begins.
    static func run(_ trace: Trace, _ pipeline: Pipeline, _ inputs: [String: String]) throws {
        // Whether a turn calls `exit`, and with what, is what the parent wants to know.
        ExitGuard.commandIsOver()
        // A turn that never ends must not outlive whoever waits for it.
        SystemThread.endWithParent()
        var options = ReplayRun.Options()
        options.inputs = inputs
        options.onProgress = {
            if $0.isMultiple(of: AppBounds.stepsBetweenSigns) { Output.standard("\n") }
        }
        options.onRunningOn = { Output.standard("\($0)\n") }
        _ = try ReplayRun(trace, pipeline, options).run()
        Output.standard(endSign + "\n")
    }

    /// The parent's side: starts the child, waits for it, and says how it ended, in whole lines.
    /// `seconds` is how long the child may be silent.
    static func verdict(
        _ path: String, _ inputs: [String], _ turns: [ReplayReport.TurnName], within seconds: Int
    ) -> String {
        var arguments = ["--verify", "--run-in-flight"]
        // Nothing else of the command line matters to the child.
        for input in inputs { arguments += ["--input", input] }
        // A process of its own, because a trap in this one would end the verdict with it.
        guard let child = ProgramOnceMore(["replay"] + arguments + ["--", path]) else {
            return "they were not run again: no process could be started\n"
        }
        let limit = UInt64(max(0, min(seconds, AppBounds.maximumTurnSeconds))) * 1_000_000_000
        let (output, status) = child.finish(silentFor: limit)
        let lines = output.split(separator: "\n")
        let hasEnded = lines.last.map { $0 == endSign } ?? false
        // The last line names the turn that the child was in when it ended.
        let last = lines.last.flatMap { Step($0) }
        let turn = turns.first { $0.step == last }.map { "step \($0.step) of \($0.subtask)" }
        switch (status, turn) {
        // Without its last word a child that exits with 0 was ended by a turn's code.
        case (.exited(0), _) where hasEnded:
            return "run again, they come to their ends: the run was killed, or died elsewhere\n"
        case (.exited(let code), let turn?):
            return "the turn of \(turn) ended the process itself: it called exit(\(code))\n"
        case (.exited(let code), nil):
            return "they were not run again: the process ended with code \(code)\n"
        case (.signalled(let signal), let turn?):
            return "trap reproduced at \(turn): signal \(signal)\n"
        case (.tookTooLong, let turn?):
            return "the turn of \(turn) did not end within \(seconds) s\n"
        case (.signalled(let signal), nil):
            return "they were not run again: signal \(signal) ended the process before them\n"
        case (.tookTooLong, nil):
            return "they were not run again: the way to them stood still for \(seconds) s\n"
        }
    }
}
