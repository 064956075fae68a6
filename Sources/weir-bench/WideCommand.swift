import ArgumentParser
import Glibc
import Weir
import WeirApp
import WeirBase

/// What recording costs in plans of few and of many channels. Each run is a process of its own,
/// because the peak of memory is a process's.
struct WideCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wide",
        abstract: "Time, CPU, peak memory and trace of one short run in plans of 10 to 60,000 "
            + "channels, recorded and not.",
        discussion: """
            Every plan is a chain of keyed stages; every run takes the same few elements through \
            it, in a process of its own. What grows is the plan: watermarks and ends go through \
            all of its channels.
            """)

    @Option(help: "STAGESxPARALLELISM; repeatable.")
    var shape = ["3x2", "7x4", "5x16", "20x16", "80x16", "200x16", "235x16"]
    @Option(help: "Elements of a run.") var elements = 500
    @Option(help: "Threads.") var workers = 2
    @Option(help: "Seconds after which a run is ended.") var patience = 60

    /// Makes each run without and with recording, one below the other.
    mutating func run() throws {
        let folder = try TemporaryFolder(named: "weir-bench")
        print("stages width channels  recorded  seconds   CPU s  peak MB  trace kB")
        for text in shape {
            let parts = text.split(separator: "x").compactMap { Int($0) }
            guard parts.count == 2, parts[0] > 0, parts[1] > 0 else {
                throw ValidationError("--shape \(text) is not STAGESxPARALLELISM")
            }
            // The plain run comes first: what a recorded one takes more is what recording costs.
            for isRecorded in [false, true] {
                try show(Shape(stages: parts[0], width: parts[1]), isRecorded, folder)
            }
        }
    }

    /// A plan: that many keyed stages one behind the other, each with `width` subtasks.
    private struct Shape {
        let stages: Int
        let width: Int
        /// How many channels the plan has: one from the source to each subtask of the first stage,
        /// one from each subtask of the last stage to the sink, and between stages one from each
        /// subtask to each.
        var channels: Int { 2 * width + (stages - 1) * width * width }
    }

    /// Makes a run and prints its row.
    private func show(
        _ shape: Shape, _ isRecorded: Bool, _ folder: TemporaryFolder
    ) throws {
        let trace = folder.path + "/wide.mcap"
        let child = try MeasuredChild(
            [
                // The same seed and the same few elements each time: only the plan differs.
                "run", "wide", "--ui", "none", "--seed", "1", "--limit", "\(elements)",
                "--workers", "\(workers)", "--set", "stages=\(shape.stages)",
                "--parallelism", "\(shape.width)",
            ] + (isRecorded ? ["--record", trace] : ["--no-record"]))
        let usage = child.finish(within: UInt64(patience) * 1_000_000_000)
        let bytes = isRecorded ? folder.size(of: "wide.mcap") : 0
        folder.empty()
        let columns = [
            Self.column(shape.stages, 6), Self.column(shape.width, 5),
            Self.column(shape.channels, 8), Self.column(isRecorded ? "yes" : "no", 9),
            Self.column(usage.seconds, 8), Self.column(usage.processorSeconds, 7),
            Self.column(usage.peakBytes.count / 1_000_000, 8), Self.column(bytes / 1_000, 9),
        ]
        // A run that was ended has figures too, of what it did until then.
        let end = usage.hasEnded ? "" : "  ended after \(patience) s"
        print(columns.joined(separator: " ") + end)
        fflush(nil)
    }

    /// A whole number at the right edge of its column.
    private static func column(_ number: Int, _ width: Int) -> String { column("\(number)", width) }

    /// Seconds with two digits behind the point.
    private static func column(_ seconds: Double, _ width: Int) -> String {
        column("\((seconds * 100).rounded() / 100)", width)
    }

    /// A figure at the right edge of its column.
    private static func column(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

/// The runs that `wide`, `growth` and `bottleneck` look at: this program as one with pipelines
/// and the whole command line of `weir`.
struct WideRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", shouldDisplay: false)

    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []

    /// Hands the arguments to the program with pipelines, which ends the process with its own exit
    /// code.
    func run() { WideProgram.main() }
}

/// The pipelines of that program.
private struct WideProgram: WeirProgram {
    static let pipelines = [wide] + GrowthPipeline.all + LimitedPipeline.all

    /// The chain of keyed stages that `wide` runs, as long as the parameter says.
    private static let wide =
        Pipeline(
            "wide", summary: "Keyed stages one behind the other", parallelism: 16,
            parameters: [Parameter("stages", default: "10", "how many")], defaultLimit: 500
        ) { flow in
            let stages = Int(flow.parameter("stages")) ?? 0
            guard stages > 0 else { return flow.refuse("stages must be a number from 1 on") }
            var stream = flow.read(
                "numbers",
                from: .generator { index, _ in
                    (Int(clamping: index), Instant(milliseconds: Int64(clamping: index)))
                })
            for stage in 1...stages {
                stream = stream.keyed { $0 }
                    .process("stage-\(stage)", state: 0, emitting: Int.self) { number, seen, out in
                        seen += 1
                        // Another key for the next stage, so that elements spread over all its
                        // subtasks.
                        out.emit(number &* 7 &+ stage)
                    }
            }
            stream.write("numbers-out") { "\($0)" }
        }
}
