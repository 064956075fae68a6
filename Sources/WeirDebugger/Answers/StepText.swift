import WeirBase
import WeirReplay
import WeirTelemetry

/// Says in words what a step was. The names of the plan are made safe here.
///
/// A command makes one for a run and asks it about as many steps as it likes.
struct StepText {
    /// The names of the subtasks, by their numbers.
    private let subtasks: [String]
    /// The names of the cells, by their numbers.
    private let cells: [String]
    /// All channels in the order of the plan, so that those of one subtask are in the order
    /// of its ports.
    private let channels: [String]

    /// Takes the plan's names once, as they do not change in a run.
    init(_ run: any ReplayedExecution) {
        subtasks = run.subtaskNames
        cells = run.cellNames
        channels = run.channelNames
    }

    /// The name of the subtask that took the step; nil for a step that no subtask took.
    func subtask(_ facts: StepFacts) -> String? {
        // These two have the number 0 in the schedule, which would be the first subtask.
        guard facts.kind != .rest, facts.kind != .void else { return nil }
        return subtask(number: facts.subtask)
    }

    /// The name of the subtask with a number.
    func subtask(number: SubtaskIndex) -> String { name(subtasks, number, "subtask") }

    /// The cell that was accessed; nil for any other step.
    func cell(_ facts: StepFacts) -> String? {
        facts.kind == .access ? name(cells, facts.cell, "cell") : nil
    }

    /// The channel that a turn took messages from; nil for a turn that took none.
    func inlet(_ facts: StepFacts) -> String? {
        guard facts.kind == .input || facts.kind == .end, let subtask = subtask(facts) else {
            return nil
        }
        // Channels are named by their two ends, so a subtask's own are found by name.
        let into = channels.filter { $0.hasSuffix(">\(subtask)") }
        return facts.channel.isWithin(into) ? into[facts.channel.offset] : nil
    }

    /// The channel that messages were published on; nil for any other step.
    func outlet(_ facts: StepFacts) -> String? {
        guard facts.kind == .publish, let subtask = subtask(facts) else { return nil }
        let out = channels.filter { $0.hasPrefix("\(subtask)>") }
        return facts.channel.isWithin(out) ? out[facts.channel.offset] : nil
    }

    /// What the step was: `reserve/1 accesses cell budget in the turn of step 12`.
    func what(_ facts: StepFacts) -> String {
        let subtask = PrintableText.escaped(subtask(facts) ?? "")
        let turn = "in the turn of step \(facts.turn)"
        switch facts.kind {
        case .input:
            guard let inlet = inlet(facts) else {
                return "\(subtask) reads \(counted(facts.count, "element"))"
            }
            let from = PrintableText.escaped(inlet)
            return "\(subtask) takes \(counted(facts.count, "message")) from \(from)"
        case .timer: return "\(subtask) fires its timers"
        case .completion: return "\(subtask) takes \(counted(facts.count, "completed call"))"
        case .continue: return "\(subtask) goes on with its turn"
        case .idle: return "\(subtask) is told that its source is idle"
        case .end:
            guard let inlet = inlet(facts) else { return "\(subtask) comes to its end" }
            return "\(subtask) sees the end of \(PrintableText.escaped(inlet))"
        // The failure is the reader's: the subtask of a source takes a turn to hear of it.
        case .failure: return "\(subtask) is told of a failure"
        case .access:
            return "\(subtask) accesses cell \(PrintableText.escaped(cell(facts) ?? "")) \(turn)"
        case .publish:
            let channel = PrintableText.escaped(outlet(facts) ?? "outlet \(facts.channel)")
            return "\(subtask) publishes \(counted(facts.count, "message")) on \(channel) \(turn)"
        case .rest: return "a rest point: no turn is open"
        case .void: return "a number without a step: the run died before it did anything"
        }
    }

    /// A name by its index. A damaged trace may name what the plan does not have.
    private func name(_ names: [String], _ index: some IndexNumber, _ what: String) -> String {
        index.isWithin(names) ? names[index.offset] : "\(what) \(index)"
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
