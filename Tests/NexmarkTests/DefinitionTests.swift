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
    /// Many events, and few, where a key has one event or none.
    private static let samples: [Sample] = [
        Sample(seed: 1, count: 600), Sample(seed: 2, count: 600), Sample(seed: 3, count: 60),
        Sample(seed: 4, count: 25), Sample(seed: 5, count: 12), Sample(seed: 6, count: 5),
    ]

    struct Sample: CustomTestStringConvertible {
        let seed: UInt64
        let count: Int
        var testDescription: String { "\(count) events of seed \(seed)" }
        var made: SampleEvents { SampleEvents(seed: seed, count: count) }
    }

    @Test(arguments: AuctionQuery.allCases, samples)
    func `a bare loop gives the rows that its query is defined by`(
        query: AuctionQuery, sample: Sample
    ) {
        let sample = sample.made
        var rows = BareRows(isWriting: true)
        sample.events.withUnsafeBufferPointer { query.runBareLoop(over: $0, laps: 1, &rows) }
        let lines = String(decoding: rows.text, as: UTF8.self).split(separator: "\n")
        #expect(lines.map(String.init).sorted() == sample.rows(of: query))
    }

    @Test(arguments: AuctionQuery.allCases, samples)
    func `a pipeline gives the rows that its query is defined by`(
        query: AuctionQuery, sample: Sample
    ) throws {
        let (seed, sample) = (sample.seed, sample.made)
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
        #expect(Self.samples.prefix(2).allSatisfy { !$0.made.rows(of: query).isEmpty })
    }
}
