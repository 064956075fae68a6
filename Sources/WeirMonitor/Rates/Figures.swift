package import WeirBase
package import WeirTelemetry

/// Numbers as the screens write them: short, with a unit, and of a width that changes little, so
/// that columns do not jump while they are watched.
///
/// All of these take any value, also one that a damaged trace made up, and cost one short string.
package enum Figures {
    /// `96.2k`, `1.3M`, `12`: at most four digits and a letter.
    package static func count(_ number: Double) -> String {
        guard number.isFinite else { return "?" }
        return String(Quantities.describe(count: number).filter { $0 != " " })
    }

    /// `41.0 MB`.
    package static func bytes(_ amount: ByteCount) -> String {
        Quantities.describe(bytes: amount)
    }

    /// `97 %`; anything that is no share is brought to the nearest one.
    package static func percent(_ share: Double) -> String { "\(wholePercent(share)) %" }

    /// A share as a whole number from 0 to 100; 0 for what is no number.
    package static func wholePercent(_ share: Double) -> Int {
        share.isNaN ? 0 : Int((max(0, min(1, share)) * 100).rounded())
    }

    /// A span of time in its largest sensible unit: `40 ms`, `3.4 s`, `41 s`, `12 min`, `3.5 h`.
    /// Negative ones are shown as nothing. Tenths of a second are shown as long as they round to
    /// less than ten, minutes from two on and hours from two on; each border lies where rounding
    /// would reach it.
    package static func duration(_ time: RunTime) -> String {
        duration(microseconds: time.rawValue)
    }

    /// The same of a length of time that is none of the run's clock.
    package static func duration(microseconds: Int64) -> String {
        let seconds = Double(max(0, microseconds)) / 1e6
        switch seconds {
        case ..<0.001: return "\(max(0, microseconds)) us"
        case ..<0.9995: return "\(Int((seconds * 1_000).rounded())) ms"
        case ..<9.95: return "\(tenths(seconds)) s"
        case ..<119.5: return "\(Int(seconds.rounded())) s"
        case ..<7_170: return "\(Int((seconds / 60).rounded())) min"
        default: return "\(tenths(seconds / 3_600)) h"
        }
    }

    /// Latencies from source to sink, both figures with their units.
    package static func latency(_ figures: LatencyFigures) -> String {
        func time(_ nanoseconds: UInt64) -> String {
            duration(microseconds: Int64(clamping: nanoseconds / 1_000))
        }
        return "latency p50 \(time(figures.median)) p99 \(time(figures.percentile99))"
    }

    /// `0.2 s`, `12 s`: an age, steady enough to be read while it moves.
    package static func age(_ age: RunTime) -> String {
        let seconds = max(.zero, age).seconds
        return seconds < 9.95 ? "\(tenths(seconds)) s" : duration(age)
    }

    /// A number with one digit behind the point: `12.4`; a question mark for what is no number, or
    /// too large to have a meaning here.
    package static func tenths(_ number: Double) -> String {
        guard number.isFinite, abs(number) < 1e15 else { return "?" }
        let tenths = Int64((number * 10).rounded())
        return "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }

    /// `00:02:14`; days run into the hours.
    package static func elapsed(_ time: RunTime) -> String {
        let seconds = max(.zero, time).wholeSeconds
        return "\(two(seconds / 3_600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    }

    /// The time of day, `12:04:31.2`, in UTC.
    package static func clock(_ instant: Instant) -> String {
        String(instant.rfc3339(digits: 1).dropFirst(11).dropLast())
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
