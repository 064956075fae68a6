package import WeirBase
import WeirEngine
package import WeirReplay
import WeirTelemetry

/// Obeys the commands of the debugger on a replayed execution. Owned by one thread.
///
/// Whoever talks to a person or to a script, which is `WeirApp`, makes one, opens it at a
/// step, and then gives it line after line. Each answer is a value that can be written for
/// people and for programs. The debugger reads nothing else and writes nothing: it has no
/// terminal, no file and no clock of its own.
///
/// This class holds what outlives a command (breaks, bookmarks, where movements came to) and
/// the movement that is under way. What a command does is in the command's file, in terms of
/// three members here: `move` encloses a movement and says where it came to, `go` and
/// `search` run the execution within it. A command that only looks asks `run` directly, and
/// the execution stands afterwards where it stood before.
///
/// What it says depends on the run and the commands alone, but for the effort of each
/// movement, which an answer keeps apart.
package final class Debugger {
    /// The execution. The debugger moves it and owns nothing of it.
    let run: any ReplayedExecution
    /// When the run began, on the clock of the machine that recorded it.
    let started: Instant
    /// A clock for what movements cost; tests give one that stands still.
    private let nanoseconds: () -> UInt64

    /// Where `continue` stops.
    var breaks = BreakList()
    /// What `mark` named.
    var bookmarks = Bookmarks()
    /// Where movements came to, for `back` and `forward`.
    var history: PositionHistory
    /// The movement under way: where it began, and how many steps it may run at most. Nil
    /// between movements.
    private var journey: (from: Step, total: Int)?

    /// Asked now and then on a long way, with the steps done and the steps there may be.
    /// False ends the movement where it is.
    package var onProgress: ((_ done: Int, _ total: Int) -> Bool)?

    /// Told where a movement goes that may run many steps, before it runs the first of them: the
    /// recorded schedule there can be shown at once.
    package var onDeparture: ((Step) -> Void)?

    /// A debugger of a run that began at `started`.
    ///
    /// `nanoseconds` is a clock for what movements cost.
    package init(
        _ run: any ReplayedExecution, started: Instant, nanoseconds: @escaping () -> UInt64
    ) {
        self.run = run
        self.started = started
        self.nanoseconds = nanoseconds
        history = PositionHistory(at: run.position)
        // The debugger outlives no call into the run, and the run must not keep it alive.
        run.onProgress = { [unowned self] done, total in report(done, total) }
    }

    /// Obeys one line; nil for an empty one and for a comment.
    ///
    /// - Throws: `CommandError`, `Divergence` where the replay disagrees with its trace, and what
    ///   the run throws.
    package func execute(_ line: String) throws -> Answer? {
        try CommandTable.read(line)?.obey(self)
    }

    /// Whether an empty line after this one does it once more. The prompt asks.
    package static func isRepeatable(_ line: String) -> Bool {
        ((try? CommandTable.read(line)) ?? nil)?.isRepeatable ?? false
    }

    /// Goes to a step and says what is there, as `goto` does. Without one it is the first
    /// failure or, in a run without any, the end.
    package func open(at position: TracePosition?) throws -> Answer {
        let hasFailed = run.failureStep != nil || run.diedInTurns
        // What went wrong is what a debugger is opened for.
        let position = position ?? (hasFailed ? .failure : .end)
        let answer = try goto(position)
        // `back` must not lead to before the opening.
        history = PositionHistory(at: run.position)
        return answer
    }

    // MARK: Movements

    /// Does a movement and says where it came to. Every command that moves goes through it
    /// once.
    ///
    /// `total` is how many steps it may run at most, for the progress. `body` moves by `go`
    /// and `search`, and returns what is to be said before the arrival.
    ///
    /// - Throws: `Divergence` where the replay disagreed with its trace on the way.
    func move(_ total: Int, _ body: () throws -> [String]) throws -> Answer {
        var answer = Answer("moved")
        let (origin, begin) = (run.position, nanoseconds())
        journey = (origin, max(1, total))
        // Only what this movement runs is its effort.
        stepsRun = 0
        defer { journey = nil }
        var notes: [String] = []
        do {
            notes = try body()
        } catch is ReplayInterrupted {
            // An interruption is no error: the movement ends where it came to, and that is
            // shown.
            answer.isInterrupted = true
            notes = ["interrupted"]
        }
        // Nothing that could be shown here would be the recorded run's.
        if let divergence = run.divergence { throw divergence }
        // Also where a movement was interrupted: that is where the person is.
        history.visit(run.position)
        try arrive(&answer, notes)
        answer.cost(Answer.Effort(steps: stepsRun, nanoseconds: nanoseconds() &- begin))
        return answer
    }

    /// The steps that the movement under way has run so far.
    private var stepsRun = 0

    /// Runs to a step as part of a movement. Throws `ReplayInterrupted` when progress was
    /// told to stop.
    func go(to step: Step) throws {
        if distance(to: step) > DebuggerBounds.longWay { onDeparture?(step) }
        let travel = try run.go(to: step)
        stepsRun &+= travel.stepsRun
        if travel.isInterrupted { throw ReplayInterrupted(step: step) }
    }

    /// Runs forward to the first candidate that passes the test there; nil leaves the run at
    /// `limit`, or where the replay disagreed with its trace.
    func search(
        through limit: Step, _ candidates: (StepFacts) throws -> Bool, _ test: () throws -> Bool
    ) throws -> Step? {
        let origin = run.position
        defer { stepsRun &+= max(0, origin.distance(to: run.position)) }
        return try run.search(through: limit, candidates: candidates) {
            let begin = journey?.from ?? origin
            let position = run.position
            // The run itself asks for progress only on a long way. Many short ways are a long
            // one, too.
            if !report(abs(begin.distance(to: position)), 0) {
                throw ReplayInterrupted(step: position)
            }
            return try test()
        }
    }

    /// Tells how far the movement has come, and asks whether to go on.
    private func report(_ done: Int, _ total: Int) -> Bool {
        guard let onProgress else { return true }
        // A look into the past runs steps, too, without being a movement.
        guard let journey else { return onProgress(done, max(1, total)) }
        return onProgress(min(done, journey.total), journey.total)
    }

    /// How many steps a movement to a step may run at most. Forward these are the steps
    /// between. Back it is all steps from the start, if there is no snapshot on the way.
    func distance(to step: Step) -> Int {
        (step > run.position ? run.position : .start).distance(to: step)
    }
}
