import ArgumentParser
import WeirBase
import WeirStress

/// How one planted fault is provoked; what stands behind `Trial:` in its patch.
struct MutantTrial: ParsableArguments {
    /// What is done in a run.
    enum Kind: String, CaseIterable, ExpressibleByArgument {
        /// A run is recorded in memory, replayed and compared.
        case stress
        /// A process that records into a file is killed; what is left is recovered and replayed.
        case kill
    }

    @Argument(help: "What is done in a run.") var kind: Kind
    @Option(
        help: "A point of the protocol at which threads sleep; repeatable.",
        transform: ProbePoint.named)
    var wide: [ProbePoint] = []
    @Option(name: .customLong("yield"), help: "Yields at each protocol point, in 1,000.")
    var permille = 200
    @Option(help: "Runs of which one at least has to show the fault.") var runs = 40
    @Option(help: "A run that takes longer hangs, in seconds.") var seconds: UInt64 = 10

    /// The arguments that give this trial back, with another number of runs.
    func arguments(runs: UInt64) -> [String] {
        [kind.rawValue, "--yield", "\(permille)", "--runs", "\(runs)"]
            + wide.flatMap { ["--wide", "\($0)"] }
    }

    /// One run: what it showed, nil when nothing was wrong.
    func problem(seed: UInt64) -> String? {
        switch kind {
        case .stress: StressPipeline(seed: seed).check().problem
        case .kill: KillTrial.run(seed: seed, permille: permille, wide: wide).problem
        }
    }
}

extension ProbePoint {
    /// The point of that name, as patches and children have it.
    static func named(_ name: String) throws -> ProbePoint {
        guard let point = allCases.first(where: { "\($0)" == name }) else {
            throw ValidationError("the turn protocol has no point \(name)")
        }
        return point
    }
}
