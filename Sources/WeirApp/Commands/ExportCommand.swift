import ArgumentParser
import Glibc
import WeirBase
import WeirEngine
import WeirReplay
import WeirTelemetry
import WeirTrace

/// `weir export`.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a trace's logs, spans, metrics or schedule as lines.")

    @Argument(help: "The trace; otherwise the newest in weir-traces/.")
    var trace: String?

    @Option(help: "logs, spans, metrics or schedule.")
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

    func run() throws {
        guard format == "jsonl" else {
            throw CommandFailure.usage(
                "this build cannot write format \(PrintableText.escaped(format))", "Use jsonl")
        }
        try checkSignal()
        let path = try trace ?? Newest.trace()
        try Damage.explained(path) { try export(path) }
    }

    private func export(_ path: String) throws {
        let trace = try Trace.open(path: path)
        let filter = try self.filter(trace)
        let sink = try OutputPlace(output, writer: "the export", others: Self.files(of: path))
            .sink.open()
        let write: ExportOutput = { try sink.write($0) }
        do {
            if follow { return try follow(trace, filter, write, sink) }
            switch (signal, regenerate) {
            case ("logs", true): try regenerateLogs(trace, filter, write)
            case ("logs", false): try trace.exportLogs(filter: filter, output: write)
            case ("schedule", _): try trace.exportSchedule(filter: filter, output: write)
            case ("spans", _): try trace.exportSpans(filter: filter, output: write)
            default: try trace.exportMetrics(filter: filter, output: write)
            }
            try sink.close()
        } catch is ClosedPipe {
            // Whoever read has seen enough.
            return
        }
        sayIncomplete(trace)
    }

    /// What an export must not be written over.
    private static func files(of trace: String) -> [OutputPlace.Other] {
        [
            OutputPlace.Other(path: trace, what: "the trace"),
            OutputPlace.Other(
                path: MappedLanes.path(beside: trace), what: "the trace's lanes"),
        ]
    }

    /// Before an output is opened: a wrong word must not empty a file.
    private func checkSignal() throws {
        let signals = ["logs", "spans", "metrics", "schedule"]
        guard signals.contains(signal) else {
            throw CommandFailure.usage(
                "there is no signal \(PrintableText.escaped(signal))",
                Nearest.advice(signal, among: signals, or: ""))
        }
        if regenerate, follow {
            throw CommandFailure.usage(
                "a run that goes on cannot be replayed to its end", "Give --follow or --regenerate")
        }
        if regenerate, signal != "logs" {
            throw CommandFailure.usage(
                "this build can regenerate logs, not \(signal)", "Leave --regenerate out")
        }
    }

    private func sayIncomplete(_ trace: Trace) {
        if !trace.isComplete, !trace.isRecording {
            Output.error("weir: note: incomplete: the run died; what is whole was exported\n")
        }
    }

    /// Looks at the trace twenty times a second until its run ended, however it did.
    private func follow(
        _ trace: Trace, _ filter: ExportFilter, _ write: @escaping ExportOutput,
        _ sink: any RowWriting
    ) throws {
        let kind: FollowedExport.Signal =
            switch signal {
            case "logs": .logs
            case "spans": .spans
            case "metrics": .metrics
            default: .schedule
            }
        let interrupts = Interrupts(patience: 2)
        defer { interrupts.stop() }
        let export = FollowedExport(trace, kind, filter: filter, output: write)
        var isOver = !trace.isRecording
        while true {
            // The look comes first: what was written before the end is taken before it is believed.
            try export.advance()
            if isOver { break }
            if interrupts.wait(nanoseconds: 50_000_000) {
                try sink.close()
                let code = interrupts.codeWhenAskedToEnd
                if code != 0 { throw ExitCodeOnly(code: code) }
                return
            }
            if output == "-", Output.hasLostReader { return }
            try trace.refresh()
            isOver = trace.end != nil || !trace.isRecording
        }
        // What a dead run left in its lanes is only there for who opens its trace anew.
        let last = trace.end == nil ? try Trace.open(path: trace.path) : trace
        let isSame = last.header.run == trace.header.run
        try export.finish(isSame ? last.recoveredTail.schedule : ScheduleBatch())
        try sink.close()
        sayIncomplete(trace)
    }

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
        filter.from = try from.map { try time($0, "--from") }
        filter.to = try to.map { try time($0, "--to") }
        return filter
    }

    private func time(_ text: String, _ flag: String) throws -> Duration {
        guard let duration = Quantities.duration(text) else {
            throw CommandFailure.usage(
                "\(flag) \(PrintableText.escaped(text)) is no time since the start",
                "Give one such as 2.5s")
        }
        return duration
    }

    /// Runs the trace again and writes what its operators log, at any level.
    private func regenerateLogs(
        _ trace: Trace, _ filter: ExportFilter, _ write: @escaping ExportOutput
    ) throws {
        let pipeline = try Program.pipeline(named: trace.header.pipeline)
        var options = ReplayRun.Options()
        options.logLevel = filter.level ?? LogLevel(name: trace.header.logLevel) ?? .info
        options.isSameBuild = BuildIdentity.isBuild(of: trace)
        let logs = RegeneratedLogs(trace.header, filter, write)
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
        if report.lostLogs > 0 {
            Output.error("weir: note: \(report.lostLogs) records of very long turns were lost\n")
        }
    }
}

/// Writes a replay's log records, which come in order.
final class RegeneratedLogs {
    private var exporter: LogExporter
    private var sequence: UInt64 = 0
    private var failure: (any Error)?

    init(_ header: RunHeader, _ filter: ExportFilter, _ write: @escaping ExportOutput) {
        exporter = LogExporter(header: header, filter: filter, output: write)
    }

    func write(_ record: LogRecord, _ site: LogSite) {
        guard failure == nil else { return }
        sequence += 1
        do {
            try exporter.write(record: record, site: site, seq: sequence)
        } catch {
            failure = error
        }
    }

    func finish() throws {
        if let failure { throw failure }
        try exporter.finish()
    }
}
