import ArgumentParser
import WeirBase
import WeirTelemetry
import WeirTrace

/// `weir inspect`.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show what a trace holds and what it costs.")

    @Argument(help: "The trace; otherwise the newest in weir-traces/.")
    var trace: String?

    @Flag(help: "As one JSON object.")
    var json = false

    func run() throws {
        let trace = try Trace.open(path: try trace ?? Newest.trace())
        let facts = try TraceFacts(trace)
        Output.standard(json ? facts.json : facts.text)
    }
}

/// What is said of a trace.
private struct TraceFacts {
    let trace: Trace
    let sizes: TraceSizes
    let bytes: UInt64
    let failure: Mark?
    let steps: UInt64
    let duration: UInt64

    init(_ trace: Trace) throws {
        self.trace = trace
        sizes = try trace.sizes()
        bytes = try trace.byteCount
        steps = try trace.lastStep()
        failure = try trace.firstFailure()
        if let end = trace.end {
            duration = end.durationNanoseconds
        } else {
            var last: Int64 = 0
            try trace.forEachSchedule { batch in
                for note in batch.steps { last = max(last, note.time) }
            }
            duration = UInt64(max(0, last)) * 1_000
        }
    }

    var json: String {
        let header = trace.header
        var json = JSONText()
        json.beginObject()
        json.member("pipeline", header.pipeline)
        json.member("plan", header.plan)
        json.member("seed", header.seed)
        json.member("workers", header.workers)
        json.member("steps", steps)
        json.member("turns", sizes.turns)
        json.member("events", trace.end?.events ?? 0)
        json.member("started", Instant(nanoseconds: header.started).rfc3339())
        json.member("duration_ns", duration)
        json.member("bytes", bytes)
        json.key("topics")
        json.beginObject()
        for topic in sizes.topics {
            json.key(topic.topic.rawValue)
            json.beginObject()
            json.member("messages", topic.messages)
            json.member("bytes", topic.bytes)
            json.endObject()
        }
        json.endObject()
        json.key("columns")
        json.beginObject()
        for column in sizes.columns { json.member(column.name, column.bytes) }
        json.endObject()
        json.member("version", header.version)
        json.member("complete", trace.isComplete)
        json.key("digest")
        json.beginObject()
        for sink in trace.end?.sinks ?? [] {
            json.key(sink.sink)
            json.beginObject()
            json.member("ordered", sink.ordered)
            json.member("unordered", sink.unordered)
            json.endObject()
        }
        json.endObject()
        if let failure {
            json.key("failure")
            json.beginObject()
            json.member("step", failure.step)
            json.member("kind", failure.kind.rawValue)
            json.member("message", failure.message)
            json.endObject()
        }
        if let cost = sizes.recorder, let bytes = cost.sampleBytes {
            json.key("sampling")
            json.beginObject()
            json.member("samples", sizes.samples)
            json.member("bytes", bytes)
            json.member("nanoseconds", cost.sampleNanoseconds ?? 0)
            json.endObject()
        }
        json.key("recordedWith")
        json.beginObject()
        json.member("version", header.recordedWith.version)
        json.member("build", header.recordedWith.build)
        json.member("toolchain", header.recordedWith.toolchain)
        json.endObject()
        json.endObject()
        json.endLine()
        return json.string
    }

    var text: String {
        let header = trace.header
        var text =
            "\(PrintableText.escaped(trace.path)), \(Quantities.describe(bytes: Int(bytes)))\n"
        text += "  pipeline   \(PrintableText.escaped(header.pipeline)) version "
        text +=
            "\(PrintableText.escaped(header.version)), plan \(PrintableText.escaped(header.plan))\n"
        text += "  run        \(PrintableText.escaped(header.run)), seed \(header.seed), "
        text += "\(header.workers) workers\n"
        text += "  started    \(Instant(nanoseconds: header.started).rfc3339(digits: 6)), "
        text += "lasted \(Double(duration / 1_000_000) / 1_000) s\n"
        text += "  complete   \(completeness)\n"
        text += "  steps      \(steps), \(sizes.turns) turns"
        if let end = trace.end { text += ", \(end.events) elements taken" }
        text += "\n"
        for sink in trace.end?.sinks ?? [] {
            text += "  sink       \(PrintableText.escaped(sink.sink)): \(sink.rows) rows, "
            text += "\(sink.ordered) in order, \(sink.unordered) in any order\n"
        }
        if let end = trace.end, let logs = end.logsDropped, let offers = end.offersDropped,
            logs + offers > 0
        {
            text += "  lost       \(logs) log records, \(offers) marks and samples: no room\n"
        }
        if let failure {
            text += "  failure    step \(failure.step): \(PrintableText.escaped(failure.message))\n"
        }
        for turn in trace.turnsInFlight {
            text += "  in flight  step \(turn.step)"
            if Int(turn.subtask) < header.subtasks.count {
                let subtask = header.subtasks[Int(turn.subtask)]
                text += ": \(PrintableText.escaped(subtask.stage))/\(subtask.index)"
            }
            text += "\n"
        }
        text +=
            "  recorded   by version \(PrintableText.escaped(header.recordedWith.version)), build "
        text += "\(PrintableText.escaped(header.recordedWith.build))\n"
        if let cost = sizes.recorder, let bytes = cost.sampleBytes {
            let milliseconds = Double((cost.sampleNanoseconds ?? 0) / 10_000) / 100
            text += "  sampling   \(sizes.samples) samples, "
            text += "\(Quantities.describe(bytes: Int(clamping: bytes))) before packing, "
            text += "\(milliseconds) ms\n"
        }
        for topic in sizes.topics {
            text += "  \(topic.topic.rawValue): \(topic.messages) messages, "
            text += "\(Quantities.describe(bytes: Int(topic.bytes)))\n"
        }
        let turns = max(1, Double(sizes.turns))
        for column in sizes.columns where column.bytes > 0 {
            let each = (Double(column.bytes) / turns * 100).rounded() / 100
            text += "  schedule/\(column.name): \(column.bytes) bytes, \(each) a turn\n"
        }
        return text
    }

    private var completeness: String {
        switch trace.recovery {
        case .notNeeded: trace.isComplete ? "yes" : "no: recording stopped before the run's end"
        case .recording: "no: the run is still recording"
        case .lanes(let steps, _, let voids):
            "no: the run died; \(steps) steps come from its lane file, \(voids) numbers did nothing"
        case .lanesMissing: "no: the run died and its lane file is gone"
        case .rewritten: "no: rewritten from a run that died"
        case .lanesUnusable(let reason): "no: \(PrintableText.escaped(reason))"
        }
    }
}

/// `weir check`.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Verify every checksum of a trace.")

    @Argument(help: "The trace; otherwise the newest in weir-traces/.")
    var trace: String?

    func run() throws {
        let path = try trace ?? Newest.trace()
        let trace = try Trace.open(path: path)
        let sizes = try trace.verify()
        guard trace.isComplete else {
            if trace.isRecording {
                throw CommandFailure(
                    code: 4,
                    what:
                        "\(PrintableText.escaped(path)) is still being recorded: "
                        + "\(sizes.steps) steps so far are whole",
                    advice: "Check it again when its run has ended")
            }
            throw CommandFailure(
                code: 4,
                what:
                    "\(PrintableText.escaped(path)) is incomplete: "
                    + "\(sizes.steps) steps can be read",
                advice: "'weir replay' and 'weir export' use them; "
                    + "'weir recover' writes them to a whole file")
        }
        Output.standard("whole: \(sizes.steps) steps, \(sizes.turns) turns\n")
    }
}

/// `weir recover`.
struct RecoverCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover", abstract: "Rewrite what is whole of a trace into a finished file.")

    @Argument(help: "The trace.")
    var trace: String

    @Option(help: "The file to write; it must not exist.")
    var output: String

    func run() throws {
        let rewritten = try Trace.recover(path: trace, to: output)
        Output.standard("\(PrintableText.escaped(output)): \(rewritten.steps) steps\n")
        if let damage = rewritten.damage { Output.error("weir: note: left out: \(damage)\n") }
    }
}
