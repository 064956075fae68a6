public import WeirBase
public import WeirTelemetry

/// What a turn carries through the chain of its subtask.
///
/// The subtask sets it at a turn's beginning (time, step, lane), the chain while it goes through
/// the operators (index, watermark), and kernels read it and put their failure in. It is a plain
/// struct behind a pointer because kernels get it for each slice: a class would cost reference
/// counts and exclusivity checks there. It belongs to one subtask; only the thread that runs its
/// turn touches it.
@usableFromInline
package struct Frame {
    /// Processing time: the turn's one clock reading, nanoseconds since 1970, whole microseconds.
    @usableFromInline package internal(set) var now: Int64 = 0
    /// The run's start, the same in a replay.
    @usableFromInline package internal(set) var started = Instant.distantPast
    /// The watermark that the running operator is at: the subtask's, or the one before it for
    /// operators that it has not reached.
    @usableFromInline package internal(set) var watermark = Instant.distantPast
    /// Which operator of the chain runs, by its index.
    @usableFromInline var operatorIndex = 0
    /// The first failure of the turn; nothing more is run or emitted after it.
    @usableFromInline package var failure: OperatorFailure?
    /// The subtask's random numbers, from the run's seed and its own number. Part of the state.
    @usableFromInline package var generator = SeededGenerator(seed: 0)
    /// The running turn's step, which its log records carry.
    @usableFromInline package var step: Step = 0
    /// The running turn's time, which its log records carry.
    @usableFromInline package var turnTime = RunTime.start
    /// Bytes that the turn's closures have emitted, against `EngineBounds.maximumEmittedBytes`.
    @usableFromInline var emittedBytes = ByteCount.zero
    /// How many log records the turn has made, lost ones too. It orders a turn's records.
    @usableFromInline var ordinal: UInt32 = 0
    /// Its chain, which sets it.
    @usableFromInline package var chain: Unmanaged<Chain>?
    /// The books of the chain's operators, by the operator's index; set by the chain, which owns
    /// them.
    var books: UnsafeMutablePointer<OperatorBook>?
    /// The subtask's counters; set by the subtask, which owns them.
    var counters: Unmanaged<SubtaskCounters>?
    /// Where log records of the running turn go; nil where they go nowhere.
    package var logLane: Unmanaged<LogLane>?
    /// Records below this level are not made.
    @usableFromInline package var logLevel = LogLevel.info
    @usableFromInline package var subtask: SubtaskIndex = 0

    package init() {}

    /// Takes what lasts from turn to turn out of another frame of the same subtask, and leaves the
    /// pointers, which belong to the execution that it was saved in.
    mutating func resume(from saved: Frame) {
        assert(failure == nil, "a saved state is taken in behind a failure, which is not in it")
        (now, turnTime, step) = (saved.now, saved.turnTime, saved.step)
        (watermark, generator) = (saved.watermark, saved.generator)
    }

    /// Notes that the running operator failed; the rest of the turn is not run. Only the first
    /// failure counts.
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
    /// The operator's index in the chain; nil for the subtask's source, which stands before it.
    package var operatorIndex: Int?
    /// What the error says of itself, as a sentence.
    package var message: String
}
