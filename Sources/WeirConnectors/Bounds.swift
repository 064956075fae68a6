import WeirBase

/// The bounds of the connectors: what may wait, be kept or be asked for, and what happens there.
///
/// A figure stands here when it bounds what a run or a reader may take of memory, of a file or of
/// somebody's time. What is part of a form of logs stays beside it (`LineFormat.maximumWord`), and
/// so does what a user sets (`MemorySink`, `FollowedFileSource`).
enum ConnectorBounds {
    // MARK: Files that are followed

    /// The maximum number of files of one path that are open at the same time. When more arrive,
    /// they wait by their names, and replaced files of which nothing is left to read are let go
    /// before their time, the oldest first.
    static let maximumOpenFiles = 64

    /// The maximum number of files that were let go and are still known, so that one that comes
    /// back is not read again.
    static let maximumKnownFiles = 1_024

    /// The maximum number of files that may wait to be opened. With more of them, following ends
    /// with an error.
    static let maximumWaitingFiles = 1_024

    /// How far the names `log.1`, `log.2` are looked through.
    static let maximumRotatedNames = 64

    /// The room for events of a directory that are read at once: at least 60 of them, even with
    /// names of 255 bytes. What is left is read next.
    static let directoryEventBytes = ByteCount.kibibytes(16)

    // MARK: What a followed file is told by

    /// How many of the first bytes are compared.
    static let comparedHeadBytes = ByteCount.kibibytes(1)

    /// How many bytes before the position are compared.
    static let comparedTailBytes = ByteCount.kibibytes(4)

    /// How long a file is looked at after its time stamps changed: several ticks of the clock that
    /// file systems stamp with. Nanoseconds.
    static let settlingNanoseconds: UInt64 = 100_000_000

    /// How often the bytes of a file are compared whose time stamps do not change: some are stamped
    /// late. Nanoseconds.
    static let comparisonNanoseconds: UInt64 = 1_000_000_000

    /// A hole at a file's beginning is passed over at once when at least so much follows: looking
    /// for its end costs a call.
    static let minimumHoleBytes = ByteCount.kibibytes(64)

    // MARK: Times

    /// How often followed files are looked at, in milliseconds, unless an event comes sooner.
    static let pollMilliseconds: Int32 = 20

    /// The maximum time between two looks when nothing comes any more. The first line behind a
    /// quiet time waits for it only where the system tells no events, as of a file that another
    /// machine writes.
    static let maximumPollMilliseconds: Int32 = 500

    /// Which part of a quiet time the next look may come later: a tenth, so that who waited long
    /// waits hardly longer.
    static let quietParts: UInt64 = 10

    /// After so long without a piece a followed path counts as quiet, in nanoseconds.
    static let quietNanoseconds: UInt64 = 1_000_000_000

    /// How long a file that cannot be opened is borne with, in nanoseconds: a minute. Rotation may
    /// set a file's owner late, and somebody has to notice and mend it.
    static let refusalNanoseconds: UInt64 = 60_000_000_000

    // MARK: Text

    /// The maximum number of characters of a path that a message shows: as many as the system lets
    /// a path have, so that only one that leads nowhere is cut.
    static let maximumShownPath = 4_096

    /// The maximum number of characters of a value that a message shows which is no time.
    static let maximumShownValue = 60
}
