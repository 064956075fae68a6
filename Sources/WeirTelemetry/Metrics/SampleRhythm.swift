/// Which samples of a run are worth recording.
///
/// One that tells something is. Of those that tell nothing new one is now and then, at twice the
/// distance of the one before, so that whoever follows the trace sees that the run lives, and a run
/// at rest records next to nothing.
package struct SampleRhythm: Sendable {
    /// So far apart they come at most, microseconds: ten seconds.
    package static let longestRest: Int64 = 10_000_000
    /// The first one comes so soon.
    private static let shortestRest: Int64 = 200_000

    private var recordedAt: Int64?
    private var rest = SampleRhythm.shortestRest
    private var known: (newest: Int64?, logsDropped: UInt64, offersDropped: UInt64?) = (nil, 0, nil)

    package init() {}

    /// Takes the next sample; gives it as it is to be recorded, nil when it is not.
    package mutating func take(_ sample: MetricSample) -> MetricSample? {
        if tellsSomething(sample) {
            rest = Self.shortestRest
            recordedAt = sample.time
            return sample
        }
        guard let last = recordedAt, sample.time - last < rest else {
            recordedAt = sample.time
            rest = min(2 * rest, Self.longestRest)
            var quiet = sample
            quiet.restsFor = rest
            return quiet
        }
        return nil
    }

    /// Whether anything in it is new, but for what grows by itself: the time, the recorder's own
    /// bytes and what the process uses.
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
