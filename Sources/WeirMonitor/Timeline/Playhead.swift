/// Where on a run's timeline a viewer stands: a state machine over times of the run.
///
/// Times are microseconds since the run's start. `live` is the newest sample and stays it, however
/// many come; the other two states are moments in the past. Keys call `toggle`, `goLive` and `go`;
/// the clock calls `advance`. `Timeline` owns the playhead and makes all of these calls, and views
/// only read where it stands. Nothing here reaches the run or its recording: pausing stops the view
/// alone.
///
///     live ──toggle──▶ paused ──toggle──▶ playing ──toggle──▶ paused
///     any state: go(to:) ──▶ paused      goLive ──▶ live
///
/// Playing that catches up with a run that goes on stays `playing` at its edge and does not turn
/// into `live`, so that a person who plays the past is never moved out of it unasked.
package enum Playhead: Equatable, Sendable {
    /// Follows the newest sample.
    case live
    /// Stands still at a moment.
    case paused(at: Int64)
    /// Plays the past at the pace of the run, behind its edge.
    case playing(at: Int64)

    /// Holds the newest moment, plays on from a held one, or holds the one that is played.
    ///
    /// Before the first sample there is no moment to hold, and it stays live.
    package mutating func toggle(newest: Int64?) {
        switch self {
        case .live: if let newest { self = .paused(at: newest) }
        case .paused(let time): self = .playing(at: time)
        case .playing(let time): self = .paused(at: time)
        }
    }

    package mutating func goLive() { self = .live }

    /// Stands still at a moment, wherever it was before.
    package mutating func go(to time: Int64) { self = .paused(at: time) }

    /// That much time passed on the clock, in microseconds; only `playing` moves. Time that goes
    /// backwards is a programmer's error and traps, because `Timeline.tick` has removed it already.
    ///
    /// `newest` is the right edge. That of a run that goes on moves on, and playing waits for it
    /// there; that of a run that is over is its end, and playing stops there.
    package mutating func advance(by passed: Int64, newest: Int64, isOver: Bool) {
        precondition(passed >= 0, "the clock went back by \(-passed) us")
        switch self {
        case .live, .paused: break
        case .playing(let time):
            if time + passed < newest {
                self = .playing(at: time + passed)
            } else {
                self = isOver ? .paused(at: newest) : .playing(at: newest)
            }
        }
    }

    /// The moment that is shown, in microseconds since the run's start, and never later than the
    /// newest one.
    package func shown(newest: Int64) -> Int64 {
        switch self {
        case .live: newest
        case .paused(let time), .playing(let time): min(time, newest)
        }
    }

    package var isPlaying: Bool {
        switch self {
        case .live, .paused: false
        case .playing: true
        }
    }
}
