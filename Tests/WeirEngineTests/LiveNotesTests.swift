import Synchronization
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// What a run that happens tells of itself, and whom it wakes.
@Suite struct LiveNotesTests {
    @Test func `an incident is told once`() {
        let told = Guarded<[Step]>([])
        let notes = LaneNotes(
            lanes: nil, logLanes: [],
            onIncident: { incident in told.withLock { $0.append(incident.step) } })
        notes.found(Incident(step: 3, kind: .violation, name: "small", message: "", time: 0))
        notes.found(Incident(step: 4, kind: .violation, name: "small", message: "", time: 0))
        #expect(told.withLock { $0 } == [3, 4])
    }

    @Test func `room that a turn or a rest point gives back can be set aside again`() throws {
        let hand = try HandExecution(
            Pipeline("two") { flow in _ = flow.read("in", from: secondsOfTime) })
        let (worker, rest) = (hand.lanes.workers[0], hand.lanes.rest)
        hand.notes.reserve(10, hand.turn)
        #expect(!worker.tryReserve(worker.capacity))
        hand.notes.release(10, hand.turn)
        #expect(worker.tryReserve(worker.capacity))
        #expect(hand.notes.tryReserveRest(parts: 3) && !rest.tryReserve(rest.capacity))
        hand.notes.releaseRest(parts: 3)
        #expect(rest.tryReserve(rest.capacity))
        #expect(!hand.notes.tryReserveRest(parts: 3), "there is no room left")
    }

    @Test func `each access of a turn is noted`() throws {
        let hand = try HandExecution(
            Pipeline("twice", parallelism: 1) { flow in
                let cell = flow.sharedCell("cell", initial: 0)
                _ = flow.read("in", from: secondsOfTime).map("touch") { number in
                    cell.update { $0 += number }
                    return cell.read()
                }
            })
        hand.take("touch/0", count: 1)
        #expect(hand.noted == ["1 input", "2 access", "3 access", "1 end"])
    }

    @Test func `what a reader brings wakes the subtask of its source, behind a wide stage too`()
        throws
    {
        let pipeline = Pipeline("second", parallelism: 3) { flow in
            _ = flow.read("numbers", from: secondsOfTime).keyed { $0 }
                .process("wide", state: 0, emitting: Int.self) { _, _, _ in }
            _ = flow.read(
                "lines", from: Source<String>.lines(watermark: nil) { _, _ in ("", .second(0)) })
        }
        let planned = try pipeline.plan()
        var connections = LiveOutside.Connections()
        connections.sources = [nil, EmptyInput()]
        connections.storesInput = [false, false]
        let outside = LiveOutside(
            started: Instant(nanoseconds: 0), clock: RunClock(.real), connections: connections,
            lanes: nil)
        let notes = LaneNotes(lanes: nil, logLanes: [], onIncident: { _ in })
        let scheduler = HandScheduler(notes)
        let execution = Execution(
            plan: planned.plan, parts: try planned.bind(BindOptions(seed: 1), outside: outside),
            outside: outside, notes: notes, scheduler: scheduler, stopsOnViolation: false)
        let woken = Woken()
        scheduler.onNotify = { woken.add($0.name) }
        outside.start(execution)
        woken.wait()
        outside.finish()
        #expect(execution.subtasks.count == 5 && woken.names == ["lines/0"])
    }
}

/// What an outside tells of its writers.
@Suite struct WatchedWriterTests {
    /// A sink that asks its outside, in each write, which writes go on.
    private final class Asking: RowWriting, @unchecked Sendable {
        // Unchecked: set before the first write; a drawn run writes on the test's thread.
        weak var outside: LiveOutside?
        private(set) var said: [[String]] = []

        func write(_ rows: RawSpan) {
            for minimum in [0, UInt64.max] {
                said.append(outside?.longWrites(atLeast: minimum).map(\.sink) ?? ["gone"])
            }
        }
        func close() {}
    }

    @Test func `a write is named while it lasts, and by its length`() throws {
        let asking = Asking()
        var connections = LiveOutside.Connections()
        connections.sinks = [NoRows(), asking]
        let outside = LiveOutside(
            started: Instant(nanoseconds: 0), clock: RunClock(.virtual), connections: connections,
            lanes: nil)
        asking.outside = outside
        let feeds = try ["idle", "busy"].enumerated().map { index, name in
            try outside.rows(of: SinkPlan(index: index, name: name))
        }
        #expect(feeds[1].offer([0x61, 0x0A], count: 1) && feeds[0].offer([0x0A], count: 1))
        #expect(asking.said == [["busy"], []])
        #expect(outside.longWrites(atLeast: 0).isEmpty)
        #expect(outside.writtenBytes == 3)
        outside.finish()
    }

    @Test func `a source that is connected to nothing is refused`() throws {
        var connections = LiveOutside.Connections()
        connections.sources = [nil]
        connections.storesInput = [false]
        let outside = LiveOutside(
            started: Instant(nanoseconds: 0), clock: RunClock(.virtual), connections: connections,
            lanes: nil)
        let error = #expect(throws: PlanError.self) {
            _ = try outside.input(of: SourcePlan(index: 0, name: "lines", readsBytes: true))
        }
        #expect(error?.description == "source lines was given nothing to read")
    }
}

/// An input that is at its end.
private final class EmptyInput: ByteReading {
    let isRepeatable = false
    let path: String? = nil
    let byteCount: UInt64? = nil

    func next(maximum: Int) -> InputPiece? { .end }
    func cancel() {}
}

/// The subtasks that a reader's thread woke.
private final class Woken: @unchecked Sendable {
    // Unchecked: `found` is guarded by `lock`.
    private let lock = ConditionLock()
    private var found: [String] = []

    var names: [String] { lock.withLock { found } }

    func add(_ name: String) {
        lock.withLock {
            found.append(name)
            lock.broadcast()
        }
    }

    /// Waits for the first one.
    func wait() { lock.withLock { while found.isEmpty { lock.wait() } } }
}
