/// Where on a run's timeline a viewer stands: a state machine over times of the run.
///
/// Times are microseconds since the run's start. `live` is the newest sample and stays it, however
/// many come; the other two states are places in the past. The keys call `toggle`, `goLive` and
/// `go`; the clock calls `advance`. Whoever owns a timeline owns its playhead: `Timeline` calls all
/// of this, and views only read where it stands. Nothing here reaches the run or its recording.
package enum Playhead: Equatable, Sendable {
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

    /// So much time of the clock passed, microseconds, never less than none; only playing moves.
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

    /// The moment that is shown, never later than the newest one.
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
