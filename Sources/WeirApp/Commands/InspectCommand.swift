import ArgumentParser
import WeirBase
import WeirTelemetry
import WeirTrace

/// `weir inspect`: what a trace holds and what it costs, for a person or as JSON.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show what a trace holds and what it costs.")

    @Argument(help: "The trace; otherwise the newest in weir-traces/.")
    var trace: String?

    @Flag(help: "As one JSON object.")
    var json = false

    func run() throws {
        let path = try trace ?? Newest.trace()
        let facts = try Damage.explained(path) { try TraceFacts(Trace.open(path: path)) }
        Output.standard(json ? facts.json : facts.text)
    }
}

/// What is said of a trace. Making it reads the whole file, parts of it more than once.
struct TraceFacts {
    let trace: Trace
    let sizes: TraceSizes
    /// The size of the file.
    let bytes: ByteCount
    /// The first violation or failure; nil where there is none.
    let failure: Incident?
    /// The number of the last step that is known.
    let steps: Step
    /// Nanoseconds; of a run without an end up to its last step.
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
            // A run that died has no duration in its end: the newest time that any step has must
            // do.
            var last = RunTime.start
            try trace.forEachSchedule { batch in
                for note in batch.steps { last = max(last, note.time) }
            }
            duration = UInt64(last.nanoseconds)
        }
    }

    /// The facts as one JSON object on one line; the members are the command line's contract.
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
        json.member("started", header.started.rfc3339())
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

    /// The facts as lines: a word, and what it says. Everything that comes from the file is made
    /// safe.
    var text: String {
        let header = trace.header
        var text =
            "\(PrintableText.escaped(trace.path)), \(Quantities.describe(bytes: bytes))\n"
        text += "  pipeline   \(PrintableText.escaped(header.pipeline)) version "
        text +=
            "\(PrintableText.escaped(header.version)), plan \(PrintableText.escaped(header.plan))\n"
        text += "  run        \(PrintableText.escaped(header.run)), seed \(header.seed), "
        text += "\(header.workers) workers\n"
        text += "  started    \(header.started.rfc3339(digits: 6)), "
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
            text += "  replay     \(Advice.replay(trace.path))\n"
        } else if !trace.turnsInFlight.isEmpty {
            text += "  replay     \(Advice.verify(trace.path))\n"
        }
        for turn in trace.turnsInFlight {
            text += "  in flight  step \(turn.step)"
            if let subtask = header.subtasks[turn.subtask] {
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
            text += "\(Quantities.describe(bytes: bytes)) before packing, "
            text += "\(milliseconds) ms\n"
        }
        for topic in sizes.topics {
            text += "  \(topic.topic.rawValue): \(topic.messages) messages, "
            text += "\(Quantities.describe(bytes: topic.bytes))\n"
        }
        let turns = max(1, Double(sizes.turns.rawValue))
        for column in sizes.columns where column.bytes > .zero {
            let each = (Double(column.bytes.rawValue) / turns * 100).rounded() / 100
            text += "  schedule/\(column.name): \(column.bytes) bytes, \(each) a turn\n"
        }
        return text
    }

    /// Whether the trace is whole, and if not why.
    private var completeness: String {
        switch trace.recovery {
        case .notNeeded: trace.isComplete ? "yes" : "no: recording stopped before the run's end"
        case .recording: "no: the run is still recording"
        case .lanes(let steps, _, let voids):
            "no: the run died; \(steps) steps come from its lane file, \(voids) numbers did nothing"
        case .lanesMissing: "no: the run died and its lane file is gone"
        case .rewritten(let rewriting): "no: \(RewritingText.text(rewriting))"
        case .lanesUnusable(let reason): "no: \(PrintableText.escaped(reason))"
        }
    }
}

/// `weir check`: verifies every checksum of a trace. Exit code 4 says that it is damaged or has no
/// end.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Verify every checksum of a trace.")

    @Argument(help: "The trace; otherwise the newest in weir-traces/.")
    var trace: String?

    func run() throws {
        let path = try trace ?? Newest.trace()
        let (trace, sizes) = try Damage.explained(path) {
            let trace = try Trace.open(path: path)
            return (trace, try trace.verify())
        }
        let name = PrintableText.escaped(path)
        guard trace.isClosed else {
            if trace.isRecording {
                throw CommandFailure(
                    code: 4,
                    what: "\(name) is still being recorded: \(sizes.steps) steps so far are whole",
                    advice: "Check it again when its run has ended")
            }
            throw CommandFailure(
                code: 4, what: "\(name) is incomplete: \(sizes.steps) steps can be read",
                advice: "\(Advice.shown(Advice.replay(path))) uses them; "
                    + "\(Advice.shown(Advice.recover(path))) writes them to a whole file")
        }
        Output.standard("whole: \(sizes.steps) steps, \(sizes.turns) turns\n")
        if let note = Self.note(trace) { Output.error("weir: note: \(note)\n") }
    }

    /// What a file that is whole in itself does not hold; nil when it holds its run to the end. A
    /// file can be whole and its run not: it died, or was no longer recorded.
    private static func note(_ trace: Trace) -> String? {
        if case .rewritten(let rewriting) = trace.recovery { return RewritingText.text(rewriting) }
        return trace.isComplete ? nil : "recording stopped before the run's end"
    }
}

/// What a rewritten file is called.
enum RewritingText {
    static func text(_ rewriting: Rewriting) -> String {
        var text = "rewritten from " + (rewriting.hasDied ? "a run that died" : "a damaged trace")
        if !rewriting.lost.isEmpty {
            text += "; lost with the damage: \(PrintableText.escaped(rewriting.lost))"
        }
        return text
    }
}

/// `weir recover`: writes what is whole of a trace to a new file, and says what was left out.
struct RecoverCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover", abstract: "Rewrite what is whole of a trace into a finished file.")

    @Argument(help: "The trace.")
    var trace: String

    @Option(help: "The file to write; it must not exist.")
    var output: String

    func run() throws {
        if output == "-" {
            throw CommandFailure.usage(
                "--output - would write a trace to standard output, and a trace is a file",
                "Name a file")
        }
        let location = try FileLocation(output)
        // Whatever is there stays: a recovery that replaced the damaged trace could lose what it
        // cannot read.
        guard location.kind == .absent else {
            throw CommandFailure.usage(
                "\(PrintableText.escaped(output)) is \(location.noun) and stays as it is",
                "Name a file that does not exist")
        }
        let rewritten = try Trace.recover(path: trace, to: location.target)
        Output.standard("\(PrintableText.escaped(output)): \(rewritten.steps) steps\n")
        for region in rewritten.losses.regions {
            let topics = region.topics?.map(\.rawValue).joined(separator: " and ")
            let held = topics.map { $0.isEmpty ? "no message" : $0 } ?? "nobody knows what"
            note(
                "left out \(region.bytes) bytes at byte \(region.offset), with \(held): "
                    + region.reason)
        }
        let more = rewritten.losses.count - rewritten.losses.regions.count
        if more > 0 { note("left out \(more) more parts") }
        if let cut = rewritten.cut {
            note("\(rewritten.whatIsWhole): \(cut.reason)")
        }
        if rewritten.hasDied {
            let again = Advice.shown(Advice.verify(output))
            note("the run died; \(again) runs it again to where it did")
        }
    }

    private func note(_ text: String) {
        Output.error(
            "weir: note: \(PrintableText.escaped(text, limit: AppBounds.maximumMessageText))\n")
    }
}
