import Synchronization
import WeirBase
import WeirEngine
import WeirMonitor
import WeirTelemetry

/// Reads a run's counters ten times a second, records them, and shows them: to the screen where
/// there is one, else as a line a stage and second.
final class RunWatch: @unchecked Sendable {
    // Unchecked: `previous` and `lines` belong to the sampler's thread, to `stop` after its end.

    private static let interval: UInt64 = 100_000_000
    private static let samplesPerLine = 10

    private let execution: Execution
    private let recording: RunRecording
    private let showsLines: Bool
    private let feed: ScreenFeed?
    private let monitor = Monitor()
    private let isOver = Atomic<Bool>(false)
    private var thread: Worker?
    private var previous: (sample: MetricSample, at: UInt64)?
    private var count = 0

    init(
        execution: Execution, recording: RunRecording, showsLines: Bool,
        feed: ScreenFeed?
    ) {
        self.execution = execution
        self.recording = recording
        self.showsLines = showsLines
        self.feed = feed
    }

    func start() {
        guard showsLines || feed != nil || recording.recorder != nil else { return }
        thread = Worker("weir-sampler") { [self] in
            var due = MonotonicClock.nanoseconds() + Self.interval
            while !isOver.load(ordering: .acquiring) {
                monitor.withLock {
                    if !isOver.load(ordering: .acquiring) { monitor.wait(until: due) }
                }
                let now = MonotonicClock.nanoseconds()
                if now < due { continue }
                due = max(due + Self.interval, now)
                take()
            }
        }
    }

    func stop() {
        isOver.store(true, ordering: .releasing)
        monitor.withLock { monitor.signal() }
        thread?.join()
        if thread != nil { take() }
    }

    private func take() {
        let now = MonotonicClock.nanoseconds()
        let sample = RunSampler.sample(execution, recording)
        recording.recorder?.offer(sample)
        feed?.offer(sample)
        count += 1
        guard showsLines else { return }
        if previous == nil { previous = (sample, now) }
        guard count % Self.samplesPerLine == 0, let last = previous, now > last.at else { return }
        let lines = StageRates.between(last.sample, sample, nanoseconds: now - last.at)
        Output.error(PlainLines.text(lines, at: execution.world.started + sample.time * 1_000))
        previous = (sample, now)
    }
}

/// Reads the counters of a run. Any thread.
enum RunSampler {
    static func sample(_ execution: Execution, _ recording: RunRecording) -> MetricSample {
        let now = TickClock.nanoseconds()
        let time = execution.world.clock()
        let steps = (execution.scheduler as? any NumberingScheduler)?.stepCount ?? 0
        var newest = Int64.min
        for subtask in execution.subtasks where subtask.isSource {
            newest = max(newest, subtask.counters.watermark.load(ordering: .relaxed))
        }
        let subtasks = execution.subtasks.map { subtask in
            let counters = subtask.counters
            var sample = SubtaskSample(stage: subtask.stage, subtask: subtask.ordinal)
            sample.recordsIn = counters.recordsIn.load(ordering: .relaxed)
            sample.recordsOut = counters.recordsOut.load(ordering: .relaxed)
            sample.bytesIn = counters.bytesIn.load(ordering: .relaxed)
            sample.bytesOut = counters.bytesOut.load(ordering: .relaxed)
            sample.errors = counters.errors.load(ordering: .relaxed)
            let drops = DropReason.allCases.compactMap { reason in
                let count = counters.dropped(reason)
                return count == 0 ? nil : DropSample(reason: reason.rawValue, count: count)
            }
            if !drops.isEmpty { sample.drops = drops }
            sample.turns = counters.turns.load(ordering: .relaxed)
            let times = counters.times(now: now)
            sample.busy = times.busy
            sample.backpressured = times.backpressured
            sample.idle =
                UInt64(max(0, time))
                &- min(
                    UInt64(max(0, time)), times.busy + times.backpressured)
            let watermark = counters.watermark.load(ordering: .relaxed)
            if watermark != .min, watermark != .max, newest != .max, newest >= watermark {
                sample.watermarkLag = newest - watermark
            }
            return sample
        }
        let channels = execution.channels.map { channel in
            ChannelSample(
                name: channel.name, from: channel.producer?.stage ?? "",
                to: channel.consumer?.stage ?? "", depth: UInt64(channel.depth),
                capacity: UInt64(channel.bounds.messages), bytes: UInt64(channel.queuedBytes),
                dropped: channel.dropped)
        }
        return MetricSample(
            time: time / 1_000, step: steps, subtasks: subtasks, channels: channels,
            recorder: RecorderSample(
                bytes: UInt64(recording.bytesWritten), logsDropped: recording.logsDropped))
    }
}
