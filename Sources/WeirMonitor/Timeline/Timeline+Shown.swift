package import WeirBase

/// The shown moment, and what was known of the run there.
///
/// Each answer is a function of the timeline's value and the playhead. In the past an answer must
/// hold nothing that was recorded later: a person who goes back to the moment before a failure must
/// see what could be seen then.
extension Timeline {
    /// The moment that is shown; nil before the first sample.
    package var shownTime: RunTime? { history.newest.map { playhead.shown(newest: $0.time) } }

    /// The index in the history of the sample that is shown; the oldest when the playhead lies
    /// before it, which happens when the history let go of what was paused at. Nil before the first
    /// sample.
    package var shownIndex: Int? {
        guard let time = shownTime else { return nil }
        return history.index(atOrBefore: time) ?? 0
    }

    /// The sample that is shown; nil before the first.
    package var shownFrame: SampleFrame? { shownIndex.map { history[$0] } }

    /// What of the run is known at the shown moment. Live, that is everything; in the past, what
    /// had been recorded up to the shown sample and with it.
    package var knowledge: Knowledge {
        guard playhead != .live, let frame = shownFrame else { return .all }
        // Nothing came after the last sample of a run that ended but its end.
        if ending != nil, frame.number == history.newest?.number { return .all }
        return .upTo(frame.number)
    }

    /// The notices that were known at the shown moment, as lines, in the order they are shown in.
    package var shownLines: [NoticeLine] { notices.lines(knowledge) }

    /// How many lines were known at the shown moment beside those that are kept (`shownLines`),
    /// whenever they were let go: they are in the trace alone.
    package func shownForgotten(beside kept: [NoticeLine]) -> UInt64 {
        guard knowledge != .all, let frame = shownFrame else { return notices.forgotten }
        return frame.noticeLines - min(frame.noticeLines, UInt64(kept.count))
    }

    /// How many notices were known at the shown moment.
    package var shownCounts: NoticeCounts {
        knowledge == .all ? notices.counts : shownFrame?.notices ?? NoticeCounts()
    }

    /// Why nothing was recorded any more at the shown moment; nil where it was.
    package var recordingEnd: String? {
        recordingStop.flatMap { knowledge.holds($0.sample) ? $0.reason : nil }
    }

    /// How the run ended, where its end is shown.
    package var shownEnding: String? { knowledge == .all ? ending : nil }

    /// How old the newest sample is by the run's clock. It is 0 for a run that is over, whose last
    /// sample does not age.
    package var age: RunTime {
        guard ending == nil, let newest = history.newest else { return .zero }
        return max(.zero, now - newest.time)
    }

    /// How far the shown moment lies behind the right edge. The edge of a run that goes on is its
    /// clock, which may be past the newest sample; that of a run that is over is its last sample.
    package var behind: RunTime {
        guard playhead != .live, let time = shownTime, let newest = history.newest else {
            return .zero
        }
        return max(.zero, max(newest.time, ending == nil ? now : newest.time) - time)
    }

    /// About the step of the shown moment: that of a sample, and between two of them in proportion
    /// to the time.
    package var shownStep: Step {
        guard let time = shownTime, let index = shownIndex else { return 0 }
        let before = history[index]
        guard time > before.time, index + 1 < history.count else { return before.step }
        let after = history[index + 1]
        let share = (time - before.time).seconds / max(1e-6, (after.time - before.time).seconds)
        let steps = Double(max(0, before.step.distance(to: after.step)))
        return Step(before.step.rawValue &+ UInt64(max(0, min(1, share)) * steps))
    }

    /// The step at which the debugger opens: that of the newest violation or error up to the shown
    /// moment, else the shown step. Looking for a cause is what most people open it for.
    package var debugStep: Step {
        let known = notices.moments(from: .error).filter { knowledge.holds($0.sample) }
        return known.max { $0.rank < $1.rank }?.step ?? shownFrame?.step ?? 0
    }
}
