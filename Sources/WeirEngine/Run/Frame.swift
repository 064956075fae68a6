public import WeirBase
public import WeirTelemetry

/// What a turn carries through the chain of its subtask.
///
/// Belongs to one subtask; only the thread that runs its turn touches it.
@usableFromInline
package struct Frame {
    /// Processing time: the turn's one clock reading, nanoseconds since the epoch, whole µs.
    @usableFromInline package internal(set) var now: Int64 = 0
    /// The run's start.
    @usableFromInline package internal(set) var started = Instant.distantPast
    /// The subtask's watermark.
    @usableFromInline package internal(set) var watermark = Instant.distantPast
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
