import ArgumentParser

/// What a measurement reads, and what it looks at.
enum BenchMode {
    /// Events in memory as fast as they are taken.
    case memory
    /// Lines in a file, into lines in another.
    case file(BenchFiles)
    /// Events in memory, so many a second.
    case latency(rate: Int)

    var name: String {
        switch self {
        case .memory: "mem"
        case .file: "file"
        case .latency: "latency"
        }
    }
}

/// How `weir bench WORKLOAD` measures.
struct BenchModeFlags: ParsableArguments {
    @Option(
        help: """
            mem: events in memory, rows counted. file: lines to lines, in files. latency: how late \
            rows are, of events in memory.
            """)
    var mode = "mem"

    @Option(parsing: .unconditional, help: "With latency: events a second; 200000.")
    var rate: Int?

    @Option(help: "With file: the lines to read; otherwise they are generated.")
    var input: String?

    @Option(help: "With file: where the run's rows go; otherwise they are removed.")
    var output: String?

    @Option(
        parsing: .unconditional, help: "How many times they are read, as if there were more; 1.")
    var laps: Int?

    var eventsPerSecond: Int { rate ?? 200_000 }

    /// Refuses flags that say nothing about what is measured.
    func check(order: String) throws {
        _ = try OneOf.check(mode, "--mode", ["mem", "file", "latency"])
        try BenchEvents.check("--laps", laps ?? 1, 1...1_000_000)
        try BenchEvents.check("--rate", eventsPerSecond, 1...100_000_000)
        if mode != "file", input != nil || output != nil {
            throw CommandFailure.usage(
                "--input and --output are for --mode file", "Leave them out, or give the mode")
        }
        if mode != "latency", rate != nil {
            throw CommandFailure.usage(
                "--rate is for --mode latency", "Leave it out, or give the mode")
        }
        if mode == "file", laps != nil {
            throw CommandFailure.usage("a file is read once", "Leave --laps out")
        }
        if mode == "latency", laps != nil {
            throw CommandFailure.usage(
                "--events says how many are read at a rate", "Leave --laps out")
        }
        if mode == "latency", order != "inorder" {
            throw CommandFailure.usage(
                "latency is measured of events in order", "Leave --order out")
        }
    }

    /// The mode, with the files that it reads and writes.
    func opened(_ workload: any BenchWorkload.Type, _ request: BenchRequest) throws -> BenchMode {
        if mode == "file" {
            return .file(try BenchFiles(input: input, output: output, workload, request))
        }
        return mode == "latency" ? .latency(rate: eventsPerSecond) : .memory
    }
}
