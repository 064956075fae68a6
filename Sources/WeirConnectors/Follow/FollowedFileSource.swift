import Glibc
public import WeirEngine

/// Reads a file from its start and goes on as it grows, through rotations and truncations.
///
/// - **Rotation**: when another file stands at the path, the old one is read to its end, then
///   comes `.rotation`, then the new file from its start. The old one may still grow for a moment
///   after it was renamed: it is left when it stayed quiet for 50 ms. Rotations in quick
///   succession lose no file as long as the files stay in the directory. That needs inotify;
///   without it the path is looked at every 20 ms, and of two rotations in between the first
///   file is missed.
/// - **Truncation**: when the file is shorter than what was read of it, or the last bytes read
///   are not there any more (it was cut and written anew), `.truncation` comes and then the file
///   from its start.
/// - A file that disappears is waited for. It never ends by itself: `cancel` ends it.
public struct FollowedFileSource: ByteSource {
    /// The path as it was given.
    public let path: String

    /// A source that follows `path`. Nothing is opened yet.
    public init(path: String) { self.path = path }

    /// The path as it was given.
    public var location: String { path }

    /// Opens the file that stands at the path now.
    ///
    /// - Throws: `ConnectorError`: `.usage` when there is none, or it is a directory or no regular
    ///   file; `.operating` when it may not be read.
    public func open() throws -> any ByteReading {
        guard Trouble.isUsable(path) else { throw Trouble.noPlace(for: path) }
        do throws(SystemFailure) {
            guard let resolved = realpath(path, nil) else { throw .latest }
            defer { free(resolved) }
            let place = FollowedPlace(path: path, resolved: String(cString: resolved))
            // Watched before it is opened: a rotation in between is noticed, not lost.
            let watch = DirectoryWatch(directory: place.directory)
            let file = try FollowedFile(opening: path)
            return FollowedFileReader(file, at: place, watch, try Cancellation())
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

/// Where a followed file stands.
struct FollowedPlace {
    /// The path as it was given; what stands there is the log.
    let path: String
    /// The directory in which the file is renamed, behind all symbolic links.
    let directory: String
    /// The file's name in that directory.
    let name: Arrivals.Name

    init(path: String, resolved: String) {
        self.path = path
        let slash = resolved.utf8.lastIndex(of: 0x2F) ?? resolved.startIndex
        let head = resolved[..<slash]
        directory = head.isEmpty ? "/" : String(head)
        name = Array(resolved[slash...].utf8.drop { $0 == 0x2F })
    }

    /// The path of another name in the directory, for the system: names need not be UTF-8.
    func path(of other: Arrivals.Name) -> [CChar] {
        (Array(directory.utf8) + [0x2F] + other + [0]).map { CChar(bitPattern: $0) }
    }
}
