import WeirBase

/// Decides which samples of a run are worth recording.
///
/// A sample that tells something new is. Of those that tell nothing new one is recorded now
/// and then, at twice the distance of the one before. So whoever follows the trace sees that
/// the run lives, and a run at rest records next to nothing. The sampler's thread owns it and
/// shows it every sample.
package struct SampleRhythm: Sendable {
    /// The time of the last recorded sample.
    private var recordedAt: RunTime?
    /// How far the next sample without news is from the last recorded one.
    private var rest = TelemetryBounds.minimumSampleRest
    /// What the last sample said of the things by which news are told.
    private var known: (newest: Int64?, logsDropped: UInt64, offersDropped: UInt64?) = (nil, 0, nil)

    package init() {}

    /// Takes the next sample, and gives it as it is to be recorded; nil when it is not.
    package mutating func take(_ sample: MetricSample) -> MetricSample? {
        if tellsSomething(sample) {
            rest = TelemetryBounds.minimumSampleRest
            recordedAt = sample.time
            return sample
        }
        guard let last = recordedAt, sample.time - last < rest else {
            recordedAt = sample.time
            rest = min(rest + rest, TelemetryBounds.maximumSampleRest)
            var quiet = sample
            quiet.restsFor = rest
            return quiet
        }
        return nil
    }

    /// Whether anything in a sample is new, apart from what changes by itself: the time, the
    /// recorder's own bytes, and what the process uses.
    private mutating func tellsSomething(_ sample: MetricSample) -> Bool {
        let losses = sample.recorder
        let isNew =
            !sample.subtasks.isEmpty || !sample.channels.isEmpty || sample.isPartial == true
            || sample.newest != known.newest || losses.logsDropped != known.logsDropped
            || losses.offersDropped != known.offersDropped
        known = (sample.newest, losses.logsDropped, losses.offersDropped)
        return isNew
    }
}
