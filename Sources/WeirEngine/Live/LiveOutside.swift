import WeirBase
package import WeirTelemetry

/// The outside of a run that happens, in parallel or drawn: files, pipes, sinks and calls.
///
/// It is made before the plan is bound, which asks it for the feeds of sources and sinks. `start`
/// starts the threads behind them, before the first turn; `finish` ends them, after the last. What
/// the feeds bring wakes the subtasks that wait for it.
package final class LiveOutside: Outside, @unchecked Sendable {
    // Unchecked: `execution` and the feeds are set before the first turn; the rest is constant.

    /// What a run is connected to.
    package struct Connections: Sendable {
        /// By source's index; nil for generators.
        package var sources: [(any ByteReading)?] = []
        /// By source's index: how the run names what is read, for errors; may be left empty.
        package var locations: [String] = []
        /// By sink's index.
        package var sinks: [any RowWriting] = []
        /// By source's index: whether its bytes go into the trace.
        package var storesInput: [Bool] = []

        package init() {}
    }

    package let started: Int64
    package let clock: RunClock
    private let connections: Connections
    private let lanes: LaneSet?
    private var readers: [ReaderFeed] = []
    private var writers: [WriterFeed] = []
    private lazy var executor = CallExecutor(lanes: lanes?.executors ?? []) {
        [weak self] subtask in self?.notify(subtask)
    }
    private weak var execution: Execution?

    /// An outside whose input and results are noted in `lanes`, or nowhere.
    package init(
        started: Int64, clock: RunClock, connections: Connections, lanes: LaneSet?
    ) {
        self.started = started
        self.clock = clock
        self.connections = connections
        self.lanes = lanes
    }

    // MARK: Before and after the turns

    /// Starts the threads that read, write and call. Before the first turn.
    package func start(_ execution: Execution) {
        self.execution = execution
        executor.start()
        guard clock.kind == .real else { return }
        readers.forEach { $0.start() }
        writers.forEach { $0.start() }
    }

    /// Ends those threads; rows that were handed over are written. After the last turn.
    package func finish() {
        readers.forEach { $0.cancel() }
        readers.forEach { $0.join() }
        writers.forEach { $0.join() }
        executor.stop()
    }

    /// Bytes written by all sinks so far. Any thread, after the binding.
    package var writtenBytes: UInt64 { writers.reduce(0) { $0 + $1.writtenBytes } }

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

    private func notify(_ subtask: UInt16) {
        guard let execution else { return }
        execution.scheduler.notify(execution.subtasks[Int(subtask)])
    }

    /// Wakes the subtasks of the first stage of which `isMeant` holds. They stand together in the
    /// plan: nothing else of it is gone through for each block that was read or written.
    private func notify(_ isMeant: (StagePlan) -> Bool) {
        guard let execution else { return }
        var first = 0
        for stage in execution.plan.stages {
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

    /// What a subtask may look at before a turn is chosen.
    package func present(isEnding: Bool) -> Present {
        Present(clock: clock.nanoseconds, isEnding: isEnding, calls: executor)
    }

    // MARK: What it answers

    package var calls: any CallDesk { executor }

    package func input(of source: SourcePlan) throws -> any InputFeed {
        guard let reading = connections.sources[source.index] else {
            throw PlanError("source \(source.name) was given nothing to read")
        }
        let feed = ReaderFeed(
            reading: reading,
            location: source.index < connections.locations.count
                ? connections.locations[source.index] : nil,
            source: UInt16(source.index), lane: lanes?.readers[source.index],
            isStored: connections.storesInput[source.index],
            clock: { [clock] in clock.nanoseconds },
            onInput: { [weak self] in self?.notify { $0.source == source.index } })
        readers.append(feed)
        return feed
    }

    package func rows(of sink: SinkPlan) throws -> any RowFeed {
        if let index = sharedWriter(of: sink) { return writers[index] }
        let feed = WriterFeed(
            sink: sink.name, writing: connections.sinks[sink.index],
            onRoom: { [weak self] in self?.notify { $0.sink == sink.index } },
            onFailure: { [weak self] error in
                guard let execution = self?.execution else { return }
                if error is ClosedPipe {
                    execution.end()
                } else {
                    execution.stop(.outputFailed(message: "\(error)"), step: .max)
                }
            })
        writers.append(feed)
        return feed
    }

    /// Two subtasks of one sink would break the rule of one producer; only a planted fault does.
    private func sharedWriter(of sink: SinkPlan) -> Int? {
        #if WEIR_PROBES
            if Probe.has(.twoProducers), writers.count > sink.index { return sink.index }
        #endif
        return nil
    }
}

/// What may be known of the outside while a turn is chosen.
///
/// It decides which turn is taken and on how much, never what a turn does: all that a turn takes of
/// it is in the turn's note.
package struct Present {
    /// Processing time, nanoseconds since the start.
    let clock: Int64
    /// Whether sources are to end.
    let isEnding: Bool
    /// Where answers of calls wait.
    let calls: CallExecutor
}
