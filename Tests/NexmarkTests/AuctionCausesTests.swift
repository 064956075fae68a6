import Testing
import WeirTesting

@testable import Nexmark
@testable import WeirApp

/// Which event let a row come, of events that are read in laps.
@Suite struct AuctionCausesTests {
    /// The times of one lap do not fill its ten seconds, so that there is a gap behind it.
    private let memory = AuctionMemory(seed: 7, count: 70_000, order: .inorder)
    private let laps = 2

    /// Every event as it comes, by its number over all laps.
    private var events: [AuctionEvent] {
        (0..<laps).flatMap { number in
            let lap = Lap(number, events: memory.count)
            return (0..<memory.count).map { memory.events[$0].moved(by: lap) }
        }
    }

    @Test func `a converted bid comes of the event that it was`() {
        let causes = AuctionCauses(memory)
        for (number, event) in events.enumerated() where event.isBid {
            #expect(causes.event(of: ConvertedBid(event)) == number)
        }
    }

    @Test func `a row that no event became has no cause`() {
        var row = ConvertedBid(memory.events[10])
        row.extra ^= 1
        #expect(AuctionCauses(memory).event(of: row) == nil)
    }

    @Test func `a window is closed by the event that moves the watermark to its end`() {
        let causes = AuctionCauses(memory)
        var watermark = BareWatermark()
        let moves = events.enumerated().compactMap { number, event in
            watermark.behind(event.dateTime).map { (number: number, watermark: $0) }
        }
        let end = moves.last?.watermark ?? 0
        var windows = 0
        for windowEnd in stride(from: AuctionWorkload.start + 2_000, through: end, by: 2_000) {
            let row = HotItem(
                auction: 1, bids: 1, windowStart: windowEnd - 10_000, windowEnd: windowEnd)
            #expect(
                causes.event(closing: row) == moves.first { $0.watermark >= windowEnd - 1 }?.number)
            windows += 1
        }
        #expect(windows == 6)
    }

    @Test(arguments: TimedQuery.allCases)
    func `a timed query tells of each of its rows`(query: TimedQuery) throws {
        let events = 70_000
        let arrivals = ArrivalTimes(events: events)
        let request = BenchRequest(
            query: query.rawValue, events: events, laps: 1, seed: 7, order: "inorder")
        var options = RunOptions()
        options.settings = ["query": query.rawValue, "events": "\(events)", "rows": "count"]
        _ = try Nexmark.timed(request, arrivals).simulate(seed: 7, options)
        let latencies = arrivals.latencies(rate: 1, since: 0, skipping: 0)
        // Each bid, or the closing events of the windows that close before the end.
        #expect(latencies.count == (query == .q5 ? 1 : events / 50 * 46))
    }
}
