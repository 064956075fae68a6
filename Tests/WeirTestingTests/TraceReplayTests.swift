import Testing
import Weir
import WeirTesting

@testable import Gallery

/// A file of the traces that ship.
private func shipped(_ name: String) -> String {
    let repository = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    return "/\(repository)/traces/\(name)"
}

@Suite struct TraceReplayTests {
    @Test func `a recorded run is the same again, its violation at the same step`() throws {
        let run = try orders.replay(trace: shipped("orders/overdrawn.mcap"))
        let again = try orders.replay(trace: shipped("orders/overdrawn.mcap"))
        #expect(run == again)
        #expect(run.violations.first?.invariant == "budget is never overdrawn")
        #expect(run.logs.contains { $0.message == "invariant_violated" })
        #expect(run.rows["shipments"]?.isEmpty == false)
        #expect(run.failure == nil)
    }

    @Test(arguments: [("overdrawn", 80, 100), ("race", 2985, 10)])
    func `a race that was caught is there in every replay`(
        name: String, step: UInt64, times: Int
    ) throws {
        for _ in 0..<times {
            let run = try orders.replay(trace: shipped("orders/\(name).mcap"))
            #expect(run.violations.map(\.step) == [step])
            #expect(run.violations.map(\.invariant) == ["budget is never overdrawn"])
        }
    }

    @Test func `another pipeline is refused with a sentence`() throws {
        let other = Pipeline("orders") { flow in
            flow.read(
                "numbers",
                from: .generator { index, _ in
                    (Int(clamping: index), Instant(milliseconds: 0))
                }
            ).write("rows") { "\($0)" }
        }
        let error = #expect(throws: ReplayDiffers.self) {
            try other.replay(trace: shipped("orders/overdrawn.mcap"))
        }
        #expect(error?.description.contains("another plan") == true)
    }

    @Test func `a file that is no trace is refused with a sentence`() {
        let error = #expect(throws: ReplayDiffers.self) {
            try orders.replay(trace: shipped("orders/README.md"))
        }
        #expect(error?.step == 0)
        #expect(error?.description.contains("README.md") == true)
    }
}
