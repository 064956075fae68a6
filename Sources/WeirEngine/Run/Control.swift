public import WeirBase

/// Something that travels in band, between elements, and is none.
///
/// A channel keeps it in its order among the elements, so that every subtask gets it at the same
/// point of its input in a replay.
@frozen
@usableFromInline
package enum Control: Equatable, Sendable {
    /// No element with an earlier event time is to be expected behind it. One at `distantFuture`
    /// says that no element at all is.
    case watermark(Instant)
    /// The stream has nothing to say for now, and does not hold its reader's watermark back.
    case idle
    /// The stream speaks again: its watermark counts again.
    case active
    /// Nothing follows. Each producer sends it once, as the last message of each of its channels.
    case end
}
