import ArgumentParser
import WeirBase

/// Everything that is measured or run for long, besides the workload of `weir bench`.
@main
struct WeirBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weir-bench",
        abstract: "Stress tests and measurements of Weir's turn protocol.",
        subcommands: [
            StressCommand.self, KillCommand.self, KillChildCommand.self, MutantsCommand.self,
            MutantRunCommand.self, TurnCommand.self, TerminalCommand.self, LeaksCommand.self,
            WideCommand.self, WideRunCommand.self, BottleneckCommand.self,
        ])
}

/// What every stress command takes.
struct ProtocolOptions: ParsableArguments {
    @Option(help: "How many runs.") var runs = 100
    @Option(help: "The first run's seed.") var seed: UInt64 = 0
    @Option(name: .customLong("yield"), help: "Yields at each protocol point, in 1,000.")
    var permille = 200

    func validate() throws {
        guard runs > 0, (0...1_000).contains(permille) else {
            throw ValidationError("--runs must be positive and --yield at most 1000")
        }
    }

    /// Sets the yields up; a build that has none cannot stress anything.
    func configureYields() throws {
        #if WEIR_PROBES
            Probe.configure(seed: seed, permille: permille)
        #else
            throw ValidationError("this build has no yields: build with --traits Probes")
        #endif
    }
}
