import Glibc
import WeirBase
import WeirEngine

/// Notices that code of the user's ends the process with `exit`, which would pass for an end of the
/// command itself: in a run, whose trace and rows are not whole then, and in a replay.
///
/// `WeirProgram.main` calls `install` before anything of the user's runs. `EndingWatch` says while
/// a run is under way (`watch`), so that the run's own end can be done. `commandIsOver` says that
/// `exit` is meant. The handler runs on whichever thread called `exit`, and does not return where
/// the end was not meant.
enum ExitGuard {
    /// What `exit` would mean now.
    private struct State {
        var isCommandOver = false
        /// Ends the process in the run's own way; called with the status, and in words what the
        /// thread was doing.
        var run: (@Sendable (Int32, String?) -> Void)?
    }

    private static let state = Guarded(State())

    /// Installs the handler. Once, before anything of the user's runs: handlers at exit run in
    /// reverse order, so that this one comes behind those of the user's code.
    static func install() {
        on_exit({ status, _ in ExitGuard.exited(status) }, nil)
    }

    /// The command came to its own end: `exit` is what it should be.
    static func commandIsOver() { state.withLock { $0.isCommandOver = true } }

    /// A run is under way, until this is called with nil.
    static func watch(_ run: (@Sendable (Int32, String?) -> Void)?) {
        state.withLock { $0.run = run }
    }

    /// The handler, on the thread that called `exit`.
    private static func exited(_ status: Int32) {
        let (isOver, run) = state.withLock { ($0.isCommandOver, $0.run) }
        if isOver { return }
        // What this thread was doing, if it is a worker's: a name to look for.
        let activity = TurnContext.currentActivity.map {
            "\($0.activity) of \($0.subtask), in the turn of step \($0.step)"
        }
        // What the program itself had printed is its user's.
        fflush(nil)
        run?(status, activity)
        CommandFailure(
            code: status == 0 ? 5 : status,
            what: "the program called exit(\(status))" + (activity.map { " \($0)" } ?? ""),
            advice: "Throw an error instead"
        ).print(asJSON: CommandLine.arguments.contains("--json"))
        Leaving.now(status == 0 ? 5 : status)
    }
}
