public import WeirBase
public import WeirTelemetry

/// A short run of elements on its way through a chain of operators.
///
/// `count` elements lie at `elements`, their event times in a column beside them. Whoever holds
/// the slice owns the elements: a kernel consumes what it is given and leaves what it made.
@frozen
public struct Slice {
    /// The first element; what type it has, the kernel knows.
    public var elements: UnsafeMutableRawPointer
    /// Event times, nanoseconds since the epoch; `Instant.distantPast` where there is none.
    public var times: UnsafeMutablePointer<Int64>
    /// How many elements there are.
    public var count: Int

    /// A slice of `count` elements.
    @inlinable
    public init(
        elements: UnsafeMutableRawPointer, times: UnsafeMutablePointer<Int64>, count: Int
    ) {
        self.elements = elements
        self.times = times
        self.count = count
    }

    /// The most elements in a slice; 64 of 64 bytes stay in the first-level cache.
    public static let capacity = 64
}

/// What runs an operator over a slice: the slice, the turn's frame, the operator's state.
///
/// A kernel captures nothing but the user's closures, so that the compiler specialises it at the
/// user's call site; whatever else it needs lies behind the pointers.
public typealias Kernel = (
    _ slice: inout Slice, _ frame: UnsafeMutablePointer<Frame>, _ state: UnsafeMutableRawPointer
) -> Void

/// Something in band that is not an element.
@frozen
public enum Control: Equatable, Sendable {
    /// No element with an earlier event time is to be expected.
    case watermark(Instant)
    /// The stream has nothing to say for now: it does not hold its reader's watermark back.
    case idle
    /// The stream speaks again.
    case active
    /// Nothing follows.
    case end
}

/// What a turn carries through the chain of its subtask.
///
/// Belongs to one subtask; only the thread that runs its turn touches it.
public struct Frame {
    /// Processing time: the turn's one clock reading, nanoseconds since the epoch, whole µs.
    public internal(set) var now: Int64 = 0
    /// The run's start.
    public internal(set) var started = Instant.distantPast
    /// The subtask's watermark.
    public internal(set) var watermark = Instant.distantPast
    /// Which operator of the chain runs.
    @usableFromInline var operatorIndex = 0
    /// The first failure of the turn; nothing more is emitted after it.
    @usableFromInline package var failure: OperatorFailure?
    @usableFromInline package var generator = SeededGenerator(seed: 0)
    @usableFromInline package var step: UInt64 = 0
    @usableFromInline package var turnTime: Int64 = 0
    @usableFromInline var emittedBytes = 0
    @usableFromInline var ordinal: UInt32 = 0
    @usableFromInline package var chain: Unmanaged<Chain>?
    /// The books of the chain's operators, by index; set by the chain.
    var books: UnsafeMutablePointer<OperatorBook>?
    /// The subtask's; set by it.
    var counters: Unmanaged<SubtaskCounters>?
    package var logLane: Unmanaged<LogLane>?
    @usableFromInline package var logLevel = LogLevel.info
    @usableFromInline package var subtask: UInt16 = 0

    package init() {}

    /// Takes what lasts from turn to turn out of another frame of the same subtask.
    mutating func resume(from saved: Frame) {
        (now, turnTime, step) = (saved.now, saved.turnTime, saved.step)
        (watermark, generator) = (saved.watermark, saved.generator)
    }

    /// Notes that the running operator failed; the turn's rest is not run.
    @usableFromInline
    mutating func fail(_ error: any Error) {
        if failure == nil {
            failure = OperatorFailure(operatorIndex: operatorIndex, message: "\(error)")
        }
    }
}

/// An operator's error: which operator, and what it said.
@usableFromInline
package struct OperatorFailure: Equatable, Sendable {
    /// Its place in the chain; nil for the subtask's source, which stands before it.
    package var operatorIndex: Int?
    package var message: String
}
