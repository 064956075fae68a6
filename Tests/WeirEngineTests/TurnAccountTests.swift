import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// What is told of a turn, and what its state has, beside what it computes.
@Suite struct TurnAccountTests {
    private func hand(_ body: @escaping @Sendable () -> Void = {}) throws -> HandExecution {
        try HandExecution(
            Pipeline("three", parallelism: 1) { flow in
                flow.read("in", from: secondsOfTime).keyed { $0 }
                    .process("each", state: 0, emitting: Int.self) { number, _, context in
                        body()
                        context.emit(number)
                    }
                    .write("rows") { "\($0)" }
            })
    }

    @Test func `a subtask is busy in its turn and no longer`() throws {
        let seen = Guarded<[Bool]>([])
        let hand = try hand {
            seen.withLock { $0.append(TurnContext.current?.subtask?.counters.isBusy ?? false) }
        }
        hand.take("in/0", count: 1)
        hand.take("each/0", count: 1)
        #expect(seen.withLock { $0 } == [true])
        #expect(!hand["each/0"].counters.isBusy && hand["each/0"].counters.activity == .idle)
    }

    @Test func `behind the answers of calls a turn is in no operator`() throws {
        let hand = try HandExecution(
            Pipeline("asking", parallelism: 1) { flow in
                _ = flow.read("in", from: secondsOfTime).callAsync(
                    "ask", emitting: Int.self, timeout: .seconds(1), call: { _, _ in nil }
                ) { _, _, _ in }
            })
        hand.take("in/0", count: 1)
        hand.take("ask/0", count: 1)
        let asking = hand["ask/0"]
        var choice = Choice(kind: .completion)
        (choice.calls, choice.count) = ([1], 1)
        hand.turn.step = hand.scheduler.nextStep()
        asking.chain.running.begin(step: hand.turn.step, now: 1)
        hand.turn.bind { asking.run(choice, hand.turn, results: [[7]]) }
        #expect(asking.chain.running.open?.activity == .between)
        #expect(asking.chain.calls?.isWaiting == false)
        asking.chain.running.end()
    }

    @Test func `each subtask measures the hops that lie in it`() throws {
        let hand = try hand()
        func hops(_ name: String) -> [String] { hand[name].latencyHops.map(\.hop) }
        #expect(hops("in/0") == ["decode"])
        #expect(hops("each/0") == ["queue", "process"])
        #expect(hops("rows/0") == ["queue", "encode", "write", LatencySample.wholeWay])
    }

    @Test func `a subtask that waits for room is told of it, and only while it waits`() throws {
        let hand = try HandExecution(
            Pipeline("narrow", parallelism: 1) { flow in
                flow.read("in", from: secondsOfTime)
                    .over(EdgeOptions(bounds: ChannelBounds(messages: 4)))
                    .write("rows") { "\($0)" }
            })
        let told = Tally()
        hand.scheduler.onNotify = { if $0.name == "in/0" { told.add() } }
        hand.take("in/0", count: 3)
        #expect(!hand.execution.publishAgain(hand["in/0"], hand.turn))
        hand.take("rows/0", count: 4)
        #expect(told.count == 1)
        // The other two messages find room.
        #expect(hand.execution.publishAgain(hand["in/0"], hand.turn))
        hand.take("rows/0", count: 2)
        #expect(told.count == 1)
    }

    @Test func `each offer of rows that was written has waited for it`() {
        let feed = WriterFeed(sink: "rows", writing: NoRows(), onRoom: {}, onFailure: { _ in })
        for offer in 1...3 as ClosedRange<UInt64> {
            #expect(feed.offer([0x0A, 0x0A], count: 2))
            #expect(feed.writeLatency?.count == offer)
        }
    }

    @Test(arguments: [false, true])
    func `a log record has its operator and the number of its element in the turn`(
        isKeyed: Bool
    ) throws {
        let many = KeyedProcess<Int, Int, Int>(name: "many", initial: 0, onTimer: nil)
            .link(key: { (number: Int) in number }) { number, _, context in
                // More than a slice: the next operator takes them in two.
                for _ in 0..<100 { context.emit(number) }
            }
        let logging =
            isKeyed
            ? KeyedProcess<Int, Int, Int>(name: "logging", initial: 0, onTimer: nil)
                .link(key: { (number: Int) in number }) { _, _, context in context.log.info("seen")
                }
            : SubtaskProcess<Int, Int>(name: "logging", state: 0, onEnd: nil)
                .link { (_: Int, _: inout Int, context) in context.log.info("seen") }
        let chain = DrivenChain<Int, Int>([many, logging])
        let lane = LogLane(capacity: 1 << 16, sites: LogSites())
        chain.subtask.chain.frame.pointee.logLane = Unmanaged.passUnretained(lane)
        for _ in 0..<2 {
            chain.send(7, at: 0)
            let records = try #require(lane.drain(worker: 0)?.records)
            #expect(records.map(\.index) == Array(1...100))
            #expect(records.map(\.ordinal) == Array(0..<100))
            #expect(records.allSatisfy { $0.operatorIndex == 1 })
        }
        withExtendedLifetime(lane) {}
    }

    @Test func `a table is as large as its slots and what its first entries come to`() {
        let table = KeyedTable<Int, String>()
        #expect(table.estimatedBytes == 0)
        for key in 0..<10 {
            let text = String(repeating: "x", count: 1_000)
            _ = table.value(of: key, hash: Canonical.hash(key)) { text }
        }
        let slot = MemoryLayout<Int>.stride + MemoryLayout<String>.stride + 8
        // A byte for the key, two for the length, and the text.
        #expect(table.estimatedBytes.count == 10 * slot * 2 + 10 * (1 + 2 + 1_000))
    }

    @Test func `a ring has the next power of two of slots`() {
        let slots = [1, 2, 3, 4, 5, 1_023, 1_024, 1_025].map {
            ChannelBounds(messages: $0).ringSlots
        }
        #expect(slots == [1, 2, 4, 4, 8, 1_024, 1_024, 2_048])
    }
}

/// What the digest of a subtask has: each of these alone makes another one.
@Suite struct DigestPartTests {
    /// A key's timer of processing time, so many seconds behind the start.
    private func timed(_ seconds: Int64) -> DrivenChain<Int, Int> {
        let chain = DrivenChain<Int, Int>([
            KeyedProcess<Int, Int, Int>(name: "timed", initial: 0, onTimer: { _, _, _ in })
                .link(key: { (number: Int) in number }) { _, _, context in
                    context.setTimer(atProcessingTime: .second(seconds))
                }
        ])
        chain.send(7, at: 0)
        return chain
    }

    @Test func `timers of processing time that wait`() {
        #expect(timed(5).subtask.freshDigest() != timed(6).subtask.freshDigest())
    }

    @Test func `timers that were dropped at the end and not fired`() {
        let (fired, dropped) = (timed(5), timed(5))
        fired.subtask.chain.frame.pointee.now = 5_000_000_000
        for chain in [fired, dropped] { chain.finish() }
        #expect(dropped.subtask.counters.dropped(.timer) == 1)
        #expect(fired.subtask.counters.dropped(.timer) == 0)
        #expect(fired.subtask.freshDigest() != dropped.subtask.freshDigest())
    }

    @Test func `inlets that have ended, beside those at the end of time`() {
        let (ended, open) = (
            DrivenChain<Int, Int>(inlets: 2, []), DrivenChain<Int, Int>(inlets: 2, [])
        )
        for chain in [ended, open] { chain.pass(.watermark(.distantFuture), port: 0) }
        ended.pass(.end, port: 0)
        #expect(ended.subtask.freshDigest() != open.subtask.freshDigest())
    }

    @Test func `what the rows of a sink were, and in which order`() {
        func rows(_ texts: [String]) -> UInt64 {
            let feed = WriterFeed(
                sink: "rows", writing: NoRows(), onRoom: {}, onFailure: { _ in })
            let outlet = RowOutlet(index: 0, sink: "rows", feed: feed)
            for text in texts {
                outlet.append { writer in
                    writer.bytes.append(contentsOf: text.utf8)
                    writer.endRow()
                }
            }
            var hash = StableHash()
            outlet.digest(into: &hash)
            return hash.value
        }
        #expect(Set([["a", "b"], ["b", "a"], ["a", "c"], ["a"]].map(rows)).count == 4)
    }

    @Test func `late elements so far`() {
        func window(late: Int) -> DrivenChain<Int, Pane<Int, Int>> {
            let chain = DrivenChain<Int, Pane<Int, Int>>([
                TumblingWindow<Int, Int, Int>(
                    name: "window", width: .seconds(5), initial: 0, late: nil
                ).link(key: { $0 }) { count, _ in count += 1 }
            ])
            chain.pass(10)
            for _ in 0..<late { chain.send(1, at: 2) }
            return chain
        }
        #expect(window(late: 1).subtask.freshDigest() != window(late: 2).subtask.freshDigest())
    }

    @Test func `random numbers that were drawn`() {
        func drawing(_ count: Int) -> UInt64 {
            let chain = DrivenChain<Int, Int>([
                SubtaskProcess<Int, Int>(name: "drawing", state: 0, onEnd: nil)
                    .link { (_: Int, _: inout Int, context) in
                        for _ in 0..<count { _ = context.random.next() }
                    }
            ])
            chain.send(1, at: 0)
            return chain.subtask.freshDigest()
        }
        #expect(drawing(1) != drawing(2))
    }
}

/// Calls on their way from an operator to whoever makes them.
@Suite struct SubmittedCallTests {
    private final class Desk: CallDesk, @unchecked Sendable {
        // Unchecked: the test's one thread.
        private(set) var submitted: [UInt64] = []
        func submit(_ call: PendingCall) { submitted.append(call.call) }
        func take(_ calls: [UInt64], of turn: TurnContext) -> [[UInt8]?] { [] }
    }

    @Test func `each call is submitted once, behind the turn that made it`() {
        let desk = Desk()
        let calls = AsyncCalls<String, String>(
            name: "ask", limits: CallLimits(inFlight: 4, timeout: 1_000, attempts: 2), subtask: 0,
            desk: desk, call: { _, _ in nil }
        ) { _, _, _ in }
        let chain = DrivenChain<String, String>([calls.link()])
        chain.send("a", "b", at: 0)
        #expect(desk.submitted == [])
        chain.subtask.submitCalls()
        chain.subtask.submitCalls()
        #expect(desk.submitted == [1, 2])
        // The first attempts time out, and each is made again.
        chain.subtask.chain.frame.pointee.now = 1_000
        chain.subtask.chain.fireTimers()
        chain.subtask.submitCalls()
        #expect(desk.submitted == [1, 2, 3, 4])
    }

    @Test func `as many calls are made as may be in flight, and the others' room is told`() {
        let desk = Desk()
        let calls = AsyncCalls<String, String>(
            name: "ask", limits: CallLimits(inFlight: 3, timeout: 1_000, attempts: 1), subtask: 0,
            desk: desk, call: { _, _ in nil }
        ) { _, _, _ in }
        let chain = DrivenChain<String, String>([calls.link()])
        #expect(calls.room == 3 && !calls.isWaiting)
        chain.send("a", "b", at: 0)
        #expect(calls.room == 1 && calls.isWaiting && calls.held == 2)
        calls.complete([(call: 1, result: nil)], chain.subtask.chain.frame)
        #expect(calls.room == 2 && calls.held == 1)
    }
}
