import ArgumentParser
import Foundation
import WeirBase
import WeirStress

/// What an element costs in instructions, which a machine's other work does not change.
///
/// Each query runs twice under callgrind, with so many events and with twice as many, and is
/// counted in the workers alone; the difference is what the further events cost. Beside the
/// instructions stand calls into the runtime that no element may cause: an allocation, a reference
/// count, a look-up of a type. `--check` holds them against the bounds below, which is how a shape
/// of the hot path that was lost is seen (`.ci/run`).
struct CostCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cost",
        abstract: "Count instructions and runtime calls an event, by callgrind.",
        discussion: """
            It runs `weir run nexmark` of the folder that this program lies in, under valgrind, \
            which has to be installed.
            """)

    @Option(help: "Queries, such as q0,q5; repeatable.")
    var query = CostBounds.all.map(\.query)
    @Option(help: "Events of the shorter run.") var events = 20_000
    @Option(help: "Symbols that are named a query.") var top = 0
    @Flag(help: "Count runs that are recorded.") var record = false
    @Flag(help: "Fail where a bound is exceeded.") var check = false

    func validate() throws {
        guard events > 0 else { throw ValidationError("--events must be positive") }
    }

    /// Counts one query after the other, and prints a row for each.
    mutating func run() throws {
        let folder = try TemporaryFolder(named: "weir-bench")
        let program = try strippedProgram(in: folder)
        print(Self.row("query", ["instructions"] + HiddenCost.allCases.map(\.title)))
        var excesses: [String] = []
        for query in query.flatMap({ $0.split(separator: ",").map(String.init) }) {
            let cost = try cost(of: query, program, in: folder)
            print(Self.row(query, ([cost.instructions] + cost.hidden.map(\.calls)).map(Self.text)))
            for symbol in cost.symbols.prefix(top) {
                print("      " + Self.text(symbol.instructions) + " " + symbol.name)
            }
            if let bounds = CostBounds.all.first(where: { $0.query == query }) {
                excesses += bounds.excesses(of: cost)
            }
            fflush(nil)
        }
        guard check, !excesses.isEmpty else { return }
        excesses.forEach { print($0) }
        throw ExitCode(1)
    }

    /// A copy of `weir` without debugging information, of which valgrind 3.19 does not know the
    /// form that Swift writes (DWARF 5).
    private func strippedProgram(in folder: TemporaryFolder) throws -> String {
        let own = try ChildProcess.ownPath() as NSString
        let copy = folder.path + "/weir"
        let end = try ChildProcess(
            ["-g", "-o", copy, own.deletingLastPathComponent + "/weir"], program: "strip",
            errors: .withOutput
        ).end()
        guard end.status == 0 else { throw StressFailure("strip failed: \(end.output)") }
        return copy
    }

    /// What one event of a query costs.
    private func cost(
        of query: String, _ program: String, in folder: TemporaryFolder
    ) throws -> EventCost {
        let short = try counts(of: query, events: events, program, in: folder)
        let long = try counts(of: query, events: 2 * events, program, in: folder)
        return EventCost(from: short, to: long, events: events)
    }

    /// Runs a query under callgrind.
    private func counts(
        of query: String, events: Int, _ program: String, in folder: TemporaryFolder
    ) throws -> CallgrindCounts {
        let output = folder.path + "/callgrind.out"
        let child = try ChildProcess(
            [
                "--tool=callgrind", "--callgrind-out-file=\(output)",
                // Only what workers do: neither the start nor how events are made.
                "--toggle-collect=$s10WeirEngine17ParallelSchedulerC8activate*F",
                program, "run", "nexmark", "--set", "query=\(query)",
                "--set", "events=\(events)", "--workers", "1", "--seed", "42", "--ui", "none",
            ]
                + (record
                    ? ["--record", folder.path + "/run.mcap", "--overwrite"] : ["--no-record"]),
            program: "valgrind",
            // Else the program would start itself once more, and callgrind count the first.
            environment: ["SWIFT_DETERMINISTIC_HASHING": "1"], errors: .withOutput)
        let end = try child.end()
        guard end.status == 0, let text = try? String(contentsOfFile: output, encoding: .utf8)
        else { throw StressFailure("a run of \(query) under valgrind failed:\n\(end.output)") }
        let counts = CallgrindCounts(text)
        guard counts.instructions > 0 else {
            throw StressFailure("callgrind saw no worker in a run of \(query)")
        }
        return counts
    }

    /// A row of the table.
    private static func row(_ name: String, _ columns: [String]) -> String {
        let cells = columns.map { String(repeating: " ", count: max(0, 13 - $0.count)) + $0 }
        return name + String(repeating: " ", count: max(0, 6 - name.count)) + cells.joined()
    }

    /// A figure with two digits behind the point.
    private static func text(_ number: Double) -> String { String(format: "%.2f", number) }
}

/// What one event costs, from two runs of which one has `events` more.
struct EventCost {
    let instructions: Double
    /// Calls of each kind, and the function that makes the greatest part of them.
    let hidden: [(kind: HiddenCost, calls: Double, caller: String)]
    /// Where the instructions go, the greatest part first.
    let symbols: [(name: String, instructions: Double)]

    init(from short: CallgrindCounts, to long: CallgrindCounts, events: Int) {
        let events = Double(events)
        instructions = Double(long.instructions - short.instructions) / events
        hidden = HiddenCost.allCases.map { kind in
            var callers: [String: Int] = [:]
            for (sign, counts) in [(-1, short), (1, long)] {
                for (callee, from) in counts.calls where kind.isDone(by: callee) {
                    for (caller, calls) in from { callers[caller, default: 0] += sign * calls }
                }
            }
            let calls = Double(callers.values.reduce(0, +)) / events
            return (kind, calls, callers.max { $0.value < $1.value }?.key ?? "")
        }
        symbols = long.own
            .map { ($0.key, Double($0.value - short.own[$0.key, default: 0]) / events) }
            .sorted { $0.1 > $1.1 }
    }
}

/// What an event of a query may cost.
struct CostBounds {
    let query: String
    /// A quarter more than was counted when the bound was set.
    let instructions: Double
    /// Calls of each kind. A turn of 256 elements may make some, a window that closes and a table
    /// that grows others; what each element does twice is 2.
    var calls = 2.0

    /// The bounds of the queries in which each kind of kernel is: without state (q0, q1, q2), join
    /// by `process` (q3), timers (q4), windows behind an exchange (q5, q7, q8), keyed state (q11).
    static let all = [
        // The rows of q0 and q1 are text of eleven pieces an event.
        CostBounds(query: "q0", instructions: 3_900, calls: 14),
        CostBounds(query: "q1", instructions: 4_050, calls: 14),
        CostBounds(query: "q2", instructions: 145), CostBounds(query: "q3", instructions: 300),
        CostBounds(query: "q4", instructions: 1_500, calls: 6),
        CostBounds(query: "q5", instructions: 1_100, calls: 3),
        CostBounds(query: "q7", instructions: 600), CostBounds(query: "q8", instructions: 330),
        CostBounds(query: "q11", instructions: 1_250, calls: 4),
    ]

    /// What goes beyond the bounds, in words that name who does it.
    func excesses(of cost: EventCost) -> [String] {
        var found: [String] = []
        if cost.instructions > instructions {
            let top = cost.symbols.prefix(3).map(\.name).joined(separator: ", ")
            found.append(
                "\(query): \(cost.instructions) instructions an event, at most \(instructions); "
                    + "the greatest parts: \(top)")
        }
        for (kind, count, caller) in cost.hidden where count > calls {
            found.append(
                "\(query): \(count) \(kind.rawValue) an event, at most \(calls); from \(caller)")
        }
        return found
    }
}
