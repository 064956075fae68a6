package import WeirBase

/// Where on a run's timeline a viewer stands: a state machine over times of the run.
///
/// `live` is the newest sample and stays it, however many come; the other two states are moments in
/// the past. Keys call `toggle`, `goLive` and `go`; the clock calls `advance`. `Timeline` owns the
/// playhead and makes all of these calls, and views only read where it stands. Nothing here reaches
/// the run or its recording: pausing stops the view alone.
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
    case paused(at: RunTime)
    /// Plays the past at the pace of the run, behind its edge.
    case playing(at: RunTime)

    /// Holds the newest moment, plays on from a held one, or holds the one that is played.
    ///
    /// Before the first sample there is no moment to hold, and it stays live.
    package mutating func toggle(newest: RunTime?) {
        switch self {
        case .live: if let newest { self = .paused(at: newest) }
        case .paused(let time): self = .playing(at: time)
        case .playing(let time): self = .paused(at: time)
        }
    }

    package mutating func goLive() { self = .live }

    /// Stands still at a moment, wherever it was before.
    package mutating func go(to time: RunTime) { self = .paused(at: time) }

    /// That much time passed on the clock; only `playing` moves. Time that goes backwards is a
    /// programmer's error and traps, because `Timeline.tick` has removed it already.
    ///
    /// `newest` is the right edge. That of a run that goes on moves on, and playing waits for it
    /// there; that of a run that is over is its end, and playing stops there.
    package mutating func advance(by passed: RunTime, newest: RunTime, isOver: Bool) {
        precondition(passed >= .zero, "the clock went back: \(passed) us passed")
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

    /// The moment that is shown, and never later than the newest one.
    package func shown(newest: RunTime) -> RunTime {
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
