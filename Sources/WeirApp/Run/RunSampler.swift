import Synchronization
import WeirBase
import WeirEngine
import WeirTelemetry

/// Reads the counters of a run: each sample holds what changed since the one before.
///
/// `RunWatch` calls `take` ten times a second on the sampler's thread, which owns it; after the
/// run's last turn it calls `tellAll` and takes what is left. It goes to the subtasks that did
/// something (`TouchedSet`) and to their channels, so that what a sample costs and holds grows with
/// what happened and not with the plan. Workers are not held up by it: what is read are counters
/// that they store anyway.
///
/// Whoever reads samples (`SampleTable`) keeps what was told last, adds idle time to whom a sample
/// does not name, and moves watermark lags on with the newest event. The sampler computes the same
/// expectation (`expected`) and names a subtask only where it is wrong.
final class RunSampler {
    /// Once in this many entries that changed, one that did not change is told again, in turn. So
    /// whoever missed a sample, because a part of the trace is damaged, comes to know everything
    /// again, and it costs an eighth more.
    static let changesPerRepeat = 8

    private let execution: Execution
    private let clock: RunClock
    /// As `AppBounds.maximumSampleEntries`; tests give less.
    private let maximumEntries: Int
    /// What the recorder says of itself; asked once a sample.
    private let recorder: () -> RecorderSample
    /// Each subtask as it was told last.
    private var subtasks: [SubtaskSample]
    /// Each channel as it was told last.
    private var channels: [ChannelSample]
    /// By subtask: when it was told last, and the newest event time then.
    private var told: [(time: RunTime, newest: Int64?)]
    /// By subtask: when its latencies were told last, and how many there were.
    private var toldLatencies: [(time: RunTime, count: UInt64)]
    /// Whether everything is told that is not told yet, as behind a run's last turn.
    private var tellsAll = false
    /// The time of the last whole sample: up to here whoever reads the samples took for idle who
    /// was not named.
    private var passedTime = RunTime.start
    /// For each subtask its part of `channelNumbers`.
    private let channelsOf: [Range<Int>]
    /// The channels of all subtasks, one after the other. In one array, because a plan may have
    /// many thousands.
    private let channelNumbers: [Int32]
    /// Subtasks that are looked at in the next sample whatever they do; a bit each, 64 in a word.
    private var waiting: [UInt64]
    /// The newest event time that any source has seen.
    private var newest: Int64?
    /// The subtask at which the next sample begins to look, so that a full sample starves nobody.
    private var firstNumber = 0
    /// The entry that is told again next, subtasks first.
    private var nextRepeat = 0
    /// Entries that changed since one was told again.
    private var changesSinceRepeat = 0
    /// Whether the last sample was full: the next one tells more of the same moment.
    private(set) var isBehind = false
    /// Processor time that sampling took so far.
    private var nanoseconds: UInt64 = 0
    /// Subtasks and channels that were looked at so far: what sampling costs, apart from clocks.
    private(set) var visitCount = 0

    /// A sampler of a run, before its first sample; everything starts at zero. `recorder` gives
    /// what the recorder says of itself.
    init(
        _ execution: Execution, clock: RunClock,
        maximumEntries: Int = AppBounds.maximumSampleEntries,
        recorder: @escaping () -> RecorderSample
    ) {
        self.execution = execution
        self.clock = clock
        self.maximumEntries = maximumEntries
        self.recorder = recorder
        subtasks = execution.subtasks.map {
            SubtaskSample(stage: $0.stage, subtask: $0.ordinal)
        }
        channels = execution.channels.map { channel in
            ChannelSample(
                name: channel.name, from: channel.producer?.stage ?? "",
                to: channel.consumer?.stage ?? "", depth: 0,
                capacity: UInt64(channel.bounds.messages), bytes: 0, dropped: 0)
        }
        told = subtasks.map { _ in (0, nil) }
        toldLatencies = subtasks.map { _ in (0, 0) }
        waiting = Array(repeating: 0, count: execution.touched.wordCount)
        (channelsOf, channelNumbers) = Self.links(execution)
    }

    /// Which channels each subtask has at its inlets and outlets, in a form that is quick to go
    /// through.
    private static func links(_ execution: Execution) -> ([Range<Int>], [Int32]) {
        var numbers: [ObjectIdentifier: Int32] = [:]
        for (number, channel) in execution.channels.enumerated() {
            numbers[ObjectIdentifier(channel)] = Int32(number)
        }
        var ranges: [Range<Int>] = []
        var all: [Int32] = []
        for subtask in execution.subtasks {
            let start = all.count
            let ends = subtask.inlets.map(\.channel) + subtask.outlets.compactMap(\.channel)
            all.append(contentsOf: ends.compactMap { numbers[ObjectIdentifier($0)] })
            ranges.append(start..<all.count)
        }
        return (ranges, all)
    }

    /// Takes the next sample. It may be partial, when more changed than it holds: then the next one
    /// tells more of the same moment.
    func take() -> MetricSample {
        let started = MonotonicClock.threadNanoseconds()
        let ticks = TickClock.nanoseconds()
        let time = clock.now
        let steps = execution.scheduler.stepCount
        var sample = MetricSample(
            time: time, step: steps, subtasks: [], channels: [], recorder: RecorderSample())
        let due = takeDue()
        advanceNewest(due)
        visitAll(due, ticks, &sample)
        repeatSome(&sample)
        if isBehind { sample.isPartial = true } else { passedTime = time }
        sample.newest = newest
        sample.recorder = recorder()
        sample.process = OwnProcess.sample()
        nanoseconds += MonotonicClock.threadNanoseconds() - started
        sample.recorder.sampleNanoseconds = (sample.recorder.sampleNanoseconds ?? 0) + nanoseconds
        return sample
    }

    /// Whether there is no room for another subtask. What belongs to a subtask that has room is
    /// told with it.
    private func isFull(_ sample: MetricSample) -> Bool {
        sample.subtasks.count + sample.channels.count >= maximumEntries
    }

    /// Looks at the subtasks in `due`, from where the last full sample stopped; for whom there is
    /// no room any more, the next sample has some.
    private func visitAll(_ due: [UInt64], _ ticks: UInt64, _ sample: inout MetricSample) {
        let first = firstNumber
        // The bits from the first number on in its word.
        let behind = UInt64.max << UInt64(first & 63)
        isBehind = false
        // The first word comes twice: what of it lies before the first number comes last.
        for offset in 0...due.count {
            let word = (first >> 6 + offset) % due.count
            let mask = offset == 0 ? behind : offset == due.count ? ~behind : .max
            forEachBit(of: due[word] & mask, word) { number in
                if isFull(sample) {
                    // No room: looked at in the next sample, which begins with the first of these.
                    waiting[word] |= 1 << UInt64(number & 63)
                    if !isBehind { firstNumber = number }
                    isBehind = true
                } else {
                    visit(number, ticks, &sample)
                }
            }
        }
    }

    /// Who did something since the last sample, and who is looked at once more.
    ///
    /// What is taken now may have stored its counters too late to be seen now (see `TouchedSet`):
    /// it is taken once more the next time.
    private func takeDue() -> [UInt64] {
        var due = waiting
        for word in waiting.indices {
            let taken = execution.touched.take(word: word)
            due[word] |= taken
            // Once more the next time, for counters that were stored after the look at them.
            waiting[word] = taken
        }
        return due
    }

    /// Calls the body with the number of each subtask whose bit is set, in rising order.
    private func forEachBit(of bits: UInt64, _ word: Int, _ body: (Int) -> Void) {
        var rest = bits
        while rest != 0 {
            body(word * 64 + rest.trailingZeroBitCount)
            rest &= rest - 1
        }
    }

    /// Finds the newest event time that any source has seen. It comes before the visits, as all
    /// lags are measured against it.
    private func advanceNewest(_ due: [UInt64]) {
        for word in due.indices {
            forEachBit(of: due[word], word) { number in
                let subtask = execution.subtasks[number]
                guard subtask.isSource else { return }
                let event = subtask.counters.newestEvent.load(ordering: .relaxed)
                if event != .min { newest = max(newest ?? .min, event) }
            }
        }
    }

    /// Looks at a subtask and at its channels, and tells those that are not as expected.
    private func visit(_ number: Int, _ ticks: UInt64, _ sample: inout MetricSample) {
        let subtask = execution.subtasks[number]
        visitCount += 1 + channelsOf[number].count
        // A long turn, or waiting for room, is told of without another touch.
        if subtask.counters.isActive { waiting[number >> 6] |= 1 << UInt64(number & 63) }
        var found = read(subtask, known(number), ticks)
        takeLatencies(of: subtask, number, sample.time, &found)
        if found != expected(number, at: sample.time) {
            tell(found, number, &sample)
            changesSinceRepeat += 1
        }
        for index in channelsOf[number] {
            let number = Int(channelNumbers[index])
            let channel = execution.channels[number]
            let (depth, bytes) = (UInt64(channel.depth), channel.queuedBytes)
            let dropped = channel.dropped
            var found = channels[number]
            (found.depth, found.bytes, found.dropped) = (depth, bytes, dropped)
            found.oldestSince = since(channel.oldestEntry, ticks, sample.time)
            guard found != channels[number] else { continue }
            channels[number] = found
            sample.channels.append(channels[number])
            changesSinceRepeat += 1
        }
    }

    /// A subtask as whoever reads the samples has it now.
    private func known(_ number: Int) -> SubtaskSample {
        var known = subtasks[number]
        known.wait(passedTime - told[number].time)
        return known
    }

    /// A subtask as whoever reads the samples will have it, if this one does not name it.
    private func expected(_ number: Int, at time: RunTime) -> SubtaskSample {
        var expected = subtasks[number]
        expected.wait(time - told[number].time)
        expected.follow(newest: (old: told[number].newest, new: newest))
        return expected
    }

    /// When the oldest message of a channel came; nil where there is none.
    private func since(_ entry: UInt64, _ ticks: UInt64, _ time: RunTime) -> RunTime? {
        guard entry > 0 else { return nil }
        let age = RunTime(nanoseconds: Int64(ticks > entry ? ticks - entry : 0))
        // Cut to a millisecond: the clocks of both differ a little, and what stands still is told
        // once.
        return max(.zero, time - age).cutToMilliseconds
    }

    /// Adds the latencies where they changed and were not told for a while; until then the subtask
    /// is looked at in every sample.
    private func takeLatencies(
        of subtask: Subtask, _ number: Int, _ time: RunTime, _ sample: inout SubtaskSample
    ) {
        let hops = subtask.latencyHops
        let count = hops.reduce(0) { $0 + $1.counts.count }
        let last = toldLatencies[number]
        guard count != last.count else { return }
        guard tellsAll || last.count == 0 || time - last.time >= AppBounds.latencyTime else {
            waiting[number >> 6] |= 1 << UInt64(number & 63)
            return
        }
        toldLatencies[number] = (time, count)
        sample.busiestKey = BusiestKey(subtask.inlets.compactMap(\.channel.keys))
        sample.latencies = hops.filter { $0.counts.count > 0 }
            .map { $0.counts.sample(hop: $0.hop) }
    }

    /// From now on everything is told at once: the run took its last turn.
    func tellAll() { tellsAll = true }

    /// Puts a subtask into the sample, and remembers that it was told. Latencies go along only when
    /// they are new.
    private func tell(_ subtask: SubtaskSample, _ number: Int, _ sample: inout MetricSample) {
        let before = subtasks[number].latencies
        subtasks[number] = subtask
        told[number] = (sample.time, newest)
        sample.subtasks.append(subtask)
        if subtask.latencies == before {
            sample.subtasks[sample.subtasks.count - 1].latencies = nil
        }
    }

    /// A subtask's totals now. `known` is what whoever reads the samples has.
    ///
    /// No time falls below that. While the owner of the times is stopped in the middle of changing
    /// them they stay, and a later sample tells.
    private func read(
        _ subtask: Subtask, _ known: SubtaskSample, _ ticks: UInt64
    ) -> SubtaskSample {
        let counters = subtask.counters
        var sample = known
        sample.recordsIn = counters.recordsIn.load(ordering: .relaxed)
        sample.recordsOut = counters.recordsOut.load(ordering: .relaxed)
        sample.bytesIn = ByteCount(counters.bytesIn.load(ordering: .relaxed))
        sample.bytesOut = ByteCount(counters.bytesOut.load(ordering: .relaxed))
        sample.errors = counters.errors.load(ordering: .relaxed)
        sample.drops = drops(counters)
        sample.turns = TurnCount(counters.turns.load(ordering: .relaxed))
        // Nil would say that this build takes waiting for idle, as older ones did.
        sample.waiting = sample.waiting ?? 0
        if var times = counters.times(now: ticks) {
            times.raise(to: known.times)
            sample.times = times
        }
        readSource(subtask, &sample)
        let watermark = counters.watermark.load(ordering: .relaxed)
        sample.watermarkLag = nil
        if watermark != .min, watermark != .max, let newest, newest >= watermark {
            sample.watermarkLag = newest - watermark
        }
        return sample
    }

    /// What only sources have: how far behind their input and each other they are. The greatest
    /// number stands for what is not known.
    private func readSource(_ subtask: Subtask, _ sample: inout SubtaskSample) {
        guard subtask.isSource else { return }
        let counters = subtask.counters
        let lag = counters.lagRecords.load(ordering: .relaxed)
        sample.lagRecords = lag == .max ? nil : lag
        let since = counters.lagSince.load(ordering: .relaxed)
        sample.lagSince = since == .max ? nil : RunTime(since)
        let event = counters.newestEvent.load(ordering: .relaxed)
        let isOut =
            counters.isHeldOut.load(ordering: .relaxed)
            || subtask.hasEnded.load(ordering: .relaxed)
        sample.skew = nil
        if !isOut, event != .min, let newest, newest >= event { sample.skew = newest - event }
    }

    /// What was dropped, by reason; nil where nothing was.
    private func drops(_ counters: SubtaskCounters) -> [DropSample]? {
        var drops: [DropSample] = []
        for reason in DropReason.allCases {
            let count = counters.dropped(reason)
            if count > 0 { drops.append(DropSample(reason: reason.rawValue, count: count)) }
        }
        return drops.isEmpty ? nil : drops
    }

    /// Tells some that did not change once more, as many as `changesPerRepeat` allows.
    private func repeatSome(_ sample: inout MetricSample) {
        let count = subtasks.count + channels.count
        while changesSinceRepeat >= Self.changesPerRepeat,
            !isFull(sample)
        {
            changesSinceRepeat -= Self.changesPerRepeat
            let number = nextRepeat
            nextRepeat = (nextRepeat + 1) % count
            if number < subtasks.count {
                var again = expected(number, at: sample.time)
                again.latencies = nil
                tell(again, number, &sample)
            } else {
                sample.channels.append(channels[number - subtasks.count])
            }
        }
    }
}
