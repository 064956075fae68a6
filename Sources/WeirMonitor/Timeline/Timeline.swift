/// A run as far as it is known, and the moment of it that is looked at.
///
/// This is what every view reads. It is made from what is known of a run beforehand, then takes
/// events in the order in which they were recorded (`take`) and the clock (`tick`); keys move its
/// playhead. It cannot tell a run that goes on from the recording of one: both give the same
/// events. What a view asks (`rates`, `bottleneck`, `shownLines`) is answered for the shown moment,
/// and holds nothing that was recorded later.
///
/// A value, pure, and bounded by `SampleHistory` and `NoticeLog`, whatever a run does and however
/// long it goes on.
package struct Timeline: Sendable {
    package let facts: RunFacts
    package private(set) var history: SampleHistory
    package private(set) var notices = NoticeLog()
    package private(set) var playhead = Playhead.live
    /// The run's clock at the last tick, microseconds since its start.
    package private(set) var now: Int64 = 0
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

    package mutating func take(_ event: TimelineEvent) {
        switch event {
        case .sample(let frame): take(frame)
        case .notice(let notice): notices.append(notice, sample: nextSample)
        case .recordingStopped(let reason):
            recordingStop = (reason, nextSample)
            let last = history.newest
            notices.append(
                Notice(
                    severity: .warning, step: last?.step ?? 0, time: last?.time ?? 0,
                    place: "recorder", text: reason), sample: nextSample)
        case .ended(let how): ending = how
        case .restarted(let path): newer = path
        }
    }

    /// What was noticed before a sample came is known with it.
    private mutating func take(_ frame: SampleFrame) {
        var frame = frame
        frame.number = nextSample
        frame.notices = notices.counts
        history.append(frame)
    }

    /// The number that the next sample will have: what comes now is known with it.
    private var nextSample: UInt64 { (history.newest?.number ?? 0) + 1 }

    /// The run's clock, microseconds since its start. One that goes back is not believed.
    package mutating func tick(now time: Int64) {
        let time = SampleFrame.bounded(time)
        let passed = max(0, time - now)
        now = max(now, time)
        guard let newest = history.newest?.time else { return }
        playhead.advance(by: passed, newest: newest, isOver: ending != nil)
    }

    // MARK: Where one looks

    /// Holds the shown moment, or plays on from the held one.
    package mutating func pause() { playhead.toggle(newest: history.newest?.time) }

    /// Back to the right edge.
    package mutating func goLive() { playhead.goLive() }

    /// So many samples forward, or back where that is negative; it stops at the ends.
    package mutating func go(by places: Int) {
        guard let place = shownPlace else { return }
        // Live and forward: there is nothing newer to go to.
        if playhead == .live, places > 0 { return }
        let next = max(0, min(history.count - 1, place + places))
        playhead.go(to: history[next].time)
    }

    /// To the sample with which the warning, error or violation before or after the shown one came;
    /// false where there is none.
    package mutating func goToNotice(forward: Bool) -> Bool {
        guard let place = shownPlace, let newest = history.newest else { return true }
        let samples = notices.moments(from: .warning).map(\.sample)
            // What came after the newest sample of a run that goes on has no place yet.
            .filter { ending != nil || $0 <= newest.number }
        let shown = history[place].number
        let found =
            forward
            ? samples.filter { $0 > shown }.min()
            : samples.filter { playhead == .live || $0 < shown }.max()
        guard let found else { return false }
        playhead.go(to: history.place(ofNumber: found).map { history[$0].time } ?? newest.time)
        return true
    }
}
