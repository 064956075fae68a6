import Testing
import Weir
import WeirApp
import WeirTesting

@testable import Nexmark

/// Each query, as a pipeline and as a bare loop, against its definition: what the rows are when all
/// events are known, without a watermark and without an order. The generated events of a test are
/// of a second; these are of eighty, with bids as far apart as a session's gap and prices that are
/// the same.
@Suite struct DefinitionTests {
    private static let seeds: [UInt64] = [1, 2, 3]

    @Test(arguments: AuctionQuery.allCases, seeds)
    func `a bare loop gives the rows that its query is defined by`(
        query: AuctionQuery, seed: UInt64
    ) {
        let sample = SampleEvents(seed: seed)
        var rows = BareRows(isWriting: true)
        sample.events.withUnsafeBufferPointer { query.runBareLoop(over: $0, laps: 1, &rows) }
        let lines = String(decoding: rows.text, as: UTF8.self).split(separator: "\n")
        #expect(lines.map(String.init).sorted() == sample.rows(of: query))
    }

    @Test(arguments: AuctionQuery.allCases, seeds)
    func `a pipeline gives the rows that its query is defined by`(
        query: AuctionQuery, seed: UInt64
    ) throws {
        let sample = SampleEvents(seed: seed)
        let events = sample.events
        let source = Source<AuctionEvent>.batches(
            watermark: .boundedDisorder(.milliseconds(4_000)), count: UInt64(events.count),
            prepare: { events }
        ) { events, indices, batch in
            for event in events[Int(indices.lowerBound)..<Int(indices.upperBound)] {
                batch.append(event, at: Instant(milliseconds: event.dateTime))
            }
        }
        let pipeline = Pipeline("sample") { flow in
            query.add(to: flow, flow.read("events", from: source), .lines)
        }
        var options = RunOptions()
        options.parallelism = 2
        let run = try pipeline.simulate(seed: seed, options)
        #expect(run.rows["rows"]?.sorted() == sample.rows(of: query))
    }

    @Test(arguments: AuctionQuery.allCases)
    func `no query is defined to give nothing for the sample`(query: AuctionQuery) {
        #expect(Self.seeds.contains { !SampleEvents(seed: $0).rows(of: query).isEmpty })
    }
}
