import WeirBase
package import WeirEngine
import WeirTelemetry

/// An element of the stress pipeline. Its fields leave padding between them on purpose, so that
/// bytes in memory differ where values do not: a digest of memory would show.
struct StressEvent: Codable, Sendable {
    /// The key of the last stage; few values.
    var small: UInt8
    /// Different for all elements of a source, and for all that come of one.
    var id: Int64
    /// The key of the merge.
    var key: UInt8
    /// What elements do depends on it.
    var value: Int64
}

/// The state of a key. Its hash depends on the order of what came, so that two elements in the
/// wrong order are seen at the end.
struct StressState: Codable, Sendable {
    /// Changes with every element, and depends on their order.
    var hash: UInt64 = 1
    /// How many elements came.
    var count: UInt64 = 0
}

/// A pipeline in which everything of the turn protocol happens, drawn from a seed.
///
/// It has two generators and a source of bytes, merges on a keyed exchange that depend on their
/// order, two accesses to a shared cell in one element, processing-time timers, calls with
/// time-outs, an edge that may drop, channels of 1 to 64 messages, output beyond capacity, and a
/// sink.
///
/// There are a thousand shapes, by the seed's remainder: widths, capacities and policies. What else
/// a run draws, such as how the bytes of its input are cut, comes from the whole seed. A value says
/// what to run; extensions record a run of it (`record`), replay one and compare (`check`).
package struct StressPipeline: Sendable {
    /// What everything about the run is drawn from.
    package let seed: UInt64
    /// What fixes the plan and the values of all elements.
    package let shape: UInt64
    /// Workers of a run that is not simulated, 1 to 4.
    package let workers: Int
    /// Elements of each source.
    package let elements: Int
    /// Slots of each worker's lane. In a third of the shapes there are so few that workers wait for
    /// room.
    package let laneSlots: Int
    /// What the edge that may drop does when it is full.
    package let policy: EdgePolicy
    /// Subtasks of each keyed stage, 1 to 3.
    package let width: Int

    /// The pipeline of a seed. Every field is drawn in this order: another order would make other
    /// shapes of all seeds.
    package init(seed: UInt64, elements: Int = 60) {
        let shape = seed % 1_000
        var draw = SeededGenerator(seed: shape, stream: 0xAB)
        self.seed = seed
        self.shape = shape
        self.elements = elements
        // One in four shapes has a single worker, which waits for nobody: that has faults of its
        // own.
        workers = 1 + draw.below(4)
        laneSlots = draw.below(3) == 0 ? 64 : 1_024
        policy = [.block, .dropNewest, .dropOldest][draw.below(3)]
        width = 1 + draw.below(3)
    }

    /// An edge whose capacity is drawn from the shape and a number of its own.
    private func edge(_ number: UInt64, policy: EdgePolicy = .block) -> EdgeOptions {
        var draw = SeededGenerator(seed: shape, stream: 0xED6E &+ number)
        let sizes = [1, 2, 4, 8, 16, 64]
        return EdgeOptions(
            bounds: ChannelBounds(messages: sizes[draw.below(sizes.count)]), policy: policy)
    }

    /// The pipeline itself. It captures values only, so that building it again gives the same plan.
    package var pipeline: Pipeline {
        let policy = policy
        let edge = { @Sendable (number: UInt64, policy: EdgePolicy) in
            self.edge(number, policy: policy)
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
                // What gets through depends on the edge before it, and so does the other cell.
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
            // Few keys, so that every subtask of the last stage takes from all before it.
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

    /// A generator whose event times come in pairs, so that two elements share each moment.
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

    /// A source of lines that goes idle when nothing came for a while, and so lets the others'
    /// watermarks through.
    private static let lines = Source<StressEvent>.lines(
        watermark: .boundedDisorder(.milliseconds(1), granularity: .milliseconds(1)),
        idleAfter: .microseconds(200)
    ) { bytes, index in
        let sum = bytes.withUnsafeBytes { $0.reduce(0) { $0 &+ Int($1) } }
        let value = Int64(sum % 97)
        let event = StressEvent(
            small: UInt8(value % 4), id: 1_000_000 + Int64(index), key: UInt8(value % 5),
            value: value)
        return (event, Instant(milliseconds: Int64(index)))
    }

    /// Everything that an element can do: change the state in an order-dependent way, access the
    /// cell twice, set a timer, emit none or several elements, and log.
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
        // Some microseconds ahead: timers and elements compete for turns.
        if event.value % 7 == 0 {
            let delay = Duration.nanoseconds(Int64(context.random.below(9_000)) + 300)
            context.setTimer(atProcessingTime: context.now + delay)
        }
        // Nine at once are more than most channels here hold.
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

    /// A timer that changes the cell, emits, and sets another one a third of the time.
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

    /// An outside call: it fails for one in sixteen, and is slower than its time-out now and then.
    /// The answer follows from the arguments, the time that it takes does not matter.
    private static func call(_ event: StressEvent, _ number: UInt64) -> [UInt8]? {
        let draw = SeededGenerator.mix(UInt64(bitPattern: event.id) &+ number)
        if draw % 16 == 0 { return nil }
        if draw % 8 == 1 { pause(microseconds: Int(draw >> 32 % 900)) }
        return [UInt8(truncatingIfNeeded: draw >> 8)]
    }
}
