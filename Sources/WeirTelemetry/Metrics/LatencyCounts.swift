import Synchronization

/// Latencies of one place, counted while others look on.
///
/// One thread at a time adds, with relaxed stores; any thread reads. Classes are a quarter of a
/// power of two wide, from 128 ns to an hour, so that a percentile read from them is right within
/// an eighth. A little over a kilobyte, and three stores a latency.
package final class LatencyCounts: @unchecked Sendable {
    // Unchecked: `words` is only ever reached through atomic operations.

    private let words: UnsafeMutablePointer<Atomic<UInt64>>

    private static let sumPlace = LatencyClass.count
    private static let countPlace = LatencyClass.count + 1

    package init() {
        let memory = UnsafeMutablePointer<UInt64>.allocate(capacity: LatencyClass.count + 2)
        memory.initialize(repeating: 0, count: LatencyClass.count + 2)
        words = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    deinit { UnsafeMutableRawPointer(words).deallocate() }

    /// Adds a latency in nanoseconds; one longer than all classes counts in the last.
    @inline(__always)
    package func record(_ nanoseconds: UInt64) {
        add(1, at: LatencyClass.of(nanoseconds))
        add(nanoseconds, at: Self.sumPlace)
        add(1, at: Self.countPlace)
    }

    @inline(__always)
    private func add(_ amount: UInt64, at place: Int) {
        words[place].store(words[place].load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    /// How many were added. Any thread.
    package var count: UInt64 { words[Self.countPlace].load(ordering: .relaxed) }

    /// All of it since the run's start. Any thread; the counts of classes may be a few ahead of
    /// each other while somebody adds, and never fall.
    package func sample(hop: String) -> LatencySample {
        var sample = LatencySample(hop: hop)
        sample.sum = words[Self.sumPlace].load(ordering: .relaxed)
        for place in 0..<LatencyClass.count {
            let count = words[place].load(ordering: .relaxed)
            if count > 0 { sample.counts += [UInt64(place), count] }
        }
        return sample
    }
}

/// Into which classes latencies are counted.
package enum LatencyClass {
    private static let leastPower = 7
    private static let powers = 35
    /// The number of classes; the last has no upper bound.
    package static let count = 1 + powers * 4

    @inline(__always)
    package static func of(_ nanoseconds: UInt64) -> Int {
        let power = 63 - (nanoseconds | 1).leadingZeroBitCount
        guard power >= leastPower else { return 0 }
        let quarter = Int(truncatingIfNeeded: nanoseconds >> UInt64(power - 2)) & 3
        return min(count - 1, 1 + (power - leastPower) * 4 + quarter)
    }

    /// The least latency above the class, nanoseconds; nil for the last.
    package static func upperBound(of place: Int) -> UInt64? {
        guard place < count - 1 else { return nil }
        guard place > 0 else { return 1 << UInt64(leastPower) }
        let power = leastPower + (place - 1) / 4
        return UInt64(4 + (place - 1) % 4 + 1) << UInt64(power - 2)
    }

    static func lowerBound(of place: Int) -> UInt64 {
        place == 0 ? 0 : upperBound(of: place - 1) ?? 0
    }
}

/// The latencies of one place since the run's start, as a sample tells them.
package struct LatencySample: Codable, Equatable, Sendable {
    /// `read`, `decode`, `queue`, `process`, `encode`, `write`, or `end` for the whole way.
    package var hop: String
    /// Nanoseconds.
    package var sum: UInt64 = 0
    /// Numbers of classes that are not empty, in order, each followed by its count.
    package var counts: [UInt64] = []

    package init(hop: String) { self.hop = hop }

    /// From the source to the sink: from being taken in to being a row for the writer.
    package static let wholeWay = "end"

    /// The count of each class. What makes no sense in a damaged trace is left out.
    package var classes: [UInt64] {
        var classes = [UInt64](repeating: 0, count: LatencyClass.count)
        for pair in 0..<counts.count / 2 where counts[2 * pair] < UInt64(LatencyClass.count) {
            classes[Int(counts[2 * pair])] = counts[2 * pair + 1]
        }
        return classes
    }
}

/// How long it took from source to sink, of some stretch of time.
package struct LatencyFigures: Equatable, Sendable {
    /// Nanoseconds.
    package var median: UInt64
    package var percentile99: UInt64

    /// The figures of so many latencies in each class; nil where there are none.
    package init?(classes: [UInt64]) {
        guard let median = Self.percentile(50, of: classes),
            let late = Self.percentile(99, of: classes)
        else { return nil }
        (self.median, percentile99) = (median, late)
    }

    /// Within the class the latencies count as evenly spread.
    static func percentile(_ percent: Double, of classes: [UInt64]) -> UInt64? {
        let count = classes.reduce(0, &+)
        guard count > 0 else { return nil }
        let rank = max(1, (Double(count) * percent / 100).rounded(.up))
        var below = 0.0
        for (place, found) in classes.enumerated() where found > 0 {
            if below + Double(found) >= rank {
                let lower = LatencyClass.lowerBound(of: place)
                let upper = LatencyClass.upperBound(of: place) ?? lower
                let share = (rank - below) / Double(found)
                return lower + UInt64(Double(upper - lower) * share)
            }
            below += Double(found)
        }
        return nil
    }
}
