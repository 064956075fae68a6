/// How long a subtask was in each of its states, nanoseconds since it was made.
///
/// Each moment belongs to one state, so that the shares of any stretch sum to one. The
/// contract knows one more state, aligning, in which an input waits for another to catch up.
/// Nothing in this build does, so that every share of it is zero.
package struct StateTimes: Equatable, Sendable {
    /// A worker is with it.
    package var busy: UInt64 = 0
    /// Its output finds no room.
    package var backpressured: UInt64 = 0
    /// It could run and waits for a worker.
    package var waiting: UInt64 = 0
    /// It has nothing to do.
    package var idle: UInt64 = 0

    package init() {}

    /// All of the time.
    package var whole: UInt64 { busy &+ backpressured &+ waiting &+ idle }

    /// Lets no time be below what was told before.
    ///
    /// Whoever reads samples takes a subtask that is not named for idle. That may be a little
    /// too much, when the subtask's owner was stopped between reading the clock and saying
    /// so. Then the time told as idle stands still until it is true again.
    package mutating func raise(to known: StateTimes) {
        busy = max(busy, known.busy)
        backpressured = max(backpressured, known.backpressured)
        waiting = max(waiting, known.waiting)
        idle = max(idle, known.idle)
    }

    /// What passed in each state since `before`. None is below zero, even if the times come
    /// from a damaged trace.
    package func since(_ before: StateTimes) -> StateTimes {
        func growth(_ old: UInt64, _ new: UInt64) -> UInt64 { new > old ? new - old : 0 }
        var passed = StateTimes()
        passed.busy = growth(before.busy, busy)
        passed.backpressured = growth(before.backpressured, backpressured)
        passed.waiting = growth(before.waiting, waiting)
        passed.idle = growth(before.idle, idle)
        return passed
    }

    package static func += (left: inout StateTimes, right: StateTimes) {
        left.busy &+= right.busy
        left.backpressured &+= right.backpressured
        left.waiting &+= right.waiting
        left.idle &+= right.idle
    }
}
