package import WeirBase

package import WeirTelemetry

/// A step as a trace has it: its note, and the words that follow it.
package struct ScheduledStep: Sendable {
    package var note: StepNote
    /// By kind: a completion's call numbers, the runs of a publish, the markers of a rest point.
    /// Empty for other kinds.
    package var words: [UInt64]

    package init(note: StepNote, words: [UInt64]) {
        self.note = note
        self.words = words
    }
}

/// The recorded schedule, step by step, as the director reads it. Used by whoever has the baton.
package protocol ReplaySchedule: AnyObject {
    /// The next step, without taking it; nil at the end.
    func peek() throws -> ScheduledStep?
    /// Takes the step that `peek` showed.
    func advance()
    /// Whether a turn, by its step, was in flight when its run died: it has no end note, and
    /// nothing says that it ended.
    func isInFlight(_ turn: Step) -> Bool
    /// The last access or publish noted of a turn in flight; nil where none was.
    func lastAccess(of turn: Step) -> Step?
    /// Whether its digests are of the form that this build computes; others are not compared.
    var hasDigests: Bool { get }
}

/// The first disagreement between a replay and its trace: where, in which part, what was recorded
/// and what came instead.
package struct Divergence: Error, Equatable, Sendable {
    /// The step at which the disagreement was found.
    package var step: Step
    /// The last step up to which a comparison of the same kind agreed: what differs came about
    /// behind it. `step - 1` where the step itself is known.
    package var agreed: Step
    /// Which part of the run differs: a subtask, or a cell, a sink, a condition.
    package var subtask: String
    /// What the trace has.
    package var expected: String
    /// What the replay made.
    package var got: String
    /// The likely reason, as a clause; empty where none can be told.
    package var reason: String

    package init(
        step: Step, agreed: Step? = nil, subtask: String, expected: String, got: String,
        reason: String = ""
    ) {
        self.step = step
        self.agreed = agreed ?? max(step, 1).previous
        self.subtask = subtask
        self.expected = expected
        self.got = got
        self.reason = reason
    }
}
