import WeirBase

/// Where event times of a source come from, and how far behind them its watermark is.
public struct WatermarkPolicy: Sendable, Equatable {
    let disorder: Duration
    let granularity: Duration
    let maximumJump: Duration?

    /// Elements come at most `disorder` out of order.
    ///
    /// The watermark moves in steps of
    /// `granularity` of event time, so that it depends on the elements alone and never on how they
    /// were batched.
    ///
    /// With `maximumJump` one element with a wrong clock does not make everything after it late:
    /// an element further ahead of the greatest time so far is handled like any other, but the
    /// watermark stays until 20 that follow are as far ahead, each without one from before the
    /// jump in between. So a real gap passes, 20 elements late. The first element counts once a
    /// second one came. What turns out to have been a wrong clock is a warning in the log and a
    /// line of the summary. Where elements are rarer than one in `maximumJump` the watermark is 20
    /// elements behind.
    public static func boundedDisorder(
        _ disorder: Duration, granularity: Duration = .milliseconds(100),
        maximumJump: Duration? = nil
    ) -> WatermarkPolicy {
        precondition(granularity > .zero, "granularity must be positive")
        precondition(maximumJump ?? .seconds(1) > .zero, "the maximum jump must be positive")
        return WatermarkPolicy(
            disorder: disorder, granularity: granularity, maximumJump: maximumJump)
    }

    /// Elements come in order.
    public static let ordered = WatermarkPolicy.boundedDisorder(.zero)
}

/// Turns event times into watermarks, element by element.
///
/// `SourceEmitter` calls `judge` and then `passed` for each element that has a time, in order. A
/// watermark is the greatest believed time less the disorder, cut down to whole steps of the
/// granularity. It so follows from the elements alone: cut where a turn ends, it would depend on
/// how they were batched.
struct Watermarker {
    private let disorder: Int64
    private let granularity: Duration
    /// The least time at which the watermark can move again.
    private var step = Int64.min
    /// The watermark that was given last.
    private(set) var emitted = Instant.distantPast
    /// The newest time that is believed, nanoseconds since 1970; nil before there is one. For
    /// measuring: it is in no digest.
    private(set) var newest: Int64?
    /// Holds times back that are too far ahead; nil where any distance is believed.
    private var jumps: JumpGuard?

    init(_ policy: WatermarkPolicy) {
        disorder = policy.disorder.wholeNanoseconds
        granularity = policy.granularity
        jumps = policy.maximumJump.map { JumpGuard(bound: $0.wholeNanoseconds) }
    }

    /// Looks at the time of the element with this number before `passed` does; says which elements
    /// before it turn out to have had wrong times. Nil always where any distance is believed.
    mutating func judge(_ time: Int64, element: UInt64) -> JumpGuard.Refuted? {
        jumps?.take(time, element: element)
    }

    /// How many of these times, one after the other, change nothing but the newest time: the index
    /// of the first one that `judge` and `passed` have to see, or `end`. Those before it were seen.
    mutating func quiet(_ times: UnsafeMutablePointer<Int64>, from start: Int, to end: Int) -> Int {
        // Times that may be held back are judged one by one.
        guard jumps == nil else { return start }
        var newest = newest ?? .min
        let step = step
        var index = start
        // Below the next step nothing can move; most elements end here.
        while index < end, times[index] < step {
            newest = max(newest, times[index])
            index += 1
        }
        if index > start { self.newest = newest }
        return index
    }

    /// The watermark behind an element with this time, nanoseconds since 1970, if it moves there.
    mutating func passed(_ time: Int64) -> Instant? {
        guard jumps != nil else { return moved(to: time) }
        // Not the element's own time, which may be one that is not believed.
        return jumps?.base.flatMap { moved(to: $0) }
    }

    private mutating func moved(to time: Int64) -> Instant? {
        if time > newest ?? .min { newest = time }
        // Below the next step nothing can move; most elements end here.
        guard time >= step else { return nil }
        let behind = Instant(nanoseconds: time) - .nanoseconds(disorder)
        let floor = behind.floored(to: granularity)
        // A time below this one cuts down to the same step.
        let next = floor + granularity + .nanoseconds(disorder)
        step = next.nanoseconds
        guard floor > emitted else { return nil }
        assert(floor <= behind, "the watermark \(floor) is ahead of \(behind)")
        assert(next > behind, "the next watermark lies at \(next), not behind \(behind)")
        emitted = floor
        return floor
    }

    /// Adds what is held back to a digest; nothing where any distance is believed.
    func digest(into hash: inout StableHash) { jumps?.digest(into: &hash) }
}
