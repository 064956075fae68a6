/// What keeps a run from being faster: the judgement alone, on rates that others computed.
///
/// The signs are how busy a stage's subtasks are, how full the queue before it becomes, and whether
/// anybody above it is held up. The thresholds below are shares of the time between two samples.
/// `weir-bench bottleneck` runs pipelines with known causes and counts how often the judgement is
/// right.
package enum Limit: Equatable, Sendable {
    case nothing
    /// So many workers are busy, and what could run waits for one.
    case workers(busy: Double)
    /// Whoever writes a sink's rows takes no more; the number of its stage.
    case writer(Int)
    /// A stage is slower than its input; its number.
    case stage(Int)

    /// A subtask counts as held up when it waits for room below it for at least this share of its
    /// time. It is not the cause then, whatever else it does.
    package static let heldUp = 0.5
    /// A queue that is at least this full speaks for the stage behind it being slow.
    package static let filling = 0.5
    /// A subtask that is at least this busy may be the slow one when somebody waits for it.
    package static let busyEnough = 0.5
    /// A subtask that is at least this busy may be the slow one even when nobody waits, because
    /// then it has no room to become faster.
    package static let veryBusy = 0.8
    /// Two stages whose busy shares differ by less than this are equally busy.
    package static let equallyBusy = 0.1
    /// The workers count as all busy when at least this share of them is, on average.
    package static let allBusy = 0.9
    /// A subtask lacks a worker when it waits for one for this share of its time.
    package static let lacking = 0.2

    /// Judges the rates of all stages, which stand in the order of `RunFacts.stages`, each after
    /// those that feed it. `workers` is 0 where it is not known, and then they are never named.
    ///
    /// Each stage is judged by its busiest subtask, because the mean of four says nothing of one
    /// that gets everything. How busy a subtask is says more than how full its queue is: one that
    /// waits for the slowest of its inputs has full queues and does nothing. Of stages that are
    /// about as busy, the one furthest down holds up the others. Only where nobody is busy does a
    /// full queue decide.
    ///
    /// It costs a walk over all stages and subtasks.
    package static func find(_ rates: [StageRate], workers: Int) -> Limit {
        if workers > 0, let limit = lackOfWorkers(rates, workers) { return limit }
        let fed = Set(rates.flatMap(\.above))
        // A sink has nothing below it but its writer, so that a sink that is held up is held up by
        // that.
        for (index, rate) in rates.enumerated()
        where !rate.above.isEmpty && !fed.contains(index) && rate.backpressured >= heldUp {
            return .writer(index)
        }
        if let busiest = busiest(rates) { return .stage(busiest) }
        if let fullest = fullest(rates) { return .stage(fullest) }
        return .nothing
    }

    /// Whether more workers would help: all are busy, no subtask has one for most of the time, and
    /// the busiest one waits for one. Where one subtask is always running another worker would
    /// change nothing.
    private static func lackOfWorkers(_ rates: [StageRate], _ workers: Int) -> Limit? {
        let busy = rates.reduce(0) { $0 + $1.busyWorkers }
        guard busy >= allBusy * Double(workers) else { return nil }
        let parts = rates.flatMap(\.parts)
        guard let hottest = parts.max(by: { $0.busy < $1.busy }), hottest.busy < veryBusy,
            hottest.waiting >= lacking
        else { return nil }
        return .workers(busy: min(busy, Double(workers)))
    }

    /// The share of its time that a stage's busiest subtask is busy.
    private static func busyShare(_ rate: StageRate) -> Double { rate.hottest?.busy ?? rate.busy }

    /// Whether a stage's busiest subtask waits for room below it for most of its time.
    private static func isHeldUp(_ rate: StageRate) -> Bool {
        (rate.hottest?.backpressured ?? rate.backpressured) >= heldUp
    }

    /// The stage whose busiest subtask is the slow one; nil where nobody is busy enough. Of those
    /// that are about as busy as the busiest, it is the one furthest down.
    private static func busiest(_ rates: [StageRate]) -> Int? {
        let suspects = rates.indices.filter { isSuspect(rates[$0], among: rates) }
        guard let maximum = suspects.map({ busyShare(rates[$0]) }).max() else { return nil }
        // Stages stand in the order of the graph, so that the later of two is further down.
        return suspects.last { busyShare(rates[$0]) >= maximum - equallyBusy }
    }

    /// Whether a stage may be the slow one. One that is moderately busy needs a witness: a queue
    /// before it that fills up, or somebody above it who is held up.
    private static func isSuspect(_ rate: StageRate, among rates: [StageRate]) -> Bool {
        if isHeldUp(rate) { return false }
        let busy = busyShare(rate)
        let holdsUp = rate.above.contains { above in
            rates[above].parts.contains { $0.backpressured >= heldUp }
                || rates[above].backpressured >= heldUp
        }
        return busy >= veryBusy || (busy >= busyEnough && (rate.peakFill >= filling || holdsUp))
    }

    /// The stage with the fullest queue, of equals the one furthest down; nil where no queue fills
    /// up. A stage that lacks a worker is not slow by itself, and is left out.
    private static func fullest(_ rates: [StageRate]) -> Int? {
        var best: Int?
        for (index, rate) in rates.enumerated()
        where !isHeldUp(rate) && rate.peakFill >= filling && rate.waiting < lacking {
            if let known = best, rates[known].peakFill > rate.peakFill { continue }
            best = index
        }
        return best
    }
}
