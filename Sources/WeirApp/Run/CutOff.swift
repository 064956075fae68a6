import Glibc
import Synchronization
import WeirBase
import WeirEngine
import WeirMonitor

/// The end of a run that cannot be waited for: everything that it owes is done in a bounded time,
/// from what can be known without its threads.
///
/// `EndingWatch` makes one when a run is cut off and calls `perform` once; the process ends right
/// after. A worker may hang in a user's closure at that time, so that nothing here waits for one:
/// what is read are counters, and the recorder gets a fifth of a second. The trace is left as that
/// of a killed run: what was noted so far is in it or in its lanes, and a replay goes as far as
/// that.
struct CutOff: Sendable {
    /// Why the run is not waited for.
    enum Reason: Equatable, Sendable {
        /// It was told to stop, and then either took longer than the grace or was told once more.
        case told
        /// Nothing was done for so many nanoseconds while the run was to end.
        case stalled(UInt64)
        /// Code of the program called `exit`: the status, and where in the run that was, in words.
        case exited(Int32, String?)
    }

    private let run: WatchedRun
    private let reason: Reason
    /// Why the run ended, for the summary and the exit code.
    let cause: ExitCause

    /// Finds the cause. What hangs is looked for now, because a moment later it may have come back.
    init(_ run: WatchedRun, _ reason: Reason, signal: Int32?) {
        self.run = run
        self.reason = reason
        cause = Self.cause(run, reason, signal)
    }

    /// The cause in words and as an exit code: 128 + n for a signal, the status of an `exit`, 5
    /// where the run just did not come to its end. A successful `exit(0)` in the middle of a run is
    /// a failure all the same, as its rows are not whole.
    private static func cause(_ run: WatchedRun, _ reason: Reason, _ signal: Int32?) -> ExitCause {
        let hangs = run.hangs(atLeast: AppBounds.hangNanoseconds)
        // More than three would hide the sentence; what hangs first usually holds up the rest.
        let hanging = hangs.prefix(3).joined(separator: "; ")
        switch reason {
        case .exited(let status, let activity):
            return ExitCause(
                name: "exited", code: status == 0 ? 5 : status,
                message: "the program called exit(\(status))" + (activity.map { " \($0)" } ?? ""))
        case .told:
            let code = 128 + (signal ?? SIGINT)
            return ExitCause(
                name: "stopped", code: code, message: hanging.isEmpty ? nil : hanging)
        case .stalled(let time):
            let what =
                "the end made no progress for \(Figures.seconds(time)) s"
                + (hanging.isEmpty ? "" : ": \(hanging)")
            // Somebody asked for the end, and that it was cut off does not change the code.
            if let signal { return ExitCause(name: "stopped", code: 128 + signal, message: what) }
            // A run that a violation or an error stopped ends with their code all the same; that
            // its end hung is said besides.
            if let (stop, step) = run.execution.stopCause {
                let first = ExitCause(stop, step: step, signal: nil)
                return ExitCause(
                    name: first.name, code: first.code,
                    message: [first.message, what].compactMap(\.self).joined(separator: "; "))
            }
            return ExitCause(name: "stopped", code: 5, message: what)
        }
    }

    /// Gives the terminal back, has the recorder write what it has, and says what is known of the
    /// run. Who pressed Ctrl-C twice needs no words about why the run ended; anybody else gets them
    /// with advice.
    func perform() {
        // The terminal comes first: what follows is said on it.
        run.screen?.abandon()
        run.recording.flush(within: AppBounds.flushNanoseconds)
        Output.error(run.options.printsJSON ? json : text)
        // The summary has the message already; as an error it comes with advice.
        guard let message = cause.message, reason != .told else { return }
        CommandFailure(code: cause.code, what: PrintableText.escaped(message), advice: advice)
            .print(asJSON: run.options.printsJSON)
    }

    /// What the reader can do about it.
    private var advice: String {
        switch reason {
        case .told: ""
        case .stalled: "Mend what does not come back, or give it longer with --drain"
        case .exited: "Throw an error instead: the run ends with it, and its trace is whole"
        }
    }

    // MARK: The summary

    /// The figures of the summary.
    private struct Counts {
        var seconds: Double
        var elements: UInt64 = 0
        var turns = TurnCount.zero
        var rows: [(sink: String, count: UInt64)] = []
        var books = Books()
    }

    /// The figures, from counters alone: a subtask's own state belongs to a thread that may hang.
    /// What a turn in progress has done is not counted yet.
    private var counts: Counts {
        var counts = Counts(
            seconds: Double(MonotonicClock.nanoseconds() - run.started) / 1e9)
        var rows = run.execution.plan.sinks.map { ($0.name, UInt64(0)) }
        for subtask in run.execution.subtasks {
            // Counters are stored by the workers as turns end, and read here without any lock.
            counts.turns += TurnCount(subtask.counters.turns.load(ordering: .relaxed))
            if subtask.isSource {
                counts.elements += subtask.counters.recordsIn.load(ordering: .relaxed)
            }
            // Rows that a sink was handed; how many of them are written nobody knows.
            let stage = run.execution.plan.stages.first { $0.name == subtask.stage }
            if let sink = stage?.sink {
                rows[sink].1 += subtask.counters.recordsOut.load(ordering: .relaxed)
            }
        }
        counts.rows = rows
        counts.books = run.execution.partialBooks()
        return counts
    }

    /// What the output is worth. It is never better than "rows may be missing", as nobody knows
    /// what was still on its way.
    private func guarantee(_ books: Books) -> String {
        "rows may be missing: "
            + (books.dropped == 0
                ? "the run was cut off before what it had read was through" : books.guarantee)
    }

    /// The summary for a person, in the form of `RunSummary` as far as the figures are known.
    private var text: String {
        let counts = counts
        let thousandths = Int((counts.seconds * 1_000).rounded())
        var lines = [
            "\(run.options.pipeline.name) \(cause.name) after \(Double(thousandths) / 1_000) s, "
                + "seed \(run.options.seed)"
        ]
        if let message = cause.message {
            lines.append("  cause      \(PrintableText.escaped(message))")
        }
        lines.append("  in         \(counts.elements) elements, \(counts.turns) turns that ended")
        for (sink, count) in counts.rows {
            lines.append("  out        \(sink): \(count) rows made")
        }
        lines.append(
            "  written    " + Quantities.describe(bytes: run.outside.writtenBytes)
                + " by all sinks")
        lines.append(contentsOf: RunSummary.dropLines(counts.books))
        lines.append("  guarantee  \(guarantee(counts.books))")
        if let path = run.recording.tracePath {
            let shown = PrintableText.escaped(path)
            lines.append(
                "  trace      \(shown), "
                    + Quantities.describe(bytes: run.recording.bytesWritten) + ", incomplete")
            lines.append("  look       \(Advice.replay(path))")
        } else {
            lines.append("  trace      none")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The same for a program, with the members of `RunSummary` that are known.
    private var json: String {
        let counts = counts
        var json = JSONText()
        json.beginObject()
        json.member("pipeline", run.options.pipeline.name)
        json.member("cause", cause.name)
        if let message = cause.message { json.member("message", message) }
        json.member("seed", run.options.seed)
        json.member("seconds", counts.seconds)
        json.member("in", counts.elements)
        json.member("events", counts.elements)
        json.member("turns", counts.turns)
        json.member("violations", run.execution.violations.count)
        RunSummary.write(counts.books, to: &json)
        json.key("sinks")
        json.beginArray()
        for (sink, count) in counts.rows {
            json.beginObject()
            json.member("sink", sink)
            json.member("rows", count)
            json.endObject()
        }
        json.endArray()
        if let path = run.recording.tracePath {
            json.member("trace", path)
            json.member("traceBytes", run.recording.bytesWritten)
            json.member("look", Advice.replay(path))
        }
        json.member("guarantee", guarantee(counts.books))
        json.endObject()
        json.endLine()
        return json.string
    }
}
