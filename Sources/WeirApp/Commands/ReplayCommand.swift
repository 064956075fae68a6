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
        commandName: "replay", abstract: "Run a recorded run again and compare.",
        discussion: """
            Without --verify it runs to --at (a step, N%, start, end or failure) and shows cells, \
            state and queues there; a debugger comes later. \
            Exit code 0: identical. 3: the replay disagreed with its trace. 4: the trace is damaged.
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

    @Option(help: "Show the state at this place: STEP, N%, start, end or failure.")
    var at: String?

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
        if trace.isRecording {
            throw CommandFailure.usage(
                "another process still records into \(PrintableText.escaped(path))",
                "Wait for its end, or watch it")
        }
        let pipeline = try Program.pipeline(named: trace.header.pipeline)
        if runInFlight { return try InFlightTurns.run(trace, pipeline, inputs(trace)) }
        guard verify || !output.isEmpty else { return try show(trace, pipeline) }
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
        var text = "diverged at step \(divergence.step) of \(divergence.subtask)"
        if times > 1 { text += " (replay \(round + 1) of \(times))" }
        text += "\n  expected  \(divergence.expected)\n  got       \(divergence.got)\n"
        if !divergence.reason.isEmpty { text += "  likely    \(divergence.reason)\n" }
        let build = trace.header.recordedWith.build
        if build != BuildIdentity.executableHash {
            text += "  note      recorded by another build (\(PrintableText.escaped(build)))\n"
        }
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
        case .rewritten: text += "incomplete: rewritten from a run that died\n"
        case .notNeeded, .recording: break
        }
        // Rows may go to standard output: then nothing else does.
        if output.contains(where: { $0 == "-" || $0.hasSuffix("=-") }) {
            Output.error(text)
        } else {
            Output.standard(text)
        }
    }

    /// Runs to a place and shows all state there.
    private func show(_ trace: Trace, _ pipeline: Pipeline) throws {
        let place = try Place(at, trace)
        var options = ReplayRun.Options()
        options.inputs = try inputs(trace)
        options.through = place.step
        options.stateEntries = 10
        let progress = Progress(what: "replayed", total: place.step)
        options.onProgress = { progress.reached($0) }
        defer { progress.end() }
        let report = try ReplayRun(trace, pipeline, options).run()
        try check(report, trace, 0)
        Output.standard(StateText.text(report, place, trace))
    }
}

/// Where `--at` points.
struct Place {
    let step: UInt64
    /// What stands there, where it is known.
    let note: String

    init(_ text: String?, _ trace: Trace) throws {
        let last = try trace.lastStep()
        let failure = try trace.firstFailure()
        switch text {
        case nil where failure != nil, "failure" where failure != nil:
            step = failure?.step ?? last
            note = failure?.message ?? ""
        case nil where !trace.turnsInFlight.isEmpty, "failure" where !trace.turnsInFlight.isEmpty:
            (step, note) = (last, "the run died behind it, in the middle of a turn")
        case "failure":
            throw CommandFailure.usage(
                "nothing failed in this run", "Use --at end, or a step from 1 to \(last)")
        case nil, "end": (step, note) = (last, "the end of the trace")
        case "start": (step, note) = (0, "before the first step")
        case let text?:
            let number = text.hasSuffix("%") ? UInt64(text.dropLast()) : UInt64(text)
            let isPercent = text.hasSuffix("%")
            guard let number, number <= (isPercent ? 100 : last) else {
                throw CommandFailure.usage(
                    "--at \(PrintableText.escaped(text)) is no place in this run",
                    "Give a step from 0 to \(last), N%, start, end or failure")
            }
            step = isPercent ? last / 100 * number + last % 100 * number / 100 : number
            note = ""
        }
    }
}

/// The state at a place as text.
enum StateText {
    static func text(_ report: ReplayReport, _ place: Place, _ trace: Trace) -> String {
        guard let state = report.state else { return "" }
        var text = "step \(state.step) of \(PrintableText.escaped(trace.path))"
        text += place.note.isEmpty ? "\n" : ": \(PrintableText.escaped(place.note))\n"
        for turn in report.inFlight {
            text += "  in the middle of a turn: \(turn.subtask), since step \(turn.step)\n"
        }
        for entry in state.cells + state.watermarks.map({ $0.named("watermark") }) + state.states {
            text += "  \(PrintableText.escaped(entry.name)) = "
            text += "\(PrintableText.escaped(entry.value, limit: 400))\n"
        }
        if state.omitted > 0 { text += "  and \(state.omitted) entries more\n" }
        for queue in state.queues {
            text += "  queue \(queue.channel): \(queue.depth) waiting, oldest "
            text += PrintableText.escaped(queue.oldest.first ?? "-") + "\n"
        }
        let path = PrintableText.escaped(trace.path)
        if !trace.turnsInFlight.isEmpty {
            text += "To run on the turns in which the run died: weir replay \(path) --verify\n"
        }
        return text + "To compare the whole run: weir replay \(path) --verify\n"
    }
}

extension StateReport.Entry {
    /// The same entry with a word before its name.
    fileprivate func named(_ word: String) -> StateReport.Entry {
        StateReport.Entry(name: "\(word) \(name)", value: value)
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
