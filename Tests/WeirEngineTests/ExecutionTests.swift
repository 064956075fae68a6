import Synchronization
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

@Suite struct ExecutionTests {
    private func execution() throws -> Execution {
        let pipeline = Pipeline("counts") { flow in
            let total = flow.sharedCell("total", initial: 0)
            flow.invariant("total stays small", on: total) { $0 < 50 }
            flow.read(
                "numbers",
                from: .generator { index, _ in
                    (Int(clamping: index), Instant(milliseconds: Int64(clamping: index)))
                }
            )
            .keyed { $0 % 5 }
            .process("add", state: 0, emitting: Int.self) { number, state, context in
                state += 1
                total.update { $0 += 1 }
                context.emit(number)
            }
            .write("rows") { "\($0)" }
        }
        var options = BindOptions(seed: 3)
        options.limit = 200
        var setup = LiveRun.Setup(started: Instant(nanoseconds: 0), schedule: .drawn(seed: 3))
        setup.connections.sources = [nil]
        setup.connections.storesInput = [false]
        setup.connections.sinks = [Discarded()]
        setup.stopsOnViolation = true
        return try LiveRun(try pipeline.plan(), options, setup).execution
    }

    // The clerk would sleep an hour; whoever sets an earlier time, and the end, wake it.
    @Test(arguments: [1, 2])
    func `a run sleeps no longer than until something is due`(workers: Int) throws {
        let pipeline = Pipeline("paced", parallelism: 2) { flow in
            _ = flow.read(
                "numbers",
                from: .generator { index, _ in
                    (Int(clamping: index), Instant(milliseconds: Int64(clamping: index)))
                }
            )
            .keyed { $0 % 5 }
            .process("count", state: 0, emitting: Int.self) { _, count, _ in count += 1 }
        }
        var bind = BindOptions(seed: 3)
        (bind.limit, bind.rate) = (20, 1_000)
        var options = ParallelScheduler.Options(workers: workers)
        (options.restInterval, options.clerkInterval) = (0, 3_600_000_000_000)
        var setup = LiveRun.Setup(started: Instant(nanoseconds: 0), schedule: .parallel(options))
        (setup.connections.sources, setup.connections.storesInput) = ([nil], [false])
        let run = try LiveRun(try pipeline.plan(), bind, setup)
        // On a thread of its own: a clerk that nobody can wake would keep this one for an hour.
        let end = FinishLine()
        run.start()
        let thread = SystemThread("run") {
            run.run()
            end.reach()
        }
        if !end.isReached(within: 30) {
            Issue.record("the run still sleeps")
            run.execution.stop(.abandoned, step: 0)
            // A clerk that does not hear of the stop either keeps its threads; they end with the
            // process.
            guard end.isReached(within: 5) else { return }
        }
        thread.join()
        run.finish()
        #expect(run.execution.isFinished)
    }

    @Test func `rule 15: of several causes to stop the one at the least step is kept`() throws {
        let execution = try execution()
        for step in [Step(9), 4, 7] {
            execution.stop(.violation(invariant: "of step \(step)"), step: step)
        }
        #expect(execution.stopCause?.step == 4)
        #expect(execution.stopCause?.cause == .violation(invariant: "of step 4"))
    }

    @Test func `every 64th turn of a subtask tells the hash of its samples`() throws {
        let hand = try HandExecution(Self.narrow(1_024))
        for turn in 1...130 {
            hand.take("in/0", count: 1)
            // Told at the turn's end, and the same if it is asked again.
            #expect((hand["in/0"].sample() != nil) == turn.isMultiple(of: 64), "turn \(turn)")
        }
    }

    @Test func `a subtask whose output finds no room is held up until it does`() throws {
        let hand = try HandExecution(Self.narrow(4))
        hand.take("in/0", count: 1)
        #expect(hand["in/0"].counters.activity != .backpressured)
        hand.take("in/0", count: 5)
        #expect(hand["in/0"].counters.activity == .backpressured)
        hand.take("rows/0", count: 4)
        #expect(!hand.execution.publishAgain(hand["in/0"], hand.turn))
        while hand["in/0"].hasUnpublished {
            hand.take("rows/0", count: UInt32(hand["rows/0"].inlets[0].waiting))
            _ = hand.execution.publishAgain(hand["in/0"], hand.turn)
        }
        #expect(hand["in/0"].counters.activity != .backpressured)
    }

    /// A source and a sink with room for so many messages between them.
    private static func narrow(_ messages: Int) -> Pipeline {
        Pipeline("narrow", parallelism: 1) { flow in
            flow.read("in", from: secondsOfTime)
                .over(EdgeOptions(bounds: ChannelBounds(messages: messages)))
                .write("rows") { "\($0)" }
        }
    }

    @Test func `the end of a run is told to each of its sources, and to nobody else`() throws {
        let hand = try HandExecution(
            Pipeline("two", parallelism: 2) { flow in
                let first = flow.read("first", from: secondsOfTime)
                first.union(flow.read("second", from: secondsOfTime)).write("rows") { "\($0)" }
            })
        let told = Guarded<[String]>([])
        hand.scheduler.onNotify = { subtask in told.withLock { $0.append(subtask.name) } }
        hand.execution.end()
        #expect(told.withLock { $0 } == ["first/0", "second/0"])
        #expect(hand.execution.isEnding)
    }

    /// What was told of a run that takes a number a turn, up to the one that fails. Each number but
    /// 1 touches a cell.
    private func failure(at fatal: Int) throws -> (incident: Incident?, hand: HandExecution) {
        let told = Guarded<[Incident]>([])
        let hand = try HandExecution(
            Pipeline("failing", parallelism: 1) { flow in
                let cell = flow.sharedCell("cell", initial: 0)
                _ = flow.read("in", from: secondsOfTime).map("strict") { number in
                    if number != 1 { cell.update { $0 += 1 } }
                    if number == fatal { throw Wanted() }
                    return number
                }
            }, onIncident: { incident in told.withLock { $0.append(incident) } })
        for _ in 0...fatal { hand.take("strict/0", count: 1) }
        let incidents = told.withLock { $0 }
        #expect(incidents.count == 1)
        return (incidents.first, hand)
    }

    @Test func `a failure is told once, with its operator, its step and what it said`() throws {
        let (incident, hand) = try failure(at: 1)
        #expect(incident?.kind == .failure && incident?.name == "strict")
        #expect(incident?.message == "Wanted()")
        // The first turn took steps 1 and 2, one for its access.
        #expect(incident?.step == 3)
        #expect(hand["strict/0"].counters.errors.load(ordering: .relaxed) == 1)
        let stopped = try #require(hand.execution.stopCause)
        #expect(stopped.step == 3)
        #expect(
            stopped.cause == .operatorFailed(stage: "strict/0", message: "strict: Wanted()"))
    }

    @Test func `a failure names the last access of its own turn, where that made one`() throws {
        #expect(try failure(at: 1).incident?.access == nil)
        // Steps 1 and 2, 3 and then 4 and 5.
        #expect(try failure(at: 2).incident?.access == 5)
    }

    @Test func `a run that stops at a violation names the step where it began`() throws {
        let execution = try execution()
        execution.scheduler.run(execution)
        let violation = try #require(execution.violations.first.first)
        #expect(execution.violations.count == 1)
        #expect(execution.stopCause?.step == violation.step)
        #expect(violation.subtask.hasPrefix("add/"))
        #expect(!execution.isFinished)
    }
}

/// Something that a thread comes to, waited for no longer than a while.
private final class FinishLine: Sendable {
    private let lock = ConditionLock()
    private let isReached = Atomic(false)

    func reach() {
        lock.withLock {
            isReached.store(true, ordering: .relaxed)
            lock.broadcast()
        }
    }

    func isReached(within seconds: UInt64) -> Bool {
        let deadline = MonotonicClock.nanoseconds() + seconds * 1_000_000_000
        return lock.withLock {
            while !isReached.load(ordering: .relaxed), MonotonicClock.nanoseconds() < deadline {
                lock.wait(until: deadline)
            }
            return isReached.load(ordering: .relaxed)
        }
    }
}

private final class Discarded: RowWriting {
    func write(_ rows: RawSpan) {}
    func close() {}
}
