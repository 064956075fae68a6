import ArgumentParser
import WeirBase
import WeirEngine
import WeirTelemetry

/// `weir run`: checks the flags and makes `RunOptions` of them, which `RunSession` then runs.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a pipeline and record it.",
        discussion: """
            Everything a run could not have computed goes into a trace, so that the command \
            replay can run it again exactly. Ctrl-C once lets what was read drain and ends; twice \
            stops now.
            """)

    @Argument(help: "Which pipeline; the command list shows them.")
    var pipeline: String

    @Option(help: "What to read: PATH or '-' for standard input; NAME=PATH where sources differ.")
    var input: [String] = []

    @Flag(help: "Keep reading a growing file, through rotation and truncation.")
    var follow = false

    @Option(
        parsing: .unconditional,
        help: "How long a followed file that was replaced must be quiet to be let go.")
    var linger: String = "5s"

    @Option(help: "Where a sink writes: PATH or '-'; NAME=PATH where there are several.")
    var output: [String] = []

    @Option(help: "The trace file; otherwise weir-traces/PIPELINE-TIME.mcap.")
    var record: String?

    @Flag(help: "Let --record replace a trace that nobody records into; nothing else.")
    var overwrite = false

    @Flag(help: "Record nothing.")
    var noRecord = false

    @Option(
        parsing: .unconditional,
        help: "Stop recording after so much (64MB, 10m); default 256MB with no end in sight.")
    var keep: String?

    @Flag(help: "Take whole input files into the trace, also those over 4 MiB.")
    var embedInput = false

    @Option(
        help: "auto, tui, plain or none; plain prints a line a stage and second on standard error.")
    var ui: String = "auto"

    @Option(
        parsing: .unconditional,
        help: "Threads; 0 simulates: one thread, virtual clock, schedule drawn from the seed.")
    var workers: Int?

    @Option(parsing: .unconditional, help: "Subtasks of each keyed stage; part of the plan.")
    var parallelism: Int?

    @Option(
        parsing: .unconditional,
        help: "All of the run's random choices; drawn and printed otherwise.")
    var seed: UInt64?

    @Option(parsing: .unconditional, help: "Elements a second from each source, or 'max'.")
    var rate: String?

    @Option(
        parsing: .unconditional,
        help: "Stop after so many elements from each source; 0 for no limit.")
    var limit: UInt64?

    @Option(parsing: .unconditional, help: "Stop after a time, such as 10s or 2m.")
    var duration: String?

    @Option(
        parsing: .unconditional,
        help: "How long an end may go on without progress before it is cut off; usually 10s.")
    var drain: String?

    @Option(name: .customLong("set"), help: "A parameter of the pipeline: NAME=VALUE.")
    var settings: [String] = []

    @Option(help: "What a broken invariant does: count, or stop the run with exit code 1.")
    var onViolation: String = "count"

    @OptionGroup var flags: ScreenFlags

    @Flag(help: "Keep Swift's per-process hashing; a replay may then diverge.")
    var randomHashing = false

    @Option(
        help: "Least level of log records: trace, debug, info, notice, warning, error, critical.")
    var logLevel: String = "info"

    @Flag(help: "The summary as JSON on standard error.")
    var json = false

    func run() throws {
        var session = try RunSession(options())
        try session.run()
    }

    private func options() throws -> RunOptions {
        let pipeline = try Program.pipeline(named: pipeline)
        var options = RunOptions(pipeline: pipeline)
        options.inputs = input
        options.follows = follow
        options.linger = try parse(linger, "--linger", "a time, such as 5s or 500ms") {
            Quantities.duration($0)
        }
        options.outputs = output
        if noRecord, record != nil {
            throw CommandFailure.usage("--record and --no-record exclude each other", "Give one")
        }
        if overwrite, record == nil {
            throw CommandFailure.usage(
                "--overwrite is about the file of --record", "Give --record PATH too")
        }
        options.overwrites = overwrite
        options.recording = noRecord ? .none : record.map { .explicit($0) } ?? .automatic
        options.keep = try keep.map {
            try parse($0, "--keep", "a size or a time, such as 64MB or 10m") { text in
                Quantities.bytes(text).map { RunOptions.Keep(bytes: $0) }
                    ?? Quantities.duration(text).map { RunOptions.Keep(time: $0) }
            }
        }
        options.embedsInput = embedInput
        options.screen = try screen()
        options.workers = try workers.map { try checkWorkers($0) } ?? options.workers
        options.parallelism = parallelism
        options.seed = seed ?? UInt64.random(in: 1...999_999_999)
        try setPace(&options)
        options.settings = try Assignments.parse(settings, "--set")
        for name in options.settings.keys.sorted()
        where !pipeline.parameters.contains(where: { $0.name == name }) {
            throw CommandFailure.usage(
                "pipeline \(pipeline.name) has no parameter \(PrintableText.escaped(name))",
                Nearest.advice(
                    name, among: pipeline.parameters.map(\.name), or: "See \(Advice.list)"))
        }
        options.stopsOnViolation =
            try OneOf.check(onViolation, "--on-violation", ["count", "stop"])
            == "stop"
        guard let level = LogLevel(name: logLevel) else {
            throw CommandFailure.usage(
                "there is no log level \(PrintableText.escaped(logLevel))",
                Nearest.advice(logLevel, among: LogLevel.allCases.map(\.name), or: ""))
        }
        options.logLevel = level
        options.printsJSON = json
        options.randomHashing = randomHashing
        return options
    }

    private func screen() throws -> RunOptions.Screen {
        let wanted = try OneOf.check(ui, "--ui", ["auto", "tui", "plain", "none"])
        let writesRows = output.contains { $0 == "-" || $0.hasSuffix("=-") }
        return try flags.screen(wanted, writesRows: writesRows)
    }

    private func checkWorkers(_ count: Int) throws -> Int {
        guard (0...64).contains(count) else {
            throw CommandFailure.usage("--workers \(count) is out of range", "Give 0 to 64")
        }
        return count
    }

    private func setPace(_ options: inout RunOptions) throws {
        if let rate, rate != "max" {
            options.rate = try pace(rate)
        } else if rate == nil {
            options.rate = options.pipeline.defaultRate
        }
        let wanted = limit ?? options.pipeline.defaultLimit
        options.limit = wanted == 0 ? nil : wanted
        options.duration = try duration.map {
            try parse($0, "--duration", "a time, such as 10s") {
                Quantities.duration($0)
            }
        }
        options.drain = try drain.map {
            try parse($0, "--drain", "a time, such as 10s") { Quantities.duration($0) }
        }
    }

    private func pace(_ rate: String) throws -> Double {
        let shown = PrintableText.escaped(rate)
        let advice = "Give elements a second, or max"
        guard let number = Double(rate), !number.isNaN else {
            throw CommandFailure.usage("--rate \(shown) is no rate", advice)
        }
        guard number > 0 else {
            throw CommandFailure.usage("--rate \(shown): a rate must be positive", advice)
        }
        guard number.isFinite else {
            throw CommandFailure.usage("--rate \(shown) has no end", "For no bound give max")
        }
        return number
    }

    private func parse<Value>(
        _ text: String, _ flag: String, _ what: String, _ read: (String) -> Value?
    ) throws -> Value {
        guard let value = read(text) else {
            throw CommandFailure.usage(
                "\(flag) \(PrintableText.escaped(text)) is not \(what)", "Give \(what)")
        }
        return value
    }
}

/// Arguments that are one of a few words.
enum OneOf {
    static func check(_ value: String, _ flag: String, _ allowed: [String]) throws -> String {
        if allowed.contains(value) { return value }
        throw CommandFailure.usage(
            "\(flag) \(PrintableText.escaped(value)) is unknown",
            Nearest.advice(value, among: allowed, or: ""))
    }
}

/// `NAME=VALUE` arguments.
enum Assignments {
    static func parse(_ texts: [String], _ flag: String) throws -> [String: String] {
        var values: [String: String] = [:]
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw CommandFailure.usage(
                    "\(flag) \(PrintableText.escaped(text)) is not NAME=VALUE",
                    "Give a name, '=' and a value")
            }
            let name = String(parts[0])
            if let earlier = values.updateValue(String(parts[1]), forKey: name) {
                throw CommandFailure.usage(
                    "\(flag) gives \(PrintableText.escaped(name)) twice, "
                        + "\(PrintableText.escaped(earlier)) and "
                        + PrintableText.escaped(String(parts[1])), "Give one")
            }
        }
        return values
    }

    /// `NAME=VALUE` for one of `names`, or a bare value that is meant for the only one.
    ///
    /// - Throws: `CommandFailure` with code 2 for a name that is none of them, and for a second
    ///   value of one.
    static func locations(
        _ texts: [String], _ flag: String, names: [String], kind: String
    ) throws -> [String: String] {
        var locations: [String: String] = [:]
        for text in texts {
            let (name, location) = try assigned(text, flag, names: names, kind: kind)
            if let earlier = locations[name] {
                throw CommandFailure.usage(
                    "\(kind) \(name) was given two places, \(PrintableText.escaped(earlier)) and "
                        + PrintableText.escaped(location), "Give one")
            }
            locations[name] = location
        }
        return locations
    }

    private static func assigned(
        _ text: String, _ flag: String, names: [String], kind: String
    ) throws -> (name: String, location: String) {
        let shown = PrintableText.escaped(text)
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2, names.contains(String(parts[0])) {
            return (String(parts[0]), String(parts[1]))
        }
        if names.isEmpty {
            throw CommandFailure.usage(
                "the pipeline has no \(kind) to give \(flag) to", "Omit it")
        }
        // What stands before '=' is a name, unless it cannot be one.
        if parts.count == 2, !parts[0].contains(where: { $0 == "/" || $0 == ":" }) {
            let advice = Nearest.advice(String(parts[0]), among: names, or: "See \(Advice.list)")
            throw CommandFailure.usage(
                "\(flag) \(shown): there is no \(kind) \(PrintableText.escaped(String(parts[0])))",
                "\(advice)\(advice.hasSuffix("?") ? "" : ".") A file of that name is ./\(shown)")
        }
        guard names.count == 1 else {
            throw CommandFailure.usage(
                "\(flag) \(shown) does not say for which \(kind)",
                "Give \(flag) NAME=PATH with one of: \(names.joined(separator: ", "))")
        }
        return (names[0], text)
    }
}
