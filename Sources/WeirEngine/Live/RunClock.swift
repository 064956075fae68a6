import Synchronization
import WeirBase

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
    private let origin = TickClock.nanoseconds()
    private let virtualTime = Atomic<Int64>(0)

    package init(_ kind: Kind) { self.kind = kind }

    /// Nanoseconds since the start. Costs one reading of the counter, or one load.
    package var nanoseconds: Int64 {
        switch kind {
        case .real: Int64(TickClock.nanoseconds() &- origin)
        case .virtual: virtualTime.load(ordering: .relaxed)
        }
    }

    /// Whole microseconds since the start, cut and not rounded: the unit of notes and samples.
    package var microseconds: Int64 { nanoseconds / 1_000 }

    /// Moves a virtual clock on to so many nanoseconds since the start, never back. By one thread
    /// at a time, the one with the baton, which is why a load and a store are enough; relaxed,
    /// because whoever else reads it only shows it.
    package func advance(to nanoseconds: Int64) {
        assert(kind == .virtual, "the machine's clock is told to be at \(nanoseconds) ns")
        if nanoseconds > virtualTime.load(ordering: .relaxed) {
            virtualTime.store(nanoseconds, ordering: .relaxed)
        }
    }
}
