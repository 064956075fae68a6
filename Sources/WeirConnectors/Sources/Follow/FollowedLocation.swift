import Glibc
import WeirBase

/// Where a followed path leads behind all symbolic links: the directory in which its file is
/// renamed, and the file's name there.
///
/// Rotation renames the file itself, wherever a link to it may be.
struct FollowedLocation: Equatable {
    let directory: String
    /// Which directory that is: another one can come to have the same path.
    let identity: FileNumber
    /// The file's name in that directory.
    let name: Arrivals.Name

    /// Where a path leads now, whether or not there is a file; nil where there is no such
    /// directory.
    init?(of path: String) {
        guard case .path(let end) = LinkedPath.end(of: path) else { return nil }
        let (folder, last) = LinkedPath.split(end)
        guard let resolved = realpath(folder, nil) else { return nil }
        defer { free(resolved) }
        directory = String(cString: resolved)
        guard let status = FileStatus.of(directory) else { return nil }
        identity = status.identity
        name = Array(last.utf8)
    }

    /// The path of another name in the directory, as the system takes it: names need not be
    /// UTF-8.
    func path(of other: Arrivals.Name) -> [CChar] {
        (Array(directory.utf8) + [0x2F] + other + [0]).map { CChar(bitPattern: $0) }
    }

    /// The name that the file has after so many rotations, in the usual way: `log.1`, `log.2`.
    func rotatedName(_ times: Int) -> Arrivals.Name { name + Array(".\(times)".utf8) }
}
