import Synchronization
import WeirBase
package import WeirTelemetry

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

    /// The names of the conditions over several parts of the state.
    package var wideInvariantNames: [String] { wideInvariants.map(\.name) }

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
            keep(Violation(invariant: invariant, step: step, subtask: "a rest point"))
            world.marked(Mark.atRest(invariant, step: step, time: time))
        }
    }

    /// Ends the run for them where it was asked to. Call it with no lock of the scheduler held.
    func stopAtRest(_ invariants: [String], step: UInt64) {
        guard stopsOnViolation, let invariant = invariants.first else { return }
        stop(.violation(invariant: invariant), step: step)
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
