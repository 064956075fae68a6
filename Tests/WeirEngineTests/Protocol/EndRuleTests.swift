import Testing
import WeirBase
import WeirStress
import WeirTelemetry

@testable import WeirEngine

/// The rules of time, calls and ends.
@Suite struct EndRuleTests {
    /// Sets a timer one nanosecond behind a whole microsecond for each element.
    private func timed(_ nanoseconds: Int64) throws -> HandExecution {
        try HandExecution(
            Pipeline("timed", parallelism: 1) { flow in
                _ = flow.read(
                    "in", from: Source<Int>.generator { index, _ in (Int(index), .second(0)) }
                )
                .keyed { $0 }
                .process(
                    "later", state: 0, emitting: Int.self, onTimer: { _, _, _ in }
                ) { _, _, context in
                    context.setTimer(atProcessingTime: Instant(nanoseconds: nanoseconds))
                }
            })
    }

    @Test func `rule 11: a turn's time is cut to microseconds, a deadline rounded up to them`()
        throws
    {
        let hand = try timed(5_001)
        hand.take("in/0", count: 1)
        // The element, and the watermark behind it.
        hand.take("later/0", count: 2)
        let later = hand["later/0"]
        func now(_ clock: Int64) -> Present {
            hand.outside.clock.advance(to: RunTime(nanoseconds: clock))
            return hand.outside.present(isEnding: false)
        }
        func look(_ clock: Int64) -> String {
            switch later.look(at: now(clock)) {
            case .choice(let choice): "\(choice.kind) at \(choice.time)"
            case .waiting(let until): "waiting until \(until ?? -1)"
            case .done: "done"
            }
        }
        #expect(later.chain.nextDeadline == 6_000)
        #expect(look(5_001) == "waiting until 6")
        #expect(look(5_999) == "waiting until 6", "due is decided on the cut time")
        #expect(look(6_000) == "timer at 6")
        #expect(look(6_999) == "timer at 6", "the time of the turn is cut")
    }

    @Test func `rule 12: a timer turn fires all that are due, what it sets fires in a later one`()
        throws
    {
        var setup = MarbleRun.Setup()
        setup.output.times = ["3": .second(1), "4": .second(1)]
        // The text of each is the number of the turn, in steps of this run.
        let run = try MarbleRun("(ab)------|", setup) { stream in
            stream.keyed { $0 }.process(
                "timed", state: 0, emitting: String.self,
                onTimer: { key, count, context in
                    count += 1
                    context.emit("\(key)\(TurnContext.current?.step ?? 0)")
                    if key == "a", count == 1 { context.setTimer(atProcessingTime: .second(0)) }
                }
            ) { _, _, context in context.setTimer(atProcessingTime: .second(1)) }
        }
        let fired = run.outcome.diagram.frames[1].compactMap { event in
            if case .element(let text, _) = event { text } else { nil }
        }
        #expect(fired == ["a3", "b3", "a4"])
        let books = run.outcome.books
        #expect(books.imbalances == [] && run.drops == [])
    }

    /// A timer due at 5 microseconds, which sets one for a time that is past each time it fires.
    private func repeating(_ fired: Tally) throws -> HandExecution {
        let hand = try HandExecution(
            Pipeline("repeating", parallelism: 1) { flow in
                _ = flow.read(
                    "in", from: Source<Int>.generator { index, _ in (Int(index), .second(0)) }
                )
                .keyed { $0 }
                .process(
                    "later", state: 0, emitting: Int.self,
                    onTimer: { _, _, context in
                        fired.add()
                        context.setTimer(atProcessingTime: .second(0))
                    }
                ) { _, _, context in
                    context.setTimer(atProcessingTime: Instant(nanoseconds: 5_000))
                }
            })
        hand.take("in/0", count: 1)
        // The element, and the watermark behind it.
        hand.take("later/0", count: 2)
        hand.outside.clock.advance(to: .microseconds(5))
        return hand
    }

    @Test func `rule 12: a timer that a firing timer sets for a past time fires in a later turn`()
        throws
    {
        let fired = Tally()
        let hand = try repeating(fired)
        hand.take("later/0", .timer)
        #expect(fired.count == 1)
        hand.take("later/0", .timer)
        #expect(fired.count == 2)
    }

    @Test func `rule 12: the last watermark and the end fire timers once where one turn has both`()
        throws
    {
        let fired = Tally()
        let hand = try repeating(fired)
        hand.take("in/0", .end)
        // Before both, timers that are due are fired.
        hand.take("later/0", count: 2)
        #expect(hand["later/0"].isDone)
        #expect(fired.count == 1)
        #expect(hand["later/0"].counters.dropped(.timer) == 1, "what it set has no later turn")
    }

    @Test func `rule 12: a turn that ends a subtask first fires what is due at its time`() throws {
        try MarbleRun("a-|") { stream in
            stream.keyed { $0 }.process(
                "timed", state: 0, emitting: String.self,
                onTimer: { _, _, context in context.emit("t") }
            ) { _, _, context in context.setTimer(atProcessingTime: .second(2)) }
        }.expect("--(t|)")
    }

    @Test func `rule 12: timers that are due fire before the last watermark passes`() throws {
        let timed = KeyedProcess<Int, Int, Int>(
            name: "timed", initial: 0, onTimer: { key, _, context in context.emit(key) })
        let chain = DrivenChain<Int, Int>([
            timed.link(key: { (key: Int) in key }) { _, _, context in
                context.setTimer(atProcessingTime: context.now)
            }
        ])
        chain.send(7, at: 3)
        // The end itself may come in a later turn than this.
        chain.pass(.watermark(.distantFuture))
        #expect(chain.taken() == "7@0 |end")
    }

    @Test func `rule 12: a time-out that is due fires in the turn that sees the end`() throws {
        let (chain, port) = try calls()
        chain.send("a", at: 0)
        chain.subtask.chain.frame.pointee.now = 1_000_000
        chain.finish()
        // The call was given up there and made again, and the end waits for that one.
        #expect(port.isWaiting && !chain.subtask.isDone)
        #expect(chain.subtask.chain.nextDeadline == 2_000_000)
    }

    /// A stage of calls whose answers the test gives.
    private func calls(
        timeout: Int64 = 1_000_000
    ) throws -> (chain: DrivenChain<String, String>, port: any CallPort) {
        let outside = LiveOutside(
            started: Instant(nanoseconds: 0), clock: RunClock(.virtual),
            connections: LiveOutside.Connections(),
            lanes: nil)
        let calls = AsyncCalls<String, String>(
            name: "ask", limits: CallLimits(inFlight: 4, timeout: timeout, attempts: 2),
            subtask: 0, desk: outside.calls, call: { _, _ in nil }
        ) { element, answer, context in
            context.emit("\(element)\(answer?.first ?? 0)", at: .second(0))
        }
        return (DrivenChain<String, String>([calls.link()]), calls)
    }

    @Test(
        arguments: [(1, 1_000), (1_000, 1_000), (1_001, 2_000), (1_999, 2_000)]
            as [(Int64, Int64)])
    func `rule 11: the time-out of a call is rounded up to microseconds`(
        timeout: Int64, deadline: Int64
    ) throws {
        let (chain, _) = try calls(timeout: timeout)
        chain.send("a", at: 0)
        #expect(chain.subtask.chain.nextDeadline == deadline)
    }

    @Test func `rule 13: an answer of a call that is no longer in flight does nothing`() throws {
        let (chain, port) = try calls()
        let frame = chain.subtask.chain.frame
        chain.send("a", "b", at: 0)
        port.complete([(call: 99, result: [9])], frame)
        #expect(chain.taken() == "")
        port.complete([(call: 2, result: [7])], frame)
        #expect(chain.taken() == "b7@0", "calls are answered by their numbers, in any order")
        port.complete([(call: 2, result: [8]), (call: 1, result: [6])], frame)
        #expect(chain.taken() == "a6@0")
        #expect(!port.isWaiting)
    }

    @Test func `rule 13: a turn takes its answers in the order in which its note names them`()
        throws
    {
        let (chain, port) = try calls()
        chain.send("a", "b", "c", at: 0)
        port.complete(
            [(call: 2, result: [2]), (call: 3, result: [3]), (call: 1, result: [1])],
            chain.subtask.chain.frame)
        #expect(chain.taken() == "b2@0 c3@0 a1@0")
    }

    @Test func `rule 13: a call that is made again has a number of its own`() throws {
        let (chain, port) = try calls()
        let frame = chain.subtask.chain.frame
        chain.send("a", at: 0)
        frame.pointee.now = 1_000_000
        chain.subtask.chain.fireTimers()
        // The first number's answer comes too late, the second's counts.
        port.complete([(call: 1, result: [1])], frame)
        #expect(chain.taken() == "")
        port.complete([(call: 2, result: [2])], frame)
        #expect(chain.taken() == "a2@0")
    }

    @Test func `rule 14: an end that waits for calls is seen where its state is taken in`() throws {
        let pipeline = Pipeline("asking", parallelism: 1) { flow in
            _ = flow.read(
                "in", from: Source<Int>.generator { index, _ in (Int(index), .second(0)) }
            )
            .callAsync(
                "ask", emitting: Int.self, timeout: .milliseconds(1), attempts: 1,
                call: { _, _ in nil }
            ) { _, _, _ in }
        }
        let hand = try HandExecution(pipeline)
        hand.take("in/0", count: 1)
        hand.take("in/0", .end)
        // The number, its watermark, the last watermark and the end.
        hand.take("ask/0", count: 4)
        #expect(!hand["ask/0"].isDone, "its call is in flight")
        let other = try HandExecution(pipeline)
        other.execution.restore(hand.execution.save())
        // Its steps go on behind those that were taken.
        while other.scheduler.stepCount < hand.scheduler.stepCount {
            _ = other.scheduler.nextStep()
        }
        other.outside.clock.advance(to: .milliseconds(1))
        other.take("ask/0", .timer)
        #expect(other["ask/0"].isDone)
    }

    @Test func `rule 14: what an operator emits at the end is asked for before the end`() throws {
        try MarbleRun("ab|", unanswered) { stream in
            let later = stream.keyed { $0 }.process(
                "later", state: 0, emitting: String.self,
                onTimer: { _, _, context in context.emit("t") }
            ) { _, _, context in context.setTimer(atEventTime: .second(9)) }
            return asked(later, "ask")
        }.expect("----(nn|)")
    }

    @Test func `rule 14: each of two stages of calls answers its own`() throws {
        try MarbleRun("ab|", unanswered) { stream in asked(asked(stream, "ask"), "again") }
            .expect("----n(n|)")
    }

    private var unanswered: MarbleRun.Setup {
        var setup = MarbleRun.Setup()
        setup.framesBehind = 9
        setup.output.times = ["n": .distantPast]
        return setup
    }

    @Test func `rule 14: time-outs of answered calls are forgotten`() throws {
        let (chain, port) = try calls()
        let frame = chain.subtask.chain.frame
        let asking = try #require(port as? AsyncCalls<String, String>)
        for call in 1...20_000 as ClosedRange<UInt64> {
            chain.send("a", at: 0)
            if call > 1 { port.complete([(call: call, result: [1])], frame) }
            if call.isMultiple(of: 1_000) { asking.checkInvariants() }
        }
        // The first call's is not among them: it was never answered.
        frame.pointee.now = 1_000_000
        chain.subtask.chain.fireTimers()
        port.complete([(call: 20_001, result: [2])], frame)
        #expect(!port.isWaiting, "the first call was made again, and this is its answer")
    }

    @Test func `rule 14: time-outs of calls outlive the end of input`() throws {
        let (chain, port) = try calls()
        chain.send("a", at: 0)
        chain.finish()
        #expect(chain.taken() == "" && port.isWaiting && !chain.subtask.isDone)
        let frame = chain.subtask.chain.frame
        for time in [1_000_000, 2_000_000] as [Int64] {
            #expect(chain.subtask.chain.nextDeadline == time)
            frame.pointee.now = time
            chain.subtask.chain.fireTimers()
        }
        #expect(chain.taken() == "a0@0")
        #expect(!port.isWaiting && chain.subtask.chain.nextDeadline == nil)
    }

    @Test func `rule 14: other timers that are not due at the end are dropped and counted`() throws
    {
        let run = try MarbleRun("ab|") { stream in
            stream.keyed { $0 }.process(
                "later", state: 0, emitting: String.self,
                onTimer: { _, _, context in context.emit("t") }
            ) { _, _, context in context.setTimer(atProcessingTime: .second(9)) }
        }
        run.expect("--|")
        #expect(run.drops == ["later: 2 timer"])
    }

    @Test func `rule 15: after a failure turns that have looked finish and none begins`() throws {
        let pipeline = Pipeline("failing", parallelism: 2) { flow in
            flow.read(
                "in", from: Source<Int>.generator { index, _ in (Int(index), .second(0)) }
            )
            .keyed { $0 }
            .process("fails", state: 0, emitting: Int.self) { number, _, context in
                if number == 40 { throw Wanted() }
                context.emit(number)
            }
            .write("rows") { "\($0)" }
        }
        for seed in UInt64(0)..<20 {
            var options = BookedRun.Options()
            options.limit = 2_000
            let run = try BookedRun(pipeline, seed: seed, options)
            let stop = try #require(run.execution.stopCause)
            #expect(stop.step <= run.execution.scheduler.stepCount)
            // A turn that began behind the failing one has noted a later step.
            let last = run.execution.subtasks.map(\.lastTurn).max() ?? 0
            #expect(last == stop.step, "a turn of step \(last) began behind \(stop.step)")
        }
    }

    @Test func `rule 16: after a stop the writer empties its hand-over`() {
        let written = Guarded<[UInt8]>([])
        let sink = SlowRows { bytes in written.withLock { $0 += bytes } }
        let feed = WriterFeed(sink: "rows", writing: sink, onRoom: {}, onFailure: { _ in })
        feed.start()
        for row in UInt8(0)..<200 { #expect(feed.offer([row], count: 1)) }
        // Nobody said that no more rows come: the run was stopped.
        feed.join()
        #expect(written.withLock { $0 } == Array(0..<200))
        #expect(feed.account == RowAccount(written: 200))
    }

    @Test func `rule 16: what a full hand-over refuses is not lost and comes in order`() {
        let written = Guarded<[UInt8]>([])
        let room = ConditionLock()
        let sink = SlowRows { bytes in written.withLock { $0 += bytes } }
        let feed = WriterFeed(
            sink: "rows", writing: sink, onRoom: { room.withLock { room.signal() } },
            onFailure: { _ in })
        feed.start()
        let piece = [UInt8](repeating: 1, count: EngineBounds.maximumWaitingRowBytes.count / 3)
        for _ in 0..<40 {
            room.withLock {
                while !feed.offer(piece, count: 1) { room.wait(until: soon()) }
            }
        }
        feed.join()
        #expect(written.withLock { $0.count } == 40 * piece.count)
        #expect(feed.account == RowAccount(written: 40))
    }

    private func soon() -> UInt64 { MonotonicClock.nanoseconds() + 1_000_000 }
}

/// Takes rows and tells of them.
private final class SlowRows: RowWriting, @unchecked Sendable {
    // Unchecked: the writer's thread alone.
    private let take: @Sendable ([UInt8]) -> Void
    init(_ take: @escaping @Sendable ([UInt8]) -> Void) { self.take = take }
    func write(_ rows: RawSpan) { rows.withUnsafeBytes { take(Array($0)) } }
    func close() {}
}

/// The rules of rest points and cuts.
@Suite struct RestRuleTests {
    /// Parallel runs of the stress pipeline, which rest every millisecond.
    private func recordings() throws -> [StressRecording] {
        try (UInt64(0)..<8).map { seed in
            let pipeline = StressPipeline(seed: seed)
            return try pipeline.record(try pipeline.plan(), simulated: false)
        }
    }

    @Test func `rule 18: no turn is open at a rest point`() throws {
        var rests = 0
        for recording in try recordings() {
            let steps = recording.batches.flatMap(\.schedule.steps)
            let ends = Set(recording.batches.flatMap(\.schedule.ends).map(\.step))
            var open: Set<Step> = []
            // The order of steps is that of the numbers; ends have none, so a turn of before must
            // have ended in the batch of the rest point at the latest.
            for batch in recording.batches.map(\.schedule) {
                for note in batch.steps where note.kind.beginsTurn { open.insert(note.step) }
                for end in batch.ends { open.remove(end.step) }
                for rest in batch.steps where rest.kind == .rest {
                    rests += 1
                    #expect(open.allSatisfy { $0 > rest.step })
                }
            }
            #expect(steps.filter { $0.kind.beginsTurn }.allSatisfy { ends.contains($0.step) })
        }
        #expect(rests > 0, "no run came to a rest point")
    }

    @Test func `rule 18: a rest point is noted in the lane of who asks for it`() throws {
        let lanes = LaneSet(
            layout: LaneLayout(workers: 2, workerSlots: 1 << 14, sources: [0], executors: 0))
        try run(lanes, milliseconds: 1_000)
        let rests = Self.notes(lanes.rest)
        #expect(rests.count > 1)
        #expect(rests.allSatisfy { $0.kind == StepKind.rest.rawValue })
        let others = lanes.workers.flatMap(Self.notes)
        #expect(!others.contains { $0.kind == StepKind.rest.rawValue })
        let numbers = Set((rests + others).filter { $0.kind != LaneNote.turnEnd }.map(\.number))
        #expect(numbers.isSuperset(of: rests.map(\.number)), "every rest point has its own number")
    }

    @Test func `rule 19: rest points keep their distance, and turns are expected to be short`()
        throws
    {
        let standard = ParallelScheduler.Options(workers: 1)
        #expect(standard.restInterval == 100_000_000)
        #expect(standard.restSpacing >= 20)
        #expect(standard.activationNanoseconds <= 10_000_000)
        let lanes = LaneSet(
            layout: LaneLayout(workers: 2, workerSlots: 1 << 14, sources: [0], executors: 0))
        try run(lanes, milliseconds: 1_000)
        let times = Self.notes(lanes.rest).map { Int64(bitPattern: $0.second) }
        #expect(times.count > 1)
        for (earlier, later) in zip(times, times.dropFirst()) {
            // Half of it: they are told on the counter's clock and asked for on the system's.
            #expect(later - earlier >= 5_000, "\(later - earlier) µs between two rest points")
        }
    }

    /// A paced run with a rest point every ten milliseconds, into lanes that nobody drains.
    private func run(_ lanes: LaneSet, milliseconds: UInt64) throws {
        let pipeline = Pipeline("resting") { flow in
            _ = flow.read(
                "in", from: Source<Int>.generator { index, _ in (Int(index), .second(0)) })
        }
        var options = ParallelScheduler.Options(workers: 2)
        (options.restInterval, options.restSpacing) = (10_000_000, 1)
        options.duration = milliseconds * 1_000_000
        var setup = LiveRun.Setup(started: Instant(nanoseconds: 0), schedule: .parallel(options))
        (setup.connections.sources, setup.connections.storesInput) = ([nil], [false])
        setup.lanes = lanes
        var bind = BindOptions(seed: 1)
        bind.rate = 2_000
        let run = try LiveRun(try pipeline.plan(), bind, setup)
        run.start()
        run.run()
        run.finish()
    }

    private static func notes(_ lane: NoteLane) -> [RawNote] {
        var notes: [RawNote] = []
        lane.rewindToTail()
        while let note = lane.peek() {
            notes.append(note)
            lane.advance(past: note)
        }
        return notes
    }

    /// A source's subtask behind a turn of five elements on a channel of so many messages.
    private func behindFive(messages: Int) throws -> HandExecution {
        let hand = try HandExecution(
            Pipeline("cut", parallelism: 1) { flow in
                _ = flow.read(
                    "in", from: Source<Int>.generator { index, _ in (Int(index), .second(0)) }
                )
                .over(EdgeOptions(bounds: ChannelBounds(messages: messages)))
                .filter("out") { _ in true }
            })
        hand.take("in/0", count: 5)
        return hand
    }

    @Test func `rule 21: queued and unpublished messages are one sequence in a cut`() throws {
        let wide = try behindFive(messages: 64)
        let channel = wide["in/0"].outlets[0]
        #expect(!channel.hasUnpublished)
        for messages in 1...5 {
            let narrow = try behindFive(messages: messages)
            #expect(narrow["in/0"].outlets[0].hasUnpublished)
            #expect(narrow["in/0"].digest() == wide["in/0"].digest(), "\(messages) messages")
        }
    }

    @Test func `rule 21: a cut has timers, calls in flight, counters and the source's position`()
        throws
    {
        // Each of these alone makes another digest, and all come back from a saved state.
        func digest(_ input: String, seconds: Int64) throws -> UInt64 {
            let hand = try HandExecution(
                Pipeline("cut", parallelism: 1) { flow in
                    _ = flow.read(
                        "in", from: Source<Int>.generator { index, _ in (0, .second(0)) }
                    )
                    .keyed { $0 }.process("timers", state: 0, emitting: Int.self) {
                        _, _, context in context.setTimer(atEventTime: .second(seconds))
                    }
                })
            for letter in input {
                if letter == "i" { hand.take("in/0", count: 1) }
                if letter == "t" { hand.take("timers/0", count: 1) }
            }
            return hand.execution.stateDigest().whole
        }
        let states = [
            try digest("i", seconds: 1), try digest("ii", seconds: 1), try digest("it", seconds: 1),
            try digest("it", seconds: 2), try digest("iitt", seconds: 1),
        ]
        #expect(Set(states).count == states.count)
        let (flying, silent) = (try Self.call(sent: true), try Self.call(sent: false))
        #expect(flying != silent)
    }

    @Test func `rule 21: a cut has which attempt a call in flight is`() {
        // Both have made two calls, and the second one, of the same element, is in flight.
        #expect(Self.secondCall(isAttempt: true) != Self.secondCall(isAttempt: false))
    }

    private static func secondCall(isAttempt: Bool) -> UInt64 {
        let outside = LiveOutside(
            started: Instant(nanoseconds: 0), clock: RunClock(.virtual),
            connections: LiveOutside.Connections(),
            lanes: nil)
        let calls = AsyncCalls<String, String>(
            name: "ask", limits: CallLimits(inFlight: 4, timeout: 1_000, attempts: 2), subtask: 0,
            desk: outside.calls, call: { _, _ in nil }
        ) { _, _, _ in }
        let chain = DrivenChain<String, String>([calls.link()])
        let frame = chain.subtask.chain.frame
        chain.send("a", at: 0)
        if !isAttempt { calls.complete([(call: 1, result: [1])], frame) }
        frame.pointee.now = 1_000
        chain.subtask.chain.fireTimers()
        if !isAttempt { chain.send("a", at: 0) }
        var hash = StableHash()
        calls.digest(into: &hash)
        return hash.value
    }

    private static func call(sent: Bool) throws -> UInt64 {
        let outside = LiveOutside(
            started: Instant(nanoseconds: 0), clock: RunClock(.virtual),
            connections: LiveOutside.Connections(),
            lanes: nil)
        let calls = AsyncCalls<String, String>(
            name: "ask", limits: CallLimits(inFlight: 4, timeout: 1_000, attempts: 2), subtask: 0,
            desk: outside.calls, call: { _, _ in nil }
        ) { _, _, _ in }
        let chain = DrivenChain<String, String>([calls.link()])
        if sent { chain.send("a", at: 0) }
        var hash = StableHash()
        calls.digest(into: &hash)
        return hash.value
    }
}

/// Asks about each element, with a time-out of two seconds and nobody who answers.
private func asked(_ stream: DataStream<String>, _ name: String) -> DataStream<String> {
    stream.callAsync(
        name, emitting: String.self, timeout: .seconds(2), attempts: 1, call: { _, _ in nil }
    ) { _, answer, context in context.emit(answer == nil ? "n" : "y") }
}
