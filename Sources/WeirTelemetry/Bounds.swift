package import WeirBase

/// The bounds of telemetry: what may wait, be kept or be asked for, and what happens there.
///
/// A figure stands here when it bounds what a run or a reader may take of memory, of a file or of
/// somebody's time. What follows from how a note is packed stays beside that
/// (`NoteLane.maximumNoteSlots`).
package enum TelemetryBounds {
    // MARK: Lanes

    /// The minimum number of slots a lane may have; a layout with fewer is a programmer's error and
    /// traps. Two of the largest notes and a few small ones.
    package static let minimumLaneSlots = 64

    /// About the maximum number of bytes of a log record. Longer text is cut, so that one record
    /// cannot fill the ring.
    package static let maximumLogRecordBytes = ByteCount.kibibytes(16)

    // MARK: The recorder

    /// A batch goes to the consumers when it holds about so many bytes. That is a chunk of the
    /// trace, large enough to pack well.
    package static let batchBytes = ByteCount.kibibytes(256)

    /// It also goes to them when it is so old: a screen or an export that follows shows it soon.
    package static let batchNanoseconds: UInt64 = 100_000_000

    /// The lanes are looked at this often when nothing is going on. A look that finds nothing
    /// doubles the pause until it is this long.
    package static let idleNanoseconds: UInt64 = 4_000_000

    /// After a look that found something the lanes are looked at again at once. The first look that
    /// then finds nothing is followed by this pause, as a small lane fills up soon.
    package static let busyNanoseconds: UInt64 = 250_000

    /// At rest the lanes are looked at this seldom: the usual looks would take a hundredth of a
    /// core.
    package static let restingNanoseconds: UInt64 = 50_000_000

    /// The recorder rests when nothing was found for so long.
    package static let quietNanoseconds: UInt64 = 200_000_000

    /// The maximum number of metric samples, and of incidents, that wait. Further ones are dropped
    /// and counted.
    package static let maximumInboxOffers = 4096

    /// When so many bytes of them wait, no other is taken in: a sample of a wide plan is large.
    package static let maximumInboxBytes = ByteCount.mebibytes(4)

    // MARK: Samples

    /// The maximum distance between recorded samples of a run at rest. Ten seconds: whoever follows
    /// the trace sees that the run lives, and an hour of rest costs 360 samples.
    package static let maximumSampleRest = RunTime.seconds(10)

    /// How soon the first sample without news is recorded; each next one comes at twice the
    /// distance, up to `maximumSampleRest`.
    package static let minimumSampleRest = RunTime.milliseconds(200)

    /// The maximum number of entries besides those of the plan, which only a trace that somebody
    /// altered has; further ones are left out.
    package static let maximumUnplannedEntries = 65_536

    /// The keys that a channel's sketch keeps; a further one takes the place of the lightest.
    package static let maximumSketchKeys = 16
}
