import CTicks
import Synchronization

/// A monotonic clock on the processor's time counter, calibrated once in a process.
///
/// The engine reads it at the beginning and the end of each turn, as it costs a third of the
/// system's clock and does not order the instruction stream. Where the counter does not run
/// at a constant rate, the system's clock is read instead. The two drift apart by some
/// microseconds a second: it is meant for durations and pacing, and not for dates.
package enum TickClock {
    /// Nanoseconds since some fixed point before the process started.
    @inline(__always)
    package static func nanoseconds() -> UInt64 {
        // Read once: it is a lazy constant, and each look at it asks whether it was made.
        let calibration = calibration
        guard calibration.isUsable else { return MonotonicClock.nanoseconds() }
        let ticks = weir_ticks() &- calibration.ticks
        return calibration.nanoseconds &+ ticks.multipliedFullWidth(by: calibration.scale).high
    }

    /// How ticks become nanoseconds.
    private struct Calibration {
        var isUsable: Bool
        /// The counter and the clock at the calibration, from which both are counted.
        var ticks: UInt64 = 0
        var nanoseconds: UInt64 = 0
        /// Nanoseconds in a tick, times 2^64: the upper half of a product with it is
        /// nanoseconds.
        var scale: UInt64 = 0
    }

    /// Made at the first use, which takes 5 ms: long enough that reading the two clocks one
    /// after the other, some 30 ns apart, matters to less than ten parts in a million.
    private static let calibration: Calibration = {
        guard weir_ticks_invariant() else { return Calibration(isUsable: false) }
        let (ticks, start) = (weir_ticks(), MonotonicClock.nanoseconds())
        var now = start
        while now - start < 5_000_000 { now = MonotonicClock.nanoseconds() }
        let passed = weir_ticks() &- ticks
        // A counter slower than 1 GHz would need more than 64 bits of scale.
        guard passed > now - start else { return Calibration(isUsable: false) }
        let scale = passed.dividingFullWidth((high: now - start, low: 0)).quotient
        return Calibration(isUsable: true, ticks: ticks, nanoseconds: start, scale: scale)
    }()
}
