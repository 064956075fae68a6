import Histogram

/// Latencies with three significant digits, from a nanosecond to an hour: for the summary of
/// a run.
///
/// One owner writes, and whoever reads does so after the owner has ended. It takes about 200
/// kB once it is used and nothing before.
package final class LatencyHistogram {
    private var histogram: Histogram<UInt32>?

    package init() {}

    /// Adds a latency in nanoseconds; longer ones count as an hour.
    package func record(_ nanoseconds: UInt64) {
        if histogram == nil {
            histogram = Histogram<UInt32>(
                highestTrackableValue: Self.maximum, numberOfSignificantValueDigits: .three)
        }
        histogram?.record(min(nanoseconds, Self.maximum))
    }

    /// An hour, in nanoseconds.
    private static let maximum: UInt64 = 3_600_000_000_000

    /// How many were added.
    package var count: UInt64 { histogram?.totalCount ?? 0 }

    /// The latency below which `percentile` per cent lie, nanoseconds; nil when there is none.
    package func value(atPercentile percentile: Double) -> UInt64? {
        guard let histogram, histogram.totalCount > 0 else { return nil }
        return histogram.valueAtPercentile(percentile)
    }
}
