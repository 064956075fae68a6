import WeirBase
import WeirTelemetry

/// What a source does in its subtask's turns.
///
/// Belongs to the subtask. A look influences only which turn is taken; what a turn does follows
/// from its count and the input alone.
protocol SourceDriver: AnyObject {
    /// What a turn could take at `time`, microseconds since the start.
    func look(time: Int64, isEnding: Bool) -> Look
    /// Takes `count` elements through the subtask's chain.
    func run(_ count: Int, _ subtask: Subtask)
    /// A turn without elements: the source has nothing to say for now.
    func becomeIdle()
    /// The source ends, or failed.
    func end(_ kind: StepKind, _ subtask: Subtask)
    /// Adds the source's position to a digest.
    func digest(into hash: inout StableHash)
    /// Elements taken so far.
    var taken: UInt64 { get }
    /// Bytes taken so far; 0 for generators.
    var takenBytes: UInt64 { get }
    /// Elements that wait, where that is known.
    var lag: UInt64? { get }
    /// What was read and will not be taken; after the last turn.
    var leftover: SourceLeftover { get }
    /// The position as values, for a snapshot; between turns.
    func save() -> Saved
    /// Takes a saved position in, before the first turn.
    func restore(_ saved: Any)
    /// The element with this index as text, where it can be made out of order; else nil.
    func describe(element index: UInt64) -> String?
}

/// What a source had read when nothing more was taken of it.
struct SourceLeftover: Equatable {
    /// Whole elements.
    var elements: UInt64 = 0
    /// Whether something follows that is no whole element yet.
    var isOpen = false
}

/// Where event times of a source come from, and how far behind them its watermark is.
public struct WatermarkPolicy: Sendable, Equatable {
    let disorder: Duration
    let granularity: Duration

    /// Elements come at most `disorder` out of order.
    ///
    /// The watermark moves in steps of
    /// `granularity` of event time, so that it depends on the elements alone and never on how they
    /// were batched.
    public static func boundedDisorder(
        _ disorder: Duration, granularity: Duration = .milliseconds(100)
    ) -> WatermarkPolicy {
        precondition(granularity > .zero, "granularity must be positive")
        return WatermarkPolicy(disorder: disorder, granularity: granularity)
    }

    /// Elements come in order.
    public static let ordered = WatermarkPolicy.boundedDisorder(.zero)
}

/// Turns event times into watermarks, element by element.
struct Watermarker {
    private let disorder: Int64
    private let granularity: Duration
    private var step = Int64.min
    private(set) var emitted = Instant.distantPast

    init(_ policy: WatermarkPolicy) {
        disorder = policy.disorder.wholeNanoseconds
        granularity = policy.granularity
    }

    /// The watermark behind an element, if it moves there.
    mutating func passed(_ time: Int64) -> Instant? {
        // Below the next step nothing can move; most elements end here.
        guard time >= step else { return nil }
        let behind = Instant(nanoseconds: time) - .nanoseconds(disorder)
        let floor = behind.floored(to: granularity)
        let next = floor + granularity + .nanoseconds(disorder)
        step = next.nanoseconds
        guard floor > emitted else { return nil }
        emitted = floor
        return floor
    }
}

/// Collects a source's elements into slices and sends watermarks between them.
struct SourceEmitter<Element> {
    private let elements: UnsafeMutablePointer<Element>
    private let times: UnsafeMutablePointer<Int64>
    private var count = 0
    /// Between turns it is all there is.
    var watermarker: Watermarker?

    init(_ policy: WatermarkPolicy?) {
        elements = .allocate(capacity: Slice.capacity)
        times = .allocate(capacity: Slice.capacity)
        watermarker = policy.map { Watermarker($0) }
    }

    func deallocate() {
        elements.deallocate()
        times.deallocate()
    }

    mutating func emit(_ element: consuming Element, time: Instant?, _ subtask: Subtask) {
        (elements + count).initialize(to: element)
        times[count] = (time ?? .distantPast).nanoseconds
        count += 1
        if count >= subtask.sliceLimit { flush(subtask) }
        if let time, let watermark = watermarker?.passed(time.nanoseconds) {
            flush(subtask)
            subtask.advance(to: watermark)
        }
    }

    mutating func flush(_ subtask: Subtask) {
        guard count > 0 else { return }
        var slice = Slice(
            elements: UnsafeMutableRawPointer(elements), times: times, count: count)
        count = 0
        if subtask.hasFailed {
            elements.deinitialize(count: slice.count)
            subtask.counters.drop(UInt64(slice.count), .stopped)
        } else {
            subtask.chain.run(&slice, from: 0)
        }
    }
}

/// Lets a source's elements come at a rate instead of as fast as possible.
struct Pace {
    private let rate: Double?

    init(_ rate: Double?) { self.rate = rate }

    /// How many more elements may have been taken by `time`; at most a turn's budget.
    func allowed(at time: Int64, taken: UInt64) -> Int {
        guard let rate else { return Subtask.turnBudget }
        let due = Double(time) * rate / 1e6 + 1
        return Int(min(Double(Subtask.turnBudget), max(0, due - Double(taken))))
    }

    /// When the next element may be taken.
    func next(taken: UInt64) -> Int64? {
        guard let rate, rate > 0 else { return nil }
        return Int64((Double(taken) * 1e6 / rate).rounded(.up))
    }
}
