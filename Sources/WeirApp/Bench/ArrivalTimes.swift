import WeirBase

/// When the rows of a run came to its end, by the number of the event that let each of them come.
///
/// A workload tells it from its sink. The rows of one event are told by one thread at a time; those
/// of different events by any.
public final class ArrivalTimes: @unchecked Sendable {
    // Unchecked: each word is written by one thread at a time, and read behind the run alone.

    /// By event, readings of the clock that the engine paces by; 0 where no row came.
    private let readings: UnsafeMutableBufferPointer<UInt64>

    /// Room for so many events, 8 bytes each.
    init(events: Int) {
        readings = .allocate(capacity: events)
        readings.initialize(repeating: 0)
    }

    deinit { readings.deallocate() }

    /// A row has arrived that the event with this number, from 0, let come.
    ///
    /// The last row of an event counts. An event that is not one of the run's is passed over. Costs
    /// a reading of the clock and a store.
    @inline(__always)
    public func arrived(_ number: Int) {
        guard readings.indices.contains(number) else { return }
        readings[number] = TickClock.nanoseconds()
    }

    /// By how much rows came behind the instants at which their events were due, in nanoseconds
    /// and in ascending order.
    ///
    /// Event n is due n / `rate` seconds after the start of the run, whenever its source was able
    /// to give it. The first `skipped` events are left out.
    func latencies(rate: Double, since start: UInt64, skipping skipped: Int) -> [Int64] {
        var latencies: [Int64] = []
        for number in skipped..<max(skipped, readings.count) where readings[number] != 0 {
            let due = start &+ UInt64(Double(number) * 1e9 / rate)
            latencies.append(Int64(readings[number] > due ? readings[number] - due : 0))
        }
        latencies.sort()
        return latencies
    }
}

/// What became of the latencies of a run, in nanoseconds.
struct LatencyRanks {
    let rows: Int
    let median: Int64
    /// 99 of 100 were at most so late.
    let p99: Int64
    /// 999 of 1,000 were at most so late.
    let p999: Int64
    let maximum: Int64

    /// Of latencies in ascending order; nil for none.
    init?(_ sorted: [Int64]) {
        guard let last = sorted.last else { return nil }
        rows = sorted.count
        /// The smallest that so many of a thousand do not exceed.
        func rank(_ thousandths: Int) -> Int64 {
            sorted[(sorted.count * thousandths + 999) / 1_000 - 1]
        }
        (median, p99, p999, maximum) = (rank(500), rank(990), rank(999), last)
    }
}
