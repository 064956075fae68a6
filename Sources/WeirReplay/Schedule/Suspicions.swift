import WeirBase
import WeirEngine

/// What a replay suspects: which parts of the state differ, and which of them differed first.
///
/// What flows on makes everything behind it differ too, and what is compared late may have differed
/// long before. So a sample that differs ends nothing yet: it is kept until all parts are compared,
/// at a rest point or at the end, and then the part is named with which it began.
///
/// A value that `ComparedNotes` keeps. `accessed`, `suspect` and `agree` are told as the replay
/// goes; `sole` and `divergence` give the name.
struct Suspicions {
    /// The last rest point whose digest was compared and agreed; 0 before the first.
    private(set) var agreedRest: Step = 0
    /// Rest points whose digests were compared and agreed.
    private(set) var comparedRests = 0
    /// The subtasks that touched a cell since the last rest point that agreed, by the cell's
    /// number. Sorted before it is told.
    private var accessors: [CellIndex: Set<SubtaskIndex>] = [:]
    /// The first sample of each subtask's values that differed, by the subtask's number.
    private var samples: [SubtaskIndex: Divergence] = [:]

    var isEmpty: Bool { samples.isEmpty }

    /// A subtask touched a cell.
    mutating func accessed(_ cell: CellIndex, by subtask: SubtaskIndex) {
        accessors[cell, default: []].insert(subtask)
    }

    /// A sample of the subtask's values differs.
    mutating func suspect(_ subtask: SubtaskIndex, _ found: Divergence) {
        assert(
            found.agreed < found.step,
            "a value of \(found.subtask) differs at step \(found.step), where it agreed")
        if samples[subtask] == nil { samples[subtask] = found }
    }

    /// All parts were compared at a rest point and agreed.
    mutating func agree(at step: Step) {
        assert(step > agreedRest, "the state agrees at step \(step), behind \(agreedRest)")
        agreedRest = step
        comparedRests += 1
        accessors.removeAll(keepingCapacity: true)
    }

    /// What was suspected of the subtask that stands first in the plan; nil where nothing was, or
    /// when `found` is of a subtask that stands before it.
    func sole(before found: Divergence?, in execution: Execution?) -> Divergence? {
        guard let first = samples.keys.min() else { return nil }
        let other = execution?.subtasks.firstIndex { $0.name == found?.subtask }
        if let other, other < first.offset { return nil }
        return samples[first]
    }

    /// How it is said that these parts of the state, by their indices in a digest, differ: a
    /// subtask's own sample where it has one, which tells the turn, else the interval since the
    /// last rest point that agreed.
    func divergence(
        in parts: [Int], at step: Step, expected: String, got: String, _ execution: Execution?
    ) -> Divergence {
        let suspects = Set(parts).union(samples.keys.map(\.offset)).sorted()
        let name = culprit(among: suspects, execution)
        if let sample = samples.values.first(where: { $0.subtask == name }) { return sample }
        let earliest = samples.values.map(\.step).min() ?? step
        return Divergence(
            step: min(step, earliest), agreed: agreedRest, subtask: name, expected: expected,
            got: got,
            reason: "a value differs: other code, or something the run could not control, such as "
                + "a clock or a random number of its own; it may have come from a stage before")
    }

    /// The part to name where several differ: what flows on makes the parts behind it differ too.
    ///
    /// The first in the plan's order, whose stages stand behind those that feed them. A cell can
    /// be reached from anywhere: it is named instead when it differs, and the first subtask that
    /// does so neither touched it since the state agreed nor stands before all that did.
    private func culprit(among parts: [Int], _ execution: Execution?) -> String {
        guard let execution else { return "the state" }
        let names = execution.partNames
        let subtasks = execution.subtasks.count
        let first = parts.first { $0 < subtasks }
        for part in parts where part >= subtasks {
            assert(part < names.count, "part \(part) of a state with \(names.count)")
            let touched = (accessors[CellIndex(part - subtasks)] ?? []).sorted()
            guard let minimum = touched.first else { continue }
            if let first, touched.contains(SubtaskIndex(first)) || first < minimum.offset {
                continue
            }
            let accessed = touched.map { execution.subtasks[$0].name }
            return "\(names[part]) (touched by \(accessed.joined(separator: ", ")))"
        }
        return (first ?? parts.first).map { names[$0] } ?? "the state"
    }
}
