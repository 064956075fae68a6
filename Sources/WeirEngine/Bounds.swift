package import WeirBase

/// The bounds of the engine: what may wait, be kept or be asked for, and what happens there.
///
/// A figure stands here when it bounds what a run or a reader may take of memory, of a file or of
/// somebody's time. What is part of a form stays beside it (`DropRun.maximumLength` is what six
/// bits hold), and so does what a user sets (`RunOptions`, `ParallelScheduler.Options`).
package enum EngineBounds {
    // MARK: A turn

    /// The maximum number of messages or elements that a turn takes; what is left waits for the
    /// next one. It bounds how long a turn holds its worker and a rest point up; a larger one would
    /// save little, since 256 elements share the cost of a turn already.
    package static let maximumTurnMessages = 256

    /// The maximum number of answered calls that a completion turn takes; the others wait for the
    /// next one. Its note has room for their numbers: 11 slots behind the first one.
    package static let maximumTurnCalls = 32

    /// The maximum bytes that one turn's closures may emit, by their elements' fields. What a turn
    /// emits is kept until it is published, and a closure that emits without end would fill the
    /// memory; more is the operator's error.
    package static let maximumEmittedBytes = ByteCount.mebibytes(16)

    /// The maximum number of outlets of a subtask; a plan with more is refused. The note of a
    /// turn's end has a count for each, and takes 23 slots of a lane with so many.
    package static let maximumOutlets = 128

    // MARK: Reading and writing

    /// The maximum number of blocks that wait between a reader and its source; the reader then
    /// waits, and the input with it. 1 MiB with full blocks, enough for the reader to be ahead
    /// while the subtask takes a turn.
    package static let maximumReadBlocks = 16

    /// The maximum bytes of a block. A reader is asked for no more at once: 64 KiB are what a pipe
    /// holds.
    package static let maximumBlockBytes = ByteCount.kibibytes(64)

    /// The maximum length of a line, in bytes; a longer one is cut, and told as too long.
    package static let maximumLineBytes = ByteCount.mebibytes(16)

    /// The maximum bytes of whole lines that wait: no more blocks are taken in from there on.
    /// Sixteen blocks, as many as the feed holds.
    package static let maximumWaitingLineBytes = ByteCount.mebibytes(1)

    /// The maximum bytes of unfinished lines of files that are not read now, all together: two
    /// lines of the maximum length.
    package static let maximumAsideBytes = ByteCount.mebibytes(32)

    /// The maximum number of waiting blocks whose times of arrival are kept apart; with more, the
    /// further ones count as read with the last. Four times as many as a feed holds.
    package static let maximumArrivals = 64

    /// The maximum bytes of rows that wait, one turn's rows more: an offer is taken whole as long
    /// as less than this waits, or a turn with more rows than that could never be published.
    package static let maximumWaitingRowBytes = ByteCount.mebibytes(1)

    // MARK: Time and schedules

    /// How many passed-over entries are kept besides as many as there are subtasks that wait; one
    /// more and the heap is made anew. That bounds the heap, and making it anew costs a constant
    /// for each entry.
    package static let maximumOutdatedWakes = 64

    /// The maximum number of markers that a rest point notes; a wider plan's parts share them,
    /// stretch by stretch. With 64 the note takes 7 slots of a lane.
    package static let maximumRestMarkers = 64

    /// How many accesses to cells all abandoned turns together may make. One that goes on longer
    /// waits for something that nobody will do, such as a value in a cell, and is left waiting: a
    /// thread that sleeps for ever costs less than one that spins.
    package static let maximumAbandonedAccesses = 100_000

    // MARK: What is kept for people

    /// How many violations are kept with their steps; further ones are only counted. A thousand are
    /// more than anybody reads, and a condition that fails in every turn must not fill the memory.
    package static let maximumKeptViolations = 1_000

    /// The maximum number of imbalances that are told in words; more of them are one line.
    package static let maximumImbalances = 20
}
