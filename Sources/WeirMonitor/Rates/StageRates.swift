import WeirTelemetry

/// What one stage did between two samples.
package struct StageRate: Equatable, Sendable {
    package var stage: String
    package var subtasks = 0
    package var recordsIn = 0.0
    package var recordsOut = 0.0
    package var errors = 0.0
    /// Shares of the time, 0 to 1, the mean of the subtasks; the four sum to one.
    package var busy = 0.0
    package var backpressured = 0.0
    /// Runnable, and no worker was free.
    package var waiting = 0.0
    package var idle = 1.0
    package var depth: UInt64 = 0
    package var capacity: UInt64 = 0
    package var watermarkLag: Int64?
    /// The fullest that its queue was seen in the time of the rate. A stage takes its queue in
    /// batches, so that the depth at one moment may be low however many wait before it.
    package var peakFill = 0.0
    /// Whether this is the stage that keeps the run from being faster.
    package var isLimiting = false

    package init(stage: String) { self.stage = stage }

    package var fill: Double { capacity == 0 ? 0 : Double(depth) / Double(capacity) }

    /// Takes the shares from what passed in each state: of all that passed there, so that they sum
    /// to one whatever the clock of the samples says. Where nothing passed it was idle.
    mutating func take(_ passed: StateTimes) {
        let whole = Double(passed.whole)
        guard whole > 0 else { return }
        busy = Double(passed.busy) / whole
        backpressured = Double(passed.backpressured) / whole
        waiting = Double(passed.waiting) / whole
        idle = Double(passed.idle) / whole
    }
}

/// Rates of all stages, and which one limits the run. The lines of `--ui plain` and the screens
/// show these and no others.
package enum StageRates {
    /// A stage counts as held up from this share of its time on.
    package static let heldUp = 0.5
    /// A queue that is this full speaks for the stage behind it being slow,
    package static let filling = 0.5
    /// and one this busy may be slow when somebody waits for it,
    package static let busyEnough = 0.5
    /// or when nobody does.
    package static let veryBusy = 0.8
    /// Two stages whose busy shares differ by less than this are equally busy.
    package static let equallyBusy = 0.1

    /// The rates between two frames made with the same names; zeros when no time lies between.
    ///
    /// `peaks` are the fullest queues seen in between, where frames in between are known, and
    /// `above` gives the stages that feed one; without it nobody is known to wait.
    package static func between(
        _ old: SampleFrame, _ new: SampleFrame, names: [String], nanoseconds: UInt64,
        peaks: [Double] = [], above: (Int) -> [Int] = { _ in [] }
    ) -> [StageRate] {
        var rates: [StageRate] = []
        let span = Double(nanoseconds)
        for (number, name) in names.enumerated()
        where number < new.stages.count && number < old.stages.count {
            let (before, after) = (old.stages[number], new.stages[number])
            var rate = StageRate(stage: name)
            rate.subtasks = after.subtasks
            rate.depth = after.depth
            rate.capacity = after.capacity
            rate.watermarkLag = after.watermarkLag
            rate.peakFill = max(rate.fill, number < peaks.count ? peaks[number] : 0)
            if nanoseconds > 0 {
                rate.recordsIn = growth(before.recordsIn, after.recordsIn) / span * 1e9
                rate.recordsOut = growth(before.recordsOut, after.recordsOut) / span * 1e9
                rate.errors = growth(before.errors, after.errors) / span * 1e9
            }
            rate.take(after.times.since(before.times))
            rates.append(rate)
        }
        mark(&rates, above)
        return rates
    }

    /// Totals that fell belong to samples out of order; nothing happened between them.
    private static func growth(_ before: UInt64, _ after: UInt64) -> Double {
        after > before ? Double(after - before) : 0
    }

    /// The stage that limits: the one that works while what is before it has to wait.
    ///
    /// How busy a stage is says more than how full its queue is: a stage that waits for the slowest
    /// of its inputs has full queues and does nothing. Of stages that are about as busy, the one
    /// furthest down holds up the others. Only where nobody is busy does the fullest queue decide.
    private static func mark(_ rates: inout [StageRate], _ above: (Int) -> [Int]) {
        var best: Int?
        for index in rates.indices where rates[index].backpressured < heldUp {
            let rate = rates[index]
            let holdsUp = above(index).contains { rates[$0].backpressured >= heldUp }
            let isWaitedFor = rate.peakFill >= filling || holdsUp
            guard rate.busy >= veryBusy || (rate.busy >= busyEnough && isWaitedFor) else {
                continue
            }
            // Stages stand in the order of the graph, so that the later of two is further down.
            if let known = best, rates[known].busy > rate.busy + equallyBusy { continue }
            best = index
        }
        if best == nil {
            for index in rates.indices
            where rates[index].backpressured < heldUp && rates[index].peakFill >= filling {
                if let known = best, rates[known].peakFill > rates[index].peakFill { continue }
                best = index
            }
        }
        if let best { rates[best].isLimiting = true }
    }
}
