import Glibc
import Synchronization
import WeirBase
import WeirEngine
import WeirTelemetry

/// One run whose turns are measured: a generator, a map, a channel, and a stage without an output,
/// on one worker of the parallel scheduler.
///
/// The stages do next to nothing, so that what is measured is the turn itself: choosing a subtask,
/// moving elements, noting. The channel has room for many turns' elements, so that nobody waits for
/// room.
struct TurnBench: Sendable {
    /// How many elements a turn takes.
    let elements: Int

    /// A bench whose turns take that many elements each.
    init(elements: Int) { self.elements = elements }

    /// What a run's turns cost, in nanoseconds of processor time each.
    struct Cost: Sendable {
        var turns: TurnCount
        /// Of the thread that runs the turns.
        var worker: Double
        /// Of all threads, the recorder's too.
        var process: Double
    }

    /// When every run says that it started, so that nothing depends on the day.
    private static let started = Instant(nanoseconds: 1_700_000_000_000_000_000)

    /// Makes a run of about `turns` turns and measures it. Without recording there are no lanes, so
    /// that the difference of two runs is what recording costs.
    func run(turns: TurnCount, isRecorded: Bool) throws -> Cost {
        let bounds = ChannelBounds(messages: max(1, elements) * 8)
        // Read within the last stage, on the worker itself: no other thread can read its time.
        let clock = ThreadTime()
        let pipeline = Pipeline("turn", parallelism: 1) { flow in
            _ = flow.read(
                "numbers", from: .generator { index, _ in (Int(index), Instant.distantPast) }
            )
            .map("double") { $0 &* 2 }
            .over(EdgeOptions(bounds: bounds))
            .keyed(by: { (_: Int) in UInt8(0) })
            .process("count", state: 0, emitting: Int.self) { value, state, _ in
                state &+= value
                // The last stage is where a turn's elements end, on the one worker.
                clock.note()
            }
        }
        let planned = try pipeline.plan()
        let lanes = LaneSet(
            layout: LaneLayout(workers: 1, workerSlots: 1 << 16, sources: [0], executors: 0))
        // It is made in any case and started only where the run is recorded.
        let recorder = Recorder(
            lanes: lanes, logLanes: [], sites: LogSites(), consumers: [Forgetting()],
            onFailure: { _, _ in })
        var setup = LiveRun.Setup(
            started: Self.started, schedule: .parallel(ParallelScheduler.Options(workers: 1)))
        setup.connections = Self.connections
        setup.lanes = isRecorded ? lanes : nil
        var options = BindOptions(seed: 1)
        // Two subtasks take turns on the same elements.
        options.limit = turns.rawValue / 2 * UInt64(elements)
        let run = try LiveRun(planned, options, setup)
        let execution = run.execution
        for subtask in execution.subtasks { subtask.budget = elements }
        run.start()
        let before = Self.processTime()
        if isRecorded { recorder.start() }
        run.run()
        if isRecorded { recorder.finish() }
        let spent = Self.processTime() - before
        run.finish()
        let count = execution.subtasks.reduce(TurnCount.zero) { $0 + $1.turnCount }
        return Cost(
            turns: count, worker: Double(clock.spent) / Double(count.rawValue),
            process: Double(spent) / Double(count.rawValue))
    }

    /// Nothing is read from outside, and nothing written.
    private static var connections: LiveOutside.Connections {
        var connections = LiveOutside.Connections()
        connections.sources = [nil]
        connections.storesInput = [false]
        return connections
    }

    /// Processor time of all threads so far, in nanoseconds.
    private static func processTime() -> UInt64 { time(CLOCK_PROCESS_CPUTIME_ID) }

    /// The time of a clock, in nanoseconds.
    fileprivate static func time(_ clock: clockid_t) -> UInt64 {
        var now = timespec()
        clock_gettime(clock, &now)
        return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
    }
}

/// The processor time of the worker's thread, at the first and at the latest reading. The worker
/// alone writes; whoever measured reads when the run is over.
private final class ThreadTime: Sendable {
    private let calls = Atomic<Int>(0)
    private let first = Atomic<UInt64>(0)
    private let last = Atomic<UInt64>(0)

    /// Reads the clock now and then: a reading costs as much as a turn.
    func note() {
        let count = calls.load(ordering: .relaxed)
        calls.store(count + 1, ordering: .relaxed)
        guard count % 4_096 == 0 else { return }
        let now = TurnBench.time(CLOCK_THREAD_CPUTIME_ID)
        if count == 0 { first.store(now, ordering: .relaxed) }
        last.store(now, ordering: .relaxed)
    }

    /// Nanoseconds between the first and the latest reading; the time of up to 4,095 elements at
    /// the end is not in it.
    var spent: UInt64 { last.load(ordering: .relaxed) - first.load(ordering: .relaxed) }
}

/// Takes batches and keeps nothing: what is measured is noting and gathering, and not a disk.
private final class Forgetting: RecordConsumer {
    func consume(_ batch: RecordBatch) {}
}
