import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// Since when messages have waited on a channel, and since when what made them has been on its way.
@Suite struct ChannelTimesTests {
    private func send<Queue>(
        _ elements: [Int], _ queue: Queue,
        _ publish: (Queue, MessageBuffer<Int>) -> Void
    ) {
        let buffer = MessageBuffer<Int>(capacity: 1)
        for element in elements { buffer.append(element, time: 0) }
        publish(queue, buffer)
    }

    @Test func `a ring has the times of its first message`() {
        let ring = Channel<Int>(name: "ring", bounds: ChannelBounds(messages: 4))
        #expect(ring.oldestEntry == 0)
        send([1, 2], ring) { _ = $0.publish(from: $1, birth: 5, entry: 7) }
        send([3], ring) { _ = $0.publish(from: $1, birth: 8, entry: 9) }
        #expect(ring.nextBirth == 5 && ring.oldestEntry == 7)
        ring.free(1)
        #expect(ring.nextBirth == 5 && ring.oldestEntry == 7)
        ring.free(1)
        #expect(ring.nextBirth == 8 && ring.oldestEntry == 9)
        ring.free(1)
        #expect(ring.oldestEntry == 0)
    }

    @Test func `an edge that drops the oldest has the time of the first one left`() {
        let edge = DroppingChannel<Int>(
            name: "edge", bounds: ChannelBounds(messages: 2), policy: .dropOldest)
        for (entry, elements) in [(5, [1]), (6, [2]), (7, [3])] as [(UInt64, [Int])] {
            send(elements, edge) { edge, buffer in
                guard let outcomes = edge.decide(buffer, buffer.count) else { return }
                edge.apply(outcomes, to: buffer, entry: entry)
            }
        }
        #expect(edge.oldestEntry == 6 && edge.depth == 2)
        let taken = MessageBuffer<Int>()
        edge.take(1, into: taken)
        #expect(edge.oldestEntry == 7)
        edge.take(1, into: taken)
        #expect(edge.oldestEntry == 0)
        #expect((taken.first..<taken.end).map { taken.elements[$0] } == [2, 3])
    }

    @Test func `a sample is of what its own turn emitted, the last first, as far as it may go`() {
        func outlet() -> BlockingOutlet<Int> {
            BlockingOutlet(
                index: 0, ring: Channel(name: "ring", bounds: ChannelBounds(messages: 4)))
        }
        func sampled(_ outlet: BlockingOutlet<Int>, atMost credit: Int) -> UInt64 {
            var hash = SampleHash(.current)
            _ = outlet.sample(into: &hash, atMost: credit)
            return hash.value
        }
        let (late, prompt) = (outlet(), outlet())
        // Left over by an earlier turn.
        late.append(1, time: 0)
        for outlet in [late, prompt] {
            outlet.beginTurn()
            for element in [2, 3] { outlet.append(element, time: 0) }
        }
        #expect(sampled(late, atMost: 100) == sampled(prompt, atMost: 100))
        let last = outlet()
        last.append(3, time: 0)
        #expect(sampled(late, atMost: 1) == sampled(last, atMost: 1))
        #expect(sampled(late, atMost: 100) != sampled(last, atMost: 100))
    }
}
