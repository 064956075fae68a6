import ArgumentParser
import WeirBase
import WeirConnectors
import WeirEngine

/// `weir bench`: a workload's queries measured, or its events written.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure a workload's queries beside loops written by hand.",
        subcommands: [BenchQueriesCommand.self, BenchGenerateCommand.self],
        defaultSubcommand: BenchQueriesCommand.self)
}

/// Which events a workload has.
struct BenchEvents: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: "How many events are generated; 1000000, or 20 seconds of them at a rate.")
    var events: Int?

    @Option(parsing: .unconditional, help: "What the events are computed from.")
    var seed: UInt64 = 42

    @Option(help: "inorder, or shuffled: up to four seconds late.")
    var order = "inorder"

    /// The request for a query over these events; throws for what no workload has.
    func request(_ query: String, laps: Int) throws -> BenchRequest {
        let events = events ?? Self.standardCount
        try Self.check("--events", events, Self.counts)
        _ = try OneOf.check(order, "--order", ["inorder", "shuffled"])
        return BenchRequest(query: query, events: events, laps: laps, seed: seed, order: order)
    }

    /// The same for events that are read at a rate, in laps of `standardCount` at most.
    func request(_ query: String, rate: Int) throws -> BenchRequest {
        let all = events ?? rate * Self.pacedSeconds
        if events == nil, !(Self.counts ~= all) {
            throw CommandFailure.usage(
                "\(Self.pacedSeconds) seconds of --rate \(rate) are \(all) events, more than "
                    + "\(Self.counts.upperBound)",
                "Give --events, or a rate of \(Self.counts.upperBound / Self.pacedSeconds) at most")
        }
        try Self.check("--events", all, Self.counts)
        let laps = (all + Self.standardCount - 1) / Self.standardCount
        var request = try request(query, laps: laps)
        request.events = (all + laps - 1) / laps
        return request
    }

    private static let counts = 1...100_000_000
    private static let standardCount = 1_000_000
    private static let pacedSeconds = 20

    static func check(_ flag: String, _ value: Int, _ range: ClosedRange<Int>) throws {
        guard !(range ~= value) else { return }
        throw CommandFailure.usage(
            "\(flag) \(value) is out of range", "Give \(range.lowerBound) to \(range.upperBound)")
    }
}

/// `weir bench generate`: the events as a file.
struct BenchGenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Write the workload's events.")

    @OptionGroup var events: BenchEvents

    @Option(help: "jsonl or binary.")
    var format = "jsonl"

    @Option(help: "Where the events go; '-' for standard output.")
    var output: String

    func run() throws {
        guard let workload = Program.current.workloads.first else {
            throw CommandFailure.usage("this program has no workload", "See \(Advice.help)")
        }
        let request = try events.request("", laps: 1)
        let isBinary = try OneOf.check(format, "--format", ["jsonl", "binary"]) == "binary"
        let writing = try OutputDestination(output, writer: "the events", others: []).sink.open()
        do {
            try workload.generate(request, asRecords: isBinary) { bytes in
                try bytes.withUnsafeBytes { try writing.write($0.bytes) }
            }
            try writing.close()
        } catch is ClosedPipe {
            // Whoever read the events has seen enough.
        }
    }
}

/// `weir bench WORKLOAD`: what a query costs, and what the same costs as a loop written by hand.
struct BenchQueriesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queries",
        abstract: "Measure a workload's queries; what `weir bench WORKLOAD` does.",
        discussion: """
            Each run alternates with the bare loop of its query, so that a machine that becomes \
            slower or faster meanwhile changes both; the ratio of their processor times is what to \
            compare. Both answers are compared too: other rows end the command with exit code 1. \
            Runs are recorded unless --no-record is given, into a trace that is removed behind \
            the run.

            With --mode latency events come at a rate, and each row is as late as it comes behind \
            the instant at which its event was due, so that a source that stands still counts \
            too. The first quarter of the events is left out.
            """)

    @Argument(help: ArgumentHelp("Which workload; nexmark.", valueName: "workload"))
    var name: String

    @OptionGroup var events: BenchEvents

    @Option(help: "One of the workload's queries, or all.")
    var query = "all"

    @OptionGroup var measured: BenchModeFlags

    @Option(parsing: .unconditional, help: "Threads that run turns.")
    var workers = 1

    @Option(parsing: .unconditional, help: "Subtasks of each keyed stage; otherwise the workers.")
    var parallelism: Int?

    @Flag(help: "Record nothing.")
    var noRecord = false

    @Option(parsing: .unconditional, help: "How many pairs of runs.")
    var `repeat` = 3

    @Flag(help: "One JSON object for each run.")
    var json = false

    func run() throws {
        let all = Program.current.workloads
        guard let workload = all.first(where: { $0.pipeline.name == name }) else {
            throw CommandFailure.usage(
                "there is no workload \(PrintableText.escaped(name))",
                Nearest.advice(
                    name, among: all.map { $0.pipeline.name } + ["generate"],
                    or: "This program has none"))
        }
        let isPaced = measured.mode == "latency"
        let queries = isPaced ? workload.timedQueries : workload.queries
        _ = try OneOf.check(query, "--query", queries + ["all"])
        try BenchEvents.check("--workers", workers, 1...64)
        try BenchEvents.check("--repeat", `repeat`, 1...1_000)
        try measured.check(order: events.order)
        func request(_ query: String) throws -> BenchRequest {
            try isPaced
                ? events.request(query, rate: measured.eventsPerSecond)
                : events.request(query, laps: measured.laps ?? 1)
        }
        // What all of them read stays there from one query to the next.
        let whole = try request("")
        let mode = try measured.opened(workload, whole)
        for query in query == "all" ? queries : [query] {
            let request = try request(query)
            try BenchPairs(
                workload: workload, request: request, mode: mode,
                options: options(workload, request, mode), printsJSON: json
            ).run(`repeat`)
        }
    }

    /// The run of a query as `weir run` would have it, with its rows counted and nothing shown.
    private func options(
        _ workload: any BenchWorkload.Type, _ request: BenchRequest, _ mode: BenchMode
    ) -> RunOptions {
        var options = RunOptions(pipeline: workload.pipeline)
        options.settings = [
            "query": request.query, "events": "\(request.events)", "laps": "\(request.laps)",
            "order": request.order, "rows": "count",
        ]
        if case .latency(let rate) = mode { options.rate = Double(rate) }
        if case .file(let files) = mode {
            // What the events are is for the file to say.
            options.settings = ["query": request.query, "rows": "lines", "source": "lines"]
            options.inputs = [files.input]
            options.outputs = [files.output]
        }
        options.seed = request.seed
        options.workers = workers
        options.parallelism = parallelism ?? workers
        options.recording = noRecord ? .none : .automatic
        options.screen = .none
        return options
    }
}
