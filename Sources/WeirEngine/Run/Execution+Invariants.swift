import WeirTelemetry

/// A violated invariant: which, where.
package struct Violation: Equatable, Sendable {
    package var invariant: String
    package var step: UInt64
    package var subtask: String
}

extension Execution {
    /// An invariant was found broken at `step`, in the turn that runs.
    ///
    /// `place` says where in the state, such as for which key.
    func violated(_ invariant: String, step: UInt64, _ turn: TurnContext, place: String? = nil) {
        guard let subtask = turn.subtask else { return }
        let frame = subtask.chain.frame
        let (name, at) = (LogValue.text(invariant), LogValue.integer(Int64(step)))
        if let place {
            frame.pointee.record(
                .warning, "invariant_violated",
                ["invariant": name, "at_step": at, "place": .text(place)], line: #line)
        } else {
            frame.pointee.record(
                .warning, "invariant_violated", ["invariant": name, "at_step": at], line: #line)
        }
        let place = place.map { " for \($0)" } ?? ""
        violated(
            Violation(invariant: invariant, step: step, subtask: subtask.name),
            "\(invariant) does not hold\(place) (found by \(subtask.name))",
            time: frame.pointee.turnTime)
    }

    /// Whether rest points are wanted for more than the record.
    var hasWideInvariants: Bool { !wideInvariants.isEmpty }

    /// Conditions over several parts of the state that begin not to hold; no turn is open.
    func checkAtRest() -> [String] {
        var broken: [String] = []
        for (place, invariant) in wideInvariants.enumerated() {
            let holds = invariant.holds(stateAtRest)
            if !holds, held[place] { broken.append(invariant.name) }
            held[place] = holds
        }
        return broken
    }

    /// Conditions were found broken at a rest point. Call it with no lock of the scheduler held.
    func violatedAtRest(_ invariants: [String], step: UInt64, time: Int64) {
        for invariant in invariants {
            violated(
                Violation(invariant: invariant, step: step, subtask: "a rest point"),
                "\(invariant) does not hold (found at a rest point)", time: time)
        }
    }

    private func violated(_ violation: Violation, _ message: String, time: Int64) {
        keep(violation)
        world.marked(
            Mark(
                step: violation.step, kind: .violation, name: violation.invariant,
                message: message, time: time))
        if stopsOnViolation {
            stop(.violation(invariant: violation.invariant), step: violation.step)
        }
    }
}
