import WeirBase
import WeirReplay
import WeirTelemetry
import WeirTrace

/// How it is said what a replay that did not disagree with its trace rests on. "Identical" is only
/// said where everything was compared to the end; else up to where the two agree and why no
/// further.
enum VerdictText {
    /// `identical`, or how far it agrees; then what was compared.
    static func text(_ report: ReplayReport, times: Int) -> String {
        var text: String
        // Something was not compared, or not there to compare: the word "identical" is not used
        // then.
        if let reservation = report.reservation {
            text = "agrees to step \(reservation.agreed) of \(reservation.last)"
            if times > 1 { text += ", \(times) times" }
            text += ": \(reservation.reason)"
        } else {
            text = "identical: steps \(report.steps), digest \(report.digest.hexadecimal)"
            if times > 1 { text += ", \(times) times" }
        }
        text += "\ncompared: \(compared(report.compared).joined(separator: ", "))\n"
        // An invariant over several stages is looked at more often by a replay than by the run.
        // What it finds there is no disagreement, and worth a line.
        for incident in report.onlyReplay.prefix(AppBounds.maximumNamedViolations) {
            text += "only in the replay, where the run did not look: step \(incident.step): "
            text += "\(PrintableText.escaped(incident.message))\n"
        }
        let unnamed = report.onlyReplay.count - AppBounds.maximumNamedViolations
        if unnamed > 0 {
            text += "only in the replay: \(unnamed) more\n"
        }
        return text
    }

    /// What was compared, as a list: a reader sees how much the verdict is worth.
    private static func compared(_ compared: ReplayReport.Compared) -> [String] {
        var parts = [Plural.text(compared.turns.rawValue, "turn")]
        var rests = Plural.text(UInt64(compared.restPoints), "rest point")
        // Without a final state the last rest point is the last moment whose state was compared.
        if compared.restPoints > 0, compared.finalSubtasks == 0 {
            rests += " (the last at step \(compared.lastRestPoint))"
        }
        parts.append(rests)
        if compared.finalSubtasks > 0 {
            var final = "final state of " + Plural.text(UInt64(compared.finalSubtasks), "subtask")
            if compared.finalCells > 0 {
                final += " and " + Plural.text(UInt64(compared.finalCells), "cell")
            }
            parts.append(final)
        }
        parts.append(Plural.text(compared.violations, "violation"))
        if compared.failures > 0 { parts.append(Plural.text(compared.failures, "failure")) }
        var logs = Plural.text(compared.logs, "log")
        if compared.lostLogs > 0 { logs += " (\(compared.lostLogs) lost ones left out)" }
        parts.append(logs)
        if compared.finalSubtasks > 0 { parts.append(Plural.text(compared.rows, "row")) }
        return parts
    }

    /// What of the trace is missing, and what it was read from; empty for a whole one.
    static func recovery(_ trace: Trace) -> String {
        switch trace.recovery {
        case .lanesMissing:
            return "incomplete: the run died and its lane file is gone; the trace ends with its "
                + "last whole chunk\n"
        case .lanes(let steps, _, let voids):
            let done = voids > 0 ? ", \(voids) numbers did nothing\n" : "\n"
            return "incomplete: the run died; \(steps) steps were read from its lane file" + done
        case .lanesUnusable(let reason):
            return "incomplete: \(PrintableText.escaped(reason))\n"
        case .rewritten(let rewriting): return "incomplete: \(RewritingText.text(rewriting))\n"
        case .notNeeded, .recording: return ""
        }
    }
}

/// Counts with their nouns.
enum Plural {
    /// `1 turn`, `2 turns`; for nouns whose plural adds an s.
    static func text(_ count: UInt64, _ noun: String) -> String {
        count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
    }
}
