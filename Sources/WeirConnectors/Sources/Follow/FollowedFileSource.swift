import Glibc
import WeirBase
public import WeirEngine

/// Reads a file from its start and goes on as it grows, through rotations and truncations.
///
/// Every line that stands in the file at a look is given once. A look comes when the system tells
/// of a change, and 50 times a second, 10 times when nothing came for a second.
///
/// - **Rotation**: when another file stands at the path, both are read: the new one from its
///   start, the old one until it was quiet for `linger`, since a program may write to it for a
///   while. Lines of the two are given as they are found, those of the older file first in each
///   look, and parts of lines do not mix. Rotations in quick succession lose no file as long as
///   the files stay in the directory.
/// - **Truncation**: a file that is shorter than what was read of it, or of which the last 4 KiB
///   read or the first 1 KiB are not the same any more, was written anew and is read from its
///   start. NUL bytes at a file's beginning are passed over and counted.
/// - **Links**: the path is what counts. When a symbolic link on it leads elsewhere, the file
///   there is the log, and what happens at the old location is not.
/// - A file that disappears is waited for, one that may not be read for a minute. It never ends by
///   itself: `cancel` ends it.
///
/// What is written and cut, deleted or overwritten between two looks cannot be seen by anyone who
/// looks at files; nor can a file written anew with the same first and last bytes.
public struct FollowedFileSource: ByteSource {
    /// How long a replaced file must be quiet before it is let go, unless told otherwise.
    public static let standardLinger = Duration.seconds(5)

    /// The path as it was given.
    public let path: String
    /// How long a replaced file must be quiet before it is let go.
    public let linger: Duration

    /// A source that follows `path`. Nothing is opened yet.
    public init(path: String, linger: Duration = FollowedFileSource.standardLinger) {
        precondition(linger >= .zero, "a linger of \(linger)")
        self.path = path
        self.linger = linger
    }

    /// The path as it was given.
    public var location: String { path }

    /// Opens the file that stands at the path now.
    ///
    /// - Throws: `ConnectorError`: `.usage` when there is none, or it is a directory or no regular
    ///   file; `.operating` when it may not be read.
    public func open() throws -> any ByteReading {
        guard Trouble.isUsable(path) else { throw Trouble.unusablePath }
        do throws(SystemFailure) {
            return try FollowedFileReader(
                path: path, linger: UInt64(linger.wholeNanoseconds))
        } catch {
            if error.code == EINVAL {
                throw ConnectorError(
                    .usage,
                    "\(Trouble.shown(path)) is not a regular file and cannot be followed. "
                        + "Leave --follow out: it is read until its writers close it")
            }
            throw Trouble.opening(path, toRead: error)
        }
    }
}
