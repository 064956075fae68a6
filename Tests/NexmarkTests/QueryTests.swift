import Testing
import WeirApp
import WeirTesting

@testable import Nexmark

/// Each query, as a pipeline of public operators, against the loop that was written by hand for it.
@Suite struct QueryTests {
    /// The sorted rows that the bare loop of a query writes.
    private func bareRows(
        _ query: AuctionQuery, _ count: Int, laps: Int, _ order: AuctionOrder
    ) -> [String] {
        let memory = AuctionMemory(seed: 7, count: count, order: order)
        var rows = BareRows(isWriting: true)
        let events = UnsafeBufferPointer(start: memory.events, count: count)
        query.runBareLoop(over: events, laps: laps, &rows)
        let lines = String(decoding: rows.text, as: UTF8.self).split(separator: "\n")
        #expect(rows.count == UInt64(lines.count))
        return lines.map(String.init).sorted()
    }

    @Test(arguments: AuctionQuery.allCases, AuctionOrder.allCases)
    func `a query gives the rows of its bare loop, whatever the schedule and the order`(
        query: AuctionQuery, order: AuctionOrder
    ) throws {
        // Two laps, so that identities and windows go on behind the first.
        // Local items are rare.
        let (count, laps) = (query == .q3 ? 6_000 : 1_000, 2)
        let expected = bareRows(query, count, laps: laps, order)
        #expect(!expected.isEmpty)
        var options = RunOptions()
        options.settings = [
            "query": query.rawValue, "events": "\(count)", "laps": "\(laps)",
            "order": order.rawValue,
        ]
        options.parallelism = 2
        let run = try Nexmark.pipeline.simulate(seed: 7, options)
        #expect(run.rows["rows"]?.sorted() == expected)
        #expect(run.elements == UInt64(count * laps))
        #expect(run.drops.isEmpty)
    }

    @Test func `counted rows are as many and fold to what the loop folds them to`() throws {
        let memory = AuctionMemory(seed: 7, count: 2_000, order: .inorder)
        var bare = BareRows()
        let events = UnsafeBufferPointer(start: memory.events, count: 2_000)
        AuctionQuery.q1.runBareLoop(over: events, laps: 1, &bare)
        let answer = try Nexmark.bareLoop(
            .init(query: "q1", events: 2_000, laps: 1, seed: 7, order: "inorder"))()
        #expect(answer == .init(rows: bare.count, folded: bare.folded))
        #expect(bare.count == 1_840)
    }

    @Test(arguments: [
        ["query": "q6"], ["events": "0"], ["events": "many"], ["laps": "-1"], ["order": "sorted"],
        ["rows": "none"],
    ])
    func `a parameter that cannot be used is refused with its name`(
        settings: [String: String]
    ) throws {
        var options = RunOptions()
        options.settings = settings
        let error = #expect(throws: (any Error).self) {
            try Nexmark.pipeline.simulate(seed: 1, options)
        }
        let name = try #require(settings.keys.first)
        #expect("\(try #require(error))".hasPrefix("\(name)="))
    }

    @Test(arguments: ["events": "1000", "laps": "2", "order": "shuffled"])
    func `what lines would not obey is refused with its name`(
        name: String, value: String
    ) throws {
        func settings(_ values: [String: String]) throws -> AuctionSettings {
            let defaults = Dictionary(
                uniqueKeysWithValues: Nexmark.pipeline.parameters.map { ($0.name, $0.defaultValue) }
            )
            return try AuctionSettings { values[$0] ?? defaults[$0] ?? "" }
        }
        #expect(try settings(["source": "lines"]).isFile)
        #expect(try !settings([name: value]).isFile)
        let error = #expect(throws: (any Error).self) {
            try settings(["source": "lines", name: value])
        }
        #expect(
            error.map { "\($0)" }
                == "\(name)=\(value) is for events in memory; source=lines reads those of --input")
    }
}
