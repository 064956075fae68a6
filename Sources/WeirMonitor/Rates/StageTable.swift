package import WeirTelemetry

/// A run at its newest sample, summed up by stages: makes the frames that screens keep.
///
/// Takes every sample of a run, in order, as each names only what changed. Costs a walk over the
/// plan's subtasks and channels for each sample, some nanoseconds each.
package struct StageTable: Sendable {
    private let names: [String]
    private let numbers: [String: Int]
    private var table: SampleTable
    /// By place in the table: the number of the stage; nil for what is of no known stage.
    private var subtaskStages: [Int?] = []
    private var channelStages: [Int?] = []
    private var latencies = LatencyWindow()

    /// A table of a run whose stages stand in the order of `names`.
    package init(_ header: RunHeader, names: [String]) {
        self.init(SampleTable(header), names)
    }

    /// A table of what samples name; without a plan a stage without a sample is not known.
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
        for place in table.subtasks.indices {
            guard let stage = subtaskStages[place] else { continue }
            let subtask = table.subtasks[place]
            frame.stages[stage].add(subtask)
            frame.subtasks.append(
                SubtaskTotals(
                    stage: stage, subtask: subtask.subtask, recordsIn: subtask.recordsIn,
                    times: subtask.times, busiestKey: subtask.busiestKey))
        }
        let latency = latencies.figures(at: sample.time)
        frame.latency = latency.all
        for (stage, figures) in latency.stages {
            if let number = numbers[stage] { frame.stages[number].latency = figures }
        }
        frame.process = table.process
        frame.restsFor = max(0, min(sample.restsFor ?? 0, SampleRhythm.longestRest))
        let skews = table.subtasks.compactMap(\.skew)
        frame.skew = skews.count > 1 ? skews.max() : nil
        for place in table.channels.indices {
            guard let stage = channelStages[place] else { continue }
            frame.stages[stage].add(table.channels[place])
        }
        return frame
    }

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
    fileprivate mutating func add(_ subtask: SubtaskSample) {
        recordsIn &+= subtask.recordsIn
        recordsOut &+= subtask.recordsOut
        errors &+= subtask.errors
        dropped &+= subtask.dropped
        times += subtask.times
        subtasks += 1
        if let lag = subtask.watermarkLag { watermarkLag = max(watermarkLag ?? 0, lag) }
    }

    fileprivate mutating func add(_ channel: ChannelSample) {
        dropped &+= channel.dropped
        let other = channel.capacity == 0 ? 0 : Double(channel.depth) / Double(channel.capacity)
        if capacity == 0 || other > fill {
            depth = channel.depth
            capacity = channel.capacity
        }
    }
}
