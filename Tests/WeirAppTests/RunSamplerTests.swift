import Foundation
import Synchronization
import Testing
import WeirBase
import WeirEngine
import WeirTelemetry
import WeirTrace

@testable import WeirApp

/// What a sample holds and what taking one costs, in plans of any width.
@Suite struct RunSamplerTests {
    @Test func `a sample of a run at rest holds nothing and looks at nothing`() throws {
        var sizes: Set<ByteCount> = []
        for (stages, width) in [(1, 1), (3, 2), (6, 8)] {
            let wide = try WideRun(stages: stages, width: width, limit: 40)
            let sampler = RunSampler(wide.execution, clock: wide.clock) { RecorderSample() }
            wide.run()
            // The first tells the run, the second what it might have missed of it.
            var first = sampler.take()
            while !first.subtasks.isEmpty || !first.channels.isEmpty { first = sampler.take() }
            _ = sampler.take()
            let visits = sampler.visitCount
            let idle = sampler.take()
            #expect(sampler.visitCount == visits, "\(stages) stages of \(width)")
            #expect(idle.subtasks.isEmpty && idle.channels.isEmpty)
            sizes.insert(idle.approximateBytes)
        }
        #expect(sizes.count == 1)
    }

    @Test func `ten minutes at rest are at most 50 bytes a second in the trace`() throws {
        let wide = try WideRun(stages: 3, width: 2, limit: 40)
        let sampler = RunSampler(wide.execution, clock: wide.clock) { RecorderSample() }
        wide.run()
        let path = NSTemporaryDirectory() + "weir-rest-\(UUID().uuidString).mcap"
        defer { unlink(path) }
        let header = RunHeader(
            run: "0123456789abcdef0123456789abcdef", pipeline: "wide", version: "1",
            plan: "00112233aabbccdd", seed: 1)
        let writer = try TraceWriter(path: path, header: header, overwrite: false)
        var rhythm = SampleRhythm()
        let start = wide.clock.now
        var (before, samples) = (writer.bytesWritten, 0)
        for tenth in 1...6_000 as ClosedRange<Int64> {
            wide.clock.advance(to: start + .milliseconds(tenth * 100))
            guard let sample = rhythm.take(sampler.take()) else { continue }
            if tenth <= 10 { before = writer.bytesWritten }
            samples += 1
            var batch = RecordBatch()
            batch.metrics = [sample]
            try writer.consume(batch)
        }
        try writer.finish(RunEnd(cause: "finished", steps: 0, turns: 0, events: 0))
        #expect(samples >= 60)
        #expect(writer.bytesWritten - before <= 600 * 50, "\(writer.bytesWritten - before) bytes")
    }

    @Test func `lag counts from the newest event time and skew is what the sources differ by`()
        throws
    {
        let hour: Int64 = 3_600_000
        let watch = SkewWatch()
        try watch.run(ahead: hour)
        let (skews, lags) = (watch.skews, watch.lags)
        #expect(watch.newest == Instant(milliseconds: hour + 1_999).nanoseconds)
        // Each source gave two thousand elements a millisecond apart.
        let differences = (hour - 2_000) * 1_000_000...(hour + 2_000) * 1_000_000
        #expect(!skews.isEmpty && skews.allSatisfy { differences.contains($0) }, "\(skews)")
        // What reads both has the watermark of the source that is behind.
        #expect(!lags.isEmpty && lags.allSatisfy { $0 >= (hour - 2_000) * 1_000_000 }, "\(lags)")
        // Who ended holds nothing back.
        #expect(watch.skewAtEnd == nil)
    }

    @Test func `samples taken one by one give all counters and depths at every moment`() throws {
        let watcher = Watcher()
        let wide = try WideRun(stages: 4, width: 4, limit: 300) { watcher.look() }
        watcher.watch(wide)
        wide.run()
        watcher.look()
        #expect(watcher.looks > 100)
        #expect(watcher.mismatch == nil, "\(watcher.mismatch ?? "")")
        #expect(watcher.entries < watcher.looks * wide.entryCount / 4)
    }

    @Test func `a full sample leaves the rest for the next ones and starves nobody`() throws {
        let wide = try WideRun(stages: 25, width: 4, limit: 1)
        let count = wide.execution.subtasks.count
        let sampler = RunSampler(wide.execution, clock: wide.clock, maximumEntries: 30) {
            RecorderSample()
        }
        var told: [Int] = []
        for _ in 0..<4 {
            // Everybody does something before every sample.
            for subtask in wide.execution.subtasks { wide.touch(subtask) }
            let sample = sampler.take()
            let entries = sample.subtasks.count + sample.channels.count
            #expect(entries <= 30 && sampler.isBehind)
            told += sample.subtasks.map { wide.number(of: $0) }
        }
        #expect(Set(told).count == count)
        // Once nobody does anything any more, a few samples tell the rest.
        var rest = 0
        repeat {
            rest += 1
            _ = sampler.take()
        } while sampler.isBehind
        #expect(rest <= 2 * count / 30 + 2)
    }

    @Test func `what did not change is told again in turn, one for eight that did`() throws {
        let wide = try WideRun(stages: 2, width: 2, limit: 1)
        let sampler = RunSampler(wide.execution, clock: wide.clock) { RecorderSample() }
        var repeated: Set<Int> = []
        let busy = wide.execution.subtasks[0]
        // A number and not the constant, whose comment promises it.
        let rounds = wide.entryCount * 8
        var extra = 0
        for _ in 0..<rounds {
            wide.touch(busy)
            let sample = sampler.take()
            repeated.formUnion(sample.subtasks.map { wide.number(of: $0) })
            let entries = sample.subtasks.count + sample.channels.count
            #expect(entries <= 2)
            extra += entries - 1
        }
        #expect(repeated.count == wide.execution.subtasks.count)
        // The one that is busy may be told again in a sample that has it anyway.
        #expect(rounds / 8 - 1...rounds / 8 ~= extra)
    }

    @Test(arguments: [4_096, 3])
    func `no time falls however the counters are read`(entries: Int) throws {
        let wide = try WideRun(stages: 2, width: 2, limit: 1)
        let sampler = RunSampler(wide.execution, clock: wide.clock, maximumEntries: entries) {
            RecorderSample()
        }
        var random = SeededGenerator(seed: 3)
        var reader = PlainReader()
        var stamps = wide.execution.subtasks.map { _ in TickClock.nanoseconds() }
        let now = TickClock.nanoseconds()
        for step in 1...400 as ClosedRange<Int64> {
            wide.clock.advance(to: .milliseconds(step))
            for number in 1...4 where random.next() % 3 > 0 {
                // A stamp that lies ahead of the sampler's clock, or behind it.
                let stamp = now + UInt64(step) * 1_000_000 + random.next() % 3_000_000
                stamps[number] = max(stamp, stamps[number])
                let activity: SubtaskCounters.Activity =
                    [.idle, .busy, .backpressured, .waiting][Int(random.next() % 4)]
                wide.execution.subtasks[number].counters.enter(activity, now: stamps[number])
                // Now and then the mark of it is stored too late to be seen by the next sample.
                if random.next() % 8 > 0 { wide.execution.touched.insert(SubtaskIndex(number)) }
            }
            reader.take(sampler.take())
        }
        #expect(reader.fallen == nil, "\(reader.fallen ?? "")")
        #expect(reader.isComplete)
    }

    @Test func `no time falls in the samples of a run on several workers`() throws {
        let run = try ParallelRun(limit: 60_000)
        let sampler = RunSampler(run.execution, clock: run.live.outside.clock) { RecorderSample() }
        var reader = PlainReader()
        let thread = SystemThread("run") { run.run() }
        while !run.hasEnded { reader.take(sampler.take()) }
        thread.join()
        for _ in 0..<3 { reader.take(sampler.take()) }
        #expect(reader.fallen == nil, "\(reader.fallen ?? "")")
        #expect(reader.isComplete)
    }

    // One turn after another, or each subtask's turn by turn: one that gives its worker up before
    // it has nothing left waits as much as one that something came for.
    @Test(arguments: [(bound: 16, activation: 16), (bound: 1_024, activation: 1)])
    func `a subtask that could run is not idle while the only worker is elsewhere`(
        bound: Int, activation: Int
    ) throws {
        let seen = Guarded<(looks: Int, idle: [String])>((0, []))
        let holder = Guarded<Execution?>(nil)
        let run = try ParallelRun(limit: 4_000, workers: 1, bound: bound, activation: activation) {
            guard let execution = holder.withLock({ $0 }) else { return }
            for subtask in execution.subtasks {
                let waits = subtask.inlets.contains { $0.channel.depth > 0 }
                guard waits, !subtask.hasUnpublished, !subtask.counters.isBusy else { continue }
                seen.withLock { seen in
                    seen.looks += 1
                    let activity = subtask.counters.activity
                    if activity != .waiting { seen.idle.append("\(subtask.name) \(activity)") }
                }
            }
        }
        // A turn leaves some of what waits for the next.
        for subtask in run.execution.subtasks where !subtask.isSource { subtask.budget = 4 }
        holder.withLock { $0 = run.execution }
        run.run()
        holder.withLock { $0 = nil }
        let (looks, idle) = seen.withLock { $0 }
        #expect(looks > 100)
        #expect(idle.isEmpty, "\(idle.prefix(5))")
    }
}

/// Runs two sources, one of them ahead in event time, with a stage that reads both, and notes what
/// samples say of it from inside its closure.
private final class SkewWatch: @unchecked Sendable {
    // Unchecked: the run it watches has one thread.

    private var sampler: RunSampler?
    private var table = SampleTable()
    private(set) var skews: [Int64] = []
    private(set) var lags: [Int64] = []

    var newest: Int64? { table.newest }
    var skewAtEnd: Int64? { table.subtasks.compactMap(\.skew).max() }

    func run(ahead: Int64) throws {
        let pipeline = Pipeline("two", parallelism: 1) { [self] flow in
            func source(_ name: String, from start: Int64) -> DataStream<Int> {
                flow.read(
                    name,
                    from: .generator { index, _ in
                        (Int(index), Instant(milliseconds: start + Int64(index)))
                    })
            }
            _ = source("early", from: 0).union(source("late", from: ahead))
                .keyed { $0 }
                .process("both", state: 0, emitting: Int.self) { _, _, _ in self.look() }
        }
        var setup = LiveRun.Setup(
            started: Instant(nanoseconds: 1_700_000_000_000_000_000), schedule: .drawn(seed: 5))
        (setup.connections.sources, setup.connections.storesInput) = ([nil, nil], [false, false])
        var bind = BindOptions(seed: 1)
        bind.limit = 2_000
        let run = try LiveRun(try pipeline.plan(), bind, setup)
        sampler = RunSampler(run.execution, clock: run.outside.clock) { RecorderSample() }
        run.start()
        run.run()
        run.finish()
        for _ in 0..<3 { takeSample() }
    }

    private func takeSample() { if let sample = sampler?.take() { table.take(sample) } }

    private func look() {
        takeSample()
        let known = table.subtasks.compactMap(\.skew)
        guard known.count == 2 else { return }
        skews.append(known.max() ?? 0)
        if let lag = table.subtasks.first(where: { $0.stage == "both" })?.watermarkLag {
            lags.append(lag)
        }
    }
}

/// Puts samples together as the documentation of `MetricSample` says, and nothing more: it does not
/// correct what falls.
private struct PlainReader {
    private(set) var fallen: String?
    private var known: [String: (times: StateTimes, at: RunTime)] = [:]
    private var time = RunTime.start

    /// Whether every state was seen.
    var isComplete: Bool {
        var all = StateTimes()
        for (_, subtask) in known { all += subtask.times }
        return all.busy > 0 && all.idle > 0 && all.waiting > 0 && all.backpressured > 0
    }

    mutating func take(_ sample: MetricSample) {
        var named: Set<String> = []
        for subtask in sample.subtasks {
            let name = "\(subtask.stage)/\(subtask.subtask)"
            named.insert(name)
            let (old, new) = (known[name]?.times ?? StateTimes(), subtask.times)
            let pairs = [
                (old.busy, new.busy), (old.idle, new.idle), (old.waiting, new.waiting),
                (old.backpressured, new.backpressured),
            ]
            if pairs.contains(where: { $0 > $1 }) { fallen = fallen ?? "\(name): \(old), \(new)" }
            known[name] = (new, sample.time)
        }
        guard sample.isPartial != true else { return }
        for (name, subtask) in known where !named.contains(name) {
            known[name]?.times.idle += UInt64((sample.time - subtask.at).nanoseconds)
            known[name]?.at = sample.time
        }
    }
}

/// A source, two subtasks that work for some microseconds on each element, and one behind them that
/// does so too, on several workers and a real clock.
private struct ParallelRun: Sendable {
    let live: LiveRun
    var execution: Execution { live.execution }

    init(
        limit: UInt64, workers: Int = 2, bound: Int = 16, activation: Int = 16,
        _ onElement: @escaping @Sendable () -> Void = {}
    ) throws {
        let pipeline = Pipeline("parallel", parallelism: 2) { flow in
            _ = flow.read(
                "numbers",
                from: .generator { index, _ in (Int(index), Instant(milliseconds: Int64(index))) }
            )
            .over(EdgeOptions(bounds: ChannelBounds(messages: 4 * bound)))
            .keyed { $0 }
            .process("work", state: 0, emitting: Int.self) { number, _, context in
                onElement()
                context.emit(number &* 5)
            }
            .over(EdgeOptions(bounds: ChannelBounds(messages: bound)))
            .keyed { $0 }
            .process("rest", state: 0, emitting: Int.self) { number, sum, _ in
                onElement()
                for value in 0..<200 { sum &+= number &* value }
            }
        }
        var options = ParallelScheduler.Options(workers: workers)
        options.turnsPerActivation = activation
        var setup = LiveRun.Setup(
            started: Instant(nanoseconds: 1_700_000_000_000_000_000), schedule: .parallel(options))
        (setup.connections.sources, setup.connections.storesInput) = ([nil], [false])
        var bind = BindOptions(seed: 1)
        bind.limit = limit
        live = try LiveRun(try pipeline.plan(), bind, setup)
    }

    /// Whether the last turn was taken. Any thread.
    var hasEnded: Bool { execution.subtasks.allSatisfy { $0.hasEnded.load(ordering: .relaxed) } }

    func run() {
        live.start()
        live.run()
        live.finish()
    }
}

/// A keyed pipeline of some stages, each as wide as the next, on one thread and a virtual clock.
private struct WideRun {
    let live: LiveRun
    var execution: Execution { live.execution }
    var clock: RunClock { live.outside.clock }

    init(
        stages: Int, width: Int, limit: UInt64, _ onElement: @escaping @Sendable () -> Void = {}
    ) throws {
        let pipeline = Pipeline("wide", parallelism: width) { flow in
            var stream = flow.read(
                "numbers",
                from: .generator { index, _ in
                    (Int(index), Instant(milliseconds: Int64(index)))
                })
            for stage in 1...stages {
                stream = stream.keyed { $0 }
                    .process("stage-\(stage)", state: 0, emitting: Int.self) { number, _, context in
                        onElement()
                        context.emit(number &* 5 &+ stage)
                    }
            }
        }
        var setup = LiveRun.Setup(
            started: Instant(nanoseconds: 1_700_000_000_000_000_000), schedule: .drawn(seed: 5))
        (setup.connections.sources, setup.connections.storesInput) = ([nil], [false])
        var bind = BindOptions(seed: 1)
        bind.limit = limit
        live = try LiveRun(try pipeline.plan(), bind, setup)
    }

    var entryCount: Int { execution.subtasks.count + execution.channels.count }

    func run() {
        live.start()
        live.run()
        live.finish()
    }

    /// A turn without a turn: its counter, and the mark that it leaves.
    func touch(_ subtask: Subtask) {
        SubtaskCounters.add(1, to: subtask.counters.turns)
        execution.touched.insert(subtask.index)
    }

    func number(of sample: SubtaskSample) -> Int {
        execution.subtasks.firstIndex {
            $0.ordinal == sample.subtask && $0.stage == sample.stage
        } ?? -1
    }
}

/// Samples a run from inside its closures and holds the table of its samples against the counters.
private final class Watcher: @unchecked Sendable {
    // Unchecked: the run it watches has one thread.

    private var run: WideRun?
    private var sampler: RunSampler?
    private var table = SampleTable()
    private(set) var looks = 0
    private(set) var entries = 0
    private(set) var mismatch: String?

    func watch(_ run: WideRun) {
        self.run = run
        sampler = RunSampler(run.execution, clock: run.live.outside.clock) { RecorderSample() }
        var header = RunHeader(run: "0", pipeline: "wide", version: "1", plan: "0", seed: 1)
        let plan = run.execution.plan
        for (stage, ordinal) in plan.subtasks {
            header.subtasks.append(
                SubtaskInfo(
                    stage: plan.stages[stage].name, index: ordinal,
                    inlets: plan.channelNames(into: stage, ordinal), outlets: [], source: nil))
        }
        table = SampleTable(header)
    }

    func look() {
        guard let run, let sampler else { return }
        let sample = sampler.take()
        table.take(sample)
        looks += 1
        entries += sample.subtasks.count + sample.channels.count
        for (known, subtask) in zip(table.subtasks, run.execution.subtasks) {
            let counters = subtask.counters
            let turns = TurnCount(counters.turns.load(ordering: .relaxed))
            let taken = counters.recordsIn.load(ordering: .relaxed)
            let emitted = counters.recordsOut.load(ordering: .relaxed)
            let isEqual =
                known.turns == turns && known.recordsIn == taken && known.recordsOut == emitted
                && known.subtask == subtask.ordinal && known.stage == subtask.stage
            if !isEqual { mismatch = mismatch ?? "look \(looks): \(subtask.name): \(known)" }
        }
        var depths: [String: Int] = [:]
        for channel in run.execution.channels { depths[channel.name] = channel.depth }
        for known in table.channels where depths[known.name] != Int(known.depth) {
            mismatch = mismatch ?? "look \(looks): \(known.name): \(known.depth)"
        }
    }
}
