package import WeirBase

/// A run as far as it is known, and the moment of it that is looked at.
///
/// This is what every view reads. It is made from what is known of a run beforehand, and then takes
/// events in the order in which they were recorded (`take`) and the clock (`tick`); keys move its
/// playhead. It cannot tell a run that goes on from the recording of one, because both give the
/// same events. What a view asks (`rates`, `bottleneck`, `shownLines`) is answered for the shown
/// moment, from what had been recorded by then.
///
/// `ScreenModel` owns one for a screen and `RunWatch` one for the lines of `--ui plain`; each
/// belongs to one thread at a time. It is a pure value, and bounded by `SampleHistory` and
/// `NoticeLog`, whatever a run does and however long it goes on. Taking an event costs the same at
/// any length of the run.
///
/// The file has what changes a timeline. What is read from it stands in `Timeline+Shown.swift`, and
/// what is computed from several samples in `Timeline+Rates.swift`.
package struct Timeline: Sendable {
    /// What was known before the first sample.
    package let facts: RunFacts
    /// The samples that can still be gone back to.
    package private(set) var history: SampleHistory
    /// The notices of the run, as lines.
    package private(set) var notices = NoticeLog()
    /// The newest lines of the log.
    package private(set) var logs = LogHistory()
    /// Where the viewer stands. A run is shown live at first.
    package private(set) var playhead = Playhead.live
    /// How fast the past is played, as a power of ten: 0 is the run's own pace.
    private(set) var speed = 0
    /// The run's clock at the last tick. It never goes back.
    package private(set) var now = RunTime.start
    /// Why nothing is recorded any more, and the sample that this came with; nil while it is.
    private(set) var recordingStop: (reason: String, sample: UInt64)?
    /// How the run ended; nil while it goes on.
    package private(set) var ending: String?
    /// The path of a newer trace of the pipeline; nil while there is none.
    package private(set) var newer: String?

    package init(_ facts: RunFacts) {
        self.facts = facts
        history = SampleHistory(stages: facts.stages.count, subtasks: facts.subtasks)
    }

    // MARK: What becomes known

    /// Takes the next event in the order of recording. How a run ended and that there is a newer
    /// one are kept as the last event of that kind says.
    package mutating func take(_ event: TimelineEvent) {
        switch event {
        case .sample(let frame): take(frame)
        case .notice(let notice): notices.append(notice, sample: nextSample)
        case .logs(let lines, let lost): logs.append(lines, lost: lost, sample: nextSample)
        case .recordingStopped(let reason):
            // A recording that stops is a fact of the run's own, and also a warning among the
            // notices, so that it has a time and can be gone to.
            recordingStop = (reason, nextSample)
            let last = history.newest
            notices.append(
                Notice(
                    severity: .warning, step: last?.step ?? 0, time: last?.time ?? .start,
                    origin: "recorder", text: reason), sample: nextSample)
        case .ended(let how): ending = how
        case .restarted(let path): newer = path
        }
    }

    /// Numbers a frame and keeps it, together with how many notices had come before it: those are
    /// what a viewer who looks at this sample later knows of. A frame that the history leaves out,
    /// because it is not later than the newest, uses no number up.
    private mutating func take(_ frame: SampleFrame) {
        var frame = frame
        frame.number = nextSample
        frame.notices = notices.counts
        frame.noticeLines = notices.lineCount
        history.append(frame)
    }

    /// The number that the next sample will have: what comes now is known with it.
    private var nextSample: UInt64 { (history.newest?.number ?? 0) + 1 }

    /// The run's clock. Time that goes back is not believed: the clock then stands still until it
    /// is passed again.
    package mutating func tick(now time: RunTime) {
        let time = SampleFrame.bounded(time)
        let passed = max(.zero, time - now)
        now = max(now, time)
        // Before the first sample there is no edge for the playhead to stand at.
        guard let newest = history.newest?.time else { return }
        playhead.advance(by: scaled(passed), newest: newest, isOver: ending != nil)
    }

    // MARK: Where one looks

    /// Holds the shown moment, or plays on from the held one.
    package mutating func pause() { playhead.toggle(newest: history.newest?.time) }

    /// Back to the right edge.
    package mutating func goLive() { playhead.goLive() }

    /// Changes how fast the past is played by powers of ten; false where it is at a hundred times
    /// or a hundredth of the run's pace already.
    mutating func changeSpeed(by offset: Int) -> Bool {
        let wanted = max(-2, min(2, speed + offset))
        defer { speed = wanted }
        return wanted != speed
    }

    /// The speed in words: `1x`, `10x`, `0.1x`.
    var speedText: String { ["0.01x", "0.1x", "1x", "10x", "100x"][speed + 2] }

    /// So much of the run is played in a time of the clock.
    private func scaled(_ passed: RunTime) -> RunTime {
        let factors = [1, 10, 100]
        let factor = Int64(factors[abs(speed)])
        guard speed >= 0 else { return RunTime(passed.rawValue / factor) }
        let (product, overflow) = passed.rawValue.multipliedReportingOverflow(by: factor)
        return SampleFrame.bounded(RunTime(overflow ? .max : product))
    }

    /// Shows the moment that a replay came to, unless the past is being played: then the replay
    /// follows the moment.
    package mutating func show(_ time: RunTime) {
        if !playhead.isPlaying { playhead.go(to: SampleFrame.bounded(time)) }
    }

    /// Moves by that many samples, forward or back where the number is negative, and stops there.
    /// It does not go beyond the oldest and the newest sample. Samples are counted and not time, so
    /// that one step in the older part of the history is ten seconds.
    package mutating func go(by offset: Int) {
        guard let index = shownIndex else { return }
        // Live and forward: there is nothing newer to go to.
        if playhead == .live, offset > 0 { return }
        let next = max(0, min(history.count - 1, index + offset))
        playhead.go(to: history[next].time)
    }

    /// Goes to the sample with which the warning, error or violation before or after the shown one
    /// came, and stops there; false where there is none. From the live edge the newest one counts
    /// as the one before. Before the first sample there is nowhere to go, and nothing to complain
    /// of.
    package mutating func goToNotice(forward: Bool) -> Bool {
        guard let index = shownIndex, let newest = history.newest else { return true }
        let samples = notices.moments(from: .warning).map(\.sample)
            // A notice that came after the newest sample belongs to the next one. While the run
            // goes on that sample is still to come; of a run that is over it never comes, and the
            // end stands for it.
            .filter { ending != nil || $0 <= newest.number }
        let shown = history[index].number
        let found =
            forward
            ? samples.filter { $0 > shown }.min()
            : samples.filter { playhead == .live || $0 < shown }.max()
        guard let found else { return false }
        playhead.go(to: history.index(ofNumber: found).map { history[$0].time } ?? newest.time)
        return true
    }
}
