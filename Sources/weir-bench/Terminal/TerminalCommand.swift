import ArgumentParser
import Glibc
import WeirBase
import WeirStress

/// What watching a run costs, beside what htop costs, as a measure that people know.
///
/// Both programs run on a pseudo-terminal of the same size and are measured from outside in the
/// same way: the time until a whole screen is there, processor time and bytes while it is only
/// watched, and the time from a key to its effect.
struct TerminalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "terminal",
        abstract: "Processor share, bytes and latency of the screen at 160x48, beside htop's.",
        discussion: """
            'weir top' watches a run of 'orders' at full load by its trace, ten samples a second. \
            htop, where it is installed, is asked for as many. Needs 'weir' built beside it.
            """)

    @Option(help: "Seconds of measuring.") var seconds = 10
    @Option(help: "Keys pressed for the latency.") var keys = 200
    @Option(help: "Elements a second of the watched run, or max.") var rate = "max"

    /// What was measured of a program: milliseconds until its first screen, processor share in
    /// percent, bytes a tenth of a second, latency of a key in milliseconds (median and 99th
    /// percentile), and memory in bytes.
    private struct Figures {
        var name: String
        var start = 0.0
        var share = 0.0
        var bytes = 0.0
        var half = 0.0
        var late = 0.0
        var memory = ByteCount.zero
    }

    /// Starts a run to be watched, and measures both monitors.
    mutating func run() throws {
        guard let weir = ProcessFacts.beside("weir") else {
            throw ValidationError("there is no weir beside this program: build it first")
        }
        let folder = try TemporaryFolder(named: "weir-terminal")
        defer { withExtendedLifetime(folder) {} }
        let trace = folder.path + "/run.mcap"
        // The run has a terminal of its own, as it would have in a window beside the one that is
        // measured.
        let load = try PseudoTerminal(
            weir,
            ["run", "orders", "--limit", "0", "--rate", rate, "--ui", "none", "--record", trace])
        // The run has to be under way, and there have to be samples to show.
        _ = load.read(until: MonotonicClock.nanoseconds() + 1_500_000_000)
        // Without a trace there is nothing to watch.
        guard access(trace, R_OK) == 0 else { throw StressFailure("the run records nothing") }

        print("             start ms   CPU %   bytes/frame   key ms p50 / p99   memory MB")
        show(
            try measure(
                "weir top", weir, ["top", trace], shown: "quit", marker: [0xE2, 0x96, 0xB6]))
        if let htop = ProcessFacts.program("htop") {
            show(try measure("htop", htop, ["-d", "1"], shown: "Quit", marker: []))
        } else {
            print("htop is not installed")
        }
        withExtendedLifetime(load) {}
    }

    /// `shown` stands at the end of the first whole screen; `marker` is what a moved selection
    /// writes, any byte where it is empty.
    private func measure(
        _ name: String, _ program: String, _ arguments: [String], shown: String, marker: [UInt8]
    ) throws -> Figures {
        var figures = Figures(name: name)
        let began = MonotonicClock.nanoseconds()
        let terminal = try PseudoTerminal(program, arguments)
        guard terminal.read(until: began + 10_000_000_000, { Self.holds($0, Array(shown.utf8)) })
        else { throw StressFailure("\(name) shows no screen") }
        figures.start = Double(MonotonicClock.nanoseconds() - began) / 1e6
        // The first second has what happens only once; it is not measured.
        _ = terminal.read(until: MonotonicClock.nanoseconds() + 1_000_000_000)

        let (processor, bytes) = (terminal.processorNanoseconds, terminal.byteCount)
        let wall = MonotonicClock.nanoseconds()
        _ = terminal.read(until: wall + UInt64(seconds) * 1_000_000_000)
        let span = Double(MonotonicClock.nanoseconds() - wall)
        figures.share = Double(terminal.processorNanoseconds - processor) / span * 100
        // A tenth of a second is a sample of `weir top`, and what htop is asked for.
        figures.bytes = Double(terminal.byteCount - bytes) / (span / 1e8)
        figures.memory = terminal.residentBytes

        var random = SeededGenerator(seed: 1)
        var latencies: [Double] = []
        for number in 0..<keys {
            // Keys come at any moment between two frames, 20 to 110 ms apart.
            let pause = 20_000_000 + random.next() % 90_000_000
            _ = terminal.read(until: MonotonicClock.nanoseconds() + pause)
            let pressed = MonotonicClock.nanoseconds()
            // Down and up in turn: the selection stays in sight.
            terminal.press(number % 2 == 0 ? Array("\u{1B}[B".utf8) : Array("\u{1B}[A".utf8))
            let came = terminal.read(until: pressed + 1_000_000_000) {
                marker.isEmpty || Self.holds($0, marker)
            }
            if came { latencies.append(Double(MonotonicClock.nanoseconds() - pressed) / 1e6) }
        }
        // A key without an answer within a second is left out, and none at all is a failure.
        latencies.sort()
        guard !latencies.isEmpty else { throw StressFailure("\(name) answers no key") }
        figures.half = latencies[latencies.count / 2]
        figures.late = latencies[min(latencies.count - 1, latencies.count * 99 / 100)]
        return figures
    }

    /// Prints a program's row.
    private func show(_ figures: Figures) {
        func padded(_ number: Double, _ width: Int) -> String {
            let text = "\((number * 100).rounded() / 100)"
            return String(repeating: " ", count: max(0, width - text.count)) + text
        }
        let name = figures.name + String(repeating: " ", count: max(0, 12 - figures.name.count))
        print(
            name + padded(figures.start, 9) + padded(figures.share, 8)
                + padded(figures.bytes.rounded(), 14) + padded(figures.half, 12) + " /"
                + padded(figures.late, 6) + padded(Double(figures.memory.rawValue) / 1e6, 12))
    }

    /// Whether some bytes hold others. What comes is short, so that a plain search does.
    private static func holds(_ bytes: [UInt8], _ wanted: [UInt8]) -> Bool {
        guard bytes.count >= wanted.count else { return false }
        return (0...(bytes.count - wanted.count)).contains { start in
            bytes[start..<start + wanted.count].elementsEqual(wanted)
        }
    }
}
