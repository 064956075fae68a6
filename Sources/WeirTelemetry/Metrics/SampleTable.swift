package import WeirBase

/// All subtasks and channels of a run as they were at its newest sample.
///
/// Samples name only what changed. Taken one by one, in order, they give the whole here: for
/// the screens and for exports. Costs a few words for each subtask and channel, and a walk
/// over the subtasks for each sample.
package struct SampleTable: Sendable {
    /// The plan's subtasks in the order of their numbers, then others in the order of their
    /// appearance.
    package private(set) var subtasks: [SubtaskSample] = []
    /// The plan's channels by the number of their consumers, then others.
    package private(set) var channels: [ChannelSample] = []
    /// The time of the newest sample.
    package private(set) var time: RunTime = 0
    /// The last step that was taken by then.
    package private(set) var step: Step = 0
    package private(set) var newest: Int64?
    package private(set) var recorder = RecorderSample()
    package private(set) var process: ProcessSample?

    /// By index of a subtask, up to when its times are known.
    private var told: [RunTime] = []

    private struct Key: Hashable {
        var stage: String
        var subtask: Int
    }

    /// The index of each subtask in `subtasks`.
    private var subtaskIndices: [Key: Int] = [:]
    /// The index of each channel in `channels`, by name.
    private var channelIndices: [String: Int] = [:]
    /// How many entries were added or refused besides those of the plan.
    private var unplanned = 0

    /// A table that knows nothing but what samples name.
    package init() {}

    /// A table of a run's plan, everything in it at rest.
    package init(_ header: RunHeader) {
        var capacities: [String: UInt64] = [:]
        for edge in header.edges {
            capacities["\(edge.from)>\(edge.to)"] = UInt64(clamping: edge.capacity)
        }
        for subtask in header.subtasks {
            add(SubtaskSample(stage: subtask.stage, subtask: subtask.index))
            for name in subtask.inlets {
                let from = Self.producer(of: name)
                add(
                    ChannelSample(
                        name: name, from: from, to: subtask.stage, depth: 0,
                        capacity: capacities["\(from)>\(subtask.stage)"] ?? 0, bytes: 0,
                        dropped: 0))
            }
        }
    }

    /// Walks the entries: each is found by its name, and by no other.
    package func checkInvariants() {
        precondition(
            subtaskIndices.count == subtasks.count && told.count == subtasks.count,
            "\(subtasks.count) subtasks have \(subtaskIndices.count) names, \(told.count) times")
        precondition(
            channelIndices.count == channels.count,
            "\(channels.count) channels have \(channelIndices.count) names")
        for (index, subtask) in subtasks.enumerated() {
            let key = Key(stage: subtask.stage, subtask: subtask.subtask)
            precondition(subtaskIndices[key] == index, "\(key) is not found at \(index)")
        }
        for (index, channel) in channels.enumerated() {
            precondition(
                channelIndices[channel.name] == index, "\(channel.name) is not found at \(index)")
        }
    }

    /// The stage that writes a channel: `parse` of `parse/0>enrich/1`.
    private static func producer(of channel: String) -> String {
        let from = channel.prefix { $0 != ">" }
        guard let slash = from.lastIndex(of: "/") else { return String(from) }
        return String(from[..<slash])
    }

    /// Takes the next sample of the run.
    ///
    /// No time of a subtask falls, also where older builds told less than before.
    package mutating func take(_ sample: MetricSample) {
        for index in subtasks.indices {
            subtasks[index].follow(newest: (old: newest, new: sample.newest))
        }
        for subtask in sample.subtasks {
            guard let index = index(of: subtask) else { continue }
            let known = subtasks[index]
            subtasks[index] = subtask
            subtasks[index].times.raise(to: known.times)
            if subtask.latencies == nil { subtasks[index].latencies = known.latencies }
            told[index] = sample.time
        }
        // Whoever a full sample does not name may not have been idle.
        if sample.isPartial != true { passTime(to: sample.time) }
        for channel in sample.channels {
            if let index = index(of: channel) { channels[index] = channel }
        }
        (time, step, newest) = (sample.time, sample.step, sample.newest)
        recorder = sample.recorder
        process = sample.process
    }

    /// Counts the time since each subtask was told as idle: it was not named, so nothing
    /// happened to it.
    private mutating func passTime(to time: RunTime) {
        for index in subtasks.indices {
            subtasks[index].wait(time.since(told[index]) ?? .zero)
            told[index] = time
        }
    }

    private mutating func index(of subtask: SubtaskSample) -> Int? {
        let key = Key(stage: subtask.stage, subtask: subtask.subtask)
        if let index = subtaskIndices[key] { return index }
        guard admitsAnother() else { return nil }
        add(subtask)
        return subtasks.count - 1
    }

    private mutating func index(of channel: ChannelSample) -> Int? {
        if let index = channelIndices[channel.name] { return index }
        guard admitsAnother() else { return nil }
        add(channel)
        return channels.count - 1
    }

    /// Whether there is room for an entry that the plan does not have.
    private mutating func admitsAnother() -> Bool {
        unplanned += 1
        return unplanned <= TelemetryBounds.maximumUnplannedEntries
    }

    private mutating func add(_ subtask: SubtaskSample) {
        let key = Key(stage: subtask.stage, subtask: subtask.subtask)
        guard subtaskIndices[key] == nil else { return }
        subtaskIndices[key] = subtasks.count
        subtasks.append(subtask)
        told.append(0)
    }

    private mutating func add(_ channel: ChannelSample) {
        guard channelIndices[channel.name] == nil else { return }
        channelIndices[channel.name] = channels.count
        channels.append(channel)
    }
}
