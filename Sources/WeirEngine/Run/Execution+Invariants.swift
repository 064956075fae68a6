import Synchronization
import WeirBase
package import WeirTelemetry

/// A violated invariant: which, where.
package struct Violation: Equatable, Sendable {
    package var invariant: String
    package var step: UInt64
    package var subtask: String
    /// The step at which everything that led to it is in the past.
    package var lookStep: UInt64
}

/// The violations of a run: the first ones with their places, all of them counted.
package struct Violations: Sendable {
    /// Violations kept with their places; further ones are counted.
    package static let maximumKept = 1_000

    /// Those of one invariant.
    package struct Tally: Sendable {
        /// The one of the least step.
        package var first: Violation
        package var count: UInt64
    }

    private var kept: [Violation] = []
    private var tallies: [String: Tally] = [:]

    /// The kept ones in order of their steps.
    package var first: [Violation] { kept.sorted { $0.step < $1.step } }

    package var count: UInt64 { tallies.values.reduce(0) { $0 + $1.count } }

    /// One for each invariant that was broken, in order of their first steps.
    package var byInvariant: [Tally] {
        tallies.values.sorted {
            ($0.first.step, $0.first.invariant) < ($1.first.step, $1.first.invariant)
        }
    }

    mutating func keep(_ violation: Violation) {
        if kept.count < Self.maximumKept { kept.append(violation) }
        var tally = tallies[violation.invariant] ?? Tally(first: violation, count: 0)
        if violation.step < tally.first.step { tally.first = violation }
        tally.count += 1
        tallies[violation.invariant] = tally
    }
}

extension Execution {
    /// An invariant was found broken at `step`, in the turn that runs.
    ///
    /// `place` says where in the state, such as for which key; `number` which of the elements that
    /// the running operator took in this turn, from 1.
    func violated(
        _ invariant: String, step: UInt64, _ turn: TurnContext, place: String? = nil,
        number: UInt64? = nil
    ) {
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
            Mark(
                step: step, kind: .violation, name: invariant,
                message: "\(invariant) does not hold\(place) (found by \(subtask.name))",
                time: frame.pointee.turnTime, access: turn.lastAccess,
                element: number.map {
                    Mark.ElementPlace(
                        operatorName: subtask.operatorName(at: frame.pointee.operatorIndex),
                        number: $0)
                }),
            by: subtask.name)
    }

    /// Whether rest points are wanted for more than the record.
    package var hasWideInvariants: Bool { !wideInvariants.isEmpty }

    /// The names of the conditions over several parts of the state.
    package var wideInvariantNames: [String] { wideInvariants.map(\.name) }

    /// Checks the conditions over several parts of the state and tells which begin not to hold.
    ///
    /// Where no turn is open and no lock of the scheduler is held.
    package func lookAtRest(step: UInt64, time: Int64) {
        violatedAtRest(checkAtRest(), step: step, time: time)
    }

    /// Conditions over several parts of the state that begin not to hold; no turn is open.
    func checkAtRest() -> [String] {
        defer { checkedSince.store(0, ordering: .releasing) }
        return wideWatch.look(at: self)
    }

    /// Says to whoever watches from outside which condition is being checked.
    fileprivate func beginCheck(_ place: Int) {
        checkedInvariant.store(place, ordering: .relaxed)
        checkedSince.store(max(1, TickClock.nanoseconds()), ordering: .releasing)
    }

    /// Conditions were found broken at a rest point. Call it with no lock of the scheduler held.
    func violatedAtRest(_ invariants: [String], step: UInt64, time: Int64) {
        markAtRest(invariants, step: step, time: time)
        stopAtRest(invariants, step: step)
    }

    /// Tells of conditions that were found broken at a rest point. Any lock may be held.
    func markAtRest(_ invariants: [String], step: UInt64, time: Int64) {
        for invariant in invariants {
            let mark = Mark.atRest(invariant, step: step, time: time)
            keep(mark, by: "a rest point")
            notes.marked(mark)
        }
    }

    /// Ends the run for them where it was asked to. Call it with no lock of the scheduler held.
    func stopAtRest(_ invariants: [String], step: UInt64) {
        guard stopsOnViolation, let invariant = invariants.first else { return }
        stop(.violation(invariant: invariant), step: step)
    }

    private func violated(_ mark: Mark, by subtask: String) {
        keep(mark, by: subtask)
        notes.marked(mark)
        if stopsOnViolation { stop(.violation(invariant: mark.name), step: mark.step) }
    }

    private func keep(_ mark: Mark, by subtask: String) {
        keep(
            Violation(
                invariant: mark.name, step: mark.step, subtask: subtask, lookStep: mark.lookStep))
    }
}

extension Mark {
    /// A condition over several parts of the state does not hold where no turn is open.
    package static func atRest(_ invariant: String, step: UInt64, time: Int64) -> Mark {
        Mark(
            step: step, kind: .violation, name: invariant,
            message: "\(invariant) does not hold (found at a rest point)", time: time)
    }
}

/// Looks at the conditions over several parts of the state again and again, and tells which begin
/// not to hold. Who looks at other places keeps a watch of its own.
package struct WideWatch {
    /// Whether each held at the look before.
    private var held: [Bool] = []

    package init() {}

    /// Conditions that held at the look before and do not now. No turn may be open.
    package mutating func look(at execution: Execution) -> [String] {
        let invariants = execution.wideInvariants
        if held.isEmpty { held = invariants.map { _ in true } }
        var broken: [String] = []
        for (place, invariant) in invariants.enumerated() {
            execution.beginCheck(place)
            let holds = invariant.holds(execution.stateAtRest)
            if !holds, held[place] { broken.append(invariant.name) }
            held[place] = holds
        }
        return broken
    }
}
