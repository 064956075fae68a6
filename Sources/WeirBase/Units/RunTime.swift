/// A time since a run's start, in whole microseconds: when a turn was, a sample, an incident.
///
/// Microseconds, because that is all that a turn knows of time. A run cuts its clock to them before
/// anything sees it, notes and samples hold them, and a trace that claims an absurd time is read
/// and written again as it is: in nanoseconds not every number that a note can hold would fit. How
/// long it was from one such time to another is a `RunTime` too, and a length of time that is no
/// moment of a run is a `Duration`.
@frozen
@usableFromInline
package struct RunTime: UnitNumber {
    /// The number of microseconds. Negative only where a trace was altered.
    @usableFromInline package var rawValue: Int64

    /// So many microseconds after the start.
    @inlinable
    package init(_ rawValue: Int64) { self.rawValue = rawValue }

    /// So many nanoseconds after the start, cut to microseconds.
    @inlinable
    package init(nanoseconds: Int64) { self.init(nanoseconds / 1_000) }

    /// So many nanoseconds after the start, rounded up to microseconds: who waits until then does
    /// not come early.
    @inlinable
    package init(roundingUp nanoseconds: Int64) {
        let (whole, left) = nanoseconds.quotientAndRemainder(dividingBy: 1_000)
        self.init(left > 0 ? whole + 1 : whole)
    }

    /// So much time after the start, cut to microseconds; the nearest that there is where it is
    /// too long.
    @inlinable
    package init(_ duration: Duration) { self.init(nanoseconds: duration.wholeNanoseconds) }

    /// So many microseconds, as a length of time or after the start.
    @inlinable
    package static func microseconds(_ count: Int64) -> RunTime { RunTime(count) }

    /// So many milliseconds. Traps beyond the longest time there is.
    @inlinable
    package static func milliseconds(_ count: Int64) -> RunTime { RunTime(count * 1_000) }

    /// So many seconds. Traps beyond the longest time there is.
    @inlinable
    package static func seconds(_ count: Int64) -> RunTime { RunTime(count * 1_000_000) }

    /// The moment at which a run starts.
    @inlinable
    package static var start: RunTime { RunTime(0 as Int64) }

    /// No time at all, as a length.
    @inlinable
    package static var zero: RunTime { RunTime(0 as Int64) }

    /// The earliest time that a note can hold.
    @inlinable
    package static var min: RunTime { RunTime(Int64.min) }

    /// The same in nanoseconds; the nearest that there is where it is too long.
    @inlinable
    package var nanoseconds: Int64 {
        let (product, overflow) = rawValue.multipliedReportingOverflow(by: 1_000)
        return overflow ? (rawValue < 0 ? .min : .max) : product
    }

    /// The same cut to whole milliseconds.
    @inlinable
    package var cutToMilliseconds: RunTime { RunTime(rawValue / 1_000 * 1_000) }

    /// The whole seconds in it.
    @inlinable
    package var wholeSeconds: Int64 { rawValue / 1_000_000 }

    /// The same in seconds, for people and for rates.
    @inlinable
    package var seconds: Double { Double(rawValue) / 1e6 }

    /// The point in time at which it is, of a run that began at `start`; the nearest that there is
    /// where it lies outside of all years.
    @inlinable
    package func instant(after start: Instant) -> Instant {
        exactInstant(after: start) ?? (rawValue < 0 ? .distantPast : .distantFuture)
    }

    /// The point in time at which it is, of a run that began at `start`; nil where it lies beyond
    /// what an instant holds.
    ///
    /// A run's clock cannot get there, but the notes of a damaged trace may say anything. Whoever
    /// takes a time from one asks here first, so that a turn may add it up without looking.
    @inlinable
    package func exactInstant(after start: Instant) -> Instant? {
        let (passed, isBeyond) = rawValue.multipliedReportingOverflow(by: 1_000)
        let (sum, isSumBeyond) = start.nanoseconds.addingReportingOverflow(passed)
        return isBeyond || isSumBeyond ? nil : Instant(nanoseconds: sum)
    }

    /// How long it has been since `earlier`, negative where that lies ahead; nil where no number
    /// holds it, which only a trace that was altered can bring about.
    @inlinable
    package func since(_ earlier: RunTime) -> RunTime? {
        let (passed, overflow) = rawValue.subtractingReportingOverflow(earlier.rawValue)
        return overflow ? nil : RunTime(passed)
    }

    /// The time `passed` later. Traps behind the last number there is.
    @inlinable
    package static func + (left: RunTime, passed: RunTime) -> RunTime {
        RunTime(left.rawValue + passed.rawValue)
    }

    /// The time `passed` earlier, or how long it was from one to the other. Traps before the first
    /// number there is.
    @inlinable
    package static func - (left: RunTime, right: RunTime) -> RunTime {
        RunTime(left.rawValue - right.rawValue)
    }
}
