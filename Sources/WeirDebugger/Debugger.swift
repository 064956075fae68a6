package import WeirBase
import WeirEngine
package import WeirReplay
import WeirTelemetry

/// Obeys the commands of the debugger on a replayed execution. Owned by one thread.
///
/// Whoever talks to a person or to a script, which is `WeirApp`, makes one, opens it at a place,
/// and then gives it line after line; each answer is a value that can be written for people and
/// for programs. The debugger reads nothing else and writes nothing: it has no terminal, no file
/// and no clock of its own.
///
/// This class holds what outlives a command (breaks, bookmarks, where movements came to) and the
/// movement that is under way. What a command does is in the command's file, in terms of three
/// members here: `move` encloses a movement and says where it came to, `go` and `search` run the
/// execution within it. A command that only looks asks `run` directly, and the execution stands
/// afterwards where it stood before.
///
/// What it says depends on the run and the commands alone, but for the effort of each movement,
/// which an answer keeps apart.
package final class Debugger {
    let run: any ReplayedExecution
    /// When the run began, on the clock of the machine that recorded it.
    let started: Instant
    private let nanoseconds: () -> UInt64

    /// Where `continue` stops.
    var breaks = BreakList()
    /// What `mark` named.
    var bookmarks = Bookmarks()
    /// Where movements came to, for `back` and `forward`.
    var history: PlaceHistory
    /// The movement under way: where it began and how far it goes at most.
    private var journey: (from: UInt64, total: UInt64)?

    /// Asked on a long way; false ends it where it is.
    package var onProgress: ((_ done: UInt64, _ total: UInt64) -> Bool)?

    /// A debugger of a run that began at `started`; `nanoseconds` is a clock for what movements
    /// cost.
    package init(
        _ run: any ReplayedExecution, started: Instant, nanoseconds: @escaping () -> UInt64
    ) {
        self.run = run
        self.started = started
        self.nanoseconds = nanoseconds
        history = PlaceHistory(at: run.position)
        run.onProgress = { [unowned self] done, total in report(done, total) }
    }

    /// Obeys one line; nil for an empty one and for a comment.
    ///
    /// - Throws: `CommandError`, `Divergence` where the replay disagrees with its trace, and what
    ///   the run throws.
    package func execute(_ line: String) throws -> Answer? {
        try CommandTable.read(line)?.obey(self)
    }

    /// Whether an empty line after this one does it once more.
    package static func isRepeatable(_ line: String) -> Bool {
        ((try? CommandTable.read(line)) ?? nil)?.isRepeatable ?? false
    }

    /// Goes to a place and says what is there, as `goto` does.
    package func open(at place: Place?) throws -> Answer {
        let hasFailed = run.failureStep != nil || run.diedInTurns
        let place = place ?? (hasFailed ? .failure : .end)
        let answer = try goto(place)
        history = PlaceHistory(at: run.position)
        return answer
    }

    // MARK: Movements

    /// Does a movement, and says where it came to. `body` gives what is to be said before that.
    func move(_ total: UInt64, _ body: () throws -> [String]) throws -> Answer {
        var answer = Answer("moved")
        let (origin, begin) = (run.position, nanoseconds())
        journey = (origin, max(1, total))
        stepsRun = 0
        defer { journey = nil }
        var notes: [String] = []
        do {
            notes = try body()
        } catch is ReplayInterrupted {
            answer.isInterrupted = true
            notes = ["interrupted"]
        }
        if let divergence = run.divergence { throw divergence }
        history.visit(run.position)
        try arrive(&answer, notes)
        answer.cost(Answer.Effort(steps: stepsRun, nanoseconds: nanoseconds() &- begin))
        return answer
    }

    /// Steps that the movement under way has run so far.
    private var stepsRun: UInt64 = 0

    /// Runs to a step as part of a movement.
    func go(to step: UInt64) throws {
        let travel = try run.go(to: step)
        stepsRun &+= travel.stepsRun
        if travel.isInterrupted { throw ReplayInterrupted(step: step) }
    }

    /// Runs forward to the first candidate that passes.
    func search(
        through limit: UInt64, _ candidates: (StepFacts) throws -> Bool, _ test: () throws -> Bool
    ) throws -> UInt64? {
        let origin = run.position
        defer { stepsRun &+= run.position >= origin ? run.position - origin : 0 }
        return try run.search(through: limit, candidates: candidates) {
            let begin = journey?.from ?? origin
            let position = run.position
            if !report(position > begin ? position - begin : begin - position, 0) {
                throw ReplayInterrupted(step: position)
            }
            return try test()
        }
    }

    private func report(_ done: UInt64, _ total: UInt64) -> Bool {
        guard let onProgress else { return true }
        guard let journey else { return onProgress(done, max(1, total)) }
        return onProgress(min(done, journey.total), journey.total)
    }

    func distance(to step: UInt64) -> UInt64 {
        step > run.position ? step - run.position : step
    }
}
