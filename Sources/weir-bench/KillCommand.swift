import ArgumentParser
import Glibc
import WeirBase
import WeirStress

/// Kills recording processes at random moments and looks at what is left: whether every step that
/// was noted can be recovered and replayed.
///
/// The moment of the kill is drawn from the clock and not from the seed, because a kill cannot be
/// repeated to the instruction in any case. What a seed fixes is the run that is killed.
struct KillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stress-kill",
        abstract: "Record into files, kill at random moments, recover, replay.")

    @OptionGroup var common: ProtocolOptions

    /// Makes the trials, prints what failed and how much was looked at, and fails with code 1 where
    /// anything did.
    mutating func run() throws {
        var total = StressKill.Outcome()
        var failures = 0
        var early = 0
        for seed in common.seed..<common.seed + UInt64(common.runs) {
            let outcome = KillTrial.run(seed: seed, permille: common.permille)
            // The kill came too late: this trial says nothing, and is counted apart.
            if outcome.hasFinished {
                early += 1
                continue
            }
            total.steps += outcome.steps
            total.stepsFromLanes += outcome.stepsFromLanes
            total.voids += outcome.voids
            total.inFlight += outcome.inFlight
            total.resumed += outcome.resumed
            if let problem = outcome.problem {
                failures += 1
                print(
                    "seed \(seed): \(problem); the same run, killed at another moment: "
                        + "weir-bench stress-kill --runs 1 --seed \(seed) --yield "
                        + "\(common.permille)")
                fflush(nil)
            }
        }
        print(
            "\(common.runs - early) kills (\(early) runs ended before), \(failures) failures: "
                + "\(total.steps) steps, \(total.stepsFromLanes) of them from lanes, "
                + "\(total.voids) voids, \(total.inFlight) turns in flight, "
                + "\(total.resumed) resumed because a later step needed them")
        if failures > 0 { throw ExitCode(1) }
    }
}

/// The process that is killed: it records into a folder until it dies.
struct KillChildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "kill-child", shouldDisplay: false)

    @Option var seed: UInt64
    @Option var folder: String
    @Option var permille: Int
    @Option(transform: ProbePoint.named) var wide: [ProbePoint] = []

    /// Records until the parent kills this process, with the yields and the fault that it was
    /// given.
    mutating func run() throws {
        Probe.configure(seed: seed, permille: permille, wide: wide)
        try StressKill(seed: seed, folder: folder).record()
    }
}

/// One child, one kill, one look at what it left. The mutants are tried with it too, where only a
/// kill shows them.
enum KillTrial {
    /// A child that has not begun after this many nanoseconds never will.
    private static let startNanoseconds: UInt64 = 10_000_000_000

    /// Makes a trial; an error of the trial itself is a problem as well.
    static func run(
        seed: UInt64, permille: Int, wide: [ProbePoint] = []
    ) -> StressKill.Outcome {
        do {
            return try attempt(seed, permille, wide)
        } catch {
            return StressKill.Outcome(problem: "error: \(error)")
        }
    }

    /// Starts the child, waits until its run began, kills it a little later, and examines its
    /// folder.
    private static func attempt(
        _ seed: UInt64, _ permille: Int, _ wide: [ProbePoint]
    ) throws -> StressKill.Outcome {
        // A folder of the trial's own, as its files are looked at after the child's death.
        let temporary = try TemporaryFolder(named: "weir-kill")
        defer { withExtendedLifetime(temporary) {} }
        let folder = temporary.path
        let trial = StressKill(seed: seed, folder: folder)
        let witness = try trial.openWitness()
        let child = try ChildProcess(
            ["kill-child", "--seed", "\(seed)", "--folder", folder, "--permille", "\(permille)"]
                + wide.flatMap { ["--wide", "\($0)"] })
        let started = MonotonicClock.nanoseconds()
        // The witness is a file that both have mapped: no message is needed.
        while !witness.hasStarted, !child.hasEnded {
            usleep(200)
            if MonotonicClock.nanoseconds() - started > startNanoseconds {
                throw StressFailure("the child did not begin")
            }
        }
        guard witness.hasStarted else { throw StressFailure("the child ended before it began") }
        var random = SeededGenerator(seed: MonotonicClock.nanoseconds(), stream: seed)
        // 1 to 151 ms: from the first steps to well within the run.
        usleep(UInt32(1_000 + random.below(150_000)))
        if child.hasEnded { return StressKill.Outcome(hasFinished: true) }
        // From here on nobody writes to the folder, and what is there is what a dead run leaves.
        child.kill()
        return trial.examine()
    }
}
