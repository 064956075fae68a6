package import WeirTelemetry

/// A step as a trace has it.
package struct ScheduledStep: Sendable {
    package var note: StepNote
    /// Completion: the call numbers. Publish: the runs.
    package var words: [UInt64]

    package init(note: StepNote, words: [UInt64]) {
        self.note = note
        self.words = words
    }
}

/// The recorded schedule, step by step.
package protocol ReplaySchedule: AnyObject {
    /// The next step, without taking it; nil at the end.
    func peek() throws -> ScheduledStep?
    /// Takes the step that `peek` showed.
    func advance()
    /// Whether a turn has no end note: it was in flight when its run died.
    func isInFlight(_ turn: UInt64) -> Bool
    /// The last access or publish noted of a turn in flight.
    func lastAccess(of turn: UInt64) -> UInt64?
    /// Whether its digests are of the form that this build computes; others are not compared.
    var hasDigests: Bool { get }
}

/// The first disagreement between a replay and its trace.
package struct Divergence: Error, Equatable, Sendable {
    /// Where the disagreement was found.
    package var step: UInt64
    /// The last step up to which a comparison of the same kind agreed: what differs came about
    /// behind it. `step - 1` where the step itself is known.
    package var agreed: UInt64
    /// The subtask, or another part of the run: a cell, a sink.
    package var subtask: String
    package var expected: String
    package var got: String
    /// The likely reason, as a sentence.
    package var reason: String

    package init(
        step: UInt64, agreed: UInt64? = nil, subtask: String, expected: String, got: String,
        reason: String = ""
    ) {
        self.step = step
        self.agreed = agreed ?? max(step, 1) - 1
        self.subtask = subtask
        self.expected = expected
        self.got = got
        self.reason = reason
    }
}
