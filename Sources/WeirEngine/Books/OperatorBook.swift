package import WeirTelemetry

/// What one operator of one subtask did with its elements since the run's start.
///
/// Taken are those that came to it. Each of them is handled, dropped for a reason, or still held in
/// what the operator keeps of elements. The three are counted where they happen and not from each
/// other, so that an element lost on the way shows as a difference. Written in the subtask's turns,
/// a few additions for each slice and none for an element.
///
/// A value of fixed size, in memory that the chain owns: counting allocates nothing, and a snapshot
/// copies it.
package struct OperatorBook: Sendable {
    package var taken: UInt64 = 0
    package var handled: UInt64 = 0
    /// Elements and timers dropped, one number for each reason, by the reason's ordinal.
    private var drops = InlineArray<10, UInt64>(repeating: 0)

    package init() {}

    mutating func drop(_ count: UInt64, _ reason: DropReason) { drops[reason.ordinal] &+= count }

    package func dropped(_ reason: DropReason) -> UInt64 { drops[reason.ordinal] }

    /// All elements dropped; timers are none.
    package var dropped: UInt64 {
        DropReason.ofElements.reduce(0) { $0 &+ drops[$1.ordinal] }
    }
}

extension DropReason {
    /// The reasons that say what became of elements that were taken: not of timers, and not of
    /// lines that were no whole element yet.
    package static let ofElements = allCases.filter { $0 != .timer && $0 != .incomplete }
}

/// What became of an operator's timers since the run's start: each that was set waits, or is in one
/// of the other numbers.
struct TimerBook: Equatable, Sendable {
    var set: UInt64 = 0
    /// Set for a key and time that had one already.
    var merged: UInt64 = 0
    var fired: UInt64 = 0
    /// Not due when the run ended, or beyond the bound.
    var dropped: UInt64 = 0
}

/// How many elements of one output were given to the edges that read it, and how many came to the
/// outlets of each.
struct Outflow {
    var given: UInt64
    var received: [UInt64]
}

extension Frame {
    /// Counts elements of the running operator that had no chance to have their effect, in its book
    /// and in the subtask's counters. In a turn.
    func drop(_ count: Int, _ reason: DropReason) {
        assert(count >= 0, "\(count) elements are dropped as \(reason.rawValue)")
        guard count > 0 else { return }
        books?[operatorIndex].drop(UInt64(count), reason)
        counters?._withUnsafeGuaranteedRef { $0.drop(UInt64(count), reason) }
    }

    /// Counts elements of the running operator that it is done with. In a turn.
    func handled(_ count: Int) { books?[operatorIndex].handled &+= UInt64(count) }

    /// Counts a slice of the running operator: what is not done was given up by a failure.
    @usableFromInline
    func handled(_ done: Int, of count: Int) {
        assert(0...max(0, count) ~= done, "\(done) of \(count) elements are handled")
        handled(done)
        if done < count { drop(count - done, .stopped) }
    }

    /// Counts elements that the running operator made and that a failure keeps from the next: they
    /// count as taken by that one and stopped there.
    mutating func giveUp(_ count: Int) {
        assert(failure != nil, "\(count) elements are given up and nothing has failed")
        assert(
            chain.map { operatorIndex < $0.takeUnretainedValue().links.count } ?? true,
            "operator \(operatorIndex), behind the last one, gives \(count) elements up")
        operatorIndex += 1
        books?[operatorIndex].taken &+= UInt64(count)
        drop(count, .stopped)
        operatorIndex -= 1
    }
}
