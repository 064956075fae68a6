import ArgumentParser
import WeirBase

/// Everything that is measured or run for long: stress tests of the turn protocol, and what turns,
/// wide plans, screens and verdicts cost or are worth.
///
/// Each command is a file of this folder. Those that are not shown in the help are run by others of
/// this program as child processes, because what is looked at is a process: its memory, its end by
/// a kill, its traps. Tests have short forms of what is run here for long (WeirStress). What is
/// random is drawn from `--seed`, unless a command says that it cannot be.
@main
struct WeirBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weir-bench",
        abstract: "Stress tests and measurements of Weir's turn protocol.",
        subcommands: [
            StressCommand.self, KillCommand.self, KillChildCommand.self, MutantsCommand.self,
            MutantRunCommand.self, TurnCommand.self, TerminalCommand.self, LeaksCommand.self,
            WideCommand.self, WideRunCommand.self, BottleneckCommand.self, CostCommand.self,
            GrowthCommand.self, SeekCommand.self,
        ])
}

/// What every stress command takes.
struct ProtocolOptions: ParsableArguments {
    @Option(help: "How many runs.") var runs = 100
    @Option(help: "The first run's seed.") var seed: UInt64 = 0
    @Option(name: .customLong("yield"), help: "Yields at each protocol point, in 1,000.")
    var permille = 200

    /// Refuses numbers that mean nothing.
    func validate() throws {
        guard runs > 0, (0...1_000).contains(permille) else {
            throw ValidationError("--runs must be positive and --yield at most 1000")
        }
    }

    /// Sets the yields up: at each point of the protocol a thread gives way, or sleeps, as the seed
    /// says. A build without these points cannot stress anything, and says so.
    func configureYields() throws {
        guard Probe.isBuilt else { throw Self.noYields }
        Probe.configure(seed: seed, permille: permille)
    }

    static var noYields: ValidationError {
        ValidationError("this build has no yields: build with --traits Probes")
    }
}
