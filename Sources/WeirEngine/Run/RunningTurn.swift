import Synchronization

/// Where the turn of a subtask is right now, for whoever watches from another thread.
///
/// Written by the thread that runs the turn, with relaxed stores: a few for each turn and one for
/// each operator's call on a slice. Read by any thread; what is read may be a moment old.
package final class RunningTurn: Sendable {
    /// A part of a turn in which code of the user's may run.
    package enum Place: Equatable, Sendable {
        /// Between operators, or handing on what they made.
        case between
        /// The source's own code, such as what decodes an element.
        case source
        /// Conditions on the state, at the turn's end.
        case invariants
        /// Waits for a shared cell, by its index.
        case cell(Int)
        /// An operator of the chain, by its index.
        case `operator`(Int)
    }

    // The place takes the low 16 bits, the number of changes of place the others.
    private static let between: UInt64 = 0
    private static let source: UInt64 = 1
    private static let invariants: UInt64 = 2
    private static let firstOperator: UInt64 = 16
    private static let firstCell: UInt64 = 0x8000
    private static let placeMask: UInt64 = 0xFFFF

    private let word = Atomic<UInt64>(0)
    private let started = Atomic<UInt64>(0)
    private let number = Atomic<UInt64>(0)

    // MARK: The turn's thread

    /// A turn begins at a step; `now` is nanoseconds of `TickClock`.
    @inline(__always)
    func begin(step: UInt64, now: UInt64) {
        number.store(step, ordering: .relaxed)
        move(to: Self.between)
        started.store(max(1, now), ordering: .releasing)
    }

    /// The turn is over.
    @inline(__always)
    func end() { started.store(0, ordering: .releasing) }

    /// An operator of the chain runs from now on. Gives what `resume` wants afterwards.
    @inline(__always)
    func enter(operator index: Int) -> UInt64 {
        let before = word.load(ordering: .relaxed)
        move(to: min(Self.firstOperator + UInt64(index), Self.firstCell - 1))
        return before
    }

    @inline(__always)
    func enterSource() { move(to: Self.source) }

    @inline(__always)
    func enterInvariants() { move(to: Self.invariants) }

    /// The turn waits for a shared cell. Gives what `resume` wants afterwards.
    @inline(__always)
    func wait(forCell index: UInt16) -> UInt64 {
        let before = word.load(ordering: .relaxed)
        word.store(
            before & ~Self.placeMask | min(Self.firstCell + UInt64(index), Self.placeMask),
            ordering: .relaxed)
        return before
    }

    /// The cell is there: what ran before goes on. No change that counts.
    @inline(__always)
    func resumeBehindCell(_ before: UInt64) { word.store(before, ordering: .relaxed) }

    /// What ran before goes on.
    @inline(__always)
    func resume(_ before: UInt64) { move(to: before & Self.placeMask) }

    @inline(__always)
    private func move(to place: UInt64) {
        let changes = (word.load(ordering: .relaxed) >> 16) &+ 1
        word.store(changes << 16 | place, ordering: .relaxed)
    }

    // MARK: Any thread

    /// Grows whenever an operator's call begins or ends.
    package var changes: UInt64 { word.load(ordering: .relaxed) >> 16 }

    /// The turn that is open: its step, when it began, and where it is; nil between turns.
    package var open: (step: UInt64, since: UInt64, place: Place)? {
        let since = started.load(ordering: .acquiring)
        guard since != 0 else { return nil }
        return (number.load(ordering: .relaxed), since, place)
    }

    private var place: Place {
        let value = word.load(ordering: .relaxed) & Self.placeMask
        switch value {
        case Self.source: return .source
        case Self.invariants: return .invariants
        case Self.firstCell...: return .cell(Int(value - Self.firstCell))
        case Self.firstOperator...: return .operator(Int(value - Self.firstOperator))
        default: return .between
        }
    }
}
