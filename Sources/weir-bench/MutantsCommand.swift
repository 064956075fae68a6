import ArgumentParser
import Glibc
import WeirBase
import WeirStress

/// Breaks each rule of the protocol on purpose and looks whether it shows.
struct MutantsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mutants",
        abstract: "Switch on each planted fault alone: every one must be caught.")

    @Option(help: "Only this fault.") var mutant: String?
    @Option(help: "Runs a fault instead of its own number.") var runs: Int?
    @Option(help: "The first run's seed.") var seed: UInt64 = 0
    @Flag(help: "Stop at a fault's first failure.") var quick = false

    mutating func run() throws {
        #if WEIR_PROBES
            let trials = try mutant.map { [try MutantTrial.named($0)] } ?? MutantTrial.all
            var survivors: [String] = []
            for trial in trials {
                let (caught, of, first) = try count(trial)
                print("\(trial.name): \(caught) of \(of); \(first ?? "not caught")")
                fflush(nil)
                if caught == 0 { survivors.append(trial.name) }
            }
            print("\(trials.count - survivors.count) of \(trials.count) faults caught")
            if !survivors.isEmpty {
                print("not caught: \(survivors.joined(separator: ", "))")
                throw ExitCode(1)
            }
        #else
            throw ValidationError("this build has no planted faults: build with --traits Probes")
        #endif
    }

    #if WEIR_PROBES
        /// Runs a fault's trials in child processes: a trap or a hang is a failure too.
        private func count(_ trial: MutantTrial) throws -> (Int, Int, String?) {
            let end = seed + UInt64(runs ?? trial.runs)
            var next = seed
            var caught = 0
            var first: String?
            while next < end, !(quick && caught > 0) {
                let child = try ChildProcess([
                    "mutant-run", trial.name, "--seed", "\(next)", "--runs", "\(end - next)",
                ])
                while next < end, !(quick && caught > 0) {
                    let problem: String?
                    let isAlive: Bool
                    switch child.line(timeout: trial.seconds * 1_000_000_000) {
                    case .text("ok"): (problem, isAlive) = (nil, true)
                    case .text(let text): (problem, isAlive) = (text, true)
                    case .end: (problem, isAlive) = ("seed \(next): the process trapped", false)
                    case .timeout: (problem, isAlive) = ("seed \(next): the run hangs", false)
                    }
                    next += 1
                    if let problem {
                        caught += 1
                        first = first ?? problem
                    }
                    if !isAlive { break }
                }
                child.kill()
            }
            return (caught, Int(next - seed), first)
        }
    #endif
}

/// The process that has the fault: prints a line for each seed.
struct MutantRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "mutant-run", shouldDisplay: false)

    @Argument var name: String
    @Option var seed: UInt64
    @Option var runs: Int

    mutating func run() throws {
        #if WEIR_PROBES
            let trial = try MutantTrial.named(name)
            Probe.configure(
                seed: seed, permille: trial.permille, wide: trial.wide, mutants: [trial.mutant])
            for seed in seed..<seed + UInt64(runs) {
                let problem =
                    trial.isKill
                    ? KillTrial.run(seed: seed, permille: trial.permille, mutant: name).problem
                    : StressPipeline(seed: seed).check().problem
                print(problem.map { "seed \(seed): \($0)" } ?? "ok")
                fflush(nil)
            }
        #endif
    }
}
