package import WeirBase

/// The bounds of the screens: what may wait, be kept or be asked for, and what happens there.
///
/// A figure stands here when it bounds what a run or a reader may take of memory, of a file or of
/// somebody's time. What bounds one view alone stays in its file.
package enum MonitorBounds {
    // MARK: History

    /// The samples that are kept one by one: ten minutes at ten samples a second. Beyond it the
    /// oldest goes to the coarse part.
    package static let maximumFineSamples = 6_000

    /// The samples of the coarse part: a day at one sample in ten seconds. Beyond it the oldest is
    /// let go.
    package static let maximumCoarseSamples = 8_640

    /// How far apart the samples of the coarse part are at least.
    package static let coarseDistance = RunTime.seconds(10)

    /// Pipelines of many stages keep fewer samples, so that all of it stays below about this many
    /// bytes. The fine part has its full capacity for frames of up to about 1,860 bytes, the coarse
    /// part for frames of up to about 650; a stage with one subtask takes some 200 of them.
    package static let maximumHistoryBytes = ByteCount.mebibytes(16)

    /// Whatever a frame takes, the fine part has room for a verdict's three seconds of ten samples
    /// each. So the bound in bytes gives way for frames of more than half a megabyte, which a run
    /// of some five thousand subtasks has.
    package static let minimumFineSamples = 32

    /// Whatever a frame takes, the coarse part has room for the two frames of a rate.
    package static let minimumCoarseSamples = 2

    // MARK: Notices

    /// The maximum length of a notice's text, in Unicode scalars. A line of the log is not longer,
    /// so that only a text that somebody made up is cut.
    package static let maximumNoticeScalars = 16 << 10

    // MARK: Logs

    /// The newest lines of the log that are kept; what is older is in the trace, and counted.
    package static let maximumLogLines = 16_384

    /// What they take at most, where they are long.
    package static let maximumLogBytes = ByteCount.mebibytes(8)

    // MARK: Latencies

    /// The maximum of subtasks of sinks whose latencies are kept. A plan has fewer; only a trace
    /// that somebody altered has more, and the others are left out.
    package static let maximumSinks = 4_096

    /// The maximum of hops of subtasks whose latencies are kept: two or three for each subtask, of
    /// some 2 kB. A plan of more has those of the subtasks that told first.
    package static let maximumHops = 4_096

    // MARK: A replay

    /// The maximum number of commands that wait while a replay is at work. A further one is refused
    /// with a word; single steps are put together and take no more room.
    package static let maximumWaitingCommands = 16

    /// The maximum number of answers that are kept to be read back; the oldest goes.
    package static let maximumAnswers = 64

    /// The maximum number of commands that were typed and can be fetched again.
    package static let maximumTypedCommands = 200
}
