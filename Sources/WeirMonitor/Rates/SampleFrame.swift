package import WeirTelemetry

/// Totals of one stage at one moment, all its subtasks together.
package struct StageTotals: Equatable, Sendable {
    package var recordsIn: UInt64 = 0
    package var recordsOut: UInt64 = 0
    package var errors: UInt64 = 0
    /// Nanoseconds, summed over the subtasks.
    package var busy: UInt64 = 0
    package var backpressured: UInt64 = 0
    package var subtasks = 0
    /// Of the fullest inlet: one full channel holds its producer up, whatever the others hold.
    package var depth: UInt64 = 0
    package var capacity: UInt64 = 0
    package var dropped: UInt64 = 0
    package var watermarkLag: Int64?

    package init() {}

    package var fill: Double { capacity == 0 ? 0 : Double(depth) / Double(capacity) }
}

/// A metric sample brought down to stages: what the screens keep and compute with.
package struct SampleFrame: Equatable, Sendable {
    /// Microseconds since the run's start.
    package var time: Int64
    package var step: UInt64
    /// By the number of the stage in the names that the frame was made with.
    package var stages: [StageTotals]
    package var recorder: RecorderSample

    /// Times are brought into a century, so that whatever a trace claims, nothing computed with
    /// them overflows.
    package static let times: ClosedRange<Int64> = 0...3_200_000_000_000_000

    package static func bounded(_ time: Int64) -> Int64 {
        max(times.lowerBound, min(times.upperBound, time))
    }

    /// Sums a sample up; subtasks and channels of stages that are not among `names` are left out.
    package init(_ sample: MetricSample, names: [String]) {
        time = Self.bounded(sample.time)
        step = sample.step
        recorder = sample.recorder
        stages = Array(repeating: StageTotals(), count: names.count)
        var numbers: [String: Int] = [:]
        for (number, name) in names.enumerated() { numbers[name] = number }
        for subtask in sample.subtasks {
            guard let number = numbers[subtask.stage] else { continue }
            stages[number].add(subtask)
        }
        for channel in sample.channels {
            guard let number = numbers[channel.to] else { continue }
            stages[number].add(channel)
        }
    }
}

extension StageTotals {
    fileprivate mutating func add(_ subtask: SubtaskSample) {
        recordsIn &+= subtask.recordsIn
        recordsOut &+= subtask.recordsOut
        errors &+= subtask.errors
        dropped &+= subtask.dropped
        busy &+= subtask.busy
        backpressured &+= subtask.backpressured
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
