import Testing
import WeirBase

@testable import WeirEngine

/// A buffer that is given back at the end of a test.
private func withBuffer<Element, Result>(
    of type: Element.Type, _ body: (MessageBuffer<Element>) throws -> Result
) rethrows -> Result {
    let buffer = MessageBuffer<Element>(capacity: 1)
    return try body(buffer)
}

@Suite struct ChannelTests {
    @Test func `a ring of any capacity keeps the order over many laps`() {
        for capacity in 1...64 {
            let ring = Channel<Int>(
                name: "ring", bounds: ChannelBounds(messages: capacity))
            withBuffer(of: Int.self) { output in
                withBuffer(of: Int.self) { taken in
                    var random = SeededGenerator(seed: UInt64(capacity))
                    var sent = 0
                    var seen = 0
                    while seen < 40 * capacity {
                        for _ in 0..<random.below(capacity + 2) {
                            output.append(sent, time: Int64(sent))
                            sent += 1
                        }
                        _ = ring.publish(from: output, birth: 0, entry: 1)
                        ring.checkInvariants()
                        #expect(ring.depth <= capacity)
                        let count = random.below(ring.depth + 1)
                        ring.moveOut(count, into: taken)
                        for index in taken.first..<taken.end {
                            #expect(
                                taken.elements[index] == seen && taken.times[index] == Int64(seen))
                            seen += 1
                        }
                        taken.drop(count)
                    }
                }
            }
        }
    }

    @Test func `a ring takes one message over its bytes and no more`() {
        let ring = Channel<String>(
            name: "ring", bounds: ChannelBounds(messages: 64, bytes: 1_000))
        withBuffer(of: String.self) { output in
            for _ in 0..<10 { output.append(String(repeating: "x", count: 400), time: 0) }
            #expect(ring.publish(from: output, birth: 0, entry: 1) == 3)
            #expect(ring.publish(from: output, birth: 0, entry: 1) == 0)
            withBuffer(of: String.self) { taken in
                ring.moveOut(3, into: taken)
                #expect(ring.queuedBytes == 0)
                #expect(ring.publish(from: output, birth: 0, entry: 1) == 3)
            }
        }
    }

    @Test func `a queue of a replay has room for everything and keeps the order`() {
        let queue = QueueChannel<String>(name: "queue", bounds: ChannelBounds(messages: 1))
        withBuffer(of: String.self) { output in
            for number in 0..<1_000 {
                output.append("\(number)", time: 0)
                if number % 7 == 0 { output.append(.watermark(Instant(nanoseconds: 1))) }
                queue.publish(from: output)
                #expect(output.count == 0)
            }
            #expect(queue.queuedElements == 1_000 && queue.depth == 1_143)
            withBuffer(of: String.self) { taken in
                queue.take(queue.depth, into: taken)
                let elements = (taken.first..<taken.end).filter { taken.tags[$0] == 0 }
                #expect(elements.map { taken.elements[$0] } == (0..<1_000).map { "\($0)" })
            }
        }
    }

    @Test func `a queue that holds what a ring holds has its digest, bytes and words`() {
        let bounds = ChannelBounds(messages: 64)
        let ring = Channel<String>(name: "edge", bounds: bounds)
        let queue = QueueChannel<String>(name: "edge", bounds: bounds)
        for number in 0..<50 {
            for fill in [{ _ = ring.publish(from: $0, birth: 1, entry: 1) }, queue.publish(from:)]
                as [(MessageBuffer<String>) -> Void]
            {
                withBuffer(of: String.self) { output in
                    output.append(String(repeating: "x", count: number), time: Int64(number))
                    if number % 5 == 0 { output.append(.watermark(Instant(nanoseconds: 7))) }
                    fill(output)
                }
            }
        }
        var hashes = (StableHash(), StableHash())
        ring.digest(into: &hashes.0)
        queue.digest(into: &hashes.1)
        #expect(hashes.0.value == hashes.1.value)
        #expect(ring.queuedBytes == queue.queuedBytes)
        #expect(ring.queuedElements == queue.queuedElements && ring.depth == queue.depth)
        #expect(ring.describeQueued(limit: 9) == queue.describeQueued(limit: 9))
    }
}

extension Channel {
    /// Takes the first `count` messages as a turn does.
    fileprivate func moveOut(_ count: Int, into buffer: MessageBuffer<Element>) {
        var done = 0
        while done < count {
            if let control = control(at: done) {
                buffer.append(control)
                done += 1
                continue
            }
            let run = run(at: done, limit: count - done)
            buffer.append(
                moving: elements + run.slot, times: times + run.slot, count: run.count)
            done += run.count
        }
        free(count)
    }
}

@Suite struct DroppingChannelTests {
    /// All sequences of `length` letters: an element, a watermark, idle, active, end.
    private func sequences(of length: Int) -> [[Control?]] {
        var all: [[Control?]] = [[]]
        let letters: [Control?] = [nil, .watermark(Instant(nanoseconds: 5)), .idle, .active, .end]
        for _ in 0..<length { all = all.flatMap { word in letters.map { word + [$0] } } }
        return all
    }

    @Test(arguments: [EdgePolicy.dropNewest, .dropOldest])
    func `rule 9: between two elements lies one control of a class at most`(policy: EdgePolicy) {
        for sequence in sequences(of: 6) {
            let channel = DroppingChannel<Int>(
                name: "edge", bounds: ChannelBounds(messages: 2), policy: policy)
            withBuffer(of: Int.self) { output in
                for (index, control) in sequence.enumerated() {
                    if let control { output.append(control) } else { output.append(index, time: 0) }
                }
                guard let outcomes = channel.decide(output, output.count) else {
                    Issue.record("a dropping edge refused")
                    return
                }
                channel.apply(outcomes, to: output, entry: 1)
            }
            channel.checkInvariants()
            var classes: Set<UInt8> = []
            var elements = 0
            for index in channel.queue.first..<channel.queue.end {
                let tag = channel.queue.tags[index]
                if tag == 0 {
                    elements += 1
                    classes = []
                } else {
                    let kind = tag == MessageTag.active.rawValue ? MessageTag.idle.rawValue : tag
                    #expect(classes.insert(kind).inserted, "\(sequence)")
                }
            }
            #expect(elements == min(2, sequence.count { $0 == nil }))
        }
    }

    @Test func `rule 9: the last control of each class survives`() {
        for sequence in sequences(of: 5) where sequence.contains(.end) {
            let channel = DroppingChannel<Int>(
                name: "edge", bounds: ChannelBounds(messages: 1), policy: .dropOldest)
            withBuffer(of: Int.self) { output in
                for control in sequence {
                    if let control { output.append(control) } else { output.append(1, time: 0) }
                }
                if let outcomes = channel.decide(output, output.count) {
                    channel.apply(outcomes, to: output, entry: 1)
                }
            }
            let tags = (channel.queue.first..<channel.queue.end).map { channel.queue.tags[$0] }
            #expect(tags.contains(MessageTag.end.rawValue))
            let isActive = sequence.last { $0 == .idle || $0 == .active }
            let kept = tags.last { $0 == 2 || $0 == 3 }
            #expect(kept == isActive.flatMap { $0 }.map { MessageTag($0).rawValue })
        }
    }

    @Test func `rule 8: runs of outcomes come back as they were`() {
        let outcomes: [DropRun.Outcome] = [.control, .accepted, .dropped, .evicting]
        var random = SeededGenerator(seed: 3)
        for _ in 0..<500 {
            var all: [DropRun.Outcome] = []
            for _ in 0..<random.below(12) {
                all += Array(repeating: outcomes[random.below(4)], count: random.below(140))
            }
            #expect(DropRun.unpack(DropRun.pack(all)) == all)
        }
        #expect(DropRun.unpack([0x40]) == nil, "a run without a length is damage")
    }

    @Test func `a full edge that fails says so and takes nothing`() {
        let channel = DroppingChannel<Int>(
            name: "edge", bounds: ChannelBounds(messages: 1), policy: .fail)
        withBuffer(of: Int.self) { output in
            output.append(1, time: 0)
            output.append(2, time: 0)
            #expect(channel.decide(output, 2) == nil)
            #expect(channel.decide(output, 1) == [.accepted])
            #expect(channel.depth == 0 && output.count == 2)
        }
    }
}

@Suite struct MessageBufferTests {
    @Test func `a buffer agrees with an array`() {
        var random = SeededGenerator(seed: 11)
        withBuffer(of: String.self) { buffer in
            var model: [String?] = []
            for step in 0..<5_000 {
                switch random.below(5) {
                case 0, 1:
                    buffer.append("\(step)", time: 0)
                    model.append("\(step)")
                case 2:
                    buffer.append(.idle)
                    model.append(nil)
                case 3 where !model.isEmpty:
                    let index = random.below(model.count)
                    buffer.remove(at: buffer.first + index)
                    model.remove(at: index)
                default:
                    let count = random.below(min(4, model.count + 1))
                    for offset in 0..<count where buffer.tags[buffer.first + offset] == 0 {
                        (buffer.elements + buffer.first + offset).deinitialize(count: 1)
                    }
                    buffer.drop(count)
                    model.removeFirst(count)
                }
                buffer.checkInvariants()
                let held = (buffer.first..<buffer.end).map {
                    buffer.tags[$0] == 0 ? buffer.elements[$0] : nil
                }
                #expect(held == model)
            }
        }
    }
}
