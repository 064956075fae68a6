import ArgumentParser
import Foundation
import WeirApp
import WeirBase
import WeirMonitor
import WeirStress
import WeirTelemetry

/// What going somewhere in a recorded run takes: the time from a command of the screen to the whole
/// picture of where it came to.
struct SeekCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seek",
        abstract: "Seconds until a replay is shown, and milliseconds of seeks and steps back.",
        discussion: """
            A run of 'orders' is recorded and then replayed as the screen does it, in a process of \
            its own. Needs 'weir' built beside it. The first way to the end is the pass in which \
            snapshots are taken; seeks and steps back are measured behind it.
            """)

    @Option(help: "Elements from each source.") var elements = 1_500_000
    @Option(help: "Elements a second from each source; slower runs have more steps.")
    var rate = "300000"
    @Option(help: "Seeks, and as many steps back.") var seeks = 200
    @Option(help: "A trace to be used instead.") var trace: String?

    mutating func run() throws {
        guard let weir = ProcessFacts.beside("weir") else {
            throw ValidationError("there is no weir beside this program: build it first")
        }
        let folder = try TemporaryFolder(named: "weir-seek")
        defer { withExtendedLifetime(folder) {} }
        let path = trace ?? folder.path + "/run.mcap"
        if trace == nil { try record(weir, path) }
        let facts = try facts(weir, path)
        print("\(facts.steps) steps, \(facts.bytes) bytes")
        let replay = try SeekedReplay(path, weir)
        defer { replay.close() }
        // A step that is not the end: it has something behind it.
        let opening = try replay.obey("open \(facts.steps.previous)")
        show("first data of the way to the end", [opening.firstData], aim: 300)
        show("the way to the end, with snapshots", [opening.whole], aim: nil)
        var random = SeededGenerator(seed: 1)
        var (ways, backs): ([Double], [Double]) = ([], [])
        for _ in 0..<seeks {
            let step = 2 + random.next() % max(1, facts.steps.rawValue - 2)
            ways.append(try replay.obey("goto \(step)").whole)
            backs.append(try replay.obey("reverse-step").whole)
        }
        show("seek to any step", ways, aim: 200)
        show("step back", backs, aim: 50)
    }

    private func record(_ weir: String, _ path: String) throws {
        let arguments = [
            "run", "orders", "--rate", rate, "--limit", "\(elements)", "--ui", "none", "--record",
            path, "--seed", "1", "--workers", "2",
        ]
        let (status, _) = try ChildProcess(arguments, program: weir).end()
        guard status == 0 else { throw StressFailure("the run ended with \(status)") }
    }

    private struct Facts: Decodable {
        var steps: Step
        var bytes: ByteCount
    }

    private func facts(_ weir: String, _ path: String) throws -> Facts {
        let (_, output) = try ChildProcess(["inspect", path, "--json"], program: weir).end()
        return try JSONDecoder().decode(Facts.self, from: Data(output.utf8))
    }

    /// Prints a row of milliseconds, and what is aimed at.
    private func show(_ name: String, _ times: [Double], aim: Int?) {
        let sorted = times.sorted()
        func at(_ share: Double) -> String {
            let index = min(sorted.count - 1, Int(Double(sorted.count) * share))
            return "\((sorted[index] * 10).rounded() / 10)"
        }
        let figures =
            sorted.count == 1 ? at(0) : "p50 \(at(0.5))  p99 \(at(0.99))  greatest \(at(1))"
        print("\(name): \(figures) ms" + (aim.map { ", aim \($0)" } ?? ""))
    }
}

/// A replay that is driven as a screen drives it.
private final class SeekedReplay {
    /// Milliseconds from a command to the first picture, and to the answer.
    struct Times {
        var firstData = 0.0
        var whole = 0.0
    }

    private let process: ReplayProcess
    private let arrival = ConditionLock()

    init(_ path: String, _ program: String) throws {
        let arrival = arrival
        let process = ReplayProcess(path, inputs: [], program: program) {
            arrival.withLock { arrival.broadcast() }
        }
        guard let process else { throw StressFailure("no process could be started") }
        self.process = process
    }

    func close() { process.close() }

    /// Gives a command and waits for what comes of it.
    func obey(_ command: String) throws -> Times {
        let began = MonotonicClock.nanoseconds()
        var times = Times()
        process.send(command, columns: 160)
        while true {
            try Interruption.check()
            for event in process.take() {
                let passed = Double(MonotonicClock.nanoseconds() - began) / 1e6
                switch event {
                case .progress: break
                case .picture: if times.firstData == 0 { times.firstData = passed }
                case .answer(let answer):
                    if answer.isFault {
                        throw StressFailure("\(command): \(answer.lines.joined(separator: " "))")
                    }
                    times.whole = passed
                    return times
                case .ended(let reason): throw StressFailure(reason)
                }
            }
            arrival.withLock {
                arrival.wait(until: MonotonicClock.nanoseconds() + 1_000_000)
            }
        }
    }
}
