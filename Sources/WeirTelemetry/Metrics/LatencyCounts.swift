import Synchronization

/// Latencies of one thing, counted in classes while others look on.
///
/// One thread at a time adds, with relaxed stores; any thread reads. Classes are a quarter of
/// a power of two wide, from 128 ns to 7 * 2^39 ns, which is 64 minutes. So a percentile that
/// is read from them is wrong by less than a quarter, and mostly by far less. Takes a little
/// over a kilobyte (143 words), and three stores for a latency.
package final class LatencyCounts: @unchecked Sendable {
    // Unchecked: `words` is only ever reached through atomic operations.

    /// The count of each class, then the sum of all latencies, then their number.
    private let words: UnsafeMutablePointer<Atomic<UInt64>>

    /// The index of the sum, in nanoseconds.
    private static let sumIndex = LatencyClass.count
    /// The index of the number of latencies.
    private static let countIndex = LatencyClass.count + 1

    package init() {
        let memory = UnsafeMutablePointer<UInt64>.allocate(capacity: LatencyClass.count + 2)
        memory.initialize(repeating: 0, count: LatencyClass.count + 2)
        words = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    deinit { UnsafeMutableRawPointer(words).deallocate() }

    /// Adds a latency in nanoseconds. One beyond all classes counts in the last.
    @inline(__always)
    package func record(_ nanoseconds: UInt64) {
        add(1, at: LatencyClass.of(nanoseconds))
        add(nanoseconds, at: Self.sumIndex)
        add(1, at: Self.countIndex)
    }

    /// Adds to a word that no other thread adds to.
    @inline(__always)
    private func add(_ amount: UInt64, at index: Int) {
        words[index].store(words[index].load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    /// How many were added. Any thread.
    package var count: UInt64 { words[Self.countIndex].load(ordering: .relaxed) }

    /// Everything since the run's start. Any thread. While somebody adds, the classes, the
    /// sum and the number may be a few ahead of each other; none of them ever falls.
    package func sample(hop: String) -> LatencySample {
        var sample = LatencySample(hop: hop)
        sample.sum = words[Self.sumIndex].load(ordering: .relaxed)
        for index in 0..<LatencyClass.count {
            let count = words[index].load(ordering: .relaxed)
            if count > 0 { sample.counts += [UInt64(index), count] }
        }
        return sample
    }
}

/// The classes into which latencies are counted. Their numbers are part of the trace format.
///
/// Class 0 is all below 128 ns; then four classes divide each power of two.
package enum LatencyClass {
    /// Below 2^7 = 128 ns a latency says more about the clock than about the run.
    private static let minimumPower = 7
    /// 35 powers of two reach from 2^7 to 2^42 ns; the last quarter of the last one is the
    /// open class.
    private static let powers = 35
    /// The number of classes, 141. The last takes everything longer and has no upper bound.
    package static let count = 1 + powers * 4

    /// The class of a latency in nanoseconds.
    @inline(__always)
    package static func of(_ nanoseconds: UInt64) -> Int {
        let power = 63 - (nanoseconds | 1).leadingZeroBitCount
        guard power >= minimumPower else { return 0 }
        // The two bits behind the highest one.
        let quarter = Int(truncatingIfNeeded: nanoseconds >> UInt64(power - 2)) & 3
        return min(count - 1, 1 + (power - minimumPower) * 4 + quarter)
    }

    /// The least latency above a class, nanoseconds; nil for the last.
    package static func upperBound(of index: Int) -> UInt64? {
        guard index < count - 1 else { return nil }
        guard index > 0 else { return 1 << UInt64(minimumPower) }
        let power = minimumPower + (index - 1) / 4
        return UInt64(4 + (index - 1) % 4 + 1) << UInt64(power - 2)
    }

    /// The least latency in a class, nanoseconds.
    static func lowerBound(of index: Int) -> UInt64 {
        index == 0 ? 0 : upperBound(of: index - 1) ?? 0
    }
}

/// The latencies of one thing since the run's start, as a sample tells them.
package struct LatencySample: Codable, Equatable, Sendable {
    /// `read`, `decode`, `queue`, `process`, `encode`, `write`, or `end` for the whole way.
    package var hop: String
    /// The sum of all of them, nanoseconds.
    package var sum: UInt64 = 0
    /// The numbers of the classes that are not empty, in order, each followed by its count.
    package var counts: [UInt64] = []

    package init(hop: String) { self.hop = hop }

    /// The hop of the whole way, from an element's being taken in to its being a row for the
    /// writer.
    package static let wholeWay = "end"

    /// The count of each class. What makes no sense, as in a damaged trace, is left out.
    package var classes: [UInt64] {
        var classes = [UInt64](repeating: 0, count: LatencyClass.count)
        for pair in 0..<counts.count / 2 where counts[2 * pair] < UInt64(LatencyClass.count) {
            classes[Int(counts[2 * pair])] = counts[2 * pair + 1]
        }
        return classes
    }
}

/// The median and the 99th percentile of the latencies in some stretch of time.
package struct LatencyFigures: Equatable, Sendable {
    /// Half of the latencies are at most this long, nanoseconds.
    package var median: UInt64
    /// Of a hundred latencies 99 are at most this long, nanoseconds.
    package var percentile99: UInt64
    /// Of a thousand latencies 999 are at most this long, nanoseconds.
    package var percentile999: UInt64

    /// The figures of so many latencies in each class; nil where there are none.
    package init?(classes: [UInt64]) {
        guard let median = Self.percentile(50, of: classes),
            let late = Self.percentile(99, of: classes),
            let rare = Self.percentile(99.9, of: classes)
        else { return nil }
        (self.median, percentile99, percentile999) = (median, late, rare)
    }

    /// A percentile in nanoseconds. The latencies of a class count as if they were spread
    /// evenly.
    static func percentile(_ percent: Double, of classes: [UInt64]) -> UInt64? {
        let count = classes.reduce(0, &+)
        guard count > 0 else { return nil }
        let rank = max(1, (Double(count) * percent / 100).rounded(.up))
        var below = 0.0
        for (index, found) in classes.enumerated() where found > 0 {
            if below + Double(found) >= rank {
                let lower = LatencyClass.lowerBound(of: index)
                let upper = LatencyClass.upperBound(of: index) ?? lower
                let share = (rank - below) / Double(found)
                return lower + UInt64(Double(upper - lower) * share)
            }
            below += Double(found)
        }
        return nil
    }
}
