/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// Covers all of the years 1678 to 2261, and parts of the two beside them. The same type
/// serves event time and processing time.
@frozen
public struct Instant: Hashable, Comparable, Sendable {
    /// Nanoseconds since the epoch.
    public var nanoseconds: Int64

    /// The point `nanoseconds` after the epoch.
    @inlinable
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The point `milliseconds` after the epoch; out of range becomes the nearest end.
    @inlinable
    public init(milliseconds: Int64) {
        let (product, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        nanoseconds = overflow ? (milliseconds < 0 ? .min : .max) : product
    }

    /// The earliest point there is; the watermark before anything was seen.
    public static let distantPast = Instant(nanoseconds: .min)
    /// Whole milliseconds since the epoch, rounded down.
    @inlinable public var milliseconds: Int64 {
        let (quotient, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return rest < 0 ? quotient - 1 : quotient
    }

    /// The latest point there is; the watermark of an ended stream.
    public static let distantFuture = Instant(nanoseconds: .max)

    /// Whether the left point lies before the right one.
    @inlinable
    public static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// A later point; saturates at the ends of the range.
    @inlinable
    public static func + (left: Instant, right: Duration) -> Instant {
        let (sum, overflow) = left.nanoseconds.addingReportingOverflow(right.wholeNanoseconds)
        return Instant(nanoseconds: overflow ? (right < .zero ? .min : .max) : sum)
    }

    /// An earlier point; saturates at the ends of the range.
    @inlinable
    public static func - (left: Instant, right: Duration) -> Instant {
        let (sum, overflow) = left.nanoseconds.subtractingReportingOverflow(right.wholeNanoseconds)
        return Instant(nanoseconds: overflow ? (right < .zero ? .max : .min) : sum)
    }

    /// The start of the interval of length `width`, counted from the epoch, that contains it.
    ///
    /// This is where a tumbling window begins. `width` must be positive.
    @inlinable
    public func floored(to width: Duration) -> Instant {
        let step = width.wholeNanoseconds
        precondition(step > 0, "width \(width) must be positive")
        let rest = nanoseconds % step
        // Before 1970 the remainder is negative, and the interval begins below.
        let down = rest < 0 ? rest + step : rest
        let (floor, overflow) = nanoseconds.subtractingReportingOverflow(down)
        return Instant(nanoseconds: overflow ? .min : floor)
    }
}

extension Duration {
    /// The duration in whole nanoseconds; what is below is cut off. Saturates at ±292 years.
    @inlinable
    public var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, more) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return more ? (seconds < 0 ? .min : .max) : sum
    }
}
