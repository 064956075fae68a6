import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// Which elements of a keyed edge its sketches of heavy keys look at.
@Suite struct KeySampleTests {
    private func looked(at elements: Int, keys: Int) throws -> (seen: UInt64, texts: Set<String>) {
        let hand = try HandExecution(
            Pipeline("keyed", parallelism: 2) { flow in
                _ = flow.read("in", from: secondsOfTime).keyed { $0 % keys }
                    .process("each", state: 0, emitting: Int.self) { _, _, _ in }
            }, limit: 10_000)
        var left = elements
        while left > 0 {
            hand.take("in/0", count: UInt32(min(left, 100)))
            left -= min(left, 100)
            for name in ["each/0", "each/1"] {
                hand.take(name, count: UInt32(hand[name].inlets[0].waiting))
            }
        }
        let counts = hand.execution.channels.compactMap(\.keys).map(\.counts)
        return (
            counts.reduce(0) { $0 + $1.seen }, Set(counts.flatMap { $0.keys.map(\.text) })
        )
    }

    @Test(arguments: [(63, 0), (64, 1), (127, 1), (128, 2), (640, 10)])
    func `one element in sixty-four of a keyed edge is looked at, in whichever subtask it goes to`(
        elements: Int, seen: UInt64
    ) throws {
        #expect(try looked(at: elements, keys: 7).seen == seen)
    }

    @Test func `what is looked at is the element's own key`() throws {
        #expect(try looked(at: 64, keys: 1_000).texts == ["63"])
    }
}
