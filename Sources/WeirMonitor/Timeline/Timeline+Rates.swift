/// What follows from the samples around the shown moment: rates, and what limits the run.
extension Timeline {
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
