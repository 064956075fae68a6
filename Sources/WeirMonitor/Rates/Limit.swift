/// What keeps a run from being faster.
package enum Limit: Equatable, Sendable {
    case nothing
    /// So many workers are busy, and what could run waits for one.
    case workers(busy: Double)
    /// Whoever writes a sink's rows takes no more; the number of its stage.
    case writer(Int)
    case stage(Int)

    /// A subtask counts as held up from this share of its time on.
    package static let heldUp = 0.5
    /// A queue that is this full speaks for the stage behind it being slow,
    package static let filling = 0.5
    /// and a subtask this busy may be slow when somebody waits for it,
    package static let busyEnough = 0.5
    /// or when nobody does.
    package static let veryBusy = 0.8
    /// Two stages whose busy shares differ by less than this are equally busy.
    package static let equallyBusy = 0.1
    /// Of the workers, from when on all of them count as busy.
    package static let allBusy = 0.9
    /// A subtask lacks a worker when it waits for one for this share of its time.
    package static let lacking = 0.2

    /// From the rates of all stages, each after those that feed it.
    ///
    /// Judged by the busiest subtask of each stage: the mean of four says nothing of one that gets
    /// everything. How busy a subtask is says more than how full its queue is: one that waits for
    /// the slowest of its inputs has full queues and does nothing. Of stages that are about as busy
    /// the one furthest down holds up the others. Only where nobody is busy does a full queue
    /// decide.
    package static func find(_ rates: [StageRate], workers: Int) -> Limit {
        if workers > 0, let limit = lackOfWorkers(rates, workers) { return limit }
        let fed = Set(rates.flatMap(\.above))
        // A sink has nothing below it but its writer.
        for (index, rate) in rates.enumerated()
        where !rate.above.isEmpty && !fed.contains(index) && rate.backpressured >= heldUp {
            return .writer(index)
        }
        if let busiest = busiest(rates) { return .stage(busiest) }
        if let fullest = fullest(rates) { return .stage(fullest) }
        return .nothing
    }

    /// All workers are busy and no subtask has one for most of the time: another worker would help,
    /// which it would not where one subtask is always running.
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

    private static func isHeldUp(_ rate: StageRate) -> Bool {
        (rate.hottest?.backpressured ?? rate.backpressured) >= heldUp
    }

    private static func busiest(_ rates: [StageRate]) -> Int? {
        var best: Int?
        for (index, rate) in rates.enumerated() where !isHeldUp(rate) {
            let busy = busyShare(rate)
            let holdsUp = rate.above.contains { above in
                rates[above].parts.contains { $0.backpressured >= heldUp }
                    || rates[above].backpressured >= heldUp
            }
            guard
                busy >= veryBusy || (busy >= busyEnough && (rate.peakFill >= filling || holdsUp))
            else { continue }
            // Stages stand in the order of the graph, so that the later of two is further down.
            if let known = best, busyShare(rates[known]) > busy + equallyBusy { continue }
            best = index
        }
        return best
    }

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
