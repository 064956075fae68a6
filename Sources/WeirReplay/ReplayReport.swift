package import WeirBase

package import WeirEngine
package import WeirTelemetry

/// What a replay came to: how much was run, what was compared and agreed, and what differed first.
/// A value; replays of one trace are held against each other by it.
package struct ReplayReport: Equatable, Sendable {
    /// The last step that was run.
    package var steps: Step = 0
    package var turns = TurnCount.zero
    /// One number over the chain of the schedule, the final state, the sinks, the logs and the
    /// violations.
    package var digest: UInt64 = 0
    package var compared = Compared()
    /// The first difference from the trace; nil where none was found.
    package var divergence: Divergence?
    /// Why it cannot be said that the runs are identical, although nothing differed; nil when it
    /// can.
    package var reservation: Reservation?
    package var state = StateDigest()
    /// The names of the state's parts.
    package var partNames: [String] = []
    package var sinks: [SinkDigest] = []
    /// Turns that had begun and not ended when the run died.
    package var inFlight: [TurnName] = []
    package var incidents: [Incident] = []
    /// Where invariants began not to hold; the first `EngineBounds.maximumKeptViolations`.
    package var violations: [Violation] = []
    /// Violations over several stages that the replay found where the run did not look.
    package var onlyReplay: [Incident] = []
    /// Elements that all sources gave.
    package var elements: UInt64 = 0
    /// Log records that were lost because one turn made more than the lane holds.
    package var lostLogs: UInt64 = 0
    /// Elements that had no effect, by stage and reason.
    package var drops: [Books.Drop] = []

    package init() {}

    /// A turn by its subtask's name and its step.
    package struct TurnName: Equatable, Sendable {
        package var subtask: String
        package var step: Step
    }

    /// What was held against the trace, and agreed.
    package struct Compared: Equatable, Sendable {
        /// Turns whose end was compared: elements emitted, accesses, samples of values.
        package var turns = TurnCount.zero
        /// Rest points whose digest of all state was compared.
        package var restPoints = 0
        /// The step of the last rest point that was compared; 0 for none.
        package var lastRestPoint: Step = 0
        /// Subtasks whose final state was compared.
        package var finalSubtasks = 0
        /// Cells whose final state was compared.
        package var finalCells = 0
        package var violations: UInt64 = 0
        package var failures: UInt64 = 0
        package var logs: UInt64 = 0
        /// Lines that were lost when they were recorded.
        package var lostLogs: UInt64 = 0
        /// Rows whose digests were compared, of all sinks.
        package var rows: UInt64 = 0

        package init() {}
    }

    /// How far a comparison without a difference reaches, and why no further.
    package struct Reservation: Equatable, Sendable {
        /// The last step up to which everything that can be compared was.
        package var agreed: Step
        /// The last step of the run, as far as it is known.
        package var last: Step
        /// As a clause: "the run died and noted no end".
        package var reason: String
    }

    /// What differs first between two replays of one trace that both agree with it, as words. Only
    /// asked where the two reports differ.
    package func difference(from other: ReplayReport) -> String {
        assert(self != other, "two replays that agree up to step \(steps) differ in nothing")
        let parts = zip(state.parts, other.state.parts)
        if let part = parts.enumerated().first(where: { $1.0 != $1.1 })?.offset {
            return "the final state of \(part < partNames.count ? partNames[part] : "a part")"
        }
        if let sink = zip(sinks, other.sinks).first(where: { $0 != $1 }) {
            return "what is written to sink \(sink.0.sink)"
        }
        if incidents != other.incidents { return "what violates conditions or fails" }
        return compared != other.compared ? "what could be compared" : "what is logged"
    }
}
