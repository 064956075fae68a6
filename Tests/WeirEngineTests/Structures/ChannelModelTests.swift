import Testing
import WeirBase

@testable import WeirEngine

/// A message as a model has it: an element, or a control message.
private enum Message: Equatable {
    case element(String, Int64)
    case control(Control)

    var isElement: Bool { if case .element = self { true } else { false } }

    /// What a later message of the same class may take the place of; 0 for elements.
    var kind: Int {
        switch self {
        case .element: 0
        case .control(.watermark): 1
        case .control(.idle), .control(.active): 2
        case .control(.end): 3
        }
    }

    /// One that is drawn; watermarks rise with `number`.
    static func drawn(_ random: inout SeededGenerator, number: Int) -> Message {
        switch random.below(8) {
        case 0: .control(.watermark(Instant(nanoseconds: Int64(number))))
        case 1: .control(.idle)
        case 2: .control(.active)
        default: .element(String(repeating: "x", count: random.below(60)) + "\(number)", 7)
        }
    }
}

extension MessageBuffer<String> {
    fileprivate func append(_ message: Message) {
        switch message {
        case .element(let text, let time): append(text, time: time)
        case .control(let control): append(control)
        }
    }

    fileprivate var messages: [Message] {
        (first..<end).map { index in
            if let control = MessageTag(rawValue: tags[index])?.control(time: times[index]) {
                return .control(control)
            }
            return .element(elements[index], times[index])
        }
    }
}

extension Channel<String> {
    /// Takes so many messages as a turn does.
    fileprivate func take(_ count: Int) -> [Message] {
        var messages: [Message] = []
        while messages.count < count {
            if let control = control(at: messages.count) {
                messages.append(.control(control))
                continue
            }
            let run = run(at: messages.count, limit: count - messages.count)
            for slot in run.slot..<run.slot + run.count {
                messages.append(.element((elements + slot).move(), times[slot]))
            }
        }
        free(count)
        return messages
    }
}

/// Takes a drawn number of messages from a channel and from its model: they are the same.
private func expectTaking(
    from model: inout [Message], _ random: inout SeededGenerator, _ take: (Int) -> [Message],
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let count = random.below(model.count + 1)
    #expect(take(count) == Array(model.prefix(count)), sourceLocation: sourceLocation)
    model.removeFirst(count)
}

/// The messages that `take` moves into a buffer.
private func moved(_ take: (MessageBuffer<String>) -> Void) -> [Message] {
    let taken = MessageBuffer<String>(capacity: 1)
    take(taken)
    return taken.messages
}

/// Channels beside lists: random operations, the same on both, and every fact of the channel's
/// structure behind each.
@Suite struct ChannelModelTests {
    @Test(arguments: 0..<24 as Range<UInt64>)
    func `a ring is a bounded list, whatever is done to it`(seed: UInt64) {
        var random = SeededGenerator(seed: seed, stream: 0xC4A1)
        let bounds = ChannelBounds(
            messages: 1 + random.below(9), bytes: [60, 200, 1_000_000][random.below(3)])
        var ring = Channel<String>(name: "ring", bounds: bounds)
        let output = MessageBuffer<String>(capacity: 1)
        var waiting: [Message] = []
        var unpublished: [Message] = []
        for number in 0..<400 {
            switch random.below(6) {
            case 0, 1, 2:
                let message = Message.drawn(&random, number: number)
                output.append(message)
                unpublished.append(message)
            case 3:
                let expected = Self.room(in: bounds, for: unpublished, behind: waiting)
                #expect(ring.publish(from: output, birth: 0, entry: 1) == expected)
                waiting += unpublished.prefix(expected)
                unpublished.removeFirst(expected)
            case 4:
                expectTaking(from: &waiting, &random) { ring.take($0) }
            default:
                let other = Channel<String>(name: "other", bounds: bounds)
                other.restorePart(ring.savePart())
                #expect(other.describeQueued(limit: 99) == ring.describeQueued(limit: 99))
                #expect(other.queuedBytes == ring.queuedBytes)
                ring = other
            }
            ring.checkInvariants()
            output.checkInvariants()
            #expect(ring.depth == waiting.count)
            #expect(ring.queuedElements == waiting.count(where: \.isElement))
            #expect(output.messages == unpublished)
        }
    }

    /// How many messages find room: so many that no more than the bound wait, and an element only
    /// while those before it are below the bound of bytes, or none is there.
    private static func room(
        in bounds: ChannelBounds, for messages: [Message], behind waiting: [Message]
    ) -> Int {
        func bytes(_ message: Message) -> Int {
            guard case .element(let text, _) = message else { return 0 }
            return MemoryLayout<String>.stride + text.utf8.count
        }
        var used = waiting.reduce(0) { $0 + bytes($1) }
        var count = 0
        while count < messages.count, waiting.count + count < bounds.messages {
            if waiting.count + count > 0, used >= bounds.bytes.count { break }
            used += bytes(messages[count])
            count += 1
        }
        return count
    }

    @Test(arguments: 0..<24 as Range<UInt64>)
    func `an edge that may drop is a list that merges and drops`(seed: UInt64) {
        var random = SeededGenerator(seed: seed, stream: 0xD401)
        let policy = [EdgePolicy.dropNewest, .dropOldest, .fail][random.below(3)]
        let bounds = ChannelBounds(messages: 1 + random.below(5))
        var channel = DroppingChannel<String>(name: "edge", bounds: bounds, policy: policy)
        var output = MessageBuffer<String>(capacity: 1)
        var model: [Message] = []
        var dropped: UInt64 = 0
        for number in 0..<400 {
            switch random.below(6) {
            case 0, 1, 2:
                output.append(Message.drawn(&random, number: number))
            case 3:
                let offered = output.messages
                guard let outcomes = channel.decide(output, output.count) else {
                    #expect(policy == .fail)
                    #expect(
                        model.count(where: \.isElement) + offered.count(where: \.isElement)
                            > bounds.messages)
                    output = MessageBuffer<String>(capacity: 1)
                    break
                }
                channel.apply(outcomes, to: output, entry: 1)
                for message in offered {
                    dropped += Self.publish(message, to: &model, bounds.messages, policy)
                }
            case 4:
                expectTaking(from: &model, &random) { count in
                    moved { channel.take(count, into: $0) }
                }
            default:
                let other = DroppingChannel<String>(name: "edge", bounds: bounds, policy: policy)
                other.restorePart(channel.savePart())
                channel = other
            }
            channel.checkInvariants()
            #expect(channel.queue.messages == model)
            #expect(channel.dropped == dropped)
        }
    }

    /// Adds a message to the model; tells how many elements that cost.
    private static func publish(
        _ message: Message, to model: inout [Message], _ maximum: Int, _ policy: EdgePolicy
    ) -> UInt64 {
        var cost: UInt64 = 0
        if message.isElement, model.count(where: \.isElement) == maximum {
            cost = 1
            if policy == .dropNewest { return cost }
            if let oldest = model.firstIndex(where: \.isElement) { model.remove(at: oldest) }
        }
        model.append(message)
        model = merged(model)
        return cost
    }

    /// Of each class of control messages between two elements only the last.
    private static func merged(_ messages: [Message]) -> [Message] {
        var result: [Message] = []
        for (index, message) in messages.enumerated() {
            let behind = messages[(index + 1)...].prefix { !$0.isElement }
            if message.isElement || !behind.contains(where: { $0.kind == message.kind }) {
                result.append(message)
            }
        }
        return result
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func `a replay's queue is a list without a bound`(seed: UInt64) {
        var random = SeededGenerator(seed: seed, stream: 0x0E0E)
        var queue = QueueChannel<String>(name: "queue", bounds: ChannelBounds(messages: 1))
        let output = MessageBuffer<String>(capacity: 1)
        var model: [Message] = []
        for number in 0..<400 {
            switch random.below(5) {
            case 0, 1, 2:
                let message = Message.drawn(&random, number: number)
                output.append(message)
                model.append(message)
                queue.publish(from: output)
            case 3:
                expectTaking(from: &model, &random) { count in
                    moved { queue.take(count, into: $0) }
                }
            default:
                let other = QueueChannel<String>(name: "queue", bounds: queue.bounds)
                other.restorePart(queue.savePart())
                queue = other
            }
            queue.checkInvariants()
            #expect(queue.depth == model.count)
        }
    }

    @Test func `taking more than waits ends the process`() async {
        await #expect(processExitsWith: .failure) {
            let ring = Channel<Int>(name: "ring", bounds: .standard)
            ring.free(1)
        }
        await #expect(processExitsWith: .failure) {
            let queue = QueueChannel<Int>(name: "queue", bounds: .standard)
            let taken = MessageBuffer<Int>(capacity: 1)
            queue.take(1, into: taken)
        }
    }
}
