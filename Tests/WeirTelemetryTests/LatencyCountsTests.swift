import Testing
import WeirBase
import WeirTelemetry

/// Classes of latencies, and the percentiles that are read from them.
@Suite struct LatencyCountsTests {
    @Test func `every class begins where the one before ends, to the nanosecond`() {
        for index in 0..<LatencyClass.count - 1 {
            guard let bound = LatencyClass.upperBound(of: index) else {
                Issue.record("class \(index) has no bound")
                continue
            }
            #expect(LatencyClass.of(bound - 1) == index)
            #expect(LatencyClass.of(bound) == index + 1)
        }
        #expect(LatencyClass.upperBound(of: LatencyClass.count - 1) == nil)
        #expect(LatencyClass.of(0) == 0)
        #expect(LatencyClass.of(.max) == LatencyClass.count - 1)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `percentiles are those of the sorted latencies within a quarter`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let counts = LatencyCounts()
        let latencies = (0..<2_000).map { _ in 1_000 + random.next() >> (30 + random.next() % 20) }
        for latency in latencies { counts.record(latency) }
        let sample = counts.sample(hop: LatencySample.wholeWay)
        let figures = try #require(LatencyFigures(classes: sample.classes))
        let sorted = latencies.sorted()
        for (told, true_) in [(figures.median, sorted[999]), (figures.percentile99, sorted[1_979])]
        {
            #expect(Double(told) <= Double(true_) * 1.25 && Double(told) >= Double(true_) * 0.8)
        }
        #expect(sample.sum == latencies.reduce(0, +) && counts.count == 2_000)
    }

    @Test func `what a damaged sample says of classes that there are not is left out`() {
        var sample = LatencySample(hop: "queue")
        sample.counts = [3, 5, 9_999, 7, .max, 1, 4]
        #expect(sample.classes.reduce(0, +) == 5)
        #expect(LatencyFigures(classes: []) == nil)
    }

    @Test func `a sample tells the classes in which something is, and no others`() {
        let counts = LatencyCounts()
        counts.record(3)
        counts.record(5_000)
        counts.record(5_000)
        let sample = counts.sample(hop: "queue")
        #expect(sample.counts.count == 4 && sample.counts[0...1] == [0, 1])
        #expect(sample.counts[3] == 2 && sample.sum == 10_003)
        #expect(counts.count == 3)
        #expect(LatencyCounts().sample(hop: "queue").counts.isEmpty)
    }
}
