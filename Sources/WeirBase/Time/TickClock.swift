import CTicks
import Synchronization

/// A monotonic clock on the processor's time counter, calibrated once a process.
///
/// Costs a third of the system's clock and does not order the instruction stream. Where the
/// counter does not run at a constant rate the system's clock is read instead. The two drift apart
/// by some microseconds a second: durations and pacing are meant for it, not dates.
package enum TickClock {
    /// Nanoseconds since some fixed point before the process started.
    @inline(__always)
    package static func nanoseconds() -> UInt64 {
        let calibration = calibration
        guard calibration.isUsable else { return MonotonicClock.nanoseconds() }
        let ticks = weir_ticks() &- calibration.ticks
        return calibration.nanoseconds &+ ticks.multipliedFullWidth(by: calibration.scale).high
    }

    private struct Calibration {
        var isUsable: Bool
        var ticks: UInt64 = 0
        var nanoseconds: UInt64 = 0
        /// Nanoseconds a tick, times 2^64.
        var scale: UInt64 = 0
    }

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
