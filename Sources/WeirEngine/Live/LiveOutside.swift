package import WeirBase
package import WeirTelemetry

/// The outside of a run that happens, in parallel or drawn: files, pipes, sinks and calls.
///
/// It is used in this order:
///
/// 1. It is made, before the plan is bound. The binding asks it for the feeds of sources and sinks
///    (`input`, `rows`) and it keeps them.
/// 2. `start` is called before the first turn. In a parallel run it starts a thread for each reader
///    and each writer, and the executors of calls; a drawn run, on its virtual clock, has only the
///    executors, and its feeds read and write by themselves.
/// 3. While turns run, what the feeds bring wakes the subtasks that wait for it, through the
///    scheduler's `notify`. The scheduler asks `present` before it chooses a turn.
/// 4. `finish` is called after the last turn, and waits until all these threads have ended.
///
/// It keeps the execution from `start` to `finish`, since the threads that it starts notify it.
package final class LiveOutside: Outside, @unchecked Sendable {
    // Unchecked: the feeds are set before the first turn; the rest is constant.

    /// What a run is connected to, by the indices that the plan gives its sources and sinks.
    package struct Connections: Sendable {
        /// What each source reads, by the source's index; nil for generators.
        package var sources: [(any ByteReading)?] = []
        /// How the run names what each source reads, by the source's index, for errors; may be left
        /// empty.
        package var locations: [String] = []
        /// What each sink writes to, by the sink's index.
        package var sinks: [any RowWriting] = []
        /// Whether a source's bytes go into the trace, by the source's index. Without that the
        /// trace has their lengths and hashes, and a replay reads the same file again.
        package var storesInput: [Bool] = []

        package init() {}
    }

    package let started: Instant
    package let clock: RunClock
    private let connections: Connections
    private let lanes: LaneSet?
    private var readers: [ReaderFeed] = []
    private var writers: [WriterFeed] = []
    /// It has one thread for each lane of results, so that each lane has one writer.
    private let executor: CallExecutor
    private let served: ServedExecution

    /// An outside whose input and results are noted in `lanes`, or nowhere.
    /// `connections` has one entry for each source and sink of the plan.
    package init(
        started: Instant, clock: RunClock, connections: Connections, lanes: LaneSet?
    ) {
        self.started = started
        self.clock = clock
        self.connections = connections
        self.lanes = lanes
        let served = ServedExecution()
        self.served = served
        executor = CallExecutor(lanes: lanes?.executors ?? []) { served.notify($0) }
    }

    private var execution: Execution? { served.execution }

    // MARK: Before and after the turns

    /// Starts the threads that read, write and call. Before the first turn.
    ///
    /// Readers may bring their first block before the scheduler runs; `notify` then queues the
    /// subtask, and the scheduler finds it there.
    package func start(_ execution: Execution) {
        assert(self.execution == nil, "the threads of one run are started twice")
        served.execution = execution
        executor.start()
        // A drawn run owes nothing to how fast a thread reads: its feeds read and write where they
        // are asked, in the turn's own thread.
        guard clock.kind == .real else { return }
        readers.forEach { $0.start() }
        writers.forEach { $0.start() }
    }

    /// Ends those threads; rows that were handed over are written. After the last turn.
    package func finish() {
        // All readers are cancelled before the first is waited for, so that they end side by side.
        readers.forEach { $0.cancel() }
        readers.forEach { $0.join() }
        writers.forEach { $0.join() }
        executor.stop()
        served.execution = nil
    }

    /// Bytes written by all sinks so far. Any thread, after the binding: the list of writers does
    /// not change any more then.
    package var writtenBytes: ByteCount { writers.reduce(.zero) { $0 + $1.writtenBytes } }

    /// Sinks whose write in progress has gone on for at least so many nanoseconds. Any thread,
    /// after the binding.
    package func longWrites(
        atLeast nanoseconds: UInt64
    ) -> [(sink: String, nanoseconds: UInt64)] {
        writers.compactMap { writer in
            guard let time = writer.writingFor, time >= nanoseconds else { return nil }
            return (writer.sink, time)
        }
    }

    /// Wakes the subtasks of the first stage for which `isMeant` holds.
    ///
    /// Subtasks of a stage stand together in the plan's order, so that only the list of stages is
    /// gone through for each block that was read or written, and not the subtasks.
    private func notify(_ isMeant: (StagePlan) -> Bool) {
        guard let execution else { return }
        var first = 0
        for stage in execution.plan.stages {
            assert(
                first + stage.width <= execution.subtasks.count,
                "stage \(stage.name) ends behind the \(execution.subtasks.count) subtasks")
            if isMeant(stage) {
                for subtask in execution.subtasks[first..<first + stage.width] {
                    execution.scheduler.notify(subtask)
                }
                return
            }
            first += stage.width
        }
    }

    // MARK: What schedules choose by

    /// What a schedule may know of the outside before it chooses a turn. Reads the clock.
    package func present(isEnding: Bool) -> Present {
        Present(time: clock.now, isEnding: isEnding, calls: executor)
    }

    // MARK: What it answers

    package var calls: any CallDesk { executor }

    package func input(of source: SourcePlan) throws -> any InputFeed {
        assert(
            source.index < connections.sources.count,
            "the run was given \(connections.sources.count) inputs and none for \(source.name)")
        guard let reading = connections.sources[source.index] else {
            throw PlanError("source \(source.name) was given nothing to read")
        }
        let feed = ReaderFeed(
            reading: reading,
            location: source.index < connections.locations.count
                ? connections.locations[source.index] : nil,
            source: UInt16(source.index), lane: lanes?.readers[source.index],
            isStored: connections.storesInput[source.index],
            clock: { [clock] in clock.now },
            onInput: { [weak self] in self?.notify { $0.source == source.index } })
        readers.append(feed)
        return feed
    }

    package func rows(of sink: SinkPlan) throws -> any RowFeed {
        let feed = WriterFeed(
            sink: sink.name, writing: connections.sinks[sink.index],
            onRoom: { [weak self] in self?.notify { $0.sink == sink.index } },
            onFailure: { [weak self] error in
                guard let execution = self?.execution else { return }
                // A reader of the rows that went away, such as `head`, is no failure: the sources
                // end and the run with them. Any other error of a sink stops the run. It has no
                // step, since a writer's thread finds it and no turn: the greatest number lets
                // every cause with a step go first.
                if error is ClosedPipe {
                    execution.end()
                } else {
                    execution.stop(.outputFailed(message: "\(error)"), step: .max)
                }
            })
        writers.append(feed)
        return feed
    }
}

/// The execution that an outside answers, for the threads that bring the answers: they are made
/// before it.
private final class ServedExecution: @unchecked Sendable {
    // Unchecked: set before the threads start, and given up when they have ended.

    /// Nil before the start and behind the end, because an execution keeps its outside. Not weak:
    /// each count of an object's references goes through a table of its own once there is a weak
    /// one, and turns count them often.
    var execution: Execution?

    /// Called by an executor's thread when an answer is in its mailbox.
    func notify(_ subtask: SubtaskIndex) {
        guard let execution else { return }
        assert(
            subtask.isWithin(execution.subtasks),
            "an answer is for subtask \(subtask) of \(execution.subtasks.count)")
        execution.scheduler.notify(execution.subtasks[subtask])
    }
}

/// What may be known of the outside while a turn is chosen.
///
/// It decides which turn is taken and on how much, never what a turn does: all that a turn takes of
/// it is in the turn's note. Only live schedules choose, so a replay has none.
package struct Present {
    /// Processing time, read once for each look.
    let time: RunTime
    /// Whether sources are to end at their next turn.
    let isEnding: Bool
    /// Where answers of calls wait, to be asked for by subtask.
    let calls: CallExecutor
}
