import WeirBase

/// Decides which event times a watermark may rest on when one of them can be wrong.
///
/// A watermark follows the greatest event time; one element from a machine whose clock is a year
/// ahead would make everything behind it late. So a time is only believed when others agree with
/// it.
///
/// Pure: times in, the greatest believed time and refuted elements out. A time is *ahead* when it
/// is more than `bound` beyond the greatest believed one. The times of elements in a row that are
/// all ahead are kept; once there are `agreeing` behind the first of them, the least of them is
/// believed, and what is then within the bound of it, and so on upwards. The first element that is
/// not ahead ends the row and refutes it.
///
/// `Watermarker` calls it for each element of a source. It depends on the elements alone, in their
/// order, so that it never depends on batches. Its memory is bounded by `agreeing`.
struct JumpGuard {
    /// How many elements must follow one that is ahead, and be ahead too, for it to be believed.
    /// More would keep the watermark back longer behind a real gap, fewer would believe a wrong
    /// clock that sends a few elements in a row.
    static let agreeing = 20

    /// Elements whose times were not believed and then contradicted.
    struct Refuted: Equatable {
        /// The number of the first of them, from 0.
        var first: UInt64
        var time: Int64
        /// How far it was ahead of the greatest believed time then.
        var distance: Int64
        var count: Int
    }

    private struct Ahead {
        var time: Int64
        var element: UInt64
        var distance: Int64
    }

    /// The maximum distance, nanoseconds, at which a time is believed by itself.
    private let bound: Int64
    /// The greatest time that is believed; nil before the second element.
    private(set) var base: Int64?
    /// The row of elements that are ahead, in their order; before there is a base, the first
    /// element alone.
    private var ahead: [Ahead] = []

    init(bound: Int64) {
        precondition(bound > 0, "a bound of \(bound) ns")
        self.bound = bound
    }

    /// Takes the next element's time, nanoseconds since 1970; says what it refutes. Elements come
    /// in the order of their numbers.
    mutating func take(_ time: Int64, element: UInt64) -> Refuted? {
        guard let base else { return begin(time, element) }
        let distance = Self.distance(from: base, to: time)
        if distance > bound {
            ahead.append(Ahead(time: time, element: element, distance: distance))
            if ahead.count > Self.agreeing { believe() }
            assert(ahead.count <= Self.agreeing)
            return nil
        }
        self.base = max(base, time)
        return refute()
    }

    /// The first two elements. One alone says nothing: of two that are far apart the earlier one
    /// counts, and the later is ahead of it.
    private mutating func begin(_ time: Int64, _ element: UInt64) -> Refuted? {
        guard let first = ahead.first else {
            ahead = [Ahead(time: time, element: element, distance: 0)]
            return nil
        }
        ahead.removeAll()
        if first.time <= time {
            base = first.time
            return take(time, element: element)
        }
        base = time
        // As if the two had come the other way round.
        _ = take(first.time, element: first.element)
        return nil
    }

    /// Believes the row from its least time upwards, as far as neighbours are within the bound.
    /// What lies beyond stays ahead of the new base, so a wrong clock inside a real gap is still
    /// kept out.
    private mutating func believe() {
        let times = ahead.map(\.time).sorted()
        var believed = times[0]
        for time in times where Self.distance(from: believed, to: time) <= bound { believed = time }
        assert(
            base.map { believed > $0 } ?? true,
            "the greatest believed time goes back to \(believed)")
        base = believed
        ahead.removeAll { Self.distance(from: believed, to: $0.time) <= bound }
    }

    /// How far a time lies ahead, nanoseconds; negative for an earlier one. Saturates: times may
    /// lie at both ends of what can be told.
    private static func distance(from base: Int64, to time: Int64) -> Int64 {
        let (distance, overflow) = time.subtractingReportingOverflow(base)
        return overflow ? (time < base ? .min : .max) : distance
    }

    /// Ends the row, which the element at hand contradicts; nil where there is none.
    private mutating func refute() -> Refuted? {
        guard let first = ahead.first else { return nil }
        defer { ahead.removeAll(keepingCapacity: true) }
        return Refuted(
            first: first.element, time: first.time, distance: first.distance, count: ahead.count)
    }

    func digest(into hash: inout StableHash) {
        hash.combine(UInt64(bitPattern: base ?? .min))
        for held in ahead {
            hash.combine(UInt64(bitPattern: held.time))
            hash.combine(held.element)
        }
    }
}
