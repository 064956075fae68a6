import Synchronization
import WeirBase
import WeirEngine
import WeirTelemetry

/// Reads the counters of a run: each sample holds what changed since the one before.
///
/// Owned by the sampler's thread. It goes to the subtasks that did something and to their channels,
/// so that what a sample costs and holds grows with what happened and not with the plan.
final class RunSampler {
    /// About so many entries a sample holds; what changed beyond them comes in the next ones.
    static let usualEntries = 4_096
    /// For so many entries that changed one that did not is told once more, in turn: whoever missed
    /// a sample, because a part of the trace is damaged, comes to know everything again.
    static let changesPerRepeat = 8

    private let execution: Execution
    private let clock: RunClock
    private let maximumEntries: Int
    /// What the recorder says of itself; asked once a sample.
    private let recorder: () -> RecorderSample
    /// As they were told last.
    private var subtasks: [SubtaskSample]
    private var channels: [ChannelSample]
    /// By subtask: when it was told last, in microseconds, and the newest watermark then.
    private var told: [(time: Int64, newest: Int64?)]
    /// By subtask: when its latencies were told last, in microseconds, and how many there were.
    private var toldLatencies: [(time: Int64, count: UInt64)]
    /// Latencies are told so often at most, microseconds: they are longer than the rest together.
    private static let latencyInterval: Int64 = 950_000
    /// Whether everything is told that is not told yet, as behind a run's last turn.
    private var tellsAll = false
    /// Up to here whoever reads the samples took for idle who was not named.
    private var passedTime: Int64 = 0
    /// By subtask: the numbers of its channels.
    private let channelsOf: [Range<Int>]
    private let channelNumbers: [Int32]
    /// Subtasks, a bit each: to be looked at in the next sample whatever they do.
    private var waiting: [UInt64]
    /// The newest event time that any source has seen.
    private var newest: Int64?
    /// Where the next sample begins to look, so that a full one starves nobody.
    private var firstNumber = 0
    private var nextRepeat = 0
    private var changesSinceRepeat = 0
    /// Whether the last sample was full: the next one tells more of the same moment.
    private(set) var isBehind = false
    private var nanoseconds: UInt64 = 0
    /// Subtasks and channels that were looked at so far: what sampling costs, apart from clocks.
    private(set) var visitCount = 0

    init(
        _ execution: Execution, clock: RunClock, maximumEntries: Int = RunSampler.usualEntries,
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

    /// The next sample.
    func take() -> MetricSample {
        let started = MonotonicClock.threadNanoseconds()
        let ticks = TickClock.nanoseconds()
        let time = clock.microseconds
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

    private func isFull(_ sample: MetricSample) -> Bool {
        sample.subtasks.count + sample.channels.count >= maximumEntries
    }

    /// Looks at the subtasks in `due`, from where the last full sample stopped; for whom there is
    /// no room any more, the next sample has some.
    private func visitAll(_ due: [UInt64], _ ticks: UInt64, _ sample: inout MetricSample) {
        let first = firstNumber
        let behind = UInt64.max << UInt64(first & 63)
        isBehind = false
        // The first word comes twice: what of it lies before the first number comes last.
        for offset in 0...due.count {
            let word = (first >> 6 + offset) % due.count
            let mask = offset == 0 ? behind : offset == due.count ? ~behind : .max
            forEachBit(of: due[word] & mask, word) { number in
                if isFull(sample) {
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
            waiting[word] = taken
        }
        return due
    }

    private func forEachBit(of bits: UInt64, _ word: Int, _ body: (Int) -> Void) {
        var rest = bits
        while rest != 0 {
            body(word * 64 + rest.trailingZeroBitCount)
            rest &= rest - 1
        }
    }

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
        for place in channelsOf[number] {
            let number = Int(channelNumbers[place])
            let channel = execution.channels[number]
            let (depth, bytes) = (UInt64(channel.depth), UInt64(channel.queuedBytes))
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
        known.wait(microseconds: passedTime - told[number].time)
        return known
    }

    /// A subtask as whoever reads the samples will have it, if this one does not name it.
    private func expected(_ number: Int, at time: Int64) -> SubtaskSample {
        var expected = subtasks[number]
        expected.wait(microseconds: time - told[number].time)
        expected.follow(newest: (old: told[number].newest, new: newest))
        return expected
    }

    /// When a message came, microseconds since the run's start; nil where there is none.
    private func since(_ entry: UInt64, _ ticks: UInt64, _ time: Int64) -> Int64? {
        guard entry > 0 else { return nil }
        let age = ticks > entry ? (ticks - entry) / 1_000 : 0
        // Cut to a millisecond: the clocks of both differ a little, and what stands still is told
        // once.
        return max(0, time - Int64(age)) / 1_000 * 1_000
    }

    /// Adds the latencies where they changed and were not told for a while; until then the subtask
    /// is looked at in every sample.
    private func takeLatencies(
        of subtask: Subtask, _ number: Int, _ time: Int64, _ sample: inout SubtaskSample
    ) {
        let places = subtask.latencyPlaces
        let count = places.reduce(0) { $0 + $1.counts.count }
        let last = toldLatencies[number]
        guard count != last.count else { return }
        guard tellsAll || last.count == 0 || time - last.time >= Self.latencyInterval else {
            waiting[number >> 6] |= 1 << UInt64(number & 63)
            return
        }
        toldLatencies[number] = (time, count)
        sample.busiestKey = BusiestKey(subtask.inlets.compactMap(\.channel.keys))
        sample.latencies = places.filter { $0.counts.count > 0 }
            .map { $0.counts.sample(hop: $0.hop) }
    }

    /// From now on everything is told at once: the run took its last turn.
    func tellAll() { tellsAll = true }

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
        sample.bytesIn = counters.bytesIn.load(ordering: .relaxed)
        sample.bytesOut = counters.bytesOut.load(ordering: .relaxed)
        sample.errors = counters.errors.load(ordering: .relaxed)
        sample.drops = drops(counters)
        sample.turns = counters.turns.load(ordering: .relaxed)
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

    private func readSource(_ subtask: Subtask, _ sample: inout SubtaskSample) {
        guard subtask.isSource else { return }
        let counters = subtask.counters
        let lag = counters.lagRecords.load(ordering: .relaxed)
        sample.lagRecords = lag == .max ? nil : lag
        let since = counters.lagSince.load(ordering: .relaxed)
        sample.lagSince = since == .max ? nil : since
        let event = counters.newestEvent.load(ordering: .relaxed)
        let isOut =
            counters.isHeldOut.load(ordering: .relaxed)
            || subtask.hasEnded.load(ordering: .relaxed)
        sample.skew = nil
        if !isOut, event != .min, let newest, newest >= event { sample.skew = newest - event }
    }

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
