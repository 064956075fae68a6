import ArgumentParser
import Glibc
import WeirBase

/// What a turn costs, with recording on and off.
///
/// Runs with and without recording alternate, and which comes first changes from pair to pair: a
/// machine that becomes slower or faster meanwhile then changes both. What recording costs is the
/// difference within a pair, of which the median says most.
struct TurnCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "turn",
        abstract: "Nanoseconds a turn on one worker, recording on and off, in alternating pairs.")

    @Option(help: "Pairs of runs.") var pairs = 11
    @Option(help: "Turns of one run, about.") var turns = 200_000
    @Option(help: "Elements a turn takes.") var elements: [Int] = [1, 16, 256]
    @Option(help: "One run only, for instruction counters: record or plain.")
    var only: Kind?

    /// The kinds of runs that are compared.
    enum Kind: String, ExpressibleByArgument {
        case record, plain
    }

    /// Refuses numbers that mean nothing.
    func validate() throws {
        guard pairs > 0, turns > 0 else {
            throw ValidationError("--pairs and --turns must be positive")
        }
        // An engine's turn takes 256 elements at most.
        guard elements.allSatisfy({ (1...256).contains($0) }) else {
            throw ValidationError("--elements must lie between 1 and 256")
        }
    }

    /// Measures each number of elements, or makes the one run that instructions are counted of from
    /// outside.
    mutating func run() throws {
        for count in elements {
            if let only {
                let cost = try TurnBench(elements: count).run(
                    turns: TurnCount(turns), isRecorded: only == .record)
                print("\(count) elements, \(only.rawValue): \(cost.turns) turns")
                continue
            }
            try compare(count)
        }
    }

    /// Measures pairs of runs and prints the smallest, the median and the greatest figure of each.
    private func compare(_ count: Int) throws {
        let bench = TurnBench(elements: count)
        var plain: [TurnBench.Cost] = []
        var recorded: [TurnBench.Cost] = []
        for pair in 0..<pairs {
            // Which comes first changes from pair to pair.
            for isRecorded in pair % 2 == 0 ? [false, true] : [true, false] {
                let cost = try bench.run(turns: TurnCount(turns), isRecorded: isRecorded)
                if isRecorded { recorded.append(cost) } else { plain.append(cost) }
            }
        }
        print("\(count) elements a turn, \(pairs) pairs, least / median / greatest ns a turn")
        print("  off  worker \(spread(plain, \.worker))  process \(spread(plain, \.process))")
        print("  on   worker \(spread(recorded, \.worker))  process \(spread(recorded, \.process))")
        let differences = zip(plain, recorded).map { $1.worker - $0.worker }.sorted()
        let process = zip(plain, recorded).map { $1.process - $0.process }.sorted()
        print("  recording costs  worker \(spread(differences))  process \(spread(process))")
    }

    private func spread(_ costs: [TurnBench.Cost], _ path: KeyPath<TurnBench.Cost, Double>)
        -> String
    {
        spread(costs.map { $0[keyPath: path] }.sorted())
    }

    /// The smallest, the median and the greatest of sorted figures, with a digit behind the point.
    private func spread(_ sorted: [Double]) -> String {
        [sorted[0], sorted[sorted.count / 2], sorted[sorted.count - 1]]
            .map { "\(($0 * 10).rounded() / 10)" }.joined(separator: " / ")
    }
}
