package import WeirBase

/// Drains the lanes of a run and hands what it finds to its consumers.
///
/// The protocol is: make it; `start` its thread; while the run goes on any thread may `offer`
/// incidents and one may offer samples; when every thread that notes has ended, call `finish`.
///
/// It merges the workers' lanes by step number, so that what it hands on is a prefix of the
/// total order: what lies behind a missing number waits in its lane. The lane of rest points
/// is looked at first, then the workers', then inputs and results (rule 22). So a turn that
/// was seen has its inputs noted already, and a batch with a rest point holds all earlier
/// ends. It never waits for a rest point, and its consumers must not either.
///
/// A lane's notes are given back only when every consumer has taken the batch that holds them
/// (rule 23). Until then they are in the lane file, and survive a kill there.
package final class Recorder: @unchecked Sendable {
    // Unchecked: `pending`, `nextStep` and `consumers` belong to the recorder's thread (to the
    // caller of `finish` once that thread was joined); the inbox has a lock.

    private let lanes: LaneSet
    private let logLanes: [LogLane]
    private let sites: LogSites
    private var consumers: [any RecordConsumer]
    private let onFailure: @Sendable (any RecordConsumer, any Error) -> Void

    /// What other threads have handed over without a lane, and what they ask for.
    private struct Inbox {
        var metrics: [MetricSample] = []
        var incidents: [Incident] = []
        var bytes = ByteCount.zero
        var droppedMetrics = 0
        var droppedIncidents = 0
        var isFlushWanted = false
        /// How many wanted flushes were done, by which `flush` knows that its own is.
        var flushes: UInt64 = 0
        var isFinishing = false

        /// Whether another sample or incident is taken in where `count` of its kind wait.
        func admits(_ count: Int) -> Bool {
            count < TelemetryBounds.maximumInboxOffers && bytes < TelemetryBounds.maximumInboxBytes
        }
    }

    /// Signalled after each wanted flush.
    private let flushed = ConditionLock()
    private let inbox = Guarded(Inbox())
    /// What was drained and not handed over.
    private var pending = RecordBatch()
    /// When the first of it was drained, on the monotonic clock; nil when there is nothing.
    private var pendingSince: UInt64?
    /// The step that is due; everything below it was drained.
    private var nextStep: Step = 1
    private var knownSites = 0
    private var thread: SystemThread?

    /// A recorder that does nothing until `start`.
    ///
    /// `onFailure` is called on the recorder's thread when a consumer threw; that consumer gets
    /// nothing more.
    package init(
        lanes: LaneSet, logLanes: [LogLane], sites: LogSites, consumers: [any RecordConsumer],
        onFailure: @escaping @Sendable (any RecordConsumer, any Error) -> Void
    ) {
        self.lanes = lanes
        self.logLanes = logLanes
        self.sites = sites
        self.consumers = consumers
        self.onFailure = onFailure
    }

    /// Starts the recorder's thread.
    package func start() {
        thread = SystemThread("weir-recorder") { [self] in run() }
    }

    /// Adds the metric sample that `make` gives to what is recorded. One thread only.
    ///
    /// Without room `make` is not called, so that what changed is left for the next sample.
    /// The miss is counted, and false is returned. `make` may also give none; then nothing is
    /// added.
    @discardableResult
    package func offerSample(_ make: () -> MetricSample?) -> Bool {
        let hasRoom = inbox.withLock { inbox in
            let hasRoom = inbox.admits(inbox.metrics.count)
            if !hasRoom { inbox.droppedMetrics += 1 }
            return hasRoom
        }
        guard hasRoom else { return false }
        // Outside the lock, as making a sample visits the whole plan.
        guard let sample = make() else { return true }
        inbox.withLock { inbox in
            inbox.metrics.append(sample)
            inbox.bytes += sample.approximateBytes
        }
        lanes.bell.ring()
        return true
    }

    /// Adds an incident to what is recorded. Any thread.
    package func offer(_ incident: Incident) {
        inbox.withLock { inbox in
            if inbox.admits(inbox.incidents.count) {
                inbox.incidents.append(incident)
                inbox.bytes += incident.approximateBytes
            } else {
                inbox.droppedIncidents += 1
            }
        }
        lanes.bell.ring()
    }

    /// How many samples and incidents found the inbox full so far. Any thread.
    package var droppedOffers: Int { inbox.withLock { $0.droppedMetrics + $0.droppedIncidents } }

    /// How many of these were incidents. Any thread.
    package var droppedIncidents: Int { inbox.withLock { $0.droppedIncidents } }

    /// Hands over everything noted so far soon, without waiting for the batch to fill. Any
    /// thread.
    package func flushSoon() {
        inbox.withLock { $0.isFlushWanted = true }
        lanes.bell.signal()
    }

    /// Hands over everything noted so far, and waits for that at most so many nanoseconds.
    ///
    /// Any thread but the recorder's. Threads that note may go on meanwhile.
    package func flush(within nanoseconds: UInt64) {
        let deadline = MonotonicClock.nanoseconds() + nanoseconds
        // A flush that is under way may have looked at the lanes before this call, so the one
        // after it counts.
        let wanted = inbox.withLock { $0.flushes + 2 }
        while inbox.withLock({ $0.flushes < wanted }), MonotonicClock.nanoseconds() < deadline {
            flushSoon()
            flushed.withLock {
                flushed.wait(until: min(deadline, MonotonicClock.nanoseconds() + 5_000_000))
            }
        }
    }

    /// Drains what is left and ends the thread. To be called when every thread that notes has
    /// ended.
    package func finish() {
        inbox.withLock { $0.isFinishing = true }
        lanes.bell.signal()
        thread?.join()
        thread = nil
        while drainOnce() {}
        deliver()
    }

    /// The recorder's thread: look, hand over what is due, sleep.
    private func run() {
        var foundAt = MonotonicClock.nanoseconds()
        while let (found, now) = look(clock: MonotonicClock.nanoseconds) {
            var deadline = now + TelemetryBounds.drainNanoseconds
            if found {
                foundAt = now
                lanes.bell.endRest()
            } else if now - foundAt >= TelemetryBounds.quietNanoseconds, lanes.bell.beginRest() {
                deadline = now + TelemetryBounds.restingNanoseconds
            }
            if let due = batchDue { deadline = min(deadline, due) }
            lanes.bell.wait(until: deadline)
        }
    }

    /// When what was drained is to be handed over at the latest; nil where nothing was.
    private var batchDue: UInt64? { pendingSince.map { $0 + TelemetryBounds.batchNanoseconds } }

    /// Looks at the lanes once and hands over what is due by then; nil when the thread is to end.
    ///
    /// The recorder's thread, or a test that drives a recorder which was not started.
    func look(clock: () -> UInt64) -> (found: Bool, now: UInt64)? {
        let found = drainOnce()
        let (isFinishing, isFlushWanted) = inbox.withLock { inbox in
            defer { inbox.isFlushWanted = false }
            return (inbox.isFinishing, inbox.isFlushWanted)
        }
        if isFinishing { return nil }
        let now = clock()
        if pendingSince == nil, !pending.isEmpty { pendingSince = now }
        if isFlushWanted || isDue(now) { deliver() }
        if isFlushWanted {
            inbox.withLock { $0.flushes += 1 }
            flushed.withLock { flushed.broadcast() }
        }
        return (found, now)
    }

    /// Whether the batch is to be handed over now.
    private func isDue(_ now: UInt64) -> Bool {
        guard let since = pendingSince else { return false }
        if now - since >= TelemetryBounds.batchNanoseconds { return true }
        if pending.approximateBytes >= TelemetryBounds.batchBytes { return true }
        // A lane that is half taken and not given back would soon hold its worker up.
        return lanes.isRoomWanted
            || lanes.workers.contains { $0.backlog * 2 >= $0.capacity }
            || lanes.rest.backlog * 2 >= lanes.rest.capacity
            || lanes.readers.contains { $0.isHalfTaken }
            || lanes.executors.contains { $0.isHalfTaken }
    }

    /// Hands the batch to all consumers and gives the lanes back. One that fails gets nothing
    /// more.
    private func deliver() {
        if !pending.isEmpty {
            consumers.removeAll { consumer in
                do {
                    try consumer.consume(pending)
                    return false
                } catch {
                    onFailure(consumer, error)
                    return true
                }
            }
            pending = RecordBatch()
        }
        pendingSince = nil
        lanes.free()
    }

    /// Looks at every lane once; false when nothing was found.
    private func drainOnce() -> Bool {
        let before = pending.approximateBytes
        drainSchedule()
        for lane in lanes.readers {
            while let note = lane.notes.peek() {
                guard let block = lane.input(of: note) else {
                    preconditionFailure("a reader's lane holds what no reader wrote")
                }
                pending.inputs.append(block)
                lane.notes.advance(past: note)
            }
        }
        for lane in lanes.executors {
            while let note = lane.notes.peek() {
                guard let result = lane.result(of: note) else {
                    preconditionFailure("an executor's lane holds what no executor wrote")
                }
                pending.results.append(result)
                lane.notes.advance(past: note)
            }
        }
        drainTelemetry()
        return pending.approximateBytes != before
    }

    /// Takes steps and ends as far as the steps have no gap.
    private func drainSchedule() {
        // Looked at before the workers' lanes: every end that comes before this rest point is
        // then seen.
        var rest = lanes.rest.peek()
        while true {
            var isProgressing = false
            for lane in lanes.workers {
                while let note = lane.peek() {
                    if note.kind == LaneNote.turnEnd {
                        pending.schedule.append(end: note)
                    } else if note.step == nextStep {
                        guard pending.schedule.append(step: note) != nil else {
                            preconditionFailure("a worker's lane holds what no worker wrote")
                        }
                        nextStep = nextStep.next
                    } else {
                        break
                    }
                    lane.advance(past: note)
                    isProgressing = true
                }
            }
            // Only when the workers' lanes have nothing more before it.
            if !isProgressing, let note = rest, note.step == nextStep {
                _ = pending.schedule.append(step: note)
                lanes.rest.advance(past: note)
                nextStep = nextStep.next
                rest = nil
                isProgressing = true
            }
            if !isProgressing { return }
        }
    }

    /// Takes logs, samples and incidents.
    private func drainTelemetry() {
        for (worker, lane) in logLanes.enumerated() {
            if let batch = lane.drain(worker: UInt16(worker)) { pending.logs.append(batch) }
        }
        // After the records: a record's statement is in the table before the record is in a lane.
        let new = sites.sites(from: knownSites)
        knownSites += new.count
        pending.newSites.append(contentsOf: new)
        inbox.withLock { inbox in
            pending.metrics.append(contentsOf: inbox.metrics)
            pending.incidents.append(contentsOf: inbox.incidents)
            inbox.metrics.removeAll(keepingCapacity: true)
            inbox.incidents.removeAll(keepingCapacity: true)
            inbox.bytes = .zero
        }
    }
}

extension DataLane {
    /// Whether so much was taken and not given back that the writer would soon have to wait.
    package var isHalfTaken: Bool {
        notes.backlog * 2 >= notes.capacity
            || (dataCapacity > 0 && takenBytes >= ByteCount(dataCapacity / 2))
    }
}

extension RecordBatch {
    /// A rough size in memory and in the file.
    package var approximateBytes: ByteCount {
        var notes = schedule.steps.count * 16 + schedule.ends.count * 12
        notes += schedule.words.count * 8
        for input in inputs { notes += 64 + (input.bytes?.count ?? 0) }
        for result in results { notes += 32 + result.bytes.count }
        for log in logs { notes += 32 + log.records.count * 64 }
        var bytes = ByteCount(notes)
        for sample in metrics { bytes += sample.approximateBytes }
        for incident in incidents { bytes += incident.approximateBytes }
        return bytes
    }
}

/// A consumer that keeps everything, for tests and for runs whose trace stays in memory.
package final class MemoryRecording: RecordConsumer {
    private let batches = Guarded<[RecordBatch]>([])

    package init() {}

    package func consume(_ batch: RecordBatch) { batches.withLock { $0.append(batch) } }

    /// What was recorded so far, in order.
    package var recorded: [RecordBatch] { batches.withLock { $0 } }
}
