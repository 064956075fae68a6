import WeirBase
package import WeirEngine
import WeirTelemetry

/// An element of the stress pipeline; padding on purpose, so that bytes in memory differ where
/// values do not.
struct StressEvent: Codable, Sendable {
    var small: UInt8
    var id: Int64
    var key: UInt8
    var value: Int64
}

/// Order-dependent state of one key.
struct StressState: Codable, Sendable {
    var hash: UInt64 = 1
    var count: UInt64 = 0
}

/// A pipeline in which everything of the turn protocol happens, drawn from a seed.
///
/// A thousand shapes: widths, capacities, policies. What else a run draws, such as how the bytes
/// of its input are cut, comes from the whole seed.
///
/// Two generators and a source of bytes, order-dependent merges on a keyed exchange, two accesses
/// to a shared cell in one element, processing-time timers, calls with time-outs, an edge that may
/// drop, channels of 1 to 64 messages, output beyond capacity, a sink.
package struct StressPipeline: Sendable {
    package let seed: UInt64
    /// What fixes the plan and the values of all elements.
    package let shape: UInt64
    package let workers: Int
    package let elements: Int
    package let laneSlots: Int
    package let policy: EdgePolicy
    package let width: Int

    package init(seed: UInt64, elements: Int = 60) {
        let shape = seed % 1_000
        var draw = SeededGenerator(seed: shape, stream: 0xAB)
        self.seed = seed
        self.shape = shape
        self.elements = elements
        workers = 1 + draw.below(4)
        laneSlots = draw.below(3) == 0 ? 64 : 1_024
        policy = [.block, .dropNewest, .dropOldest][draw.below(3)]
        width = 1 + draw.below(3)
    }

    private func edge(_ place: UInt64, policy: EdgePolicy = .block) -> EdgeOptions {
        var draw = SeededGenerator(seed: shape, stream: 0xED6E &+ place)
        let sizes = [1, 2, 4, 8, 16, 64]
        return EdgeOptions(
            bounds: ChannelBounds(messages: sizes[draw.below(sizes.count)]), policy: policy)
    }

    package var pipeline: Pipeline {
        let policy = policy
        let edge = { @Sendable (place: UInt64, policy: EdgePolicy) in
            self.edge(place, policy: policy)
        }
        return Pipeline("stress", parallelism: width) { flow in
            let shared = flow.sharedCell("shared", initial: Int64(0))
            let other = flow.sharedCell("other", initial: UInt64(1))
            let generated = flow.read("generator", from: Self.generator(spread: 97))
                .over(edge(1, .block))
            let further = flow.read("further", from: Self.generator(spread: 89))
                .over(edge(1, .block))
            let read = flow.read("bytes", from: Self.lines).over(edge(1, .block))
            let merged = generated.union(further, read).keyed(by: \.key)
                .process(
                    "merge", state: StressState(), emitting: StressEvent.self,
                    onTimer: Self.timer(shared)
                ) { event, state, context in
                    Self.merge(event, &state, &context, shared)
                }
            let called = merged.over(edge(2, .block))
                .callAsync(
                    "call", emitting: StressEvent.self, inFlight: 3, timeout: .microseconds(400),
                    call: Self.call
                ) { event, answer, context in
                    var event = event
                    event.value = answer.map { Int64($0.first ?? 0) } ?? -1
                    context.emit(event)
                }
            let dropped = merged.over(edge(3, policy)).keyed(by: \.value)
                .process("lossy", state: StressState(), emitting: StressEvent.self) {
                    event, state, context in
                    state.hash = SeededGenerator.mix(state.hash ^ UInt64(bitPattern: event.id))
                    if event.value % 3 == 0 {
                        let seen = other.update { cell in
                            cell = SeededGenerator.mix(cell ^ state.hash)
                            return cell
                        }
                        state.hash ^= seen
                    }
                    context.emit(event)
                }
            called.over(edge(4, .block)).union(dropped).keyed(by: \.small)
                .process("last", state: StressState(), emitting: StressEvent.self) {
                    event, state, context in
                    state.hash = SeededGenerator.mix(state.hash ^ UInt64(bitPattern: event.id))
                    state.count += 1
                    var event = event
                    event.value = Int64(bitPattern: state.hash >> 40)
                    context.emit(event)
                }
                .write("rows") { "\($0.id) \($0.value)" }
        }
    }

    private static func generator(spread: Int64) -> Source<StressEvent> {
        .generator(watermark: .boundedDisorder(.milliseconds(5), granularity: .milliseconds(1))) {
            index, random in
            let value = Int64(random.below(Int(spread)))
            let event = StressEvent(
                small: UInt8(value % 4), id: Int64(index) * spread, key: UInt8(value % 5),
                value: value)
            return (event, Instant(milliseconds: Int64(index / 2)))
        }
    }

    private static let lines = Source<StressEvent>.lines(
        watermark: .boundedDisorder(.milliseconds(1), granularity: .milliseconds(1)),
        idleAfter: .microseconds(200)
    ) { bytes, index in
        let value = Int64(bytes.reduce(0) { $0 &+ Int($1) } % 97)
        let event = StressEvent(
            small: UInt8(value % 4), id: 1_000_000 + Int64(index), key: UInt8(value % 5),
            value: value)
        return (event, Instant(milliseconds: Int64(index)))
    }

    private static func merge(
        _ event: StressEvent, _ state: inout StressState,
        _ context: inout OperatorContext<StressEvent>, _ shared: SharedCell<Int64>
    ) {
        state.hash = SeededGenerator.mix(
            state.hash ^ UInt64(bitPattern: event.id &* 31 &+ event.value))
        state.count += 1
        if event.value % 2 == 0 {
            // Read and write as two accesses: other subtasks come between.
            let seen = shared.read()
            shared.update { $0 = seen + event.value % 3 + 1 }
            state.hash ^= UInt64(bitPattern: seen)
        }
        if event.value % 7 == 0 {
            let delay = Duration.nanoseconds(Int64(context.random.below(9_000)) + 300)
            context.setTimer(atProcessingTime: context.now + delay)
        }
        let copies = event.value % 11 == 0 ? 9 : Int(event.value % 3)
        for copy in 0..<copies {
            var made = event
            made.id = event.id &* 10 &+ Int64(copy)
            made.value = Int64(state.hash % 97)
            context.emit(made)
        }
        if state.hash % 4 == 0 {
            context.log.info("element_merged", ["id": .integer(event.id)])
        }
    }

    private static func timer(
        _ shared: SharedCell<Int64>
    ) -> @Sendable (UInt8, inout StressState, inout OperatorContext<StressEvent>) -> Void {
        { key, state, context in
            let seen = shared.update { cell in
                cell += 1
                return cell
            }
            state.hash = SeededGenerator.mix(
                state.hash ^ UInt64(bitPattern: seen &+ context.now.nanoseconds))
            context.emit(
                StressEvent(
                    small: key % 4, id: -seen, key: key, value: Int64(state.hash % 97)))
            if state.hash % 3 == 0 {
                let delay = Duration.nanoseconds(Int64(state.hash % 3_000))
                context.setTimer(atProcessingTime: context.now + delay)
            }
        }
    }

    private static func call(_ event: StressEvent, _ number: UInt64) -> [UInt8]? {
        let draw = SeededGenerator.mix(UInt64(bitPattern: event.id) &+ number)
        if draw % 16 == 0 { return nil }
        if draw % 8 == 1 { pause(microseconds: Int(draw >> 32 % 900)) }
        return [UInt8(truncatingIfNeeded: draw >> 8)]
    }
}
