import WeirBase
import WeirEngine
import WeirTelemetry

/// What a note claims that cannot be, for the sentence in which the replay says so.
///
/// A schedule may be damaged, or written by somebody else. A subtask takes what it is given at its
/// word, as a note of its own run deserves, and would trap or compute without end on what no run
/// can have noted. So the director looks at each note before it carries it out.
extension StepNote {
    struct Objection: Equatable {
        /// What the note says.
        var noted: String
        /// What is so instead.
        var fact: String
        /// The likely reason, as a clause.
        var reason = "the trace is damaged"
    }

    /// The maximum number of elements that a note may have a source take, 65,536.
    ///
    /// A turn of this build takes `Subtask.turnBudget` at most. There is room for builds with
    /// larger turns, and none for a note by which a generator would make elements for hours.
    static let maximumTaken: UInt32 = 1 << 16

    /// Why no run that has this outside can have noted the step at its time; nil where one can.
    func timeObjection(in outside: any Outside) -> Objection? {
        guard kind.beginsTurn || kind == .rest,
            time.exactInstant(after: outside.started) == nil
        else { return nil }
        return Objection(
            noted: "a time of \(time.rawValue) us after the start",
            fact: "no point in time lies there for a run that started at "
                + "\(outside.started.nanoseconds) ns")
    }

    /// Why the subtask, which has no open turn, can have begun no such turn; nil where it can.
    func turnObjection(of subtask: Subtask) -> Objection? {
        if subtask.isDone {
            return Objection(
                noted: "a turn of kind \(kind)", fact: "it has ended",
                reason: "it came to its end sooner than it did then")
        }
        switch kind {
        case .continue:
            return Objection(
                noted: "a turn of kind \(kind)", fact: "this build has no such turns",
                reason: "the trace is damaged, or of a later build")
        case .idle, .end, .failure:
            return subtask.isSource
                ? nil : Objection(noted: "a turn of kind \(kind)", fact: "it is no source")
        case .input:
            return (subtask.isSource ? 1...Self.maximumTaken : 1...UInt32.max) ~= count
                ? nil
                : Objection(
                    noted: "a turn that takes \(count)",
                    fact: "a turn takes 1 to \(Self.maximumTaken)")
        case .timer, .completion, .access, .publish, .rest, .void: return nil
        }
    }
}
