import WeirBase
import WeirReplay
import WeirTelemetry

/// What is said of a step of a replayed run: `StepWords` with the run's names, and names alone as
/// they are.
///
/// A command makes one for a run and asks it about as many steps as it likes.
struct StepText {
    private let words: StepWords

    /// Takes the plan's names once, as they do not change in a run.
    init(_ run: any ReplayedExecution) {
        words = StepWords(
            subtasks: run.subtaskNames, cells: run.cellNames, channels: run.channelNames)
    }

    /// The name of the subtask that took the step; nil for a step that no subtask took.
    func subtask(_ facts: StepFacts) -> String? {
        // These two have the number 0 in the schedule, which would be the first subtask.
        guard facts.kind != .rest, facts.kind != .void else { return nil }
        return subtask(number: facts.subtask)
    }

    /// The name of the subtask with a number.
    func subtask(number: SubtaskIndex) -> String { words.subtask(number) }

    /// The cell that was accessed; nil for any other step.
    func cell(_ facts: StepFacts) -> String? {
        facts.kind == .access ? words.cell(facts.cell) : nil
    }

    /// The channel that a turn took messages from; nil for a turn that took none.
    func inlet(_ facts: StepFacts) -> String? {
        guard facts.kind == .input || facts.kind == .end else { return nil }
        return words.inlet(facts.channel, of: facts.subtask)
    }

    /// The channel that messages were published on; nil for any other step.
    func outlet(_ facts: StepFacts) -> String? {
        facts.kind == .publish ? words.outlet(facts.channel, of: facts.subtask) : nil
    }

    /// What the step was, safe to show.
    func what(_ facts: StepFacts) -> String {
        words.what(
            facts.kind, subtask: facts.subtask, port: facts.port, count: facts.count,
            turn: facts.turn)
    }
}

/// Writes times since a run's start.
enum ElapsedText {
    /// A time in seconds with all digits: `1.234567 s`.
    static func text(_ time: RunTime) -> String {
        let sign = time < .start ? "-" : ""
        let (seconds, rest) = time.rawValue.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        let digits = String(rest)
        return sign + "\(seconds).\(String(repeating: "0", count: 6 - digits.count))\(digits) s"
    }
}
