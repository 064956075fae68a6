import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// One step at a time: who goes on, who finishes, and who waits for it.
@Suite struct SequentialScheduleTests {
    /// A director that has nothing to do, and takes a while to find that out.
    ///
    /// Whoever waits for it must not come back meanwhile. That cannot be asked, so each time it is
    /// given a while to do so, as an `Intruder` is.
    private final class Slow: StepDirector, @unchecked Sendable {
        // Unchecked: everything mutable is guarded by `lock`.
        private static let patience: UInt64 = 10_000_000
        private let lock = ConditionLock()
        private var asked = 0
        private var answered = 0
        private var returned = 0
        private var early = 0
        var stepCount: Step { 0 }

        func decide(
            _ scheduler: SequentialScheduler, _ turn: TurnContext
        ) -> SequentialScheduler.Action {
            lock.withLock {
                asked += 1
                let deadline = MonotonicClock.nanoseconds() + Self.patience
                while returned < asked, MonotonicClock.nanoseconds() < deadline {
                    lock.wait(until: deadline)
                }
                if returned >= asked { early += 1 }
                answered += 1
                lock.broadcast()
            }
            return .finish
        }

        /// The caller came back from its `rounds`th resume; tells how often it came too early.
        func comeBack(_ rounds: Int) -> Int {
            lock.withLock {
                returned = rounds
                lock.broadcast()
                while answered < rounds { lock.wait() }
                return early
            }
        }

        func exclusiveStep(
            _ purpose: ExclusivePurpose, slots: Int, _ turn: TurnContext
        ) -> Step { 0 }
        func mayWait(_ purpose: ExclusivePurpose) -> Bool { false }
        func holds(inside purpose: ExclusivePurpose, _ turn: TurnContext) -> Bool { false }
        func holds(after purpose: ExclusivePurpose, _ turn: TurnContext) -> Bool { false }
        func mayPublishStep(_ turn: TurnContext) -> Bool { true }
        func didFinish(_ scheduler: SequentialScheduler, _ turn: TurnContext) {}
    }

    @Test func `each resume waits until the director has nothing more to do`() throws {
        let hand = try HandExecution(
            Pipeline("idle") { flow in _ = flow.read("in", from: secondsOfTime) })
        let director = Slow()
        let scheduler = SequentialScheduler(director)
        for round in 1...3 {
            scheduler.resume(hand.execution)
            try #require(director.comeBack(round) == 0, "round \(round)")
        }
        scheduler.close()
    }

    /// Runs turns that touch a cell three times each, in four subtasks, and stops the run in the
    /// middle of one; gives the subtasks that touched it from then on, in order.
    private static func touchedBehindStop(seed: UInt64) throws -> [SubtaskIndex] {
        let touched = Guarded<[SubtaskIndex]>([])
        let pipeline = Pipeline("touching", parallelism: 4) { flow in
            let cell = flow.sharedCell("cell", initial: 0)
            _ = flow.read("in", from: secondsOfTime).keyed { $0 }
                .process("touch", state: 0, emitting: Int.self) { _, _, _ in
                    for _ in 0..<3 {
                        cell.update { count in
                            count += 1
                            let turn = TurnContext.current
                            if count == 60 { turn?.execution.stop(.abandoned, step: .max) }
                            guard count > 60, let subtask = turn?.subtask else { return }
                            touched.withLock { $0.append(subtask.index) }
                        }
                    }
                }
        }
        var options = BookedRun.Options()
        options.limit = 200
        _ = try BookedRun(pipeline, seed: seed, options)
        return touched.withLock { $0 }
    }

    @Test func `behind a stop suspended turns run to their ends, the first subtask's first`()
        throws
    {
        var mixed = 0
        for seed in 1...20 as ClosedRange<UInt64> {
            let touched = try Self.touchedBehindStop(seed: seed)
            #expect(touched == touched.sorted(), "seed \(seed)")
            if Set(touched).count > 1 { mixed += 1 }
        }
        // Else nothing was suspended, and the test says nothing.
        #expect(mixed > 5)
    }

    @Test func `a drawn run with a duration ends its sources once so much time has passed`() throws
    {
        let pipeline = Pipeline("short") { flow in
            flow.read("in", from: secondsOfTime).write("rows") { "\($0)" }
        }
        var bind = BindOptions(seed: 1)
        bind.rate = 1_000
        func taken(for duration: UInt64?) throws -> UInt64 {
            var setup = LiveRun.Setup(
                started: Instant(nanoseconds: 0), schedule: .drawn(seed: 1, duration: duration))
            (setup.connections.sources, setup.connections.storesInput) = ([nil], [false])
            setup.connections.sinks = [NoRows()]
            bind.limit = 50
            let run = try LiveRun(try pipeline.plan(), bind, setup)
            run.run()
            run.finish()
            #expect(run.execution.isFinished && run.execution.stopCause == nil)
            return run.execution.closeBooks().taken
        }
        // One at the start, and one each millisecond; at the last moment the end comes first.
        #expect(try taken(for: 10_500_000) == 11)
        #expect(try taken(for: nil) == 50)
    }

    @Test func `what is found broken at rest has the step of the turn before`() throws {
        let broke = Guarded<(count: Int, step: Step)>((0, 0))
        let pipeline = Pipeline("counting") { flow in
            let untouched = flow.sharedCell("untouched", initial: 0)
            let counts = flow.keyedState(by: Int.self, initial: 0)
            flow.invariant("few", on: untouched, and: counts) { _, counts in
                counts.sum { $0 } < 50
            }
            _ = flow.read("in", from: secondsOfTime).keyed { $0 % 3 }
                .process("count", state: counts, emitting: Int.self) { _, count, _ in
                    count += 1
                    broke.withLock { broke in
                        broke.count += 1
                        if broke.count == 50 { broke.step = TurnContext.current?.step ?? 0 }
                    }
                }
        }
        var options = BookedRun.Options()
        options.limit = 200
        let run = try BookedRun(pipeline, options)
        #expect(run.execution.violations.first.map(\.step) == [broke.withLock { $0.step }])
    }

    @Test func `a drawn run rests at every five hundredth turn`() throws {
        let pipeline = Pipeline("resting") { flow in
            flow.read("in", from: secondsOfTime).write("rows") { "\($0)" }
        }
        let lanes = LaneSet(
            layout: LaneLayout(workers: 1, workerSlots: 1 << 14, sources: [0], executors: 0))
        var setup = LiveRun.Setup(started: Instant(nanoseconds: 0), schedule: .drawn(seed: 1))
        (setup.connections.sources, setup.connections.storesInput) = ([nil], [false])
        (setup.connections.sinks, setup.lanes) = ([NoRows()], lanes)
        var bind = BindOptions(seed: 1)
        // A turn for each element at least, since each waits for the one before.
        (bind.limit, bind.rate) = (700, 1_000)
        let run = try LiveRun(try pipeline.plan(), bind, setup)
        run.run()
        run.finish()
        let turns = Self.notes(lanes.workers[0]).filter { note in
            note.kind != LaneNote.turnEnd && StepKind(rawValue: note.kind)?.beginsTurn == true
        }
        let before = Self.notes(lanes.rest).map { rest in
            turns.count { $0.number < rest.number }
        }
        #expect(before == (1...turns.count / 500).map { $0 * 500 } && before.count >= 2)
    }

    @Test func `a drawn run sets aside what its notes take, those of accesses too`() throws {
        let pipeline = Pipeline("touching") { flow in
            let cell = flow.sharedCell("cell", initial: 0)
            _ = flow.read("in", from: secondsOfTime).map("touch") { number in
                cell.update { $0 += 1 }
                return number
            }
        }
        let lanes = LaneSet(
            layout: LaneLayout(workers: 1, workerSlots: 1 << 12, sources: [0], executors: 0))
        var setup = LiveRun.Setup(started: Instant(nanoseconds: 0), schedule: .drawn(seed: 1))
        (setup.connections.sources, setup.connections.storesInput) = ([nil], [false])
        setup.lanes = lanes
        var bind = BindOptions(seed: 1)
        bind.limit = 50
        let run = try LiveRun(try pipeline.plan(), bind, setup)
        run.run()
        run.finish()
        let lane = lanes.workers[0]
        let used = Self.notes(lane).reduce(0) { $0 + $1.slots }
        #expect(used > 50 && lane.tryReserve(lane.capacity - used))
        #expect(!lane.tryReserve(1))
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
}
