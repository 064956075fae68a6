import Synchronization
package import WeirBase

/// A turn, or a check at a rest point, in which code of the user's has been for some time.
package struct LongCall: Equatable, Sendable {
    /// Whose turn it is, such as `enrich/1`; the invariant's name at a rest point.
    package var subtask: String
    /// The turn's step; 0 at a rest point.
    package var step: Step
    /// What it is in just now, as words that go on behind the name: `in operator look-up`.
    package var activity: String
    /// How long the turn or the check has lasted so far.
    package var nanoseconds: UInt64
}

/// What can be known of a run from outside while its code does not come back.
///
/// Called by whoever watches a run and by what ends one that does not drain, on any thread.
/// Everything here reads atomics alone, so that no lock that a closure sits on holds the reader up.
/// What is read may be a moment old, and two numbers may be of two moments.
extension Execution {
    /// Turns and checks that have lasted for at least `nanoseconds`, longest first. Those that only
    /// wait for a cell come behind the others, one of which may hold that cell and is the one to
    /// name. Costs a look at each subtask.
    package func longCalls(atLeast nanoseconds: UInt64) -> [LongCall] {
        let now = TickClock.nanoseconds()
        var working: [LongCall] = []
        var waiting: [LongCall] = []
        for subtask in subtasks {
            guard let turn = subtask.chain.running.open, now > turn.since,
                now - turn.since >= nanoseconds
            else { continue }
            let call = LongCall(
                subtask: subtask.name, step: turn.step, activity: words(turn.activity, of: subtask),
                nanoseconds: now - turn.since)
            if case .cell = turn.activity { waiting.append(call) } else { working.append(call) }
        }
        if let call = longCheck(now: now), call.nanoseconds >= nanoseconds { working.append(call) }
        working.sort { $0.nanoseconds > $1.nanoseconds }
        waiting.sort { $0.nanoseconds > $1.nanoseconds }
        return working + waiting
    }

    private func words(_ activity: RunningTurn.Activity, of subtask: Subtask) -> String {
        switch activity {
        case .between: "handing on what it made"
        case .source: "in the code of its source"
        case .invariants: "checking invariants"
        case .cell(let index):
            "waiting for cell \(index.isWithin(plan.cells) ? plan.cells[index.offset] : "?")"
        case .operator(let index):
            index < subtask.chain.links.count
                ? "in operator \(subtask.chain.links[index].name)" : "in an operator"
        }
    }

    private func longCheck(now: UInt64) -> LongCall? {
        let since = checkedSince.load(ordering: .acquiring)
        let index = checkedInvariant.load(ordering: .relaxed)
        guard since != 0, now > since, index < wideInvariants.count else { return nil }
        return LongCall(
            subtask: "invariant \(wideInvariants[index].name)", step: 0,
            activity: "checking the state at a rest point", nanoseconds: now - since)
    }

    /// A number that changes as long as anything is done in turns: it grows with each turn and with
    /// each call of an operator. Equal at two moments, nothing went on between them.
    package var activity: UInt64 {
        subtasks.reduce(0) {
            $0 &+ $1.chain.running.changes &+ $1.counters.turns.load(ordering: .relaxed)
        }
    }

    /// Whether no source gives anything any more, because all have ended or all were told to.
    package var isDraining: Bool {
        isEnding || subtasks.allSatisfy { !$0.isSource || $0.hasEnded.load(ordering: .relaxed) }
    }

    /// Names of subtasks whose output finds no room, for a sentence.
    package var blockedSubtasks: [String] {
        subtasks.filter { $0.counters.isBackpressured }.map(\.name)
    }
}

extension TurnContext {
    /// Which subtask's turn runs on the calling thread, at which step, and what it is in; nil on
    /// threads that run no turn. For a message about a trap.
    package static var currentActivity: (subtask: String, step: Step, activity: String)? {
        guard let turn = current, let subtask = turn.subtask else { return nil }
        let call = turn.execution.longCalls(atLeast: 0).first { $0.subtask == subtask.name }
        return (subtask.name, turn.step, call?.activity ?? "in a turn")
    }
}
