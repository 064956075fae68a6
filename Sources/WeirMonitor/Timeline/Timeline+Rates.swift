package import WeirBase

/// What follows from the samples around the shown moment: rates, and what limits the run.
///
/// Everything is computed when it is asked for and nothing is kept, because the playhead may be
/// anywhere. An answer costs a walk over the samples of one to ten seconds, which is at most a
/// hundred of them; a queue that was full for longer is followed back as far as it was full.
/// Painters therefore ask once a frame (`OverviewPainter`).
extension Timeline {
    /// Rates are taken over about one second: ten samples at the usual rhythm. A single interval
    /// would make rates jump, because a stage works in batches; several seconds would hide what has
    /// just changed.
    package static let rateSpan = RunTime.seconds(1)

    /// The indices of the samples between which rates are taken; nil before there are two samples.
    /// The older one is the newest that lies at least a second before the shown one; near the run's
    /// start it is the first sample.
    private var rateIndices: (old: Int, new: Int)? {
        guard let index = shownIndex, index > 0 else { return nil }
        let before = history.index(atOrBefore: history[index].time - Self.rateSpan) ?? 0
        return (min(before, index - 1), index)
    }

    /// What the run takes of the machine at the shown moment; nil before there are two samples.
    package var load: RunLoad? {
        rateIndices.map { RunLoad(from: history[$0.old], to: history[$0.new]) }
    }

    /// Rates at the shown moment, one for each stage in the order of `facts.stages`; empty before
    /// there are two samples.
    package var rates: [StageRate] {
        guard let (before, index) = rateIndices else { return [] }
        return rates(from: before, to: index)
    }

    private func rates(from before: Int, to index: Int) -> [StageRate] {
        let (old, new) = (history[before], history[index])
        // A stage empties its queue in batches, so that a queue that is full again and again may
        // look empty in both samples. The fullest moment in between tells.
        var peaks = new.stages.map(\.fill)
        for between in stride(from: index - 1, to: before, by: -1) {
            for (stage, totals) in history[between].stages.enumerated() {
                peaks[stage] = max(peaks[stage], totals.fill)
            }
        }
        return StageRates.between(
            old, new, names: facts.stages,
            nanoseconds: UInt64(max(.zero, new.time - old.time).nanoseconds),
            peaks: peaks, above: facts.stagesAbove)
    }

    /// A verdict is about the last three seconds. One sentence names one culprit, and over a single
    /// second a run that works in bursts would name another one each time.
    package static let verdictSpan = RunTime.seconds(3)

    /// What limits the run at the shown moment, with the evidence that the sentence names. `Limit`
    /// decides on rates of three seconds, and this adds what a longer look back tells.
    package var bottleneck: Bottleneck {
        guard let index = shownIndex, index > 0 else { return .unknown }
        let time = history[index].time
        let before = history.index(atOrBefore: time - Self.verdictSpan) ?? 0
        let rates = rates(from: min(before, index - 1), to: index)
        switch Limit.find(rates, workers: facts.workers) {
        case .nothing: return .none
        case .workers(let busy):
            let busiest = rates.max { $0.busyWorkers < $1.busyWorkers }
            return .workers(busy: busy, of: facts.workers, busiest: busiest?.stage ?? "?")
        case .writer(let stage):
            return .writer(stage: rates[stage].stage, blocked: rates[stage].backpressured)
        case .stage(let stage): return .stage(evidence(stage, rates, at: index))
        }
    }

    /// The evidence that a stage limits the run: its own figures, how long its queue has been full,
    /// and which of the stages that feed it is held up most.
    private func evidence(_ stage: Int, _ rates: [StageRate], at index: Int) -> Bottleneck.Evidence
    {
        var evidence = Bottleneck.Evidence(rates[stage])
        evidence.fullFor = fullFor(stage, at: index)
        if evidence.fill < Bottleneck.full, let last = lastFull(stage, at: index) {
            (evidence.fill, evidence.fillAge) = last
        }
        // Less than a twentieth of the time is what any queue costs now and then, and no evidence.
        let above = facts.stagesAbove(stage).filter { rates[$0].backpressured >= 0.05 }
        if let worst = above.max(by: { rates[$0].backpressured < rates[$1].backpressured }) {
            evidence.above = rates[worst].stage
            evidence.aboveBackpressured = rates[worst].backpressured
        }
        return evidence
    }

    /// How full a queue was when it was last full, and how long ago that is; nil when it was not
    /// full within `Bottleneck.memory`.
    private func lastFull(_ stage: Int, at index: Int) -> (fill: Double, age: RunTime)? {
        let end = history[index].time
        for earlier in stride(from: index, through: 0, by: -1) {
            let frame = history[earlier]
            if end - frame.time > Bottleneck.memory { return nil }
            let fill = frame.stages[stage].fill
            if fill >= Bottleneck.full { return (fill, end - frame.time) }
        }
        return nil
    }

    /// For how long a queue has been full; none when it is not. Gaps of up to a second do not end
    /// the time: the stage just took a batch, and the queue fills up again.
    private func fullFor(_ stage: Int, at index: Int) -> RunTime {
        let end = history[index].time
        var since: RunTime?
        for earlier in stride(from: index, through: 0, by: -1) {
            let frame = history[earlier]
            if frame.stages[stage].fill >= Bottleneck.full {
                since = frame.time
            } else if (since ?? end) - frame.time > Self.rateSpan {
                // This sample lies too long before the earliest one that was full.
                break
            }
        }
        return since.map { end - $0 } ?? .zero
    }
}
