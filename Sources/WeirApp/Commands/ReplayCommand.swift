import ArgumentParser
import Glibc
import WeirBase
import WeirEngine
import WeirMonitor
import WeirReplay
import WeirTelemetry
import WeirTrace

/// `weir replay`: runs a recorded run again, to compare it, to write its rows again, or to debug
/// it.
///
/// With `--verify` or `--output` the whole trace is replayed by `ReplayRun`, and what differs is
/// said. Without them `DebuggerRun` takes over, with a prompt or a script. A hidden flag makes this
/// process the child that runs a dead run's open turns (`InFlightTurns`). The exit codes are in the
/// discussion below; they are the command line's contract.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Debug a recorded run, or run it again and compare.",
        discussion: """
            Without --verify or --output it opens the screen at the first failure, else at the \
            end; --ui plain opens a prompt there. 'help' lists the commands of both. -x and \
            --script obey commands and exit, and so does a standard input that is no terminal: \
            echo when | \(ProgramName.bare) replay TRACE.
            Exit code 0: done, or identical. 1: an assertion was false. 2: wrong usage, also in a \
            script. 3: the replay disagreed with its trace. 4: the trace is damaged.
            """)

    @Argument(help: "The trace; otherwise the newest in weir-traces/.")
    var trace: String?

    @Flag(help: "Run the whole trace and compare every turn, rest point and the end.")
    var verify = false

    @Option(parsing: .unconditional, help: "Verify so many times.")
    var times = 1

    @Option(help: "NAME=PATH: where an input file lies now.")
    var input: [String] = []

    @Option(help: "PATH, '-' or NAME=PATH: write what the sinks would have written.")
    var output: [String] = []

    @Option(
        parsing: .unconditional,
        help: "Where to open: STEP, TIME, N%, start, end, failure or cause.")
    var at: String?

    @Option(
        name: [.customShort("x"), .customLong("execute")],
        help: ArgumentHelp("Obey a debugger command; repeatable.", valueName: "command"))
    var execute: [String] = []

    @Option(help: "A file of debugger commands, or '-'; obeyed after those of -x.")
    var script: String?

    @Flag(help: "Answers of the debugger as JSON Lines.")
    var json = false

    @Option(help: "auto, tui or plain: a prompt.")
    var ui = "auto"

    @OptionGroup var flags: ScreenFlags
    @OptionGroup(visibility: .hidden) var child: ChildFlags

    /// How this program starts itself; nobody types them.
    struct ChildFlags: ParsableArguments {
        @Flag(help: .hidden)
        var driven = false

        @Flag(help: .hidden)
        var runInFlight = false

        @Option(help: .hidden)
        var inFlightSeconds = AppBounds.turnSeconds
    }

    /// Finds the trace and does what was asked for, with damage explained.
    func run() throws {
        let path = try trace ?? Newest.trace()
        // Zero replays would agree with anything.
        guard times >= 1 else {
            throw CommandFailure.usage("--times \(times) is no number of times", "Give 1 or more")
        }
        guard child.driven else { return try Damage.explained(path) { try replay(path) } }
        DrivenDebugger.prepare()
        do {
            try Damage.explained(path) { try replay(path) }
        } catch {
            guard let failure = CommandFailure(error) else { throw error }
            DrivenDebugger.refuse(failure)
            throw ExitCodeOnly(code: failure.code)
        }
    }

    /// Decides between comparing and debugging.
    private func replay(_ path: String) throws {
        let trace = try Trace.open(path: path)
        let isCompared = verify || !output.isEmpty || child.runInFlight
        // The debugger may look at a run that goes on; a comparison needs its end.
        if trace.isRecording, isCompared {
            throw CommandFailure.usage(
                "another process still records into \(PrintableText.escaped(path))",
                "Wait for its end, or watch it")
        }
        let pipeline = try Program.pipeline(named: trace.header.pipeline)
        // This process is the child of another replay: it says nothing of its own.
        if child.runInFlight { return try InFlightTurns.run(trace, pipeline, inputs(trace)) }
        guard isCompared else { return try debug(trace, pipeline) }
        // A closure that does not come back can be left only by leaving the process, so that the
        // first signal ends it: nothing is lost by that.
        let interrupts = Interrupts(patience: 1)
        defer { interrupts.stop() }
        do {
            let first = try replay(trace, pipeline, isFirst: true)
            try check(first, trace, round: 0)
            // Every further replay is compared with the trace and also with the first one: a replay
            // that is not the same twice proves nothing, even where the trace does not notice.
            for round in 1..<times {
                let report = try replay(trace, pipeline, isFirst: false)
                try check(report, trace, round: round)
                try check(report, against: first, round: round)
            }
            announce(first, trace)
        } catch is ClosedPipe {
            // Whoever read the rows has seen enough.
            return
        }
    }

    /// Replays the trace once. The first replay also writes the rows of the sinks that `--output`
    /// names.
    private func replay(
        _ trace: Trace, _ pipeline: Pipeline, isFirst: Bool
    ) throws -> ReplayReport {
        var options = ReplayRun.Options()
        options.inputs = try inputs(trace)
        // A divergence of another build has a likely cause, which is then said.
        options.isSameBuild = BuildIdentity.isBuild(of: trace)
        var writing: [any RowWriting] = []
        if isFirst {
            let locations = try Assignments.locations(
                output, "--output", names: trace.header.sinks, kind: "sink")
            var others = whatIsRead(trace, options.inputs)
            var sinks: [(name: String, sink: any RowSink)] = []
            // All outputs are judged before the first is opened, and so emptied.
            for (name, path) in locations.sorted(by: { $0.key < $1.key }) {
                let destination = try OutputDestination(
                    path, writer: "sink \(name)", others: others)
                sinks.append((name, destination.sink))
                others.append(
                    OutputDestination.Other(path: path, what: "the output of sink \(name)"))
            }
            for (name, sink) in sinks {
                let opened = try sink.open()
                options.outputs[name] = opened
                writing.append(opened)
            }
        }
        let progress = Progress(what: "replayed", total: try trace.lastStep())
        options.onProgress = { progress.reached($0) }
        defer { progress.end() }
        let report = try ReplayRun(trace, pipeline, options).run()
        // Closed before the verdict is said, as closing may fail.
        for sink in writing { try sink.close() }
        return report
    }

    /// What an output must not be written over: the trace, its lanes, and the inputs of the run.
    private func whatIsRead(
        _ trace: Trace, _ inputs: [String: String]
    ) -> [OutputDestination.Other] {
        let lanes = MappedLanes.path(beside: trace.path)
        return [
            OutputDestination.Other(path: trace.path, what: "the trace"),
            OutputDestination.Other(path: lanes, what: "the trace's lanes"),
        ]
            + trace.header.sources.compactMap { source in
                (inputs[source.name] ?? source.path).map {
                    OutputDestination.Other(path: $0, what: "the input of source \(source.name)")
                }
            }
    }

    /// Where the inputs lie now, by the name of their source; only those that moved are named.
    private func inputs(_ trace: Trace) throws -> [String: String] {
        let sources = trace.header.sources.filter { $0.kind == "bytes" }
        return try Assignments.locations(
            input, "--input", names: sources.map(\.name), kind: "source")
    }

    /// Ends the command with code 3 where a replay disagreed with its trace.
    private func check(_ report: ReplayReport, _ trace: Trace, round: Int) throws {
        guard let divergence = report.divergence else { return }
        let which = times > 1 ? " (replay \(round + 1) of \(times))" : ""
        write(DivergenceText.text(divergence, trace, round: which))
        throw ExitCodeOnly(code: 3)
    }

    /// Ends the command with code 3 where two replays disagreed with each other.
    private func check(
        _ report: ReplayReport, against first: ReplayReport, round: Int
    ) throws {
        // Both agree with the trace, or this would not be asked: what differs is not in the trace.
        guard report != first else { return }
        write(
            "the trace agrees with replay 1 and with replay \(round + 1) of \(times), and they "
                + "disagree with each other: \(report.difference(from: first)) differs\n")
        throw ExitCodeOnly(code: 3)
    }

    /// Says that the replay agreed, what that rests on, and what became of the turns that were in
    /// flight.
    private func announce(_ report: ReplayReport, _ trace: Trace) {
        var text = VerdictText.text(report, times: times)
        for turn in report.inFlight {
            text += "in flight when the run died: \(turn.subtask) at step \(turn.step)\n"
        }
        if !report.inFlight.isEmpty {
            text += InFlightTurns.verdict(
                trace.path, input, report.inFlight, within: child.inFlightSeconds)
        }
        write(text + VerdictText.recovery(trace))
    }

    /// Says something on standard output, unless rows go there: then on standard error.
    private func write(_ text: String) {
        if output.contains(where: { $0 == "-" || $0.hasSuffix("=-") }) {
            Output.error(text)
        } else {
            Output.standard(text)
        }
    }

    // MARK: The debugger

    /// Opens the debugger: for another process, on the screen, or with a prompt or a script.
    /// Without commands and without a terminal the commands come from standard input.
    private func debug(_ trace: Trace, _ pipeline: Pipeline) throws {
        let look = try look()
        var options = DebuggerRun.Options()
        options.commands = execute
        options.script = script
        options.at = at
        options.writesJSON = json
        if execute.isEmpty, script == nil {
            options.isInteractive = !child.driven && Output.isTerminal(STDIN_FILENO)
            if !options.isInteractive { options.script = "-" }
        }
        // The signals are blocked before the session starts its threads, which inherit that. A
        // person has one press of Ctrl-C more than a script, as the first only interrupts the
        // command. What a screen drives is interrupted as often as a person likes.
        let interrupts = Interrupts(patience: child.driven ? .max : options.isInteractive ? 3 : 2)
        defer { interrupts.stop() }
        if let look { return try show(trace, look, interrupts) }
        var session = ReplaySession.Options()
        // The debugger reads inputs again where it goes back, so that it has to know where they are
        // now.
        session.inputs = try inputs(trace)
        let opened = try ReplaySession(trace, pipeline, session)
        if child.driven { return DrivenDebugger(opened, interrupts).run() }
        let code = try DebuggerRun(opened, options, interrupts).run()
        if code != 0 { throw ExitCodeOnly(code: code) }
    }

    /// How the screen looks; nil where there is to be none: with commands, without a terminal, and
    /// where it is not wanted.
    private func look() throws -> ScreenLook? {
        let wanted = try OneOf.check(ui, "--ui", ["auto", "tui", "plain"])
        let isScripted = !execute.isEmpty || script != nil || json || child.driven
        if wanted == "tui", isScripted {
            throw CommandFailure.usage(
                "--ui tui does not go with commands on the command line",
                "Leave out -x, --script and --json, or --ui")
        }
        guard wanted != "plain", !isScripted,
            wanted == "tui" || Output.isTerminal(STDIN_FILENO) && Output.isTerminal(STDOUT_FILENO),
            case .tui(let look) = try flags.screen(wanted, writesRows: false)
        else { return nil }
        return look
    }

    /// Shows the trace on the screen of `weir top`, with the replay first.
    private func show(_ trace: Trace, _ look: ScreenLook, _ interrupts: Interrupts) throws {
        if let at { _ = try DebuggerRun.position(at) }
        let feed = TraceFeed(trace, givesLines: true)
        let screen = try RunScreen(
            look: look, facts: feed.facts, source: feed, standpoint: .watcher,
            run: RunScreen.Run(
                request: {}, isLeaving: { interrupts.isPending }, inputs: input))
        screen.openReplay(at: at)
        screen.start()
        screen.wait()
        if let failure = feed.failure { throw failure }
        let code = interrupts.codeWhenAskedToEnd
        if code != 0 { throw ExitCodeOnly(code: code) }
    }
}

/// Says on a terminal how far something that takes long has come. One thread uses it: `reached` for
/// each step, `end` when it is over. Where standard error is no terminal it does nothing.
final class Progress {
    private let what: String
    /// The number of the last step.
    private let total: Step
    private let isShown: Bool
    /// When it was said last, in monotonic nanoseconds.
    private var lastShown: UInt64
    /// Calls of `reached` so far.
    private var count = 0
    /// Whether there is anything to remove at the end.
    private var hasShown = false

    init(what: String, total: Step) {
        self.what = what
        self.total = total
        isShown = Output.isTerminal(STDERR_FILENO)
        lastShown = MonotonicClock.nanoseconds()
    }

    /// So many of the steps are done. It costs a counter in most cases.
    func reached(_ done: Step) {
        guard isShown else { return }
        count += 1
        // The clock is not read at each step.
        guard count % 1_024 == 0 else { return }
        let now = MonotonicClock.nanoseconds()
        guard now - lastShown > AppBounds.replayProgressNanoseconds else { return }
        lastShown = now
        hasShown = true
        let percent = total == 0 ? 100 : min(100, done.count * 100 / total.count)
        Output.error("\r\(what) \(percent) % (step \(done) of \(total)) ")
    }

    /// Removes what was said.
    func end() { if hasShown { Output.error("\r\u{1B}[K") } }
}
