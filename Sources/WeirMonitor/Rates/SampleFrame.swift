package import WeirBase
package import WeirTelemetry

/// Totals of one stage at one moment, all its subtasks together. Counts are since the run's start
/// and wrap around instead of trapping, because a damaged trace may claim any number.
package struct StageTotals: Equatable, Sendable {
    package var recordsIn: UInt64 = 0
    package var recordsOut: UInt64 = 0
    package var errors: UInt64 = 0
    /// Nanoseconds in each state, summed over the subtasks.
    package var times = StateTimes()
    /// How many subtasks the stage has, as far as is known.
    package var subtasks = 0
    /// Messages in the fullest channel before the stage. One full channel holds its producer up,
    /// whatever the others hold, so that a sum would hide it.
    package var depth: UInt64 = 0
    /// How many messages that channel has room for; 0 where nothing feeds the stage.
    package var capacity: UInt64 = 0
    /// Elements that were dropped by the stage, or on the way to it.
    package var dropped: UInt64 = 0
    /// How far the watermark of the subtask that is furthest behind lies behind the newest event
    /// time, in nanoseconds; nil where no subtask has one.
    package var watermarkLag: Int64?
    /// Of a sink, from the source to here, of the last second; nil where nothing came.
    package var latency: LatencyFigures?
    /// How long its hops took in the last second.
    package var hops = HopLatencies()

    package init() {}

    /// How full the fullest channel is, as a share; 0 where there is none.
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
///
/// `StageTable` makes frames from samples, one for each; `Timeline` numbers them and keeps them in
/// its history. A frame is a few hundred bytes for a small pipeline and constant once it is kept.
package struct SampleFrame: Equatable, Sendable {
    /// When it was read.
    package var time: RunTime
    /// The run's step count at the sample: where the debugger opens for this moment.
    package var step: Step
    /// Totals by the number of the stage, in the order of the names that the frame was made with.
    package var stages: [StageTotals]
    /// In an order that is the same in all frames of a run, new ones at the end.
    package var subtasks: [SubtaskTotals] = []
    package var recorder: RecorderSample
    /// Its number among all samples that a timeline took, from 1 on; 0 before it was taken.
    package internal(set) var number: UInt64 = 0
    /// How many notices had come by then, and with it.
    package internal(set) var notices = NoticeCounts()
    /// How many lines these were in the list of notices, those that were let go among them.
    package internal(set) var noticeLines: UInt64 = 0
    /// Latencies from source to sink over all sinks, of the last second; nil where nothing came
    /// out.
    package var latency: LatencyFigures?
    /// How far the source that is furthest behind is behind the newest event time, nanoseconds; nil
    /// where not two sources hold watermarks.
    package var skew: Int64?
    /// While nothing is new, the next comes within so long; else none.
    package var restsFor = RunTime.zero
    /// What the process takes of the machine; nil in traces of older builds.
    package var process: ProcessSample?

    /// Times are brought into about a century (3.2 × 10¹⁵ µs are 101 years), so that whatever a
    /// trace claims, nothing computed with them overflows.
    package static let times: ClosedRange<RunTime> =
        .start ... .microseconds(3_200_000_000_000_000)

    /// A time within that century.
    package static func bounded(_ time: RunTime) -> RunTime {
        max(times.lowerBound, min(times.upperBound, time))
    }

    /// A frame in which every stage is still empty.
    init(time: RunTime, step: Step, stages: Int, recorder: RecorderSample) {
        self.time = Self.bounded(time)
        self.step = step
        self.recorder = recorder
        self.stages = Array(repeating: StageTotals(), count: stages)
    }

    /// The frame of a sample that names everything; what is of no stage among `names` is left out.
    /// A run's samples name only what changed, and go through a `StageTable` of their own.
    package init(_ sample: MetricSample, names: [String]) {
        var table = StageTable(names: names)
        self = table.take(sample)
    }
}
