package import WeirTelemetry

/// What one stage did between two samples.
package struct StageRate: Equatable, Sendable {
    /// What one of its subtasks did.
    package struct Part: Equatable, Sendable {
        package var subtask: Int
        /// Elements in that time.
        package var recordsIn = 0.0
        package var busy = 0.0
        package var backpressured = 0.0
        package var waiting = 0.0
        package var busiestKey: BusiestKey?

        package init(subtask: Int) { self.subtask = subtask }

        mutating func take(_ passed: StateTimes) {
            let whole = Double(passed.whole)
            guard whole > 0 else { return }
            busy = Double(passed.busy) / whole
            backpressured = Double(passed.backpressured) / whole
            waiting = Double(passed.waiting) / whole
        }
    }

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

    /// One for each subtask that is known.
    package var parts: [Part] = []
    /// Numbers of the stages that feed it.
    package var above: [Int] = []

    package init(stage: String) { self.stage = stage }

    /// How many workers it keeps busy.
    package var busyWorkers: Double { busy * Double(max(1, subtasks)) }
    /// Its busiest subtask; nil where none is known.
    package var hottest: Part? { parts.max { $0.busy < $1.busy } }
    /// Of what comes to the stage, what its busiest subtask gets; nil where nothing came.
    package var hottestShare: Double? {
        let all = parts.reduce(0) { $0 + $1.recordsIn }
        guard let hottest, all > 0 else { return nil }
        return hottest.recordsIn / all
    }

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
    /// The rates between two frames made with the same names; zeros when no time lies between.
    ///
    /// `peaks` are the fullest queues seen in between, where frames in between are known, and
    /// `above` gives the stages that feed one; without it nobody is known to wait.
    package static func between(
        _ old: SampleFrame, _ new: SampleFrame, names: [String], nanoseconds: UInt64,
        peaks: [Double] = [], above: (Int) -> [Int] = { _ in [] }, workers: Int = 0
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
        addParts(&rates, old, new)
        for index in rates.indices { rates[index].above = above(index) }
        if case .stage(let limiting) = Limit.find(rates, workers: workers) {
            rates[limiting].isLimiting = true
        }
        return rates
    }

    private static func addParts(
        _ rates: inout [StageRate], _ old: SampleFrame, _ new: SampleFrame
    ) {
        for (place, after) in new.subtasks.enumerated() where after.stage < rates.count {
            // A subtask that came later has no past.
            var before = SubtaskTotals(stage: after.stage, subtask: after.subtask)
            if place < old.subtasks.count, old.subtasks[place].stage == after.stage {
                before = old.subtasks[place]
            }
            var part = StageRate.Part(subtask: after.subtask)
            part.recordsIn = growth(before.recordsIn, after.recordsIn)
            part.busiestKey = after.busiestKey
            part.take(after.times.since(before.times))
            rates[after.stage].parts.append(part)
        }
    }

    /// Totals that fell belong to samples out of order; nothing happened between them.
    private static func growth(_ before: UInt64, _ after: UInt64) -> Double {
        after > before ? Double(after - before) : 0
    }
}
