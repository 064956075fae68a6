import WeirBase
import WeirEngine
import WeirTelemetry
import WeirTrace

/// Holds the end of a replay against the end that its run recorded: counts, the digest of each
/// part, the sinks' digests, in that order, since each says less about where it began than the one
/// before.
///
/// A value that `RunComparison` makes and asks once, behind the last turn. A trace without an end,
/// or of a recording that stopped before its run, has nothing to compare with.
struct EndComparison {
    private let end: RunEnd?
    private let agreedRest: Step
    private let hasDigests: Bool

    /// Subtasks and cells whose final state was compared and agreed.
    private(set) var comparedParts = 0
    /// Rows of all sinks whose digests were compared and agreed.
    private(set) var comparedRows: UInt64 = 0

    /// The end of `trace`; `agreedRest` is the last rest point at which the whole state agreed.
    init(_ trace: Trace, agreedRest: Step) {
        // A recording that stopped before its run has the end of the run and not all steps before
        // it.
        end = trace.isComplete ? trace.end : nil
        hasDigests = trace.header.digests != nil
        self.agreedRest = agreedRest
    }

    /// The first thing that differs; nil for none, or where there is no end to compare with.
    mutating func compare(
        _ report: ReplayReport, _ notes: ComparedNotes
    ) -> Divergence? {
        assert(
            comparedParts == 0 && comparedRows == 0,
            "an end is compared twice: \(comparedParts) parts agreed already")
        guard let end else { return nil }
        if let counts = counts(report, end) { return counts }
        // Older traces have digests of another form, or none of single parts.
        if hasDigests, let parts = end.parts {
            if let differing = self.parts(report, parts, notes) { return differing }
            comparedParts = parts.count
            // All parts agree: this only differs where the trace contradicts itself.
            if end.stateDigest != report.state.whole.hexadecimal {
                return differs(
                    report, "the final state", end.stateDigest ?? "none",
                    report.state.whole.hexadecimal)
            }
        }
        for (recorded, replayed) in zip(end.sinks, report.sinks) where recorded != replayed {
            return differs(
                report, "sink \(replayed.sink)", Self.text(recorded), Self.text(replayed))
        }
        // Behind the loop, which compares those that both have.
        guard end.sinks.count == report.sinks.count else {
            return differs(
                report, "the end", "\(end.sinks.count) sinks", "\(report.sinks.count) sinks")
        }
        comparedRows = report.sinks.reduce(0) { $0 + $1.rows }
        return nil
    }

    /// Steps, turns and elements: how much was done.
    private func counts(_ report: ReplayReport, _ end: RunEnd) -> Divergence? {
        func compare<Count: Equatable>(
            _ what: String, _ recorded: Count, _ replayed: Count
        ) -> Divergence? {
            recorded == replayed
                ? nil : differs(report, "the end", "\(recorded) \(what)", "\(replayed) \(what)")
        }
        return compare("steps", end.steps, report.steps)
            ?? compare("turns", end.turns, report.turns)
            ?? compare("elements", end.events, report.elements)
    }

    /// Each part's final state, by name: the names must be the same and in the same order.
    private func parts(
        _ report: ReplayReport, _ recorded: [PartDigest], _ notes: ComparedNotes
    ) -> Divergence? {
        let names = report.partNames
        assert(
            names.count == report.state.subtasks.count + report.state.cells.count,
            "\(names.count) names for the parts of another state")
        let replayed = zip(names, report.state.parts).map {
            PartDigest(part: $0, digest: $1.hexadecimal)
        }
        // The same plan has the same parts; others mean damage.
        guard recorded.map(\.part) == names else {
            return differs(
                report, "the end", "the state of \(recorded.count) parts",
                "the state of \(names.count) parts, or of others")
        }
        let differing = recorded.indices.filter { recorded[$0] != replayed[$0] }
        guard let first = differing.first else { return nil }
        return notes.divergence(
            in: differing, at: report.steps,
            expected: "final state \(recorded[first].digest)",
            got: "final state \(replayed[first].digest)")
    }

    private func differs(
        _ report: ReplayReport, _ part: String, _ expected: String, _ got: String
    ) -> Divergence {
        Divergence(
            step: report.steps, agreed: agreedRest, subtask: part, expected: expected, got: got,
            reason: "every compared turn agreed; a value differs that no turn showed: other code, "
                + "or something the run could not control")
    }

    private static func text(_ sink: SinkDigest) -> String {
        "\(sink.rows) rows, \(sink.ordered) in order, \(sink.unordered) in any order"
    }
}
