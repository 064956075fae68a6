package import WeirTerminal

/// Where on the run's timeline the viewer stands. Live is the newest sample and stays it.
package enum Playhead: Equatable, Sendable {
    case live
    /// Microseconds since the run's start.
    case paused(at: Int64)
    /// Plays the past at the pace of the run, behind its edge.
    case playing(at: Int64)
}

/// What the overview shows: a value that only `update` changes.
package struct OverviewModel: Sendable {
    package let facts: RunFacts
    package var theme: Theme
    package internal(set) var size: CanvasSize
    package internal(set) var history: SampleHistory
    package internal(set) var notices = NoticeLog()
    package internal(set) var playhead = Playhead.live
    package internal(set) var selection = 0
    package internal(set) var attention = Attention()
    /// The driver's clock at the last tick, microseconds since the run's start.
    package internal(set) var now: Int64 = 0
    /// Asked to end by a key; what was read is being drained.
    package internal(set) var isEnding = false
    /// Why nothing is recorded any more, and the sample that this came with; nil while it is.
    var recordingStop: (reason: String, sample: UInt64)?
    /// How the run ended; nil while it goes on.
    package internal(set) var ending: String?
    /// The path of a newer trace of the pipeline; nil while there is none.
    package internal(set) var newer: String?
    /// What the last key could not do; the next one clears it.
    package internal(set) var message: String?

    package init(facts: RunFacts, size: CanvasSize, theme: Theme) {
        self.facts = facts
        self.size = size
        self.theme = theme
        history = SampleHistory(stages: facts.stages.count, subtasks: facts.subtasks)
    }

    /// The moment that is shown; nil before the first sample.
    package var shownTime: Int64? {
        guard let newest = history.newest?.time else { return nil }
        switch playhead {
        case .live: return newest
        case .paused(let time), .playing(let time): return min(time, newest)
        }
    }

    /// The place in the history that is shown; the oldest when the playhead lies before it.
    package var shownPlace: Int? {
        guard let time = shownTime else { return nil }
        return history.place(atOrBefore: time) ?? 0
    }

    package var shownFrame: SampleFrame? { shownPlace.map { history[$0] } }

    /// What of the run is known at the shown moment. Live, that is everything; in the past, what
    /// had been recorded up to the shown sample and with it.
    package var knowledge: Knowledge {
        guard playhead != .live, let frame = shownFrame else { return .all }
        // Nothing came after the last sample of a run that ended but its end.
        if ending != nil, frame.number == history.newest?.number { return .all }
        return .upTo(frame.number)
    }

    /// The number that the next sample will have: what comes now is known with it.
    var nextSample: UInt64 { (history.newest?.number ?? 0) + 1 }

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

    /// How old what the right edge shows is, microseconds.
    package var age: Int64 {
        guard ending == nil, let newest = history.newest else { return 0 }
        return max(0, now - newest.time)
    }

    /// How far the shown moment lies behind the right edge, microseconds.
    package var behind: Int64 {
        guard playhead != .live, let time = shownTime, let newest = history.newest else { return 0 }
        return max(0, max(newest.time, ending == nil ? now : newest.time) - time)
    }

    // MARK: What follows from the samples

    /// Rates are taken over about so much, so that one odd sample does not make them jump.
    package static let rateMicroseconds: Int64 = 1_000_000

    /// The places between which rates are taken; nil before there are two samples.
    private var ratePlaces: (old: Int, new: Int)? {
        guard let place = shownPlace, place > 0 else { return nil }
        let before = history.place(atOrBefore: history[place].time - Self.rateMicroseconds) ?? 0
        return (min(before, place - 1), place)
    }

    /// What the run takes of the machine at the shown moment.
    package var load: RunLoad? {
        ratePlaces.map { RunLoad(from: history[$0.old], to: history[$0.new]) }
    }

    /// Rates at the shown moment; empty before there are two samples.
    package var rates: [StageRate] {
        guard let (before, place) = ratePlaces else { return [] }
        return rates(from: before, to: place)
    }

    private func rates(from before: Int, to place: Int) -> [StageRate] {
        let (old, new) = (history[before], history[place])
        var peaks = new.stages.map(\.fill)
        for between in stride(from: place - 1, to: before, by: -1) {
            for (stage, totals) in history[between].stages.enumerated() {
                peaks[stage] = max(peaks[stage], totals.fill)
            }
        }
        return StageRates.between(
            old, new, names: facts.stages, nanoseconds: UInt64(max(0, new.time - old.time)) * 1_000,
            peaks: peaks, above: facts.stagesAbove, workers: facts.workers)
    }

    /// A verdict is of so much time: a spike of a second is none.
    package static let verdictMicroseconds: Int64 = 3_000_000

    /// What limits the run at the shown moment.
    package var bottleneck: Bottleneck {
        guard let place = shownPlace, place > 0 else { return .unknown }
        let time = history[place].time
        let before = history.place(atOrBefore: time - Self.verdictMicroseconds) ?? 0
        let rates = rates(from: min(before, place - 1), to: place)
        switch Limit.find(rates, workers: facts.workers) {
        case .nothing: return .none
        case .workers(let busy):
            let most = rates.max { $0.busyWorkers < $1.busyWorkers }
            return .workers(busy: busy, of: facts.workers, most: most?.stage ?? "?")
        case .writer(let stage):
            return .writer(stage: rates[stage].stage, blocked: rates[stage].backpressured)
        case .stage(let stage): return .stage(evidence(stage, rates, at: place))
        }
    }

    private func evidence(_ stage: Int, _ rates: [StageRate], at place: Int) -> Bottleneck.Evidence
    {
        var evidence = Bottleneck.Evidence(rates[stage])
        evidence.fullFor = fullFor(stage, at: place)
        if evidence.fill < Bottleneck.full, let last = lastFull(stage, at: place) {
            (evidence.fill, evidence.fillAge) = last
        }
        let above = facts.stagesAbove(stage).filter { rates[$0].backpressured >= 0.05 }
        if let worst = above.max(by: { rates[$0].backpressured < rates[$1].backpressured }) {
            evidence.above = rates[worst].stage
            evidence.aboveBackpressured = rates[worst].backpressured
        }
        return evidence
    }

    /// How full a queue was when it was last full, and how long ago that is.
    private func lastFull(_ stage: Int, at place: Int) -> (fill: Double, age: Int64)? {
        let end = history[place].time
        for earlier in stride(from: place, through: 0, by: -1) {
            let frame = history[earlier]
            if end - frame.time > Bottleneck.memoryMicroseconds { return nil }
            let fill = frame.stages[stage].fill
            if fill >= Bottleneck.full { return (fill, end - frame.time) }
        }
        return nil
    }

    private func fullFor(_ stage: Int, at place: Int) -> Int64 {
        let end = history[place].time
        var since: Int64?
        for earlier in stride(from: place, through: 0, by: -1) {
            let frame = history[earlier]
            if frame.stages[stage].fill >= Bottleneck.full {
                since = frame.time
            } else if (since ?? end) - frame.time > Self.rateMicroseconds {
                break
            }
        }
        return since.map { end - $0 } ?? 0
    }
}
