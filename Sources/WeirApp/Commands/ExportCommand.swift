import ArgumentParser
import Glibc
import WeirBase
import WeirEngine
import WeirReplay
import WeirTelemetry
import WeirTrace

/// `weir export`: writes a trace's logs, spans, metrics or schedule as lines, from a finished
/// trace, from one that grows, or from a replay.
///
/// What lines there are and how they are made is in WeirTrace (`ExportSignals`), and here are the
/// flags, the output and how long to follow. Every word of the command line is checked before the
/// output is opened, because opening empties a file.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a trace's logs, spans, metrics or schedule as lines.")

    @Argument(help: "The trace; otherwise the newest in weir-traces/.")
    var trace: String?

    @Option(help: "\(ExportCommand.listed(ExportSignals.names)).")
    var signal: String

    @Option(help: "jsonl: one JSON object a line.")
    var format: String = "jsonl"

    @Option(help: "PATH, or '-' for standard output.")
    var output: String = "-"

    @Option(help: "Least level of log records.")
    var level: String?

    @Option(help: "Only this stage.")
    var stage: String?

    @Option(help: "From this time since the start, such as 2.5s.")
    var from: String?

    @Option(help: "Up to this time since the start.")
    var to: String?

    @Flag(help: "Go on with a growing trace until its run ends.")
    var follow = false

    @Flag(help: "Take logs from a replay instead of from the recording.")
    var regenerate = false

    /// Checks what can be checked without the trace, then exports.
    func run() throws {
        let wanted = try checkedSignal()
        let path = try trace ?? Newest.trace()
        try Damage.explained(path) { try export(path, wanted) }
    }

    /// Writes the lines, from the recording or from a replay.
    private func export(_ path: String, _ wanted: any ExportSignal.Type) throws {
        // The trace comes first: one that cannot be read must not cost a file that exists.
        let trace = try Trace.open(path: path)
        let filter = try self.filter(trace)
        // The filter's words were checked, so that from here on the output may be emptied.
        let sink = try OutputDestination(output, writer: "the export", others: Self.files(of: path))
            .sink.open()
        let write: ExportOutput = { try sink.write($0.bytes) }
        do {
            if follow {
                let export = FollowedExport(trace, wanted, filter: filter, output: write)
                return try follow(trace, export, sink)
            }
            // Only logs come here with `regenerate`: `checkedSignal` has refused all others.
            if regenerate {
                try regenerateLogs(trace, filter, write)
            } else {
                try wanted.write(trace, filter: filter, output: write)
            }
            try sink.close()
        } catch is ClosedPipe {
            // Whoever read has seen enough.
            return
        }
        sayIncomplete(trace)
    }

    /// What an export must not be written over.
    private static func files(of trace: String) -> [OutputDestination.Other] {
        [
            OutputDestination.Other(path: trace, what: "the trace"),
            OutputDestination.Other(
                path: MappedLanes.path(beside: trace), what: "the trace's lanes"),
        ]
    }

    /// The signal in the format that is wanted. Refuses what is unknown, and flags that exclude
    /// each other. It comes before an output is opened: a wrong word must not empty a file.
    private func checkedSignal() throws -> any ExportSignal.Type {
        let forms = ExportSignals.named(signal)
        guard !forms.isEmpty else {
            throw CommandFailure.usage(
                "there is no signal \(PrintableText.escaped(signal))",
                Nearest.advice(signal, among: ExportSignals.names, or: ""))
        }
        guard let wanted = forms.first(where: { $0.format == format }) else {
            throw CommandFailure.usage(
                "this build cannot write format \(PrintableText.escaped(format))",
                "Use \(Self.listed(forms.map { $0.format }))")
        }
        if regenerate, follow {
            throw CommandFailure.usage(
                "a run that goes on cannot be replayed to its end", "Give --follow or --regenerate")
        }
        if regenerate, wanted != LogSignal.self {
            throw CommandFailure.usage(
                "this build can regenerate logs, not \(signal)", "Leave --regenerate out")
        }
        return wanted
    }

    /// Words in a sentence: `logs, spans or metrics`.
    private static func listed(_ words: [String]) -> String {
        let (first, last) = (words.dropLast().joined(separator: ", "), words.last ?? "")
        return first.isEmpty ? last : "\(first) or \(last)"
    }

    /// Says that the run died, where it did: the lines look whole either way.
    private func sayIncomplete(_ trace: Trace) {
        if !trace.isComplete, !trace.isRecording {
            Output.error("weir: note: incomplete: the run died; what is whole was exported\n")
        }
    }

    /// Writes what a growing trace holds, and goes on until its run ended, however it did, or a
    /// signal came. It looks at the trace twenty times a second.
    private func follow(
        _ trace: Trace, _ export: FollowedExport, _ sink: any RowWriting
    ) throws {
        let interrupts = Interrupts(patience: 2)
        defer { interrupts.stop() }
        var isOver = !trace.isRecording
        while true {
            // What is there is written first, and only then is it believed that the run is over:
            // what was written before the end is never lost.
            try export.advance()
            // One more look was taken after the end was seen, and that was the last.
            if isOver { break }
            if interrupts.wait(nanoseconds: AppBounds.followNanoseconds) {
                try sink.close()
                let code = interrupts.codeWhenAskedToEnd
                if code != 0 { throw ExitCodeOnly(code: code) }
                return
            }
            // Without this a reader who went away would only be noticed at the next line, which may
            // never come.
            if output == "-", Output.hasLostReader { return }
            try trace.refresh()
            isOver = trace.end != nil || !trace.isRecording
        }
        // What a dead run left in its lanes is only there for who opens its trace anew.
        let last = trace.end == nil ? try Trace.open(path: trace.path) : trace
        // Somebody may have recorded over the path meanwhile.
        let isSame = last.header.run == trace.header.run
        try export.finish(isSame ? last.recoveredTail.schedule : ScheduleBatch())
        try sink.close()
        sayIncomplete(trace)
    }

    /// Which lines are wanted. A stage that the run does not have is refused, because the export
    /// would just be empty.
    private func filter(_ trace: Trace) throws -> ExportFilter {
        var filter = ExportFilter()
        if let level {
            guard let known = LogLevel(name: level) else {
                throw CommandFailure.usage(
                    "there is no log level \(PrintableText.escaped(level))",
                    Nearest.advice(level, among: LogLevel.allCases.map(\.name), or: ""))
            }
            filter.level = known
        }
        if let stage {
            let stages = trace.header.subtasks.map(\.stage)
            guard stages.contains(stage) else {
                throw CommandFailure.usage(
                    "the run has no stage \(PrintableText.escaped(stage))",
                    Nearest.advice(stage, among: Array(Set(stages)).sorted(), or: ""))
            }
            filter.stage = stage
        }
        // Both ends are times since the start, as the trace has them; the time of day would depend
        // on where one is.
        filter.from = try from.map { try time($0, "--from") }
        filter.to = try to.map { try time($0, "--to") }
        return filter
    }

    /// A time since the run's start.
    private func time(_ text: String, _ flag: String) throws -> Duration {
        guard let duration = Quantities.duration(text) else {
            throw CommandFailure.usage(
                "\(flag) \(PrintableText.escaped(text)) is no time since the start",
                "Give one such as 2.5s")
        }
        return duration
    }

    /// Runs the trace again and writes what its operators log, also at levels that were not
    /// recorded. A replay that disagrees with its trace ends the command with code 3, behind the
    /// lines so far.
    private func regenerateLogs(
        _ trace: Trace, _ filter: ExportFilter, _ write: @escaping ExportOutput
    ) throws {
        let pipeline = try Program.pipeline(named: trace.header.pipeline)
        var options = ReplayRun.Options()
        options.logLevel = filter.level ?? LogLevel(name: trace.header.logLevel) ?? .info
        options.isSameBuild = BuildIdentity.isBuild(of: trace)
        let logs = RegeneratedLogs(trace.header, filter, write)
        // Turns of a replay end in another order than records are to stand in: they are held until
        // no earlier turn is open.
        let order = LogOrder { logs.write($0, $1) }
        options.onLogs = { order.take($0, $1) }
        options.onOpenTurns = { order.settle(before: $0) }
        let report = try ReplayRun(trace, pipeline, options).run()
        order.finish()
        try logs.finish()
        if let divergence = report.divergence {
            throw CommandFailure(
                code: 3,
                what: "the replay disagreed with its trace at step \(divergence.step) of "
                    + "\(divergence.subtask): expected \(divergence.expected), got "
                    + divergence.got)
        }
        // One turn made more records than its lane holds.
        if report.lostLogs > 0 {
            Output.error("weir: note: \(report.lostLogs) records of very long turns were lost\n")
        }
    }
}

/// Writes a replay's log records, which come in order, and numbers them. The replay's thread calls
/// it. A failure to write is kept and thrown by `finish`, as the closure that calls it cannot
/// throw.
final class RegeneratedLogs {
    private var exporter: LogExporter
    /// The number of the last record that was written, from 1 on.
    private var sequence: UInt64 = 0
    /// The first failure to write; nothing is written after it.
    private var failure: (any Error)?

    /// A writer that gives lines to `write`.
    init(_ header: RunHeader, _ filter: ExportFilter, _ write: @escaping ExportOutput) {
        exporter = LogExporter(header: header, filter: filter, output: write)
    }

    /// Takes the next record in order; the filter decides whether it is written.
    func write(_ record: LogRecord, _ site: LogSite) {
        guard failure == nil else { return }
        sequence += 1
        do {
            try exporter.write(record: record, site: site, seq: sequence)
        } catch {
            failure = error
        }
    }

    /// Writes what is left, or throws what went wrong before.
    func finish() throws {
        if let failure { throw failure }
        try exporter.finish()
    }
}
