package import WeirBase

/// The bounds of replays: what may wait, be kept or be asked for, and what happens there.
///
/// A figure stands here when it bounds what a run or a reader may take of memory, of a file or of
/// somebody's time. What a replay keeps beyond them is bounded by the trace that it reads.
package enum ReplayBounds {
    // MARK: Comparing

    /// The maximum of incidents of one trace that are compared; with more of them only the first
    /// are.
    package static let maximumComparedIncidents = 1 << 20

    /// The size of a replay's log lane, in bytes. It is drained at each turn's end, and so has to
    /// hold what one turn logs; what does not fit is lost and counted.
    package static let logLaneBytes = ByteCount.mebibytes(32)

    // MARK: Moving

    /// The maximum number of pages of the schedule in memory; the one that was used longest ago
    /// goes first.
    package static let maximumSchedulePages = 64

    /// The maximum number of snapshots, whatever their size. With one more, the one that is missed
    /// least goes: the further from the playhead, the wider the gaps.
    package static let maximumSnapshots = 1_024
}
