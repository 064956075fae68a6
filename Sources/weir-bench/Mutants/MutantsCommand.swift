import ArgumentParser
import Foundation
import WeirBase
import WeirStress

/// Breaks each rule of the protocol on purpose and looks whether it shows.
struct MutantsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mutants",
        abstract: "Plant each fault alone in a copy of the package: every one must be caught.",
        discussion: """
            Copies the package, applies the patches of Tests/Faults and builds the copy once, \
            which takes minutes; each fault is then switched on by itself. Needs git and swift. \
            Exit code 1 when a fault was not caught.
            """)

    @Option(help: "Only this fault.") var mutant: String?
    @Option(help: "Runs a fault instead of its own number.") var runs: Int?
    @Option(help: "The first run's seed.") var seed: UInt64 = 0
    @Flag(help: "Stop at a fault's first failure.") var quick = false
    @Flag(help: "Only list the faults: their trials and what they break.") var list = false
    @Option(
        help: "The package to copy instead of the one above this program.",
        completion: .directory)
    var package: String?
    @Option(
        help: "Build in this folder and keep it: the next call builds what changed alone.",
        completion: .directory)
    var folder: String?

    mutating func run() throws {
        let root = try package.map { URL(fileURLWithPath: $0) } ?? PackageRoot.find()
        let all = try PlantedFault.all(in: root)
        let faults = try chosen(among: all)
        if list { return show(faults) }
        Interruption.watch()
        let destination = folder.map { URL(fileURLWithPath: $0) } ?? Self.temporaryFolder()
        defer { if folder == nil { try? FileManager.default.removeItem(at: destination) } }
        let copy = FaultyCopy(package: root, folder: destination)
        say("planting \(all.count) faults in a copy of \(root.path)")
        try copy.plant(all)
        say("building it in \(destination.path), which takes minutes the first time")
        let trials = MutantTrials(program: try copy.build(), seed: seed, isQuick: quick)
        say("running it without a fault")
        try trials.expectNone()
        try run(faults, trials)
    }

    private func chosen(among faults: [PlantedFault]) throws -> [PlantedFault] {
        guard let mutant else { return faults }
        let found = faults.filter { $0.name == mutant }
        guard !found.isEmpty else { throw StressFailure("there is no fault \(mutant)") }
        return found
    }

    private func run(_ faults: [PlantedFault], _ trials: MutantTrials) throws {
        var survivors: [String] = []
        for fault in faults {
            let (caught, of, first) = try trials.count(fault, runs: runs)
            print("\(fault.name): \(caught) of \(of); \(first ?? "not caught")")
            fflush(nil)
            if caught == 0 { survivors.append(fault.name) }
        }
        print("\(faults.count - survivors.count) of \(faults.count) faults caught")
        if !survivors.isEmpty {
            print("not caught: \(survivors.joined(separator: ", "))")
            throw ExitCode(1)
        }
    }

    private func show(_ faults: [PlantedFault]) {
        for fault in faults {
            print("\(fault.name): \(fault.rule)")
            let trial = fault.trial
            print("    \(trial.arguments(runs: UInt64(trial.runs)).joined(separator: " "))")
        }
    }

    private static func temporaryFolder() -> URL {
        FileManager.default.temporaryDirectory
            .appending(path: "weir-mutants-\(UUID().uuidString)")
    }

    /// Says on standard error what begins now: results alone are on standard output.
    private func say(_ text: String) {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }
}

/// Runs trials in processes of the copy: a trap or a hang is a failure too.
struct MutantTrials {
    /// The copy's `weir-bench`.
    let program: String
    let seed: UInt64
    /// Whether the first failure of a fault is enough.
    let isQuick: Bool

    /// Runs without a fault have to pass, or whatever is wrong with the copy would count as a
    /// fault that was caught.
    func expectNone() throws {
        for words in [["stress", "--runs", "20"], ["kill", "--runs", "5"]] {
            let trial = try MutantTrial.parse(words)
            let (failures, _, first) = try count(trial, fault: nil, runs: trial.runs)
            if failures > 0 {
                throw StressFailure("without a fault a run fails too: \(first ?? "")")
            }
        }
    }

    func count(_ fault: PlantedFault, runs: Int?) throws -> (Int, Int, String?) {
        try count(fault.trial, fault: fault.name, runs: runs ?? fault.trial.runs)
    }

    /// How many of how many runs failed, and how the first of them did.
    private func count(
        _ trial: MutantTrial, fault: String?, runs: Int
    ) throws -> (Int, Int, String?) {
        let end = seed + UInt64(runs)
        var next = seed
        var caught = 0
        var first: String?
        while next < end, !(isQuick && caught > 0) {
            let child = try ChildProcess(
                ["mutant-run", "--seed", "\(next)"] + trial.arguments(runs: end - next),
                program: program, environment: ["WEIR_FAULT": fault])
            while next < end, !(isQuick && caught > 0) {
                let (problem, isAlive) = look(child, seed: next, seconds: trial.seconds)
                try Interruption.check()
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

    /// What a run showed, and whether its process can take the next.
    private func look(
        _ child: ChildProcess, seed: UInt64, seconds: UInt64
    ) -> (problem: String?, isAlive: Bool) {
        switch child.line(timeout: seconds * 1_000_000_000) {
        case .text("ok"): (nil, true)
        case .text(let text): (text, true)
        case .end: ("seed \(seed): the process trapped", false)
        case .timeout: ("seed \(seed): the run hangs", false)
        }
    }
}

/// The process that has the fault: prints a line for each seed.
struct MutantRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "mutant-run", shouldDisplay: false)

    @OptionGroup var trial: MutantTrial
    @Option var seed: UInt64

    mutating func run() throws {
        guard Probe.isBuilt else { throw ProtocolOptions.noYields }
        Probe.configure(seed: seed, permille: trial.permille, wide: trial.wide)
        for seed in seed..<seed + UInt64(trial.runs) {
            print(trial.problem(seed: seed).map { "seed \(seed): \($0)" } ?? "ok")
            fflush(nil)
        }
    }
}
