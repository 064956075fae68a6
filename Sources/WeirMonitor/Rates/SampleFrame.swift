package import WeirTelemetry

/// Totals of one stage at one moment, all its subtasks together.
package struct StageTotals: Equatable, Sendable {
    package var recordsIn: UInt64 = 0
    package var recordsOut: UInt64 = 0
    package var errors: UInt64 = 0
    /// Nanoseconds in each state, summed over the subtasks.
    package var times = StateTimes()
    package var subtasks = 0
    /// Of the fullest inlet: one full channel holds its producer up, whatever the others hold.
    package var depth: UInt64 = 0
    package var capacity: UInt64 = 0
    package var dropped: UInt64 = 0
    package var watermarkLag: Int64?
    /// Of a sink, from the source to here, of the last second; nil where nothing came.
    package var latency: LatencyFigures?

    package init() {}

    package var fill: Double { capacity == 0 ? 0 : Double(depth) / Double(capacity) }
}

/// Totals of one subtask at one moment.
package struct SubtaskTotals: Equatable, Sendable {
    /// The number of its stage.
    package var stage: Int
    package var subtask: Int
    package var recordsIn: UInt64 = 0
    package var times = StateTimes()
    package var busiestKey: BusiestKey?
}

/// A run at one sample, brought down to stages: what the screens keep and compute with.
package struct SampleFrame: Equatable, Sendable {
    /// Microseconds since the run's start.
    package var time: Int64
    package var step: UInt64
    /// By the number of the stage in the names that the frame was made with.
    package var stages: [StageTotals]
    /// In an order that is the same in all frames of a run, new ones at the end.
    package var subtasks: [SubtaskTotals] = []
    package var recorder: RecorderSample
    /// Its place among all samples that a screen took, from 1 on; 0 before it was taken.
    package internal(set) var number: UInt64 = 0
    /// What had been noticed by then, and with it.
    package internal(set) var notices = NoticeCounts()
    /// From source to sink, of the last second; nil where nothing came out.
    package var latency: LatencyFigures?
    /// How far the source that is furthest behind is behind the newest event time, nanoseconds; nil
    /// where not two sources hold watermarks.
    package var skew: Int64?
    /// While nothing is new, the next comes within so many microseconds; else 0.
    package var restsFor: Int64 = 0
    /// Nil in traces of older builds.
    package var process: ProcessSample?

    /// Times are brought into a century, so that whatever a trace claims, nothing computed with
    /// them overflows.
    package static let times: ClosedRange<Int64> = 0...3_200_000_000_000_000

    package static func bounded(_ time: Int64) -> Int64 {
        max(times.lowerBound, min(times.upperBound, time))
    }

    /// A frame in which every stage is still empty.
    init(time: Int64, step: UInt64, stages: Int, recorder: RecorderSample) {
        self.time = Self.bounded(time)
        self.step = step
        self.recorder = recorder
        self.stages = Array(repeating: StageTotals(), count: stages)
    }

    /// Sums up a sample that names everything; what is of no stage among `names` is left out.
    package init(_ sample: MetricSample, names: [String]) {
        var table = StageTable(names: names)
        self = table.take(sample)
    }
}
