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

    /// The lanes are looked at this often while a run goes on. A lane that fills up faster wakes
    /// the recorder at each quarter, so that this is about age alone: a screen and an export that
    /// follows see a note that much later, and a look costs a few microseconds whatever it finds.
    package static let drainNanoseconds: UInt64 = 4_000_000

    /// Which part of a lane is filled until its writer wakes the recorder: a quarter, so that the
    /// rest lasts for as long as it takes to wake and to write a batch.
    package static let fillsUntilRing = 4

    /// At rest the lanes are looked at this seldom. Whoever notes something rings, so that this
    /// only bounds what a missed ring could cost.
    package static let restingNanoseconds: UInt64 = 10_000_000_000

    /// The recorder rests when nothing was found for so long.
    package static let quietNanoseconds: UInt64 = 20_000_000

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
