import Synchronization
import WeirBase
package import WeirTelemetry

/// The world of a run that really happens, in parallel or simulated: reads clocks and files, and
/// notes what it answers.
package final class LiveWorld: World, @unchecked Sendable {
    // Unchecked: `execution` and the feeds are set before the first turn; the rest is constant,
    // locked or atomic. A worker's lane belongs to the thread with the worker's number.

    /// Where the time comes from.
    package enum Time: Sendable {
        /// The machine's counter.
        case real
        /// A clock that moves only when it is told to.
        case virtual
    }

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
    private let time: Time
    private let connections: Connections
    private let lanes: LaneSet?
    private let logLanes: [LogLane]
    private let onMark: @Sendable (Mark) -> Void
    private let origin: UInt64
    private let virtualTime = Atomic<Int64>(0)
    private var readers: [ReaderFeed] = []
    private var writers: [WriterFeed] = []
    private var executor: CallExecutor?
    private weak var execution: Execution?

    /// A world that notes into `lanes`, or nowhere.
    package init(
        started: Int64, time: Time, connections: Connections, lanes: LaneSet?,
        logLanes: [LogLane], onMark: @escaping @Sendable (Mark) -> Void
    ) {
        self.started = started
        self.time = time
        self.connections = connections
        self.lanes = lanes
        self.logLanes = logLanes
        self.onMark = onMark
        origin = TickClock.nanoseconds()
        if let lanes, !lanes.executors.isEmpty {
            executor = CallExecutor(lanes: lanes.executors) { [weak self] subtask in
                self?.notify(subtask)
            }
        }
    }

    // MARK: Before and after the turns

    /// Starts the threads that read, write and call. Before the first turn.
    package func start(_ execution: Execution) {
        self.execution = execution
        executor?.start()
        guard time == .real else { return }
        readers.forEach { $0.start() }
        writers.forEach { $0.start() }
    }

    /// Ends those threads; rows that were handed over are written. After the last turn.
    package func finish() {
        readers.forEach { $0.cancel() }
        readers.forEach { $0.join() }
        writers.forEach { $0.join() }
        executor?.stop()
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

    // MARK: What the outside answers

    package func clock() -> Int64 {
        switch time {
        case .real: Int64(TickClock.nanoseconds() &- origin)
        case .virtual: virtualTime.load(ordering: .relaxed)
        }
    }

    /// Moves a virtual clock on, never back.
    package func advance(to nanoseconds: Int64) {
        if nanoseconds > virtualTime.load(ordering: .relaxed) {
            virtualTime.store(nanoseconds, ordering: .relaxed)
        }
    }

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
            clock: { [weak self] in self?.clock() ?? 0 },
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

    package func logLane(worker: Int) -> LogLane? {
        worker < logLanes.count ? logLanes[worker] : nil
    }

    package func results(_ calls: [UInt64], of subtask: Subtask) -> [[UInt8]?] {
        executor?.take(calls, of: subtask.index) ?? []
    }

    package func submit(_ call: PendingCall) { executor?.submit(call) }

    package func answered(_ subtask: Subtask, atMost count: Int) -> [UInt64] {
        executor?.answered(subtask.index, atMost: count) ?? []
    }

    // MARK: What is noted

    package func reserve(_ slots: Int, _ turn: TurnContext) {
        lanes?.workers[turn.worker].reserve(slots)
    }

    package func release(_ slots: Int, _ turn: TurnContext) {
        lanes?.workers[turn.worker].release(slots)
    }

    package func began(_ choice: Choice, _ turn: TurnContext) {
        guard let lanes, let subtask = turn.subtask else { return }
        let lane = lanes.workers[turn.worker]
        var isCounted = false
        #if WEIR_PROBES
            isCounted = Probe.has(.completionCount)
        #endif
        if choice.kind == .completion, !isCounted {
            turn.usedSlots = lane.noteCompletion(
                step: turn.step, subtask: subtask.index, calls: choice.calls, time: choice.time)
        } else {
            lane.noteTurn(
                step: turn.step, kind: choice.kind, subtask: subtask.index, inlet: choice.inlet,
                count: choice.count, time: choice.time)
            turn.usedSlots = 1
        }
    }

    package func ended(_ account: TurnAccount, _ turn: TurnContext) {
        guard let lanes, let subtask = turn.subtask else { return }
        let lane = lanes.workers[turn.worker]
        let outlets = subtask.outlets
        let used = withUnsafeTemporaryAllocation(of: UInt32.self, capacity: outlets.count + 1) {
            emitted in
            for (place, outlet) in outlets.enumerated() { emitted[place] = outlet.emitted }
            return lane.noteEnd(
                step: turn.step, accesses: account.accesses, duration: account.duration,
                sample: account.sample,
                emitted: UnsafeBufferPointer(rebasing: emitted[0..<outlets.count]))
        }
        lane.release(subtask.turnSlots - turn.usedSlots - used)
    }

    package func accessed(step: UInt64, cell: UInt16, _ turn: TurnContext) {
        guard let lanes, let subtask = turn.subtask else { return }
        lanes.workers[turn.worker].noteAccess(
            step: step, turn: turn.step, subtask: subtask.index, cell: cell)
        #if WEIR_PROBES
            Probe.at(.accessNoted)
        #endif
    }

    package func publishing(
        step: UInt64, outlet: UInt16, offered: Int, _ turn: TurnContext,
        decide: () -> [DropRun.Outcome]?
    ) -> [DropRun.Outcome]? {
        let outcomes = decide()
        guard let lanes, let subtask = turn.subtask else { return outcomes }
        let lane = lanes.workers[turn.worker]
        let used = lane.notePublish(
            step: step, turn: turn.step, subtask: subtask.index, outlet: outlet,
            count: offered, runs: DropRun.pack(outcomes ?? []))
        lane.release(NoteLane.maximumNoteSlots - used)
        #if WEIR_PROBES
            Probe.at(.dropNoted)
        #endif
        return outcomes
    }

    package func rested(step: UInt64, state: StateDigest) {
        guard let lanes else { return }
        let markers = state.markers
        lanes.rest.reserve(NoteLane.restSlots(markers: markers.count))
        lanes.rest.noteRest(
            step: step, time: clock() / 1_000, digest: state.whole, markers: markers)
    }

    package func marked(_ mark: Mark) { onMark(mark) }
}
