import WeirBase
package import WeirTelemetry

/// A run at its newest sample, summed up by stages: makes the frames that screens keep.
///
/// It takes every sample of a run, in order (`take`), and gives a frame for each. A sample names
/// only what changed since the one before, so that none may be left out, and a reader that joins
/// late has to begin at the first. `NewsDigest` owns one for a screen and `RunWatch` one for lines.
/// A sample costs a walk over the plan's subtasks and channels, some nanoseconds each.
package struct StageTable: Sendable {
    /// The stages' names, in the order that frames have.
    private let names: [String]
    /// The number of each stage, by its name; only looked up.
    private let numbers: [String: Int]
    /// All subtasks and channels as the samples so far tell.
    private var table: SampleTable
    /// For each subtask in the table the number of its stage; nil for one of no known stage.
    private var subtaskStages: [Int?] = []
    /// For each channel in the table the number of the stage that it leads to; nil for none that is
    /// known.
    private var channelStages: [Int?] = []
    private var latencies = LatencyWindow()

    /// A table of a run whose stages stand in the order of `names`. The header tells all subtasks
    /// and channels from the start.
    package init(_ header: RunHeader, names: [String]) {
        self.init(SampleTable(header), names)
    }

    /// A table that knows only what samples name; a stage without a sample has no figures.
    package init(names: [String]) { self.init(SampleTable(), names) }

    private init(_ table: SampleTable, _ names: [String]) {
        self.names = names
        self.table = table
        var numbers: [String: Int] = [:]
        for (number, name) in names.enumerated() { numbers[name] = number }
        self.numbers = numbers
        findStages()
    }

    /// Takes the run's next sample; gives the frame of its moment.
    package mutating func take(_ sample: MetricSample) -> SampleFrame {
        table.take(sample)
        latencies.take(sample)
        findStages()
        var frame = SampleFrame(
            time: sample.time, step: sample.step, stages: names.count, recorder: sample.recorder)
        for index in table.subtasks.indices {
            guard let stage = subtaskStages[index] else { continue }
            let subtask = table.subtasks[index]
            frame.stages[stage].add(subtask)
            frame.subtasks.append(
                SubtaskTotals(
                    stage: stage, subtask: subtask.subtask, recordsIn: subtask.recordsIn,
                    times: subtask.times, busiestKey: subtask.busiestKey))
        }
        let latency = latencies.figures(at: sample.time)
        frame.latency = latency.all
        for (stage, figures) in latency.sinks {
            if let number = numbers[stage] { frame.stages[number].latency = figures }
        }
        for (stage, hops) in latency.stages {
            if let number = numbers[stage] { frame.stages[number].hops = hops }
        }
        frame.process = table.process
        frame.restsFor = max(0, min(sample.restsFor ?? 0, TelemetryBounds.maximumSampleRest))
        let skews = table.subtasks.compactMap(\.skew)
        // A single source cannot be behind another one.
        frame.skew = skews.count > 1 ? skews.max() : nil
        for index in table.channels.indices {
            guard let stage = channelStages[index] else { continue }
            frame.stages[stage].add(table.channels[index])
        }
        return frame
    }

    /// Finds the stages of what the table has come to know since the last time. The table only
    /// grows.
    private mutating func findStages() {
        for subtask in table.subtasks[subtaskStages.count...] {
            subtaskStages.append(numbers[subtask.stage])
        }
        for channel in table.channels[channelStages.count...] {
            channelStages.append(numbers[channel.to])
        }
    }
}

extension StageTotals {
    /// Adds a subtask of the stage: counts are summed, and of the lags the greatest counts.
    fileprivate mutating func add(_ subtask: SubtaskSample) {
        recordsIn &+= subtask.recordsIn
        recordsOut &+= subtask.recordsOut
        errors &+= subtask.errors
        dropped &+= subtask.dropped
        times += subtask.times
        subtasks += 1
        if let lag = subtask.watermarkLag { watermarkLag = max(watermarkLag ?? 0, lag) }
    }

    /// Adds a channel that leads to the stage: the fullest one stands for all.
    fileprivate mutating func add(_ channel: ChannelSample) {
        dropped &+= channel.dropped
        let other = channel.capacity == 0 ? 0 : Double(channel.depth) / Double(channel.capacity)
        if capacity == 0 || other > fill {
            depth = channel.depth
            capacity = channel.capacity
        }
    }
}
