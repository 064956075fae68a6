import ArgumentParser
import Glibc
import WeirBase
import WeirStress

/// Records runs and replays them, many times: whatever the threads do, the replay of a recording
/// has to be the run.
///
/// Each seed is a run of `StressPipeline` in this process, recorded into memory and replayed at
/// once. Threads take seeds from a board and put outcomes there; this thread prints failures as
/// they come, with the command that repeats each, and notices a run that hangs.
struct StressCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stress",
        abstract: "Record runs with yields at every protocol point, replay each, compare.")

    @OptionGroup var common: ProtocolOptions
    @Option(help: "Runs at the same time.") var jobs = 1
    @Flag(help: "Simulated runs, each made twice.") var simulated = false

    /// A run that takes longer than this, in nanoseconds, hangs.
    private static let maximumNanoseconds: UInt64 = 60_000_000_000

    /// Refuses numbers that mean nothing: without a thread no seed would ever be taken.
    func validate() throws {
        guard jobs > 0 else { throw ValidationError("--jobs must be positive") }
    }

    /// Runs all seeds, prints failures as they come and a summary at the end, and fails with code 1
    /// where there was any.
    mutating func run() throws {
        try common.configureYields()
        let board = StressBoard(first: common.seed, count: common.runs, jobs: jobs)
        let isSimulated = simulated
        let started = MonotonicClock.nanoseconds()
        let threads = (0..<jobs).map { job in
            SystemThread("stress-\(job)") {
                while let seed = board.next(job) {
                    // The board counts outcomes and keeps problems; the run itself is forgotten.
                    board.finish(
                        job, seed, StressPipeline(seed: seed).check(simulated: isSimulated))
                }
            }
        }
        var reported = 0
        while !board.isFinished {
            usleep(20_000)
            // A failure is printed at once, as a long stress test may be ended by hand.
            reported = report(board, from: reported)
            // A thread that hangs cannot be ended; the process can.
            if let seed = board.hanging(Self.maximumNanoseconds) {
                print("seed \(seed): hangs; reproduce: \(reproduce(seed))")
                throw ExitCode(1)
            }
        }
        threads.forEach { $0.join() }
        _ = report(board, from: reported)
        let seconds = Double(MonotonicClock.nanoseconds() - started) / 1e9
        print(board.summary(seconds: seconds, isSimulated: simulated))
        if !board.failures.isEmpty { throw ExitCode(1) }
    }

    /// Prints the failures that were not printed yet; gives how many there are.
    private func report(_ board: StressBoard, from first: Int) -> Int {
        let failures = board.failures
        for failure in failures[first...] {
            print("seed \(failure.seed): \(failure.problem); reproduce: \(reproduce(failure.seed))")
        }
        fflush(nil)
        return failures.count
    }

    /// The command that makes the run of a seed again.
    private func reproduce(_ seed: UInt64) -> String {
        "weir-bench stress --runs 1 --seed \(seed) --yield \(common.permille)"
            + (simulated ? " --simulated" : "")
    }
}

/// Which thread runs which seed, and what came of it. Any thread; everything is behind one lock,
/// which is held for a few additions.
private final class StressBoard: Sendable {
    /// What is known so far.
    private struct State {
        var next: UInt64
        var end: UInt64
        /// By thread: the seed that it runs and since when.
        var running: [(seed: UInt64, since: UInt64)?]
        var total = StressOutcome()
        /// Different outcomes: where all runs end the same nothing was stressed. Only counted.
        var outcomes: Set<UInt64> = []
        /// For each run of several workers, in how many turns another turn began.
        var overlaps: [Int] = []
        var finished = 0
        var failures: [(seed: UInt64, problem: String)] = []
    }

    private let count: Int
    private let state: Guarded<State>

    /// A board for `count` seeds from `first` on.
    init(first: UInt64, count: Int, jobs: Int) {
        self.count = count
        state = Guarded(
            State(
                next: first, end: first + UInt64(count),
                running: [(seed: UInt64, since: UInt64)?](repeating: nil, count: jobs)))
    }

    /// The next seed for a thread; nil when all were taken.
    func next(_ job: Int) -> UInt64? {
        state.withLock { state in
            guard state.next < state.end else { return nil }
            defer { state.next += 1 }
            state.running[job] = (state.next, MonotonicClock.nanoseconds())
            return state.next
        }
    }

    /// A run is over.
    func finish(_ job: Int, _ seed: UInt64, _ outcome: StressOutcome) {
        state.withLock { state in
            state.running[job] = nil
            state.finished += 1
            if let problem = outcome.problem { state.failures.append((seed, problem)) }
            state.outcomes.insert(outcome.outcome)
            if outcome.workers >= 2 { state.overlaps.append(outcome.overlapped) }
            state.total.steps += outcome.steps
            state.total.turns += outcome.turns
            state.total.rests += outcome.rests
            state.total.accesses += outcome.accesses
            state.total.publishes += outcome.publishes
            state.total.dropped += outcome.dropped
            state.total.completions += outcome.completions
            state.total.timers += outcome.timers
            state.total.waits += outcome.waits
        }
    }

    /// Whether every seed came to an end.
    var isFinished: Bool { state.withLock { $0.finished == count } }
    var failures: [(seed: UInt64, problem: String)] { state.withLock { $0.failures } }

    /// The seed of a run that has gone on for longer than `limit` nanoseconds; nil where there is
    /// none.
    func hanging(_ limit: UInt64) -> UInt64? {
        state.withLock { state in
            let now = MonotonicClock.nanoseconds()
            return state.running.lazy.compactMap { $0 }.first { now - $0.since > limit }?.seed
        }
    }

    /// What all runs came to, as lines of text. How much happened is part of it, because a stress
    /// test in which nothing happens passes as well.
    func summary(seconds: Double, isSimulated: Bool) -> String {
        state.withLock { state in
            let total = state.total
            let overlaps = state.overlaps.sorted()
            // The median, as a few runs with long turns would pull an average up.
            let median = overlaps.isEmpty ? 0 : overlaps[overlaps.count / 2]
            return """
                \(count) \(isSimulated ? "simulated runs, each twice" : "runs"): \
                \(count - state.failures.count) identical replays, \
                \(state.outcomes.count) different outcomes
                steps \(total.steps), turns \(total.turns), rest points \(total.rests), \
                accesses \(total.accesses), publishes \(total.publishes), drops \(total.dropped)
                completions \(total.completions), timers \(total.timers), \
                lane waits \(total.waits)
                overlapped turns: median \(median) in \(overlaps.count) runs of two threads or more
                \(Int(seconds)) s, \(Int(Double(count) / max(seconds, 0.001) * 10)) runs in 10 s
                """
        }
    }
}
