package import WeirTelemetry

/// What one stage did between two samples.
///
/// Counts are rates per second, states are shares of the time between 0 and 1. Everything that the
/// screens and `--ui plain` say of a stage's present is taken from one of these.
package struct StageRate: Equatable, Sendable {
    /// What one of its subtasks did in the same time.
    package struct Part: Equatable, Sendable {
        package var subtask: Int
        /// Elements in that time; a number and no rate, because only its share of the stage's is
        /// used.
        package var recordsIn = 0.0
        package var busy = 0.0
        package var backpressured = 0.0
        package var waiting = 0.0
        package var busiestKey: BusiestKey?

        package init(subtask: Int) { self.subtask = subtask }

        /// Takes the shares from what passed in each state.
        mutating func take(_ passed: StateTimes) {
            guard let shares = StateShares(of: passed) else { return }
            (busy, backpressured) = (shares.busy, shares.backpressured)
            waiting = shares.waiting
        }
    }

    package var stage: String
    package var subtasks = 0
    package var recordsIn = 0.0
    package var recordsOut = 0.0
    package var errors = 0.0
    /// Shares of the time, 0 to 1, the mean of the subtasks. Busy, blocked by what is below
    /// (`backpressured`), waiting for a worker, and idle sum to one.
    package var busy = 0.0
    package var backpressured = 0.0
    /// Runnable, and no worker was free.
    package var waiting = 0.0
    package var idle = 1.0
    /// Messages in the fullest channel before it, at the later sample.
    package var depth: UInt64 = 0
    package var capacity: UInt64 = 0
    /// As in `StageTotals`, nanoseconds, at the later sample.
    package var watermarkLag: Int64?
    /// The fullest that its queue was seen in the time of the rate. A stage takes its queue in
    /// batches, so that the depth at one moment may be low however many wait before it.
    package var peakFill = 0.0
    /// Whether this is the stage that the verdict names (`Timeline.bottleneck`): whoever shows both
    /// sets it.
    package var isLimiting = false

    /// One for each subtask that is known.
    package var parts: [Part] = []
    /// Numbers of the stages that feed it.
    package var above: [Int] = []

    package init(stage: String) { self.stage = stage }

    /// How many workers it keeps busy on average.
    package var busyWorkers: Double { busy * Double(max(1, subtasks)) }
    /// Its busiest subtask; nil where none is known.
    package var hottest: Part? { parts.max { $0.busy < $1.busy } }
    /// The share of the stage's elements that its busiest subtask gets; nil where nothing came.
    package var hottestShare: Double? {
        let all = parts.reduce(0) { $0 + $1.recordsIn }
        guard let hottest, all > 0 else { return nil }
        return hottest.recordsIn / all
    }

    /// How full its fullest channel is at the later sample, as a share.
    package var fill: Double { capacity == 0 ? 0 : Double(depth) / Double(capacity) }

    /// Takes the shares from what passed in each state. Where nothing passed the stage was idle.
    mutating func take(_ passed: StateTimes) {
        guard let shares = StateShares(of: passed) else { return }
        (busy, backpressured) = (shares.busy, shares.backpressured)
        (waiting, idle) = (shares.waiting, shares.idle)
    }
}

/// The shares of the time that was spent in each state. They are shares of all that passed there
/// and not of the time between two samples, so that they sum to one whatever the samples' clock
/// says.
private struct StateShares {
    var busy: Double
    var backpressured: Double
    var waiting: Double
    var idle: Double

    /// Nil where no time passed at all.
    init?(of passed: StateTimes) {
        let whole = Double(passed.whole)
        guard whole > 0 else { return nil }
        busy = Double(passed.busy) / whole
        backpressured = Double(passed.backpressured) / whole
        waiting = Double(passed.waiting) / whole
        idle = Double(passed.idle) / whole
    }
}

/// Computes the rates of all stages. The lines of `--ui plain` and the screens show these and no
/// others, so that both always agree.
package enum StageRates {
    /// The rates between two frames that were made with the same names, one for each stage; zeros
    /// when no time lies between them.
    ///
    /// `nanoseconds` is the time between the frames. `peaks` are the fullest queues that were seen
    /// in between, as shares by stage, where frames in between are known. `above` gives the stages
    /// that feed one; without it nobody is known to wait.
    ///
    /// It costs a walk over the stages and the subtasks.
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
            // The depth at one moment may be low however many wait, as a stage takes its queue in
            // batches.
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
        return rates
    }

    /// Adds what each subtask did. Frames hold subtasks in the same order, new ones at the end, so
    /// that the same index means the same subtask.
    private static func addParts(
        _ rates: inout [StageRate], _ old: SampleFrame, _ new: SampleFrame
    ) {
        for (index, after) in new.subtasks.enumerated() where after.stage < rates.count {
            // A subtask that came later has no past.
            var before = SubtaskTotals(stage: after.stage, subtask: after.subtask)
            if index < old.subtasks.count, old.subtasks[index].stage == after.stage {
                before = old.subtasks[index]
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
