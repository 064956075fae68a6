import Testing
import WeirBase

@testable import WeirApp

/// How late rows came, from the readings that a sink took.
@Suite struct ArrivalTimesTests {
    @Test func `a row is as late as it came behind the instant at which its event was due`() {
        let arrivals = ArrivalTimes(events: 4)
        let before = TickClock.nanoseconds()
        arrivals.arrived(2)
        let after = TickClock.nanoseconds()
        // Event 2 was due two milliseconds after the start.
        let start = before - 2_000_000
        let latencies = arrivals.latencies(rate: 1_000, since: start, skipping: 0)
        #expect(latencies.count == 1)
        #expect((0...Int64(after - before)).contains(latencies.first ?? -1))
    }

    @Test func `a row that comes before its event was due is not late`() {
        let arrivals = ArrivalTimes(events: 2)
        let start = TickClock.nanoseconds()
        arrivals.arrived(1)
        #expect(arrivals.latencies(rate: 0.001, since: start, skipping: 0) == [0])
    }

    @Test func `the first events are left out, and an event that is none is passed over`() {
        let arrivals = ArrivalTimes(events: 4)
        let start = TickClock.nanoseconds()
        for number in [-1, 0, 1, 2, 3, 4] { arrivals.arrived(number) }
        #expect(arrivals.latencies(rate: 1, since: start, skipping: 0).count == 4)
        #expect(arrivals.latencies(rate: 1, since: start, skipping: 3).count == 1)
        #expect(arrivals.latencies(rate: 1, since: start, skipping: 9).isEmpty)
    }

    private static let ranks: [(count: Int64, ranks: [Int64])] = [
        (1, [1, 1, 1, 1]), (2, [1, 2, 2, 2]), (100, [50, 99, 100, 100]),
        (1_000, [500, 990, 999, 1_000]), (1_001, [501, 991, 1_000, 1_001]),
    ]

    @Test(arguments: ranks)
    func `a rank is the smallest that so many do not exceed`(count: Int64, ranks: [Int64]) throws {
        let found = try #require(LatencyRanks(Array(1...count)))
        #expect([found.median, found.p99, found.p999, found.maximum] == ranks)
        #expect(found.rows == Int(count))
    }

    @Test func `no rows have no ranks`() { #expect(LatencyRanks([]) == nil) }
}
