public import WeirBase

/// Something in band that is not an element.
@frozen
@usableFromInline
package enum Control: Equatable, Sendable {
    /// No element with an earlier event time is to be expected.
    case watermark(Instant)
    /// The stream has nothing to say for now: it does not hold its reader's watermark back.
    case idle
    /// The stream speaks again.
    case active
    /// Nothing follows.
    case end
}
