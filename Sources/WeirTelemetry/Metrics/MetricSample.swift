package import WeirBase

/// What the sampler read at one moment, as it goes into the trace and onto the screens.
///
/// `RunSampler` makes one about ten times a second. It names the subtasks and channels that
/// changed since the sample before. What it does not name is as it was, and a subtask that it
/// does not name was idle, unless the sample had no room for everybody (`isPartial`).
/// `SampleTable` puts the whole together again. In traces of older builds every sample names
/// all of them, which reads the same.
package struct MetricSample: Codable, Equatable, Sendable {
    /// When it was read.
    package var time: RunTime
    /// The last step taken at the time of sampling.
    package var step: Step
    /// The newest event time that any source has seen, nanoseconds since 1970; nil before
    /// there is one.
    ///
    /// `watermarkLag` and `skew` are measured against it. In traces of older builds it is the
    /// newest watermark of a source.
    package var newest: Int64?
    /// True when the sample was full: what it does not name may have done anything, and a
    /// later sample tells. Otherwise nil.
    package var isPartial: Bool?
    /// Given when nothing was new: as long as that stays so, the next sample comes within so long.
    /// Otherwise nil. By this a viewer tells a run at rest from one that is gone.
    package var restsFor: RunTime?
    /// The subtasks that changed, with their totals.
    package var subtasks: [SubtaskSample]
    /// The channels that changed.
    package var channels: [ChannelSample]
    package var recorder: RecorderSample
    /// The process that runs it; nil in traces of older builds.
    package var process: ProcessSample?

    package init(
        time: RunTime, step: Step, subtasks: [SubtaskSample], channels: [ChannelSample],
        recorder: RecorderSample
    ) {
        self.time = time
        self.step = step
        self.subtasks = subtasks
        self.channels = channels
        self.recorder = recorder
    }

    /// A rough size in memory and in the file, by which the recorder bounds what waits.
    package var approximateBytes: ByteCount {
        256 + subtasks.count * SubtaskSample.approximateBytes
            + channels.count * ChannelSample.approximateBytes
    }
}

/// Totals of one subtask since the run's start. No total ever falls, so that a missed sample
/// costs detail and no truth. (Lags are as they are now, and do fall.)
package struct SubtaskSample: Codable, Equatable, Sendable {
    package var stage: String
    /// Its index within the stage.
    package var subtask: Int
    package var recordsIn: UInt64 = 0
    package var recordsOut: UInt64 = 0
    package var bytesIn = ByteCount.zero
    package var bytesOut = ByteCount.zero
    /// Elements on which an operator failed.
    package var errors: UInt64 = 0
    package var turns = TurnCount.zero
    /// Nanoseconds in which a worker was with it. As for the others, the time in progress is
    /// included.
    package var busy: UInt64 = 0
    /// Nanoseconds in which it had nothing to do.
    package var idle: UInt64 = 0
    /// Nanoseconds in which its output found no room.
    package var backpressured: UInt64 = 0
    /// Nanoseconds in which it could run and had no worker. Nil in traces of builds that took
    /// that for idle.
    package var waiting: UInt64?
    /// For a source, how many elements were read and wait to be taken, where that is known.
    package var lagRecords: UInt64?
    /// For a source, when what waits longest was read or was due; nil where nothing is known to
    /// wait.
    package var lagSince: RunTime?
    /// How far the subtask's watermark lies behind the run's newest event time, nanoseconds.
    package var watermarkLag: Int64?
    /// For a source that holds watermarks, how far the newest event time that it has seen
    /// lies behind the newest that any source has, nanoseconds. That much of its lag is a
    /// difference of the inputs.
    package var skew: Int64?
    /// How long its turns took and what came to it, since the run's start. Told about once a
    /// second; nil means as told before.
    package var latencies: [LatencySample]?
    /// The key that stands out in what comes to it; told with the latencies, nil where none
    /// does.
    package var busiestKey: BusiestKey?
    /// Elements dropped here by reason, in the order of the reasons; those that its channels
    /// dropped are not among them. Nil where there are none, and in traces that had no
    /// reasons yet.
    package var drops: [DropSample]?

    /// The time in each state. None of them falls from sample to sample.
    package var times: StateTimes {
        get {
            var times = StateTimes()
            (times.busy, times.backpressured) = (busy, backpressured)
            (times.waiting, times.idle) = (waiting ?? 0, idle)
            return times
        }
        set {
            (busy, backpressured) = (newValue.busy, newValue.backpressured)
            idle = newValue.idle
            if waiting != nil || newValue.waiting > 0 { waiting = newValue.waiting }
        }
    }

    /// Elements dropped here for any reason.
    package var dropped: UInt64 { drops?.reduce(0) { $0 &+ $1.count } ?? 0 }

    /// A rough size: names, numbers and their keys in JSON.
    static let approximateBytes: ByteCount = 256

    package init(stage: String, subtask: Int) {
        self.stage = stage
        self.subtask = subtask
    }

    /// Makes it what it is later when nothing happened to it: idle for longer.
    ///
    /// Whoever writes samples leaves out what this and `follow` give, and whoever reads them
    /// adds it.
    package mutating func wait(_ time: RunTime) {
        idle &+= UInt64(max(0, time.rawValue)) &* 1_000
    }

    /// Makes it what it is when only the run's newest event time has moved: further behind.
    package mutating func follow(newest: (old: Int64?, new: Int64?)) {
        guard let old = newest.old, let new = newest.new else {
            (watermarkLag, skew) = (nil, nil)
            return
        }
        watermarkLag = watermarkLag.map { $0 &+ (new &- old) }
        skew = skew.map { $0 &+ (new &- old) }
    }
}

/// How many elements a subtask dropped for one reason.
package struct DropSample: Codable, Equatable, Sendable {
    /// A `DropReason`'s word, or one of a later version.
    package var reason: String
    package var count: UInt64

    package init(reason: String, count: UInt64) {
        self.reason = reason
        self.count = count
    }
}

/// The state of one channel at the moment of sampling.
package struct ChannelSample: Codable, Equatable, Sendable {
    /// Its name, as in `parse/0>enrich/1`.
    package var name: String
    package var from: String
    package var to: String
    /// Messages in it.
    package var depth: UInt64
    /// How many messages it may hold.
    package var capacity: UInt64
    /// The bytes of what is in it.
    package var bytes: ByteCount
    /// Elements that it dropped by its policy since the run's start.
    package var dropped: UInt64
    /// When the message that waits longest came; nil where none waits.
    package var oldestSince: RunTime?

    /// A rough size: names, numbers and their keys in JSON.
    static let approximateBytes: ByteCount = 160

    package init(
        name: String, from: String, to: String, depth: UInt64, capacity: UInt64, bytes: ByteCount,
        dropped: UInt64
    ) {
        self.name = name
        self.from = from
        self.to = to
        self.depth = depth
        self.capacity = capacity
        self.bytes = bytes
        self.dropped = dropped
    }
}

/// What the process that runs it has used and holds.
package struct ProcessSample: Codable, Equatable, Sendable {
    /// Processor time of all its threads since it began, nanoseconds.
    package var processorNanoseconds: UInt64
    /// How much of its memory is in the machine's.
    package var residentBytes: ByteCount

    package init(processorNanoseconds: UInt64, residentBytes: ByteCount) {
        self.processorNanoseconds = processorNanoseconds
        self.residentBytes = residentBytes
    }
}

/// What the recorder itself costs and loses. What older builds did not know is nil.
package struct RecorderSample: Codable, Equatable, Sendable {
    /// Bytes of the trace so far.
    package var bytes = ByteCount.zero
    /// Log records that found no room in their workers' lanes.
    package var logsDropped: UInt64 = 0
    /// Samples and incidents that found the recorder's inbox full.
    package var offersDropped: UInt64?
    /// Processor time for reading samples and writing them into the trace, nanoseconds.
    package var sampleNanoseconds: UInt64?
    /// Bytes of the samples in the trace, before they are packed.
    package var sampleBytes: ByteCount?

    package init(bytes: ByteCount = .zero, logsDropped: UInt64 = 0) {
        self.bytes = bytes
        self.logsDropped = logsDropped
    }
}
