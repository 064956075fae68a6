import Synchronization
import Testing
import WeirBase

@testable import WeirTelemetry

/// A consumer that refuses its second batch, and all after it.
private final class FailingConsumer: RecordConsumer {
    struct Refusal: Error {}

    private let calls = Guarded(0)
    var callCount: Int { calls.withLock { $0 } }

    func consume(_ batch: RecordBatch) throws {
        let call = calls.withLock { calls in
            calls += 1
            return calls
        }
        if call >= 2 { throw Refusal() }
    }
}

/// A consumer that looks at the lanes while it has a batch.
private final class LookingConsumer: RecordConsumer {
    private let lanes: LaneSet
    private let found = Guarded<[Int]>([])
    /// The slots of the first worker that were taken and not given back, at each batch.
    var backlogs: [Int] { found.withLock { $0 } }

    init(_ lanes: LaneSet) { self.lanes = lanes }

    func consume(_ batch: RecordBatch) {
        let backlog = lanes.workers[0].backlog
        found.withLock { $0.append(backlog) }
    }
}

@Suite struct RecorderTests {
    private let lanes: LaneSet
    private let sites = LogSites()
    private let logLane: LogLane
    private let memory = MemoryRecording()
    private let recorder: Recorder

    /// The recorder is driven by hand: without `start`, `finish` drains once and hands over.
    init() {
        lanes = LaneSet(
            layout: LaneLayout(
                workers: 3, workerSlots: 64, sources: [.kibibytes(4)], executors: 1, readerSlots: 64
            ))
        logLane = LogLane(capacity: 4 * TelemetryBounds.maximumLogRecordBytes.count, sites: sites)
        recorder = Recorder(
            lanes: lanes, logLanes: [logLane], sites: sites, consumers: [memory],
            onFailure: { _, error in Issue.record("\(error)") })
    }

    private var steps: [Step] { memory.recorded.flatMap { $0.schedule.steps.map(\.step) } }
    private var ends: [Step] { memory.recorded.flatMap { $0.schedule.ends.map(\.step) } }

    private func begin(_ step: Step, on worker: Int) {
        lanes.workers[worker].reserve(1)
        lanes.workers[worker].noteTurn(
            step: step, kind: .input, subtask: SubtaskIndex(worker), inlet: 0, count: 1, time: 0)
    }

    private func end(_ step: Step, on worker: Int) {
        lanes.workers[worker].reserve(1)
        [].withUnsafeBufferPointer {
            _ = lanes.workers[worker].noteEnd(
                step: step, accesses: 0, duration: 0, sample: nil, emitted: $0)
        }
    }

    private func rest(_ step: Step) {
        lanes.rest.reserve(1)
        lanes.rest.noteRest(step: step, time: 0, digest: 1, markers: [])
    }

    @Test func `lanes are merged by step`() {
        for step in [1, 5, 6] as [Step] { begin(step, on: 0) }
        for step in [2, 4] as [Step] { begin(step, on: 2) }
        for step in [3, 7] as [Step] { begin(step, on: 1) }
        recorder.finish()
        #expect(steps == [1, 2, 3, 4, 5, 6, 7])
        #expect(memory.recorded.first?.schedule.steps.map(\.subtask) == [0, 2, 1, 2, 0, 0, 1])
    }

    @Test func `rule 23: what lies behind a missing number is held back until it comes`() {
        begin(1, on: 0)
        begin(3, on: 0)
        end(3, on: 0)
        begin(4, on: 1)
        recorder.finish()
        #expect(steps == [1])
        #expect(ends == [])
        begin(2, on: 2)
        recorder.finish()
        #expect(steps == [1, 2, 3, 4])
        #expect(ends == [3])
    }

    @Test func `held back notes keep their room`() {
        begin(2, on: 0)
        recorder.finish()
        #expect(!lanes.workers[0].tryReserve(64))
        begin(1, on: 1)
        recorder.finish()
        #expect(lanes.workers[0].tryReserve(64))
    }

    @Test func `rule 22: a batch with a rest point holds the ends of all turns before it`() {
        begin(1, on: 0)
        begin(2, on: 1)
        end(2, on: 1)
        end(1, on: 0)
        rest(3)
        begin(4, on: 0)
        recorder.finish()
        #expect(memory.recorded.count == 1)
        let schedule = memory.recorded.first?.schedule
        #expect(schedule?.steps.map(\.kind) == [.input, .input, .rest, .input])
        #expect(Set(schedule?.ends.map(\.step) ?? []) == [1, 2])
    }

    @Test func `several rest points in a row are all taken`() {
        for step in 1...5 as ClosedRange<Step> { rest(step) }
        begin(6, on: 2)
        recorder.finish()
        #expect(steps == [1, 2, 3, 4, 5, 6])
    }

    @Test
    func `rule 22: inputs and results lie in the batch of the turns that need them or before`() {
        let bytes: [UInt8] = [1, 2, 3]
        for index in 0..<3 as Range<UInt64> {
            let isNoted = bytes.withUnsafeBytes { raw in
                lanes.readers[0].note(
                    input: .bytes, source: 0, index: index, offset: 0, bytes: raw, isStored: true,
                    time: 0, isCancelled: { true })
            }
            #expect(isNoted)
            #expect(
                lanes.executors[0].note(
                    result: index + 1, subtask: 0, bytes: bytes, isCancelled: { true }))
            begin(Step(index + 1), on: 0)
            if index == 1 { recorder.finish() }
        }
        recorder.finish()
        #expect(memory.recorded.map { $0.inputs.map(\.index) } == [[0, 1], [2]])
        #expect(memory.recorded.map { $0.results.map(\.call) } == [[1, 2], [3]])
        #expect(memory.recorded.map { $0.schedule.steps.map(\.step) } == [[1, 2], [3]])
        #expect(memory.recorded.first?.inputs.first?.bytes == bytes)
    }

    @Test func `a consumer that fails is reported once, and the others and the lanes go on`() {
        let failing = FailingConsumer()
        let reports = Guarded<[Bool]>([])
        let recorder = Recorder(
            lanes: lanes, logLanes: [], sites: sites, consumers: [failing, memory],
            onFailure: { consumer, error in
                let isRight = consumer === failing && error is FailingConsumer.Refusal
                reports.withLock { $0.append(isRight) }
            })
        for step in 1...4 as ClosedRange<Step> {
            begin(step, on: 0)
            recorder.finish()
        }
        #expect(failing.callCount == 2)
        #expect(reports.withLock { $0 } == [true])
        #expect(steps == [1, 2, 3, 4])
        #expect(lanes.workers[0].tryReserve(64))
    }

    @Test func `rule 23: a lane is given back only behind the consumers`() {
        let looking = LookingConsumer(lanes)
        let recorder = Recorder(
            lanes: lanes, logLanes: [], sites: sites, consumers: [looking],
            onFailure: { _, error in Issue.record("\(error)") })
        for step in 1...3 as ClosedRange<Step> { begin(step, on: 0) }
        recorder.finish()
        begin(4, on: 0)
        recorder.finish()
        // A kill while a batch is written must find its notes in the lanes.
        #expect(looking.backlogs == [3, 1])
        #expect(lanes.workers[0].backlog == 0)
    }

    /// Looks once at a time; whether that handed something over.
    private func handsOver(at now: UInt64) -> Bool {
        let before = memory.recorded.count
        _ = recorder.look { now }
        return memory.recorded.count > before
    }

    @Test func `a batch is handed over when it is old enough, and not before`() {
        begin(1, on: 0)
        #expect(!handsOver(at: 5))
        #expect(!handsOver(at: 4 + TelemetryBounds.batchNanoseconds))
        #expect(handsOver(at: 5 + TelemetryBounds.batchNanoseconds))
        // The next one has an age of its own.
        #expect(!handsOver(at: 3 * TelemetryBounds.batchNanoseconds))
        begin(2, on: 0)
        #expect(!handsOver(at: 3 * TelemetryBounds.batchNanoseconds))
        #expect(handsOver(at: 4 * TelemetryBounds.batchNanoseconds))
    }

    @Test func `rule 2: a batch is handed over at once when somebody waits for its room`() {
        let waiting = [lanes.workers[1], lanes.readers[0].notes, lanes.executors[0].notes]
        for (index, lane) in waiting.enumerated() {
            begin(Step(index + 1), on: 0)
            #expect(!handsOver(at: UInt64(index)))
            lane.askForRoom()
            #expect(handsOver(at: UInt64(index)), "lane \(index)")
        }
    }

    @Test func `a batch is handed over at once when it takes half of a lane`() {
        for step in 1...31 as ClosedRange<Step> { begin(step, on: 0) }
        #expect(!handsOver(at: 1))
        begin(32, on: 0)
        #expect(handsOver(at: 1))
        // Half of a ring's bytes counts as half of a lane.
        let bytes = [UInt8](repeating: 1, count: 1 << 10)
        for (index, isDue) in [(0, false), (1, true)] as [(UInt64, Bool)] {
            let isNoted = bytes.withUnsafeBytes {
                lanes.readers[0].note(
                    input: .bytes, source: 0, index: index, offset: 0, bytes: $0, isStored: true,
                    time: 0, isCancelled: { true })
            }
            #expect(isNoted)
            #expect(handsOver(at: 2) == isDue)
        }
    }

    @Test func `a batch is handed over at once when somebody asks for that`() {
        begin(1, on: 0)
        #expect(!handsOver(at: 1))
        recorder.flushSoon()
        #expect(handsOver(at: 1))
        begin(2, on: 0)
        #expect(!handsOver(at: 2))
    }

    @Test func `lanes are freed although no consumer is left`() {
        let failing = FailingConsumer()
        let recorder = Recorder(
            lanes: lanes, logLanes: [], sites: sites, consumers: [failing], onFailure: { _, _ in })
        for step in 1...200 as ClosedRange<Step> {
            guard lanes.workers[0].tryReserve(1) else {
                Issue.record("no room at step \(step)")
                break
            }
            lanes.workers[0].noteAccess(step: step, turn: 0, subtask: 0, cell: 0)
            if step.isMultiple(of: 32) { recorder.finish() }
        }
        #expect(failing.callCount == 2)
    }

    @Test func `nothing is handed over where nothing was noted`() {
        recorder.finish()
        recorder.finish()
        #expect(memory.recorded.isEmpty)
    }

    @Test func `a statement is handed over once, with or before its first record`() {
        for index in 0..<3 as Range<UInt32> {
            let number = site(index == 2 ? "second" : "first")
            logLane.append(
                LogRecord(
                    step: 1, index: index, operatorIndex: 0, ordinal: 0, subtask: 0, time: 0,
                    site: number, values: []), fields: [:])
            recorder.finish()
        }
        #expect(
            memory.recorded.map { $0.newSites.map(\.message) } == [["first"], [], ["second"]])
        #expect(memory.recorded.flatMap(\.logs).flatMap(\.records).map(\.site) == [0, 0, 1])
    }

    private func site(_ message: StaticString) -> UInt32 {
        logLane.site(level: .info, message: message, file: "A.swift", line: 1, fields: [:])
    }

    @Test func `samples and marks beyond the inbox are dropped and counted`() {
        let incident = Incident(step: 1, kind: .bookmark, name: "a", message: "", time: 0)
        let sample = MetricSample(
            time: 0, step: 0, subtasks: [], channels: [], recorder: RecorderSample())
        for _ in 0..<TelemetryBounds.maximumInboxOffers + 3 {
            recorder.offer(incident)
            recorder.offerSample { sample }
        }
        #expect(recorder.droppedOffers == 6)
        recorder.finish()
        #expect(memory.recorded.map(\.incidents.count) == [TelemetryBounds.maximumInboxOffers])
        #expect(memory.recorded.map(\.metrics.count) == [TelemetryBounds.maximumInboxOffers])
    }

    @Test func `marks are not taken in while more bytes wait than the inbox may hold`() {
        let message = String(repeating: "x", count: 1 << 20)
        for _ in 0..<9 {
            recorder.offer(
                Incident(step: 1, kind: .bookmark, name: "a", message: message, time: 0))
        }
        // Four of them hold more than the bound, with what stands beside their texts.
        #expect(recorder.droppedIncidents == 5)
        recorder.finish()
        recorder.offer(Incident(step: 1, kind: .bookmark, name: "b", message: "", time: 0))
        recorder.finish()
        #expect(memory.recorded.map(\.incidents.count) == [4, 1])
    }

    @Test func `samples are not made while more bytes wait than the inbox may hold`() {
        let subtask = SubtaskSample(stage: "parse", subtask: 0)
        let sample = MetricSample(
            time: 0, step: 0, subtasks: Array(repeating: subtask, count: 1_000), channels: [],
            recorder: RecorderSample())
        var made = 0
        for _ in 0..<1_000 {
            recorder.offerSample {
                made += 1
                return sample
            }
        }
        #expect(made == TelemetryBounds.maximumInboxBytes.count / sample.approximateBytes.count + 1)
        #expect(recorder.droppedOffers == 1_000 - made)
        recorder.offer(Incident(step: 1, kind: .bookmark, name: "a", message: "", time: 0))
        #expect(recorder.droppedOffers == 1_001 - made)
        recorder.finish()
        #expect(memory.recorded.map(\.metrics.count) == [made])
        #expect(recorder.offerSample { sample })
        #expect(recorder.offerSample { nil })
        #expect(memory.recorded.map(\.metrics.count) == [made])
    }

    @Test func `every note of running threads is seen once and in order`() {
        let total: Step = 30_000
        recorder.start()
        let counter = Counter()
        let workers = lanes.workers.map { lane in
            SystemThread("noting") {
                while true {
                    // Room first, then the number: nobody waits with a number in hand.
                    lane.reserve(2)
                    let step = Step(counter.next())
                    if step > total {
                        lane.release(2)
                        return
                    }
                    lane.noteTurn(
                        step: step, kind: .input, subtask: 0, inlet: 0, count: 1, time: 0)
                    [].withUnsafeBufferPointer {
                        _ = lane.noteEnd(
                            step: step, accesses: 0, duration: 0, sample: nil, emitted: $0)
                    }
                }
            }
        }
        for worker in workers { worker.join() }
        recorder.finish()
        #expect(steps == Array(1...total))
        #expect(ends.sorted() == Array(1...total))
        #expect(memory.recorded.count > 1)
    }
}
