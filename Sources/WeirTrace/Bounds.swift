package import WeirBase

/// The bounds of the trace: what may wait, be kept or be asked for, and what happens there.
///
/// A figure stands here when it bounds what a run or a reader may take of memory, of a file or of
/// somebody's time. What a codec believes of a file is part of its form and stays beside it
/// (`Mcap.maximumChunk`): a larger claim there is taken for damage.
package enum TraceBounds {
    // MARK: Writing

    /// Chunks of inputs and telemetry are closed at about so many bytes. 256 KiB pack well, and a
    /// kill in the middle of writing takes no more than one of them from the file.
    package static let chunkBytes = ByteCount.kibibytes(256)

    /// A message of input blocks is closed when it holds so many bytes; a single larger block makes
    /// a larger message.
    package static let inputMessageBytes = ByteCount.kibibytes(256)

    /// What would make a message longer than this gets one to itself: half of what a chunk has room
    /// for, so that an estimate of a size may be wrong by as much.
    static let maximumSharedBytes = ByteCount(Mcap.maximumMessage / 2)

    // MARK: Exporting

    /// Lines of an export are handed on as soon as so many bytes wait: 32 KiB, half of what a pipe
    /// holds.
    package static let exportPieceBytes = ByteCount.kibibytes(32)

    /// The maximum number of log records that are held back, about 10 MB. Beyond it the oldest half
    /// is given out in the order known so far, so that one turn that never ends cannot stop the
    /// export.
    package static let maximumHeldRecords = 1 << 16

    /// The maximum number of records of one turn that are put in order together. Further ones
    /// follow as they come, so that a turn that logs without end does not fill the memory.
    package static let maximumTurnRecords = 1 << 18

    /// The maximum number of steps that are held back until the turns before them have ended, about
    /// 10 MB. Beyond it the oldest is given without its end.
    package static let maximumHeldSteps = 1 << 16

    // MARK: Recovering

    /// So many records that cannot be read are gone around. What lies behind the last of them is
    /// one more gap, to the file's end, so that a file of garbage is given up soon.
    package static let maximumGaps = 4_096

    /// So many lost regions of a file are told one by one. The others are only counted, so that a
    /// file of garbage costs no memory.
    package static let maximumToldRegions = 8

    /// The maximum number of statements of a file that stand in for lost ones. A log message that
    /// needs more of them is taken for damage.
    package static let maximumStandInSites = 1 << 16

    /// How many turns and accesses of one run may wait for those of another while two runs are
    /// compared; beyond it comparing by name ends. They take some hundred megabytes at most.
    static let maximumComparedTurns = 1 << 20
}
