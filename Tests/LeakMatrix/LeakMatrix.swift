import Foundation

/// One cell of the matrix: what leaks, where it gets to, how the run ends.
package struct LeakCell: Hashable, Sendable, CustomStringConvertible {
    /// What leaks: clocks, random numbers and the like.
    package static let leaks = [
        "clock", "random", "process", "address", "environment", "hashing", "thread", "counter",
        "file",
    ]
    /// Where it gets to.
    package static let destinations = [
        "value", "state", "key", "branch", "timer", "row", "log", "condition", "passing", "first",
        "rare", "last",
    ]
    /// How the run ends.
    package static let endings = ["finished", "violated", "failed", "killed", "simulated"]

    package var leak: String
    package var destination: String
    package var ending: String

    package init(leak: String, destination: String, ending: String) {
        self.leak = leak
        self.destination = destination
        self.ending = ending
    }

    /// All cells that can be: a run that ends early has no last element.
    package static var all: [LeakCell] {
        var cells: [LeakCell] = []
        for ending in endings {
            let runsToTheEnd = ending == "finished" || ending == "simulated"
            for destination in destinations where destination != "last" || runsToTheEnd {
                for leak in leaks {
                    cells.append(LeakCell(leak: leak, destination: destination, ending: ending))
                }
            }
        }
        return cells
    }

    package var description: String { "\(leak) in \(destination), \(ending)" }

    /// The parts of the run that may be named: the leaky stage, or the one that the leak gets to.
    var rightParts: [String] {
        switch destination {
        case "row": ["rows/"]
        case "condition": ["leaky/", "the condition"]
        default: ["leaky/"]
        }
    }
}

/// What `--verify` said of a cell.
package enum LeakVerdict: Equatable, Sendable {
    /// A divergence, at these steps of this part.
    case caught(part: String, first: Int, last: Int, isRight: Bool)
    /// Not found, and not claimed to be equal.
    case agrees(String)
    /// Not found, and claimed to be equal: the word of honour is broken.
    case identical
    /// Something else happened.
    case unexpected(String)

    package var isCaught: Bool { if case .caught = self { true } else { false } }
}

/// Records a leaking run in one process and verifies it in another.
package struct LeakMatrix: Sendable {
    private let fixture: String

    /// A matrix over the program at this path: `LeakFixture`.
    package init(fixture: String) { self.fixture = fixture }

    /// Runs one cell in a folder of its own.
    package func run(_ cell: LeakCell) throws -> LeakVerdict {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("weir-leak-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var arguments = [
            "run", "leaking", "--record", "t.mcap", "--ui", "none", "--output", "rows",
        ]
        arguments += ["--set", "leak=\(cell.leak)", "--set", "place=\(cell.destination)"]
        let isSimulated = cell.ending == "simulated"
        arguments += ["--set", "ending=\(isSimulated ? "finished" : cell.ending)"]
        arguments += ["--workers", isSimulated ? "0" : "2", "--seed", "7"]
        // At that pace a run lasts a third of a second and has some rest points.
        if !isSimulated { arguments += ["--rate", "4000"] }
        if cell.ending == "violated" { arguments += ["--on-violation", "stop"] }
        if cell.leak == "hashing" { arguments += ["--random-hashing"] }
        let run = try start(arguments, in: folder, value: "1", kills: cell.ending == "killed")
        guard run.status == status(of: cell.ending) else {
            return .unexpected("the run ended with \(run.status): \(run.output)")
        }
        let verify = try start(
            ["replay", "t.mcap", "--verify"], in: folder, value: "2", kills: false)
        return judge(verify.output, verify.status, cell)
    }

    private func status(of ending: String) -> Int32 {
        switch ending {
        case "violated", "failed": 1
        case "killed": -SIGKILL
        default: 0
        }
    }

    private func judge(_ output: String, _ status: Int32, _ cell: LeakCell) -> LeakVerdict {
        if status == 0, output.hasPrefix("identical: ") { return .identical }
        if status == 0, output.hasPrefix("agrees to step ") {
            return .agrees(output.split(separator: "\n").first.map(String.init) ?? "")
        }
        let between = /diverged between step (\d+) and step (\d+) of (.+)/
        let at = /diverged at step (\d+) of (.+)/
        if status == 3, let match = output.firstMatch(of: between) {
            return caught(String(match.3), String(match.1), String(match.2), cell)
        }
        if status == 3, let match = output.firstMatch(of: at) {
            return caught(String(match.2), String(match.1), String(match.1), cell)
        }
        return .unexpected("the replay ended with \(status): \(output.prefix(300))")
    }

    private func caught(
        _ part: String, _ first: String, _ last: String, _ cell: LeakCell
    ) -> LeakVerdict {
        .caught(
            part: part, first: Int(first) ?? 0, last: Int(last) ?? 0,
            isRight: cell.rightParts.contains { part.hasPrefix($0) })
    }

    /// Exit code, or the negative number of the signal that ended it; standard output and error.
    private func start(
        _ arguments: [String], in folder: URL, value: String, kills: Bool
    ) throws -> (status: Int32, output: String) {
        let file = folder.appendingPathComponent("leak")
        try value.write(to: file, atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: fixture)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        var environment = ProcessInfo.processInfo.environment
        environment["SWIFT_DETERMINISTIC_HASHING"] = nil
        environment["LEAK_VALUE"] = value
        environment["LEAK_FILE"] = file.path
        environment["LEAK_KILL"] = kills ? "1" : nil
        process.environment = environment
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let isSignal = process.terminationReason == .uncaughtSignal
        return (
            isSignal ? -process.terminationStatus : process.terminationStatus,
            String(decoding: output, as: UTF8.self)
        )
    }
}
