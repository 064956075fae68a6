import Synchronization
package import WeirBase

/// The processing time of a run that happens, since its start.
///
/// Only those ask it who choose a turn or watch the run. What a turn knows of time is the number in
/// its note, so that a replay needs no clock. Safe on any thread: the real clock is a counter of
/// the machine's, the virtual one an atomic.
package final class RunClock: Sendable {
    /// Where the time comes from.
    package enum Kind: Sendable {
        /// The machine's time counter, from the moment at which this clock was made.
        case real
        /// A clock that stands at 0 and moves only when `advance` tells it to.
        case virtual
    }

    package let kind: Kind
    /// The reading of `TickClock` at time 0 of a real clock.
    package let origin = TickClock.nanoseconds()
    /// Microseconds since the start.
    private let virtualTime = Atomic<Int64>(0)

    package init(_ kind: Kind) { self.kind = kind }

    /// The time since the start, cut to whole microseconds and not rounded. Costs one reading of
    /// the counter, or one load.
    package var now: RunTime {
        switch kind {
        case .real: RunTime(nanoseconds: Int64(TickClock.nanoseconds() &- origin))
        case .virtual: RunTime(virtualTime.load(ordering: .relaxed))
        }
    }

    /// How many nanoseconds are left until `time`; 0 where it has come. Finer than `now`, so that
    /// whoever sleeps for so long is not a microsecond late.
    package func nanoseconds(until time: RunTime) -> UInt64 {
        let passed: Int64 =
            switch kind {
            case .real: Int64(TickClock.nanoseconds() &- origin)
            case .virtual: now.nanoseconds
            }
        return UInt64(max(0, time.nanoseconds - passed))
    }

    /// Moves a virtual clock on to `time`, never back. By one thread at a time, the one with the
    /// baton, which is why a load and a store are enough; relaxed, because whoever else reads it
    /// only shows it.
    package func advance(to time: RunTime) {
        assert(kind == .virtual, "the machine's clock is told to be at \(time) us")
        if time > now { virtualTime.store(time.rawValue, ordering: .relaxed) }
    }
}
