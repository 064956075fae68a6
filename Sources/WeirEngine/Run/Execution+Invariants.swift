import Synchronization
package import WeirBase
package import WeirTelemetry

/// An invariant that did not hold, and where that was found.
package struct Violation: Equatable, Sendable {
    package var invariant: String
    /// The step of the turn or rest point that found it; of a cell's condition, of the access.
    package var step: Step
    package var subtask: String
    /// The step that a debugger goes to for a look at it: everything that led to the violation has
    /// happened there.
    package var lookStep: Step
}

/// The violations of a run. The first ones are kept with their steps, all of them are counted.
///
/// Kept are the first that come in, and turns run side by side: the order of arrival is not the
/// order of steps. That is why each invariant's tally keeps its least step apart. Guarded by
/// whoever holds it.
package struct Violations: Sendable {
    /// The violations of one invariant.
    package struct Tally: Sendable {
        /// The violation of the least step, whenever it was reported.
        package var first: Violation
        package var count: UInt64
    }

    private var kept: [Violation] = []
    private var tallies: [String: Tally] = [:]

    /// The kept ones in order of their steps.
    package var first: [Violation] { kept.sorted { $0.step < $1.step } }

    /// All violations, kept or not.
    package var count: UInt64 { tallies.values.reduce(0) { $0 + $1.count } }

    /// One tally for each invariant that did not hold, in order of their first steps. Sorted,
    /// because a dictionary's order must not reach an output.
    package var byInvariant: [Tally] {
        tallies.values.sorted {
            ($0.first.step, $0.first.invariant) < ($1.first.step, $1.first.invariant)
        }
    }

    mutating func keep(_ violation: Violation) {
        if kept.count < EngineBounds.maximumKeptViolations { kept.append(violation) }
        var tally = tallies[violation.invariant] ?? Tally(first: violation, count: 0)
        if violation.step < tally.first.step { tally.first = violation }
        tally.count += 1
        tallies[violation.invariant] = tally
    }
}

extension Execution {
    /// An invariant was found not to hold at `step`, in the turn that runs. Called by whoever
    /// checks it, on the turn's thread; for a cell's condition the cell is locked.
    ///
    /// It logs, keeps and tells an incident, and stops the run where that was asked for.
    /// `origin` says of which part of the state it was found, such as which key's; `number` which
    /// of the elements that the running operator took in this turn, from 1.
    func violated(
        _ invariant: String, step: Step, _ turn: TurnContext, origin: String? = nil,
        number: UInt64? = nil
    ) {
        guard let subtask = turn.subtask else { return }
        let frame = subtask.chain.frame
        let (name, at) = (LogValue.text(invariant), LogValue.number(step))
        if let origin {
            frame.pointee.record(
                .warning, "invariant_violated",
                ["invariant": name, "at_step": at, "place": .text(origin)], line: #line)
        } else {
            frame.pointee.record(
                .warning, "invariant_violated", ["invariant": name, "at_step": at], line: #line)
        }
        let suffix = origin.map { " for \($0)" } ?? ""
        violated(
            Incident(
                step: step, kind: .violation, name: invariant,
                message: "\(invariant) does not hold\(suffix) (found by \(subtask.name))",
                time: frame.pointee.turnTime, access: turn.lastAccess,
                element: number.map {
                    Incident.ElementReference(
                        operatorName: subtask.operatorName(at: frame.pointee.operatorIndex),
                        number: $0)
                }),
            by: subtask.name)
    }

    /// Whether rest points are wanted for more than the record: conditions over several parts of
    /// the state are checked there.
    package var hasWideInvariants: Bool { !wideInvariants.isEmpty }

    /// The names of the conditions over several parts of the state.
    package var wideInvariantNames: [String] { wideInvariants.map(\.name) }

    /// Checks the conditions over several parts of the state and tells which begin not to hold.
    ///
    /// Where no turn is open and no lock of the scheduler is held, since a violation may stop the
    /// run, and that takes these locks.
    package func lookAtRest(step: Step, time: RunTime) {
        violatedAtRest(checkAtRest(), step: step, time: time)
    }

    /// The names of conditions over several parts of the state that begin not to hold. No turn may
    /// be open; the scheduler's lock may be held, since nothing is told here.
    func checkAtRest() -> [String] {
        defer { checkedSince.store(0, ordering: .releasing) }
        return wideWatch.look(at: self)
    }

    /// Says to whoever watches from outside which condition is being checked, so that one that does
    /// not come back can be named. The index is stored before the time that makes it count.
    fileprivate func beginCheck(_ index: Int) {
        assert(
            index < wideInvariants.count,
            "condition \(index) of \(wideInvariants.count) is being checked")
        checkedInvariant.store(index, ordering: .relaxed)
        checkedSince.store(max(1, TickClock.nanoseconds()), ordering: .releasing)
    }

    /// Tells of conditions that were found not to hold at a rest point, and stops the run where
    /// that was asked for. Call it with no lock of the scheduler held.
    func violatedAtRest(_ invariants: [String], step: Step, time: RunTime) {
        noteViolationsAtRest(invariants, step: step, time: time)
        stopAtRest(invariants, step: step)
    }

    /// Tells of conditions that were found not to hold at a rest point, without stopping. Any lock
    /// may be held, which is why the two halves are apart.
    func noteViolationsAtRest(_ invariants: [String], step: Step, time: RunTime) {
        for invariant in invariants {
            let incident = Incident.atRest(invariant, step: step, time: time)
            keep(incident, by: "a rest point")
            notes.found(incident)
        }
    }

    /// Stops the run for conditions that did not hold at a rest point, where that was asked for.
    /// Call it with no lock of the scheduler held.
    func stopAtRest(_ invariants: [String], step: Step) {
        guard stopsOnViolation, let invariant = invariants.first else { return }
        stop(.violation(invariant: invariant), step: step)
    }

    private func violated(_ incident: Incident, by subtask: String) {
        keep(incident, by: subtask)
        notes.found(incident)
        if stopsOnViolation { stop(.violation(invariant: incident.name), step: incident.step) }
    }

    private func keep(_ incident: Incident, by subtask: String) {
        keep(
            Violation(
                invariant: incident.name, step: incident.step, subtask: subtask,
                lookStep: incident.lookStep))
    }
}

extension Incident {
    /// The incident of a condition over parts of the state that does not hold where no turn is
    /// open.
    package static func atRest(_ invariant: String, step: Step, time: RunTime) -> Incident {
        Incident(
            step: step, kind: .violation, name: invariant,
            message: "\(invariant) does not hold (found at a rest point)", time: time)
    }
}

/// Looks at the conditions over several parts of the state again and again, and tells which begin
/// not to hold.
///
/// A condition that stays broken is told once, until it has held again. What was found depends on
/// where was looked before, so whoever looks at other steps keeps a watch of its own. A value: a
/// snapshot has it.
package struct WideWatch {
    /// Whether each condition held at the look before, by its index; empty before the first look.
    private var held: [Bool] = []

    package init() {}

    /// The names of conditions that held at the look before and do not now. No turn may be open.
    /// Costs one call of each condition, whatever they visit.
    package mutating func look(at execution: Execution) -> [String] {
        let invariants = execution.wideInvariants
        // Before the first look all count as having held, so that one that is broken from the start
        // is told.
        if held.isEmpty { held = invariants.map { _ in true } }
        assert(
            held.count == invariants.count,
            "a watch of \(held.count) conditions looks at \(invariants.count)")
        var broken: [String] = []
        for (index, invariant) in invariants.enumerated() {
            execution.beginCheck(index)
            let holds = invariant.holds(execution.stateAtRest)
            if !holds, held[index] { broken.append(invariant.name) }
            held[index] = holds
        }
        return broken
    }
}
