import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// Numbers and notes: the rules by which a turn is numbered, noted and published.
@Suite struct TurnRuleTests {
    private let numbers = Source<Int>.generator { index, _ in
        (Int(clamping: index), Instant(milliseconds: Int64(clamping: index)))
    }

    /// What was seen at a moment of a turn.
    private final class Seen: @unchecked Sendable {
        // Unchecked: the test's one thread.
        var moments: [String] = []
        var look: (String) -> Void = { _ in }
    }

    @Test
    func `rule 1: a turn takes its number, notes its beginning, runs, publishes, notes its end`()
        throws
    {
        let numbers = numbers
        let seen = Seen()
        let hand = try HandExecution(
            Pipeline("turn", parallelism: 1) { flow in
                _ = flow.read("in", from: numbers)
                    .map("body") { number in
                        seen.look("body")
                        return number
                    }
                    .keyed { $0 }.process("next", state: 0, emitting: Int.self) { _, _, _ in }
            })
        let channel = try #require(hand["body/0"].outlets[0].channel)
        seen.look = { moment in
            seen.moments.append("\(moment): noted \(hand.noted), published \(channel.depth)")
        }
        hand.scheduler.onNotify = { _ in seen.look("wakes") }
        hand.take("body/0", count: 1) { seen.look("number") }
        seen.look("behind")
        #expect(
            seen.moments == [
                "number: noted [], published 0",
                "body: noted [\"1 input\"], published 0",
                // The element, and the watermark behind it.
                "wakes: noted [\"1 input\"], published 2",
                // Outlets to other subtasks have nothing to publish.
                "behind: noted [\"1 input\", \"1 end\"], published 2",
            ])
    }

    @Test func `a look takes the inlets in turn, so that none keeps the others waiting`() throws {
        let numbers = numbers
        let hand = try HandExecution(
            Pipeline("union", parallelism: 1) { flow in
                _ = flow.read("a", from: numbers).union(flow.read("b", from: numbers))
                    .filter("both") { _ in true }
            })
        hand.take("a/0", count: 9)
        hand.take("b/0", count: 9)
        let inlets = (0..<3).map { _ -> ChannelIndex? in
            guard
                case .choice(let choice) = hand["both/0"].look(
                    at: hand.outside.present(isEnding: false))
            else { return nil }
            return choice.inlet
        }
        #expect(inlets == [0, 1, 0])
    }

    @Test func `rule 2: room for a turn's largest notes is set aside before its number`() throws {
        let numbers = numbers
        let hand = try HandExecution(
            Pipeline("widest", parallelism: 128) { flow in
                _ = flow.read("in", from: numbers).keyed { $0 }
                    .process("next", state: 0, emitting: Int.self) { _, _, _ in }
            })
        let lane = hand.lanes.workers[0]
        let slots = hand["in/0"].turnSlots
        // As many outlets as there may be, and a sample: what the end takes is what was set aside.
        #expect(slots == 1 + NoteLane.endSlots(outlets: 128))
        #expect(slots <= TelemetryBounds.minimumLaneSlots / 2)
        hand.take("in/0", count: 200)
        let used = hand.rawNotes.reduce(0) { $0 + $1.slots }
        #expect(used <= slots)
        // All that was not used was given back: the rest of the lane can be set aside.
        #expect(lane.tryReserve(lane.capacity - used))
        #expect(!lane.tryReserve(1))
    }

    @Test func `rule 2: a publish step takes at most 256 messages, and its note fits a lane`() {
        #expect(DroppingChannel<Int>.maximumOffer == 256)
        // The runs of 256 outcomes that all differ from those beside them.
        let outcomes = (0..<256).map { $0 % 2 == 0 ? DropRun.Outcome.accepted : .dropped }
        #expect(DropRun.pack(outcomes).count == 256)
        let words = 1 + (256 + 7) / 8
        #expect(1 + NoteLane.extraSlots(words: words) <= NoteLane.maximumNoteSlots)
        #expect(
            1 + NoteLane.extraSlots(words: EngineBounds.maximumTurnCalls)
                <= NoteLane.maximumNoteSlots)
        #expect(
            NoteLane.restSlots(markers: EngineBounds.maximumRestMarkers)
                <= NoteLane.maximumNoteSlots)
    }

    @Test func `rule 2: a lane that is full of logs keeps no note out`() {
        let lanes = LaneSet(
            layout: LaneLayout(workers: 1, workerSlots: 64, sources: [], executors: 0))
        let logs = LogLane(
            capacity: 4 * TelemetryBounds.maximumLogRecordBytes.count, sites: LogSites())
        let site = logs.site(level: .info, message: "m", file: "f", line: 1, fields: [:])
        let record = LogRecord(
            step: 1, index: 0, operatorIndex: 0, ordinal: 0, subtask: 0, time: 0, site: site,
            values: [])
        for _ in 0..<10_000 { logs.append(record, fields: [:]) }
        #expect((logs.drain(worker: 0)?.lost ?? 0) > 0)
        #expect(lanes.workers[0].tryReserve(64))
    }

    @Test func `rule 4: every channel and every hand-over has one producer and one consumer`()
        throws
    {
        let numbers = numbers
        let hand = try HandExecution(
            Pipeline("ends", parallelism: 3) { flow in
                let read = flow.read("in", from: numbers)
                let keyed = read.keyed { $0 }.process("a", state: 0, emitting: Int.self) {
                    _, _, _ in
                }
                keyed.union(read).write("rows") { "\($0)" }
                keyed.over(EdgeOptions(policy: .dropOldest)).filter("b") { $0 > 0 }
                    .write("others") { "\($0)" }
            })
        for channel in hand.execution.channels {
            let writers = hand.execution.subtasks.flatMap(\.outlets).count {
                $0.channel === channel
            }
            let readers = hand.execution.subtasks.flatMap(\.inlets).count { $0.channel === channel }
            #expect(writers == 1 && readers == 1, "\(channel.name)")
            #expect(channel.producer?.outlets.contains { $0.channel === channel } == true)
            #expect(channel.consumer?.inlets.contains { $0.channel === channel } == true)
        }
        let sinks = hand.execution.subtasks.flatMap { subtask in
            subtask.outlets.compactMap { ($0 as? RowOutlet)?.sink }
        }
        #expect(sinks.sorted() == ["others", "rows"])
    }

    /// Draws as the simulated run does, and looks at each turn before it begins.
    private final class Watching: StepDirector, @unchecked Sendable {
        // Unchecked: the simulated run's one thread at work.
        private let drawing: DrawingDirector
        private(set) var turns = 0
        private(set) var waits = 0
        private(set) var finished = 0
        private(set) var early: [String] = []

        init(_ drawing: DrawingDirector) { self.drawing = drawing }

        func decide(
            _ scheduler: SequentialScheduler, _ turn: TurnContext
        ) -> SequentialScheduler.Action {
            let action = drawing.decide(scheduler, turn)
            guard case .turn(let subtask, _, _) = action else { return action }
            turns += 1
            if subtask.hasUnpublished { early.append(subtask.name) }
            if turn.execution.subtasks.contains(where: \.hasUnpublished) { waits += 1 }
            return action
        }

        var stepCount: Step { drawing.stepCount }
        func exclusiveStep(
            _ purpose: ExclusivePurpose, slots: Int, _ turn: TurnContext
        ) -> Step { drawing.exclusiveStep(purpose, slots: slots, turn) }
        func mayWait(_ purpose: ExclusivePurpose) -> Bool { drawing.mayWait(purpose) }
        func holds(inside purpose: ExclusivePurpose, _ turn: TurnContext) -> Bool { false }
        func holds(after purpose: ExclusivePurpose, _ turn: TurnContext) -> Bool { false }
        func mayPublishStep(_ turn: TurnContext) -> Bool { true }
        func didFinish(_ scheduler: SequentialScheduler, _ turn: TurnContext) { finished += 1 }
    }

    /// A pipeline whose channels hold a message each; `body` is called for each element.
    private func narrow(_ body: @escaping @Sendable () -> Void = {}) -> Pipeline {
        let numbers = numbers
        let edge = EdgeOptions(bounds: ChannelBounds(messages: 1))
        return Pipeline("narrow", parallelism: 2) { flow in
            flow.read("in", from: numbers).over(edge).keyed { $0 }
                .process("many", state: 0, emitting: Int.self) { number, _, context in
                    body()
                    for _ in 0..<5 { context.emit(number) }
                }
                .over(edge).write("rows") { "\($0)" }
        }
    }

    @Test(arguments: 0..<5)
    func `rule 5: a subtask with unpublished output takes no turn`(seed: UInt64) throws {
        let planned = try narrow().plan()
        var connections = LiveOutside.Connections()
        (connections.sources, connections.storesInput) = ([nil], [false])
        connections.sinks = [NoRows()]
        let outside = LiveOutside(
            started: Instant(nanoseconds: 0), clock: RunClock(.virtual), connections: connections,
            lanes: nil)
        let notes = LaneNotes(lanes: nil, logLanes: [], onIncident: { _ in })
        let watching = Watching(DrawingDirector(seed: seed, outside: outside, notes: notes))
        var options = BindOptions(seed: seed)
        options.limit = 50
        let execution = Execution(
            plan: planned.plan, parts: try planned.bind(options, outside: outside),
            outside: outside, notes: notes, scheduler: SequentialScheduler(watching),
            stopsOnViolation: false)
        execution.scheduler.run(execution)
        #expect(execution.isFinished)
        #expect(watching.early == [])
        #expect(watching.finished == watching.turns, "a director is told of each turn's end")
        #expect(watching.waits > 10, "nothing had to wait: the test says nothing")
    }

    @Test func `rule 5: workers publish what a turn left before the subtask's next turn`() throws {
        let early = Tally()
        let pipeline = narrow {
            guard let turn = TurnContext.current, let subtask = turn.subtask else { return }
            // What a turn makes is kept until its slice ends: at its first element nothing of it
            // is in the outlets yet.
            if subtask.chain.taken[0] == 0, subtask.hasUnpublished { early.add() }
        }
        var setup = LiveRun.Setup(
            started: Instant(nanoseconds: 0), schedule: .parallel(.init(workers: 2)))
        (setup.connections.sources, setup.connections.storesInput) = ([nil], [false])
        setup.connections.sinks = [NoRows()]
        var options = BindOptions(seed: 1)
        options.limit = 500
        let run = try LiveRun(try pipeline.plan(), options, setup)
        run.start()
        run.run()
        run.finish()
        #expect(run.execution.isFinished)
        #expect(early.count == 0)
    }

    @Test func `rule 5: a body never sees how much waits behind its turn`() throws {
        let numbers = numbers
        func emitted(waiting: UInt32) throws -> (state: UInt64, random: UInt64) {
            let hand = try HandExecution(
                Pipeline("depth", parallelism: 1) { flow in
                    _ = flow.read("in", from: numbers).keyed { _ in 0 }
                        .process("body", state: UInt64(0), emitting: Int.self) {
                            number, state, context in
                            state = state &* 31 &+ UInt64(number) &+ context.random.next()
                        }
                })
            hand.take("in/0", count: waiting)
            hand.take("body/0", count: 2)
            let body = hand["body/0"]
            return (body.freshDigest(), body.chain.frame.pointee.generator.state)
        }
        let few = try emitted(waiting: 1)
        let many = try emitted(waiting: 100)
        #expect(few.state == many.state && few.random == many.random)
    }

    @Test func `rule 17: no turn goes on with another one, since no operator leaves one open`()
        async
    {
        await #expect(processExitsWith: .failure) {
            let hand = try HandExecution(
                Pipeline("whole") { flow in
                    _ = flow.read(
                        "in", from: Source<Int>.generator { _, _ in (1, .distantPast) })
                })
            hand.take("in/0", .continue, count: 1)
        }
    }
}

/// Counts from several threads.
final class Tally: @unchecked Sendable {
    // Unchecked: guarded by `lock`.
    private let lock = ConditionLock()
    private var number = 0

    func add() { lock.withLock { number += 1 } }
    var count: Int { lock.withLock { number } }
}
