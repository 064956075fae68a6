package import WeirBase
import WeirEngine
import WeirTelemetry

extension ReplaySession {
    /// The step that last changed a piece of state, at or before the playhead: the access of a
    /// cell, or the turn of a subtask; nil when nothing has changed it since the run's start.
    ///
    /// Found by running, in windows before the playhead that grow: an access that left the cell as
    /// it was did not write it. What an open turn has done to its own state does not count.
    package func lastWrite(_ state: StateID) throws -> Step? {
        guard let watched = Watched(state, in: replica) else { return nil }
        var end = position
        var width = Self.firstWindow
        while end > 0 {
            let start = end.earlier(by: width)
            assert(start < end, "a window from step \(start) to \(end) ends no search")
            var steps: [StepFacts] = []
            _ = try firstStep(after: start, through: end) { facts in
                if watched.mayBeWritten(by: facts) { steps.append(facts) }
                return false
            }
            var last: Step?
            try follow(watched, steps) { if $0.isWrite { last = $0.step } }
            // The last write in the nearest window that has one is the last of all.
            if let last { return last }
            end = start
            width *= 4
        }
        return nil
    }

    /// The last accesses of a cell, or turns of the subtask that owns an entry, at or before the
    /// playhead: at most `limit`, oldest first, each with the value after it.
    package func history(of state: StateID, limit: Int) throws -> [StateAccess] {
        guard limit > 0, let watched = Watched(state, in: replica) else { return [] }
        var steps: [StepFacts] = []
        _ = try lastStep(before: position.next) { facts in
            if watched.mayBeWritten(by: facts) { steps.append(facts) }
            return steps.count >= limit
        }
        assert(steps.count <= limit, "\(steps.count) steps of a history of at most \(limit)")
        var found: [StateAccess] = []
        try follow(watched, steps.reversed()) { found.append($0) }
        return found
    }

    /// Runs a replica of its own through steps, in order, and tells what each did to the state. The
    /// session's own replica stays where it is.
    private func follow(
        _ state: Watched, _ steps: [StepFacts], _ tell: (StateAccess) -> Void
    ) throws {
        guard let first = steps.first else { return }
        guard let past = try replica(at: first.step.previous) else {
            throw ReplayInterrupted(step: first.step)
        }
        // What counts is the value's canonical form: an access that wrote the same value wrote
        // nothing.
        var before = state.digest(in: past)
        for (index, facts) in steps.enumerated() {
            // A turn's own state is to be seen before the subtask's next turn, when this one ended.
            let next: Step
            if case .cell = state.id {
                next = facts.step
            } else {
                next =
                    index + 1 < steps.count
                    ? steps[index + 1].step.previous : try settled(facts.step, state)
            }
            assert(
                next >= facts.step && next >= past.position,
                "step \(facts.step) is looked at from step \(next), behind \(past.position)")
            guard try run(past, through: next) else { throw ReplayInterrupted(step: facts.step) }
            // Where the replay diverged, or the turn is open at the playhead, nothing more can be
            // seen.
            guard past.position == next, state.hasSettled(in: past) else { return }
            let after = state.digest(in: past)
            tell(
                StateAccess(
                    step: facts.step, subtask: facts.subtask, turn: facts.turn,
                    isWrite: after != before, value: state.value(in: past)))
            before = after
        }
    }

    /// The last step up to the playhead at which the outcome of a turn can be seen: just before the
    /// subtask's next turn.
    private func settled(_ turn: Step, _ state: Watched) throws -> Step {
        let next = try firstStep(
            after: turn, through: position, where: state.mayBeWritten(by:))
        return next.map { $0.previous } ?? position
    }
}

/// A piece of state that is looked at again and again, in one replica after another. The key is
/// looked for once; in each replica it is then one look into a table.
private struct Watched {
    let id: StateID
    /// The typed key of an entry; nothing for a cell.
    private let key: Any

    /// Nil when there is no such state in the replica.
    init?(_ id: StateID, in replica: Replica) {
        self.id = id
        switch id {
        case .cell(let cell):
            guard cell.isWithin(replica.execution.cells) else { return nil }
            key = ()
        case .entry(let subtask, let name, let text):
            guard subtask.isWithin(replica.execution.subtasks),
                let found = replica.execution.subtasks[subtask].key(named: text, of: name)
            else { return nil }
            key = found
        }
    }

    /// Whether a step could change it: an access of the cell, or a turn of the subtask that has the
    /// entry.
    func mayBeWritten(by facts: StepFacts) -> Bool {
        switch id {
        case .cell(let cell): facts.kind == .access && facts.cell == cell
        case .entry(let subtask, _, _): facts.kind.beginsTurn && facts.subtask == subtask
        }
    }

    /// Whether the owner is between turns, so that its state can be read.
    func hasSettled(in replica: Replica) -> Bool {
        guard case .entry(let subtask, _, _) = id else { return true }
        return replica.director.openTurns[subtask] == nil
    }

    /// The value; nil when there is none yet, or no more.
    func value(in replica: Replica) -> Any? {
        switch id {
        case .cell(let cell): replica.execution.cells[cell].anyValue
        case .entry(let subtask, let name, _):
            replica.execution.subtasks[subtask].value(of: key, of: name)
        }
    }

    /// A digest of the value; nil when there is none yet, or no more.
    func digest(in replica: Replica) -> UInt64? {
        guard let value = value(in: replica) else { return nil }
        var hash = StableHash()
        if let value = value as? any Encodable {
            hash.combine(bytes: Canonical.bytes(of: value))
        } else {
            hash.combine(bytes: Array("\(value)".utf8))
        }
        return hash.value
    }
}
