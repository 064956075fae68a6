import Synchronization
import WeirBase
import WeirEngine
import WeirMonitor
import WeirTelemetry

/// Reads a run's counters ten times a second, records them, and shows them: to the screen where
/// there is one, else as a line a stage and second.
///
/// `RunSession` makes it before the run, calls `start` with the run and `stop` behind its last
/// turn. In between a thread of its own samples. Where nobody records or shows anything there is no
/// thread.
final class RunWatch: @unchecked Sendable {
    // Unchecked: `sampler`, `stages` and `model` belong to the sampler's thread, to `stop` after
    // its end.

    private let execution: Execution
    private let recording: RunRecording
    /// Whether lines are printed.
    private let showsLines: Bool
    /// The screen's feed; nil where there is no screen.
    private let feed: ScreenFeed?
    /// For ending the pause between samples early: when the run is over, or goes on behind a rest.
    private var bell: Doorbell { execution.touched.bell }
    /// Whether the run took its last turn.
    private let isOver = Atomic<Bool>(false)
    private var thread: SystemThread?
    /// Reads the counters.
    private let sampler: RunSampler
    /// Sums samples up for lines; a screen has its own.
    private var stages: StageTable
    /// What the lines show, as a screen would.
    private var timeline: Timeline
    /// Decides which samples are worth recording.
    private var rhythm = SampleRhythm()
    /// Samples in a row that told nothing new.
    private var quietSamples = 0
    /// When lines were shown last, or the first sample came.
    private var shownAt: UInt64?

    init(
        execution: Execution, clock: RunClock, recording: RunRecording, header: RunHeader,
        showsLines: Bool, feed: ScreenFeed?
    ) {
        self.execution = execution
        self.recording = recording
        self.showsLines = showsLines
        self.feed = feed
        sampler = RunSampler(execution, clock: clock) { recording.cost }
        timeline = Timeline(RunFacts(header: header, tracePath: nil))
        stages = StageTable(header, names: timeline.facts.stages)
    }

    /// Starts the sampler's thread, where anybody wants samples.
    func start() {
        guard showsLines || feed != nil || recording.recorder != nil else { return }
        thread = SystemThread("weir-sampler") { [self] in
            var due = MonotonicClock.nanoseconds() + AppBounds.sampleNanoseconds
            while !isOver.load(ordering: .acquiring) {
                bell.wait(until: max(due, restEnd(after: due)))
                // Woken early: the run is over, which the loop's condition sees, or goes on.
                if MonotonicClock.nanoseconds() < due { continue }
                // The thread's own time, as the machine may have other work.
                let before = MonotonicClock.threadNanoseconds()
                take()
                let spent = MonotonicClock.threadNanoseconds() - before
                let now = MonotonicClock.nanoseconds()
                // After a pause of the machine one sample is taken and not all that were missed.
                due = max(due + AppBounds.sampleNanoseconds, now + AppBounds.sampleSpacing * spent)
            }
        }
    }

    /// Until when the sampler may rest whose next sample would be due; `due` where it may not.
    private func restEnd(after due: UInt64) -> UInt64 {
        guard quietSamples >= AppBounds.samplesUntilRest else {
            bell.endRest()
            return due
        }
        return bell.beginRest() ? due + AppBounds.restingSampleNanoseconds : due
    }

    /// Ends the thread and takes what is left, so that the trace ends with the run's final counts.
    /// After the run's last turn.
    func stop() {
        isOver.store(true, ordering: .releasing)
        bell.signal()
        thread?.join()
        guard thread != nil else { return }
        // The thread has ended, so that this thread owns what was its.
        sampler.tellAll()
        // The last samples tell everything that is not told yet.
        while take(), sampler.isBehind {}
    }

    /// Takes the next sample; false when the recorder had no room for one.
    @discardableResult
    private func take() -> Bool {
        guard let sample = taken() else { return false }
        quietSamples = sample.subtasks.isEmpty && sample.channels.isEmpty ? quietSamples + 1 : 0
        feed?.offer(sample)
        if showsLines { show(sample) }
        return true
    }

    /// Sums a sample up, and prints lines when a second has passed.
    private func show(_ sample: MetricSample) {
        let now = MonotonicClock.nanoseconds()
        let frame = stages.take(sample)
        timeline.take(.sample(frame))
        // The first sample only begins the time: rates need two.
        guard let last = shownAt else { return shownAt = now }
        guard now >= last + AppBounds.lineNanoseconds else { return }
        let instant = frame.time.instant(after: execution.outside.started)
        Output.error(PlainLines.text(timeline, at: instant))
        shownAt = now
    }

    /// The next sample, recorded where the run is and the sample tells something; nil when the
    /// recorder has no room for one. Then nothing was read, and the one after it tells what changed
    /// meanwhile.
    private func taken() -> MetricSample? {
        guard let recorder = recording.recorder else { return sampler.take() }
        var sample: MetricSample?
        recorder.offerSample {
            let taken = sampler.take()
            sample = taken
            return rhythm.take(taken)
        }
        return sample
    }
}
