import ArgumentParser
import Glibc
import WeirBase
import WeirConnectors
import WeirEngine
import WeirReplay
import WeirTelemetry
import WeirTrace

/// `weir replay`.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Debug a recorded run, or run it again and compare.",
        discussion: """
            Without --verify or --output it opens a prompt at the first failure, else at the end; \
            'help' there lists the commands. -x and --script obey commands and exit, and so does \
            a standard input that is no terminal: echo when | \(ProgramName.bare) replay TRACE.
            Exit code 0: done, or identical. 1: an assertion was false. 2: wrong usage, also in a \
            script. 3: the replay disagreed with its trace. 4: the trace is damaged.
            """)

    @Argument(help: "The trace; otherwise the newest in weir-traces/.")
    var trace: String?

    @Flag(help: "Run the whole trace and compare every turn, rest point and the end.")
    var verify = false

    @Option(help: "Verify so many times.")
    var times = 1

    @Option(help: "NAME=PATH: where an input file lies now.")
    var input: [String] = []

    @Option(help: "PATH, '-' or NAME=PATH: write what the sinks would have written.")
    var output: [String] = []

    @Option(help: "Where to open: STEP, TIME, N%, start, end or failure.")
    var at: String?

    @Option(
        name: [.customShort("x"), .customLong("execute")],
        help: ArgumentHelp("Obey a debugger command; repeatable.", valueName: "command"))
    var execute: [String] = []

    @Option(help: "A file of debugger commands, or '-'; obeyed after those of -x.")
    var script: String?

    @Flag(help: "Answers of the debugger as JSON Lines.")
    var json = false

    @Option(help: "auto or plain: a prompt.")
    var ui = "auto"

    @Flag(help: .hidden)
    var runInFlight = false

    @Option(help: .hidden)
    var inFlightSeconds = InFlightTurns.usualSeconds

    func run() throws {
        let path = try trace ?? Newest.trace()
        guard times >= 1 else {
            throw CommandFailure.usage("--times \(times) is no number of times", "Give 1 or more")
        }
        let trace = try Trace.open(path: path)
        let isCompared = verify || !output.isEmpty || runInFlight
        if trace.isRecording, isCompared {
            throw CommandFailure.usage(
                "another process still records into \(PrintableText.escaped(path))",
                "Wait for its end, or watch it")
        }
        let pipeline = try Program.pipeline(named: trace.header.pipeline)
        if runInFlight { return try InFlightTurns.run(trace, pipeline, inputs(trace)) }
        guard isCompared else { return try debug(trace, pipeline) }
        var report = ReplayReport()
        do {
            for round in 0..<times {
                report = try replay(trace, pipeline, isFirst: round == 0)
                try check(report, trace, round)
            }
        } catch is ClosedPipe {
            // Whoever read the rows has seen enough.
            return
        }
        announce(report, trace)
    }

    private func replay(
        _ trace: Trace, _ pipeline: Pipeline, isFirst: Bool
    ) throws -> ReplayReport {
        var options = ReplayRun.Options()
        options.inputs = try inputs(trace)
        var writing: [any RowWriting] = []
        if isFirst {
            let places = try Assignments.places(
                output, "--output", names: trace.header.sinks, kind: "sink")
            for (sink, place) in places {
                try FileIdentity.refuseOverwriting(
                    place, by: "sink \(sink)", of: whatIsRead(trace, options.inputs))
                let opened =
                    try place == "-" ? StandardOutputSink().open() : FileSink(path: place).open()
                options.outputs[sink] = opened
                writing.append(opened)
            }
        }
        let progress = Progress(what: "replayed", total: try trace.lastStep())
        options.onProgress = { progress.reached($0) }
        defer { progress.end() }
        let report = try ReplayRun(trace, pipeline, options).run()
        for sink in writing { try sink.close() }
        return report
    }

    private func whatIsRead(
        _ trace: Trace, _ inputs: [String: String]
    ) -> [(path: String, what: String)] {
        [(trace.path, "the trace"), (MappedLanes.path(beside: trace.path), "the trace's lanes")]
            + trace.header.sources.compactMap { source in
                (inputs[source.name] ?? source.path)
                    .map { ($0, "the input of source \(source.name)") }
            }
    }

    private func inputs(_ trace: Trace) throws -> [String: String] {
        let sources = trace.header.sources.filter { $0.kind == "bytes" }
        return try Assignments.places(
            input, "--input", names: sources.map(\.name), kind: "source")
    }

    private func check(_ report: ReplayReport, _ trace: Trace, _ round: Int) throws {
        guard let divergence = report.divergence else { return }
        let which = times > 1 ? " (replay \(round + 1) of \(times))" : ""
        let text = DivergenceText.text(divergence, trace, round: which)
        Output.standard(text)
        throw ExitCodeOnly(code: 3)
    }

    private func announce(_ report: ReplayReport, _ trace: Trace) {
        var text = "identical: steps \(report.steps), digest \(report.digest.hexadecimal)"
        if times > 1 { text += ", \(times) times" }
        text += "\n"
        for turn in report.inFlight {
            text += "in flight when the run died: \(turn.subtask) at step \(turn.step)\n"
        }
        if !report.inFlight.isEmpty {
            text += InFlightTurns.verdict(
                trace.path, input, report.inFlight, within: inFlightSeconds)
        }
        switch trace.recovery {
        case .lanesMissing:
            text +=
                "incomplete: the run died and its lane file is gone; the trace ends with its "
                + "last whole chunk\n"
        case .lanes(let steps, _, let voids):
            text += "incomplete: the run died; \(steps) steps were read from its lane file"
            text += voids > 0 ? ", \(voids) numbers did nothing\n" : "\n"
        case .lanesUnusable(let reason):
            text += "incomplete: \(PrintableText.escaped(reason))\n"
        case .rewritten(let rewriting):
            text += "incomplete: \(RewritingText.text(rewriting))\n"
        case .notNeeded, .recording: break
        }
        // Rows may go to standard output: then nothing else does.
        if output.contains(where: { $0 == "-" || $0.hasSuffix("=-") }) {
            Output.error(text)
        } else {
            Output.standard(text)
        }
    }

    // MARK: The debugger

    private func debug(_ trace: Trace, _ pipeline: Pipeline) throws {
        guard ["auto", "plain"].contains(ui) else {
            throw CommandFailure.usage(
                "--ui \(PrintableText.escaped(ui)): this build has no screen for a replay",
                "Leave it out, or give plain: a prompt with the same commands")
        }
        var options = DebuggerRun.Options()
        options.commands = execute
        options.script = script
        options.at = at
        options.writesJSON = json
        if execute.isEmpty, script == nil {
            options.isInteractive = Output.isTerminal(STDIN_FILENO)
            if !options.isInteractive { options.script = "-" }
        }
        // The signals are blocked before the session starts its threads.
        let interrupts = Interrupts(patience: options.isInteractive ? 3 : 2)
        defer { interrupts.stop() }
        var session = ReplaySession.Options()
        session.inputs = try inputs(trace)
        let code = try DebuggerRun(
            ReplaySession(trace, pipeline, session), options, interrupts
        ).run()
        if code != 0 { throw ExitCodeOnly(code: code) }
    }
}

/// Says on a terminal how far something that takes long has come.
final class Progress {
    private let what: String
    private let total: UInt64
    private let isShown: Bool
    private var lastShown: UInt64
    private var count = 0
    private var hasShown = false

    init(what: String, total: UInt64) {
        self.what = what
        self.total = total
        isShown = Output.isTerminal(STDERR_FILENO)
        lastShown = MonotonicClock.nanoseconds()
    }

    func reached(_ done: UInt64) {
        guard isShown else { return }
        count += 1
        // The clock is not read at each step.
        guard count % 1_024 == 0 else { return }
        let now = MonotonicClock.nanoseconds()
        guard now - lastShown > 250_000_000 else { return }
        lastShown = now
        hasShown = true
        let percent = total == 0 ? 100 : min(100, done * 100 / total)
        Output.error("\r\(what) \(percent) % (step \(done) of \(total)) ")
    }

    func end() { if hasShown { Output.error("\r\u{1B}[K") } }
}
