import Synchronization
package import WeirBase

/// What a subtask's open turn is in right now, for whoever watches from another thread.
///
/// The turn's thread calls `begin`, then `enter` and `resume` around each operator's call on a
/// slice, and `end`. Each is a load and a store or two, relaxed, as cheap as plain ones. Any thread
/// may read `open` and `changes`; what is read may be a moment old, and nothing in a turn reads it.
/// There is no lock, because the reader's question is often why somebody sits on one.
package final class RunningTurn: Sendable {
    /// The part of a turn in which code of the user's may run just now: the turn's activity.
    package enum Activity: Equatable, Sendable {
        /// Between operators, or publishing what they made.
        case between
        /// In the source's own code, such as what decodes an element.
        case source
        /// Checking conditions on the state, at the turn's end.
        case invariants
        /// Waiting for a shared cell, by the cell's index.
        case cell(CellIndex)
        /// In an operator of the chain, by its index there.
        case `operator`(Int)
    }

    /// The activity takes the low 16 bits of a word: 0 to 2 for what has no index, from 16 on for
    /// operators, from 0x8000 on for cells. An index that would run into the next range is shown as
    /// the last of its own. The other 48 bits count changes of activity.
    private static let between: UInt64 = 0
    private static let source: UInt64 = 1
    private static let invariants: UInt64 = 2
    private static let firstOperator: UInt64 = 16
    private static let firstCell: UInt64 = 0x8000
    private static let activityMask: UInt64 = 0xFFFF

    /// One word, so that who reads it has the activity and the count of one moment.
    private let word = Atomic<UInt64>(0)
    /// When the open turn began, nanoseconds of `TickClock`; 0 when none is open. Stored last when
    /// a turn begins.
    private let started = Atomic<UInt64>(0)
    private let number = Atomic<UInt64>(0)

    // MARK: The turn's thread

    /// A turn begins at `step`; `now` is nanoseconds of `TickClock`.
    @inline(__always)
    func begin(step: Step, now: UInt64) {
        assert(
            started.load(ordering: .relaxed) == 0,
            "step \(step) begins a turn and that of \(number.load(ordering: .relaxed)) is open")
        number.store(step.rawValue, ordering: .relaxed)
        move(to: Self.between)
        // Released behind the step: `open` acquires it, and so has the step of this turn or a later
        // one. A clock that reads 0 must not look like no turn.
        started.store(max(1, now), ordering: .releasing)
    }

    /// The turn is over.
    @inline(__always)
    func end() {
        assert(started.load(ordering: .relaxed) != 0, "a turn ends and none is open")
        started.store(0, ordering: .releasing)
    }

    /// An operator of the chain runs from now on. Gives what `resume` wants afterwards: calls nest,
    /// since a full output buffer runs the operators behind from within one.
    @inline(__always)
    func enter(operator index: Int) -> UInt64 {
        let before = word.load(ordering: .relaxed)
        move(to: min(Self.firstOperator + UInt64(index), Self.firstCell - 1))
        return before
    }

    @inline(__always)
    /// The turn is in its source's code from now on.
    func enterSource() { move(to: Self.source) }

    @inline(__always)
    /// The turn checks conditions from now on.
    func enterInvariants() { move(to: Self.invariants) }

    /// The turn waits for a shared cell. Gives what `resumeBehindCell` wants afterwards. It does
    /// not count as a change: a turn that only waits makes no progress.
    @inline(__always)
    func wait(forCell index: CellIndex) -> UInt64 {
        let before = word.load(ordering: .relaxed)
        word.store(
            before & ~Self.activityMask
                | min(Self.firstCell + UInt64(index.rawValue), Self.activityMask),
            ordering: .relaxed)
        return before
    }

    /// The turn has the cell, and what ran before goes on. It does not count as a change either.
    @inline(__always)
    func resumeBehindCell(_ before: UInt64) { word.store(before, ordering: .relaxed) }

    /// What ran before the operator goes on.
    @inline(__always)
    func resume(_ before: UInt64) { move(to: before & Self.activityMask) }

    @inline(__always)
    private func move(to activity: UInt64) {
        let changes = (word.load(ordering: .relaxed) >> 16) &+ 1
        word.store(changes << 16 | activity, ordering: .relaxed)
    }

    // MARK: Any thread

    /// How often the activity changed since the run's start: grows whenever an operator's call
    /// begins or ends.
    package var changes: UInt64 { word.load(ordering: .relaxed) >> 16 }

    /// The open turn: its step, when it began in nanoseconds of `TickClock`, and what it is in; nil
    /// between turns. The three may be of two turns that follow each other closely.
    package var open: (step: Step, since: UInt64, activity: Activity)? {
        let since = started.load(ordering: .acquiring)
        guard since != 0 else { return nil }
        return (Step(number.load(ordering: .relaxed)), since, activity)
    }

    private var activity: Activity {
        let value = word.load(ordering: .relaxed) & Self.activityMask
        switch value {
        case Self.source: return .source
        case Self.invariants: return .invariants
        case Self.firstCell...: return .cell(CellIndex(value - Self.firstCell))
        case Self.firstOperator...: return .operator(Int(value - Self.firstOperator))
        default: return .between
        }
    }
}
