import Synchronization
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// A count that a test's lock guards.
private final class Count: @unchecked Sendable {
    // Unchecked: guarded by the test's lock.
    var value = 0
}

/// Answers of calls, from the threads that make them to the turn that takes them.
@Suite struct CallDeskTests {
    /// A desk on which these calls of each subtask have been answered, each with its own number.
    private func desk(_ calls: [(subtask: SubtaskIndex, call: UInt64)]) -> CallExecutor {
        let lanes = LaneSet(
            layout: LaneLayout(workers: 1, workerSlots: 64, sources: [], executors: 1))
        let delivered = ConditionLock()
        let count = Count()
        let executor = CallExecutor(lanes: lanes.executors) { _ in
            delivered.withLock {
                count.value += 1
                delivered.broadcast()
            }
        }
        executor.start()
        for (subtask, call) in calls {
            executor.submit(PendingCall(subtask: subtask, call: call) { [UInt8(call)] })
        }
        delivered.withLock { while count.value < calls.count { delivered.wait() } }
        executor.stop()
        return executor
    }

    /// Calls `body` as in a turn of the second of two subtasks.
    private func inTurn(_ body: (TurnContext) -> Void) throws {
        let hand = try HandExecution(
            Pipeline("any", parallelism: 1) { flow in
                flow.read("in", from: secondsOfTime).write("rows") { "\($0)" }
            })
        hand.turn.subtask = hand["rows/0"]
        withExtendedLifetime(hand) { body(hand.turn) }
        hand.turn.subtask = nil
    }

    @Test func `an answer that was taken is there no more, and the others are`() throws {
        let desk = desk([(1, 7), (1, 8), (1, 9)])
        try inTurn { turn in
            #expect(desk.take([9, 7], of: turn) == [[9], [7]])
            #expect(desk.answered(1, atMost: 9) == [8])
            #expect(desk.take([9], of: turn) == [nil])
        }
    }

    @Test func `each subtask has the answers of its own calls`() throws {
        let desk = desk([(0, 7), (1, 7), (0, 8)])
        #expect(desk.answered(0, atMost: 9) == [7, 8] && desk.answered(1, atMost: 9) == [7])
        #expect(desk.answered(2, atMost: 9) == [])
        try inTurn { #expect(desk.take([8], of: $0) == [nil]) }
    }
}

/// Time-outs of calls that were answered.
@Suite struct AnsweredCallTests {
    @Test func `a time-out waits on when its call was answered`() throws {
        let hand = try HandExecution(
            Pipeline("asking", parallelism: 1) { flow in
                _ = flow.read("in", from: secondsOfTime).callAsync(
                    "ask", emitting: Int.self, timeout: .seconds(1), call: { _, _ in nil }
                ) { _, _, _ in }
            })
        hand.take("in/0", count: 2)
        hand.take("ask/0", count: 1)
        let asking = hand["ask/0"]
        var choice = Choice(kind: .completion)
        (choice.calls, choice.count) = ([1], 1)
        hand.turn.step = hand.scheduler.nextStep()
        asking.chain.running.begin(step: hand.turn.step, now: 1)
        hand.turn.bind { asking.run(choice, hand.turn, results: [[7]]) }
        asking.chain.running.end()
        #expect(asking.chain.nextDeadline == 1_000_000_000)
        hand.outside.clock.advance(to: .microseconds(500_000))
        hand.take("ask/0", count: 2)
        #expect(asking.chain.nextDeadline == 1_000_000_000)
    }
}

/// The threads of a run when it ends.
@Suite struct OutsideEndTests {
    @Test func `the end of a run waits for the call that runs`() throws {
        let planned = try Pipeline("any", parallelism: 1) { flow in
            flow.read("in", from: secondsOfTime).write("rows") { "\($0)" }
        }.plan(seed: 1)
        var setup = LiveRun.Setup(started: Instant(nanoseconds: 0), schedule: .drawn(seed: 1))
        setup.connections.sources = [nil]
        setup.connections.storesInput = [false]
        setup.connections.sinks = [NoRows()]
        setup.lanes = LaneSet(
            layout: LaneLayout(workers: 1, workerSlots: 64, sources: [0], executors: 1))
        let run = try LiveRun(planned, BindOptions(seed: 1), setup)
        run.start()
        let begun = ConditionLock()
        let count = Count()
        let isOver = Atomic<Bool>(false)
        run.outside.calls.submit(
            PendingCall(subtask: 0, call: 1) {
                begun.withLock {
                    count.value += 1
                    begun.signal()
                }
                let end = MonotonicClock.nanoseconds() + 5_000_000
                while MonotonicClock.nanoseconds() < end {}
                isOver.store(true, ordering: .relaxed)
                return nil
            })
        begun.withLock { while count.value == 0 { begun.wait() } }
        run.finish()
        let wasWaitedFor = isOver.load(ordering: .relaxed)
        #expect(wasWaitedFor)
    }
}

/// What a reader's blocks say of where they lay.
@Suite struct ReaderBlockTests {
    @Test func `blocks are numbered and say where their bytes lay`() {
        let pieces: [InputPiece] = [
            .bytes([1, 2, 3], offset: 10), .nuls(4), .rotation, .file(6), .truncation,
            .bytes([1], offset: 0), .end,
        ]
        let feed = ReaderFeed(
            reading: GivenPieces(pieces), location: "given", source: 3, lane: nil, isStored: true,
            clock: { 17 }, onInput: {})
        var told: [String] = []
        while let block = feed.next() {
            told.append("\(block.index) \(block.kind) \(block.offset) \(block.length)")
            #expect(block.source == 3 && block.time == 17)
        }
        #expect(
            told == [
                "0 bytes 10 3", "1 nuls 4 0", "2 rotation 13 0", "3 file 6 0", "4 truncation 0 0",
                "5 bytes 0 1", "6 end 1 0",
            ])
    }

    @Test func `behind the end of an input nothing is read`() {
        let reading = GivenPieces([.failure(String(repeating: "x", count: 5_000)), .end])
        let feed = ReaderFeed(
            reading: reading, location: nil, source: 0, lane: nil, isStored: true,
            clock: { 0 }, onInput: {})
        let block = feed.next()
        // Its words are kept up to a bound.
        #expect(block?.kind == .failure && block?.length == 4_096)
        #expect(feed.next() == nil && reading.left == 1)
    }

    @Test func `a reader that was told to end reads nothing`() {
        let reading = GivenPieces([.bytes([1], offset: 0)])
        let feed = ReaderFeed(
            reading: reading, location: nil, source: 0, lane: nil, isStored: true,
            clock: { 0 }, onInput: {})
        feed.cancel()
        #expect(feed.next() == nil && reading.left == 1 && reading.isCancelled)
    }
}

private final class GivenPieces: ByteReading, @unchecked Sendable {
    // Unchecked: the test's one thread.
    private var pieces: [InputPiece]
    private(set) var isCancelled = false
    let isRepeatable = false
    let path: String? = nil
    let byteCount: UInt64? = nil

    init(_ pieces: [InputPiece]) { self.pieces = pieces }

    var left: Int { pieces.count }
    func next(maximum: Int) -> InputPiece? { pieces.isEmpty ? nil : pieces.removeFirst() }
    func cancel() { isCancelled = true }
}
