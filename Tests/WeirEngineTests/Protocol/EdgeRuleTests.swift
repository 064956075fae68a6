import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// The rules of edges, hand-overs, cells and watermarks.
@Suite struct EdgeRuleTests {
    private let numbers = Source<Int>.generator(
        watermark: .boundedDisorder(.seconds(1_000_000), granularity: .seconds(1_000_000))
    ) { index, _ in (Int(clamping: index), .second(0)) }

    /// A source and a reader behind an edge of so many elements that may drop.
    private func lossy(
        _ policy: EdgePolicy = .dropNewest, messages: Int = 4,
        _ body: @escaping @Sendable () -> Void = {}
    ) throws -> HandExecution {
        let numbers = numbers
        return try HandExecution(
            Pipeline("lossy") { flow in
                _ = flow.read("in", from: numbers)
                    .over(
                        EdgeOptions(bounds: ChannelBounds(messages: messages), policy: policy)
                    )
                    .filter("out") { _ in
                        body()
                        return true
                    }
            })
    }

    @Test func `rule 6: an input block lies in its lane before it is handed over`() throws {
        let lanes = LaneSet(
            layout: LaneLayout(workers: 1, workerSlots: 64, sources: [.kibibytes(4)], executors: 0))
        let seen = Tally()
        let missing = Tally()
        let feed = ReaderFeed(
            reading: TwoPieces(), location: nil, source: 0, lane: lanes.readers[0],
            isStored: true, clock: { 0 },
            onInput: {
                // The reader's own thread has handed a block over and does nothing else now.
                seen.add()
                let noted = Self.notes(lanes.readers[0].notes).map(\.number)
                if noted.count < seen.count { missing.add() }
            })
        feed.start()
        feed.join()
        #expect(seen.count == 3 && missing.count == 0)
        #expect(feed.rest.map(\.kind) == [.bytes, .bytes, .end])
    }

    @Test func `rule 6: a call's result lies in its lane before a turn can take it`() {
        let lanes = LaneSet(
            layout: LaneLayout(workers: 1, workerSlots: 64, sources: [], executors: 1))
        let delivered = ConditionLock()
        let noted = Noted()
        let executor = CallExecutor(lanes: lanes.executors) { _ in
            delivered.withLock {
                noted.numbers = Self.notes(lanes.executors[0].notes).map(\.number)
                delivered.broadcast()
            }
        }
        executor.start()
        executor.submit(PendingCall(subtask: 3, call: 17) { [1, 2, 3] })
        delivered.withLock { while noted.numbers.isEmpty { delivered.wait() } }
        #expect(noted.numbers == [17])
        #expect(executor.answered(3, atMost: 9) == [17])
        executor.stop()
    }

    @Test func `answers wait in the order in which they came`() {
        let lanes = LaneSet(
            layout: LaneLayout(workers: 1, workerSlots: 64, sources: [], executors: 1))
        let delivered = ConditionLock()
        let noted = Noted()
        let executor = CallExecutor(lanes: lanes.executors) { _ in
            delivered.withLock {
                noted.numbers.append(0)
                delivered.broadcast()
            }
        }
        executor.start()
        // One thread makes the calls one after the other.
        for call in [17, 4, 18] as [UInt64] {
            executor.submit(PendingCall(subtask: 3, call: call) { [1] })
        }
        delivered.withLock { while noted.numbers.count < 3 { delivered.wait() } }
        #expect(executor.answered(3, atMost: 9) == [17, 4, 18])
        #expect(executor.answered(3, atMost: 2) == [17, 4])
        executor.stop()
    }

    private final class Noted: @unchecked Sendable {
        // Unchecked: guarded by the test's monitor.
        var numbers: [UInt64] = []
    }

    /// All notes of a lane, from its tail.
    private static func notes(_ lane: NoteLane) -> [RawNote] {
        var notes: [RawNote] = []
        lane.rewindToTail()
        while let note = lane.peek() {
            notes.append(note)
            lane.advance(past: note)
        }
        return notes
    }

    @Test func `rule 7: a turn takes from an edge that may drop under the edge's lock`() throws {
        let seen = Seen()
        let hand = try lossy { seen.atBody() }
        let inlet = hand["out/0"].inlets[0]
        let lock = try #require(inlet.lock)
        hand.take("in/0", count: 3)
        let intruder = Intruder()
        var isHeld: Bool?
        var depth: [Int] = []
        seen.atBody = { depth.append(inlet.channel.depth) }
        hand.take("out/0", count: 2) {
            isHeld = !intruder.comesIn(by: lock)
            depth.append(inlet.channel.depth)
        }
        intruder.join()
        #expect(isHeld == true, "another thread had the lock where the step was numbered")
        // Three elements and a watermark wait where the step is numbered; two messages are out
        // before the body runs, which sees the one element among them.
        #expect(depth == [4, 2])
    }

    private final class Seen: @unchecked Sendable {
        // Unchecked: the test's one thread.
        var atBody: () -> Void = {}
    }

    @Test func `rule 7: what a turn takes is bounded by what is there once it has the lock`()
        throws
    {
        let hand = try lossy()
        hand.take("in/0", count: 3)
        // A look saw more than there is by now.
        #expect(hand.take("out/0", count: 9))
        #expect(
            hand.rawNotes.last { $0.kind == StepKind.input.rawValue }.map { $0.second >> 32 } == 4)
        #expect(!hand.take("out/0", count: 9))
        // Nothing was taken, and the edge is let go all the same.
        let intruder = Intruder()
        #expect(intruder.comesIn(by: try #require(hand["out/0"].inlets[0].lock)))
        intruder.join()
    }

    @Test func `rule 7: a publish is numbered and noted under the edge's lock`() throws {
        let hand = try lossy()
        let channel = hand["out/0"].inlets[0].channel
        var held: [Bool] = []
        var depth: [Int] = []
        let intruder = Intruder()
        hand.scheduler.onExclusive = { _, lock in
            held.append(!intruder.comesIn(by: lock))
            depth.append(channel.depth)
        }
        hand.take("in/0", count: 3)
        intruder.join()
        #expect(held == [true])
        #expect(depth == [0], "elements were in the channel before the step was numbered")
        #expect(hand.noted == ["1 input", "2 publish", "1 end"])
        // The parallel scheduler takes the lock, then the number, and gives it back at the end.
        let fresh = try lossy()
        let parallel = ParallelScheduler(
            options: .init(workers: 1), outside: fresh.outside, notes: fresh.notes)
        let lock = ConditionLock()
        #expect(parallel.beginExclusive(lock, slots: 1, purpose: .publish(0), fresh.turn) == 1)
        let other = Intruder()
        #expect(!other.comesIn(by: lock))
        parallel.endExclusive(lock, purpose: .publish(0), fresh.turn)
        other.join()
    }

    @Test(arguments: [
        (EdgePolicy.dropNewest, "accepted*4 dropped*2"), (.dropOldest, "accepted*4 evicting*2"),
    ])
    func `rule 8: a publish is a step of its own that notes what became of each message`(
        policy: EdgePolicy, runs: String
    ) throws {
        let hand = try lossy(policy)
        hand.take("in/0", count: 6)
        #expect(hand.noted == ["1 input", "2 publish", "1 end"])
        var batch = ScheduleBatch()
        _ = batch.append(step: hand.rawNotes[1])
        let words = batch.words(of: batch.steps[0]).map { UInt8($0) }
        let outcomes = try #require(DropRun.unpack(words))
        let elements = outcomes.filter { $0 != .control }
        var counted: [(outcome: DropRun.Outcome, count: Int)] = []
        for outcome in elements {
            if counted.last?.outcome == outcome {
                counted[counted.count - 1].count += 1
            } else {
                counted.append((outcome, 1))
            }
        }
        #expect(counted.map { "\($0.outcome)*\($0.count)" }.joined(separator: " ") == runs)
    }

    @Test(arguments: [EdgePolicy.dropNewest, .dropOldest])
    func `rule 9: a channel that may drop holds a bounded number of controls, whatever comes`(
        policy: EdgePolicy
    ) {
        var random = SeededGenerator(seed: 9)
        let channel = DroppingChannel<Int>(
            name: "edge", bounds: ChannelBounds(messages: 2), policy: policy)
        let output = MessageBuffer<Int>(capacity: 1)
        for round in 0..<2_000 {
            switch random.below(4) {
            case 0: output.append(round, time: 0)
            case 1: output.append(.watermark(Instant(nanoseconds: Int64(round))))
            case 2: output.append(.idle)
            default: output.append(.active)
            }
            if let outcomes = channel.decide(output, output.count) {
                channel.apply(outcomes, to: output, entry: 1)
            }
            // Two elements, and a watermark and an idle or active before, between and behind.
            #expect(channel.depth <= 2 + 3 * 2)
        }
    }

    @Test func `rule 10: a watermark replaces one of its own turn with nothing between`() {
        let ring = Channel<Int>(name: "ring", bounds: .standard)
        let outlet = BlockingOutlet(index: 0, ring: ring)
        func messages() -> [String] { outlet.buffer.described(limit: 99) }
        func watermark(_ second: Int64) -> String { "\(Control.watermark(.second(second)))" }
        outlet.beginTurn()
        outlet.append(.watermark(.second(1)))
        outlet.append(.watermark(.second(2)))
        #expect(messages() == [watermark(2)])
        #expect(outlet.emitted == 1, "one message is what a replay has to find")
        outlet.append(7, time: 0)
        outlet.append(.watermark(.second(3)))
        #expect(messages() == [watermark(2), "7", watermark(3)])
        outlet.append(.idle)
        outlet.append(.watermark(.second(4)))
        #expect(messages().count == 5, "a silence lies between")
    }

    @Test func `rule 10: a watermark that another turn left over stays`() {
        let ring = Channel<Int>(name: "ring", bounds: .standard)
        let outlet = BlockingOutlet(index: 0, ring: ring)
        outlet.beginTurn()
        outlet.append(.watermark(.second(1)))
        outlet.beginTurn()
        outlet.append(.watermark(.second(2)))
        #expect(outlet.buffer.count == 2 && outlet.emitted == 1)
        // Nor does one in the channel give way.
        let buffer = MessageBuffer<Int>(capacity: 1)
        for second in 1...2 {
            buffer.append(.watermark(.second(Int64(second))))
            _ = ring.publish(from: buffer, birth: 0, entry: 0)
        }
        #expect(ring.depth == 2)
    }

    @Test func `rule 31: an access takes its number and its note inside the cell's lock`() throws {
        let numbers = numbers
        let seen = Seen()
        let hand = try HandExecution(
            Pipeline("cells") { flow in
                let cell = flow.sharedCell("cell", initial: 0)
                _ = flow.read("in", from: numbers).map("touch") { number in
                    cell.update {
                        seen.atBody()
                        $0 += 1
                    }
                    return number
                }
            })
        var moments: [[String]] = []
        var held: [Bool] = []
        let intruder = Intruder()
        hand.scheduler.onExclusive = { _, lock in
            held.append(!intruder.comesIn(by: lock))
            moments.append(hand.noted)
        }
        seen.atBody = { moments.append(hand.noted) }
        hand.take("touch/0", count: 1)
        intruder.join()
        #expect(held == [true])
        #expect(moments == [["1 input"], ["1 input", "2 access"]])
        #expect(hand.noted == ["1 input", "2 access", "1 end"])
        #expect("\(hand.execution.cells[0].anyValue)" == "1")
    }

    @Test func `rule 31: a cell's closure cannot touch another cell`() async {
        await #expect(processExitsWith: .failure) {
            let hand = try HandExecution(
                Pipeline("nested") { flow in
                    let first = flow.sharedCell("first", initial: 0)
                    let second = flow.sharedCell("second", initial: 0)
                    _ = flow.read(
                        "in", from: Source<Int>.generator { _, _ in (1, .distantPast) }
                    )
                    .map("touch") { number in
                        first.update { value in value += second.read() }
                        return number
                    }
                })
            hand.take("touch/0", count: 1)
        }
    }

    @Test func `rule 31: a cell is touched from operators' closures alone`() async {
        await #expect(processExitsWith: .failure) {
            let pipeline = Pipeline("outside") { flow in
                let cell = flow.sharedCell("cell", initial: 0)
                _ = cell.read()
            }
            _ = try pipeline.plan()
        }
    }
}

/// Two pieces and the end.
private final class TwoPieces: ByteReading, @unchecked Sendable {
    // Unchecked: the reader's thread alone.
    private var pieces: [InputPiece] = [
        .bytes([0x61, 0x0A], offset: 0), .bytes([0x62, 0x0A], offset: 2), .end,
    ]
    let isRepeatable = false
    let path: String? = nil
    let byteCount: UInt64? = nil

    func next(maximum: Int) -> InputPiece? { pieces.isEmpty ? nil : pieces.removeFirst() }
    func cancel() {}
}
