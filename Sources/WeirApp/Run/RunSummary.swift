import WeirBase
import WeirEngine
import WeirTelemetry

/// What a run came to, for a person or a program to read. `RunSession` writes it to standard error
/// when everything has come to its end, so that it may read the state of the subtasks. `CutOff` has
/// a shorter one for a run that did not.
struct RunSummary {
    /// What was asked for.
    let options: RunOptions
    let execution: Execution
    /// What became of every element.
    let books: Books
    /// The end as the trace has it.
    let end: RunEnd
    /// Why the run ended.
    let cause: ExitCause
    /// What became of the recording.
    let trace: RunRecording.Result
    /// Processor time of the whole process during the run.
    let processorNanoseconds: UInt64

    /// How long the run took; never zero, as it is divided by.
    private var seconds: Double { max(1e-9, Double(end.durationNanoseconds) / 1e9) }

    /// The latencies of the subtask of a sink that made most rows; nil where no row was made.
    private var latency: LatencyHistogram? {
        var fullest: LatencyHistogram?
        for subtask in execution.subtasks {
            // Latencies are counted where rows are handed to the sink's writer, for each subtask of
            // a sink by itself.
            for case let outlet as RowOutlet in subtask.outlets
            where outlet.latency.count > (fullest?.count ?? 0) {
                fullest = outlet.latency
            }
        }
        return fullest
    }

    /// The summary as lines of text, each with one word and what it says, in this order:
    ///
    /// - what ran, how it ended, how long it took and with which seed; below it the cause, where
    ///   there is one;
    /// - what came in, what each sink wrote with digests of its rows, what was dropped;
    /// - how long elements took, and what the run took of the machine;
    /// - what the output is worth, and everything that is odd;
    /// - the trace, the violations, and the command that looks at them.
    ///
    /// A digest "in any order" is the same for two runs whose rows differ only in their order.
    var text: String {
        var lines: [String] = []
        lines.append(
            "\(options.pipeline.name) \(cause.name) after \(Self.round(seconds)) s, "
                + "seed \(options.seed)"
        )
        if let message = cause.message {
            lines.append("  cause      \(PrintableText.escaped(message))")
        }
        let rate = Quantities.describe(count: Double(end.events) / seconds)
        lines.append("  in         \(books.taken) elements, \(rate)/s")
        for sink in end.sinks {
            lines.append(
                "  out        \(sink.sink): \(sink.rows) rows, digest \(sink.ordered) in order, "
                    + "\(sink.unordered) in any order")
        }
        lines.append(contentsOf: Self.dropLines(books))
        // The whole way from the source to the sink's writer.
        if let latency, let p50 = latency.value(atPercentile: 50),
            let p99 = latency.value(atPercentile: 99), let p999 = latency.value(atPercentile: 99.9)
        {
            lines.append(
                "  end to end p50 \(Self.time(p50))  p99 \(Self.time(p99))"
                    + "  p99.9 \(Self.time(p999))"
            )
        }
        lines.append(
            "  CPU        \(Self.round(Double(processorNanoseconds) / 1e9)) s, \(end.turns) turns, "
                + "\(end.steps) steps")
        lines.append("  guarantee  \(books.guarantee)")
        // The engine lost or made up elements: a defect of Weir's, and never silent.
        for imbalance in books.imbalances {
            lines.append("  defect     the books do not balance: \(imbalance)")
        }
        // The rest are lines that are only there where there is something to say.
        lines.append(contentsOf: remarkLines)
        lines.append(contentsOf: traceLines)
        lines.append(contentsOf: violationLines)
        if let look { lines.append("  look       \(look)") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// One line for each reason, with the stages where it happened.
    static func dropLines(_ books: Books) -> [String] {
        books.reasons.map { reason, count in
            let stages = books.drops.filter { $0.reason == reason }
            let parts = stages.map {
                stages.count == 1 ? $0.stage : "\($0.stage) \($0.count.grouped)"
            }
            return "  dropped    \(count.grouped) \(reason.rawValue): "
                + parts.joined(separator: ", ")
        }
    }

    /// What was odd about the input, one line for each source and kind, and only where there is
    /// something.
    private var remarkLines: [String] {
        var lines: [String] = []
        for subtask in execution.subtasks {
            guard let remarks = subtask.sourceRemarks else { continue }
            if remarks.heldBack > 0, let first = remarks.firstHeldBack {
                lines.append(
                    "  ahead      \(subtask.stage): \(remarks.heldBack) with a time too far ahead, "
                        + "first line \(first.number) by "
                        + "\(Quantities.describe(span: first.distance)); the watermark did not "
                        + "follow")
            }
            if let unparsed = remarks.unparsed, let line = Self.unparsedLine(unparsed) {
                lines.append("  unparsed   \(subtask.stage): \(line)")
            }
            if remarks.nulBytes > .zero {
                lines.append("  skipped    \(subtask.stage): \(remarks.nulBytes) NUL bytes")
            }
        }
        return lines
    }

    /// How many lines could not be read, the first of them, and what to try; nil for none.
    static func unparsedLine(_ unparsed: SourceRemarks.Unparsed) -> String? {
        guard let first = unparsed.first else { return nil }
        let shown = PrintableText.escaped(
            String(decoding: first.bytes, as: UTF8.self), limit: AppBounds.maximumUnreadText)
        let line =
            "\(unparsed.count.grouped) of \(unparsed.lines.grouped) lines could not be read; the "
            + "first is line \(first.line), \(first.reason): \(shown)"
        // A few lines that cannot be read are the log's affair; where most cannot, the format is
        // the likely cause.
        guard unparsed.count > unparsed.lines / 2, let advice = unparsed.advice else { return line }
        return line + "\n             \(advice)"
    }

    /// The members `dropped`, a sum, and `drops`, by reason.
    static func write(_ books: Books, to json: inout JSONText) {
        json.member("dropped", books.dropped)
        json.key("drops")
        json.beginObject()
        for (reason, count) in books.reasons { json.member(reason.rawValue, count) }
        json.endObject()
    }

    /// Where the trace is and what it lacks.
    private var traceLines: [String] {
        guard let path = trace.path else { return ["  trace      none"] }
        var lines = [
            "  trace      \(PrintableText.escaped(path)), "
                + Quantities.describe(bytes: trace.bytes)
                + (trace.isWhole ? "" : ", incomplete")
        ]
        if trace.logsDropped > 0 {
            lines.append(
                "  logs       \(trace.logsDropped) records found no room; "
                    + "the command export --regenerate makes them again")
        }
        if trace.offersDropped > 0 {
            lines.append(
                "  marks      \(trace.offersDropped) marks and samples found no room; "
                    + "a replay finds marks again")
        }
        for path in trace.removed {
            lines.append("  removed    \(PrintableText.escaped(path)), to stay below 1 GB")
        }
        return lines
    }

    /// A line for each invariant that did not hold at some time, however often.
    private var violationLines: [String] {
        execution.violations.byInvariant.map { tally in
            "  violations \(tally.count.grouped): \(tally.first.invariant), first at step "
                + "\(tally.first.step) (\(tally.first.subtask))"
        }
    }

    /// The command that opens the trace where the run failed; nil where it did not, or nothing of
    /// it was recorded.
    private var look: String? {
        guard let path = trace.path else { return nil }
        // A violation is the best point to begin from, also where the run went on and ended for
        // another reason.
        if let violation = execution.violations.first.first {
            return Advice.replay(path, at: violation.lookStep)
        }
        switch execution.stopCause?.cause {
        case .operatorFailed, .edgeFull, .inputFailed, .violation: return Advice.replay(path)
        // A disk that is full or a person who stopped the run are no riddles that a replay could
        // solve.
        case .outputFailed, .abandoned, nil: return nil
        }
    }

    /// The summary as one JSON object on one line; the members are the command line's contract.
    var json: String {
        var json = JSONText()
        json.beginObject()
        json.member("pipeline", options.pipeline.name)
        json.member("cause", cause.name)
        if let message = cause.message { json.member("message", message) }
        json.member("seed", options.seed)
        json.member("seconds", seconds)
        json.member("cpuSeconds", Double(processorNanoseconds) / 1e9)
        json.member("in", books.taken)
        json.member("events", end.events)
        json.member("eventsPerSecond", Double(end.events) / seconds)
        json.member("steps", end.steps)
        json.member("turns", end.turns)
        Self.write(books, to: &json)
        let remarks = execution.subtasks.compactMap(\.sourceRemarks)
        let ahead = remarks.reduce(0) { $0 + $1.heldBack }
        // Members that are usually nothing are left out, as in the text.
        if ahead > 0 { json.member("ahead", ahead) }
        let unparsed = remarks.compactMap(\.unparsed)
        if !unparsed.isEmpty { json.member("unparsed", unparsed.reduce(0) { $0 + $1.count }) }
        let nuls = remarks.reduce(ByteCount.zero) { $0 + $1.nulBytes }
        if nuls > .zero { json.member("skippedBytes", nuls) }
        json.member("violations", end.violations)
        if let violation = execution.violations.first.first {
            json.member("firstViolation", violation.step)
        }
        if let latency {
            for (name, percentile) in [("p50", 50.0), ("p99", 99.0), ("p999", 99.9)] {
                if let value = latency.value(atPercentile: percentile) {
                    json.member(name, Double(value) / 1e9)
                }
            }
        }
        json.key("sinks")
        json.beginArray()
        for sink in end.sinks {
            json.beginObject()
            json.member("sink", sink.sink)
            json.member("rows", sink.rows)
            json.member("ordered", sink.ordered)
            json.member("unordered", sink.unordered)
            json.endObject()
        }
        json.endArray()
        if let digest = end.stateDigest { json.member("stateDigest", digest) }
        if let path = trace.path {
            json.member("trace", path)
            json.member("traceBytes", trace.bytes)
            json.member("logsDropped", trace.logsDropped)
            json.member("offersDropped", trace.offersDropped)
        }
        if let look { json.member("look", look) }
        json.member("guarantee", books.guarantee)
        json.key("imbalances")
        json.beginArray()
        for imbalance in books.imbalances { json.value(imbalance) }
        json.endArray()
        json.endObject()
        json.endLine()
        return json.string
    }

    /// A number with three digits behind the point.
    static func round(_ number: Double) -> String {
        let thousandths = Int((number * 1_000).rounded())
        let rest = "\(thousandths % 1_000)"
        return "\(thousandths / 1_000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }

    /// A latency in the unit that reads best.
    private static func time(_ nanoseconds: UInt64) -> String {
        switch nanoseconds {
        case ..<1_000: "\(nanoseconds) ns"
        case ..<1_000_000: "\(nanoseconds / 1_000) µs"
        case ..<10_000_000: "\(Double(nanoseconds / 100_000) / 10) ms"
        case ..<1_000_000_000: "\(nanoseconds / 1_000_000) ms"
        default: "\(Double(nanoseconds / 100_000_000) / 10) s"
        }
    }
}
