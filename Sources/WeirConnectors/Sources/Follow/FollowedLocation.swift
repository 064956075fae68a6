import Glibc
import WeirBase

/// Where a followed path leads behind all symbolic links: the directory in which its file is
/// renamed, and the file's name there.
///
/// Rotation renames the file itself, wherever a link to it may be.
struct FollowedLocation: Equatable {
    /// How many links may lead to one another, as many as Linux follows itself.
    private static let maximumLinks = 40

    let directory: String
    /// Which directory that is: another one can come to have the same path.
    let identity: FileNumber
    /// The file's name in that directory.
    let name: Arrivals.Name

    /// Where a path leads now, whether or not there is a file; nil where there is no such
    /// directory.
    init?(of path: String) {
        var path = path
        for _ in 0..<Self.maximumLinks {
            let (head, tail) = Self.split(path)
            guard let resolved = realpath(head, nil) else { return nil }
            defer { free(resolved) }
            let directory = String(cString: resolved)
            guard let link = Self.link(at: directory + "/" + tail) else {
                guard let status = FileStatus.of(directory) else { return nil }
                self.directory = directory
                identity = status.identity
                name = Array(tail.utf8)
                return
            }
            path = link.hasPrefix("/") ? link : directory + "/" + link
        }
        return nil
    }

    /// The folder and the last name of a path.
    private static func split(_ path: String) -> (directory: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: 0x2F) else { return (".", path) }
        let head = path[..<slash]
        return (head.isEmpty ? "/" : String(head), String(path[path.utf8.index(after: slash)...]))
    }

    /// What a symbolic link holds; nil when there is none at the path.
    private static func link(at path: String) -> String? {
        var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = target.withUnsafeMutableBytes { buffer in
            buffer.baseAddress.map { readlink(path, $0, buffer.count) } ?? -1
        }
        return count < 0 ? nil : String(decoding: target.prefix(count), as: UTF8.self)
    }

    /// The path of another name in the directory, as the system takes it: names need not be
    /// UTF-8.
    func path(of other: Arrivals.Name) -> [CChar] {
        (Array(directory.utf8) + [0x2F] + other + [0]).map { CChar(bitPattern: $0) }
    }

    /// The name that the file has after so many rotations, in the usual way: `log.1`, `log.2`.
    func rotatedName(_ times: Int) -> Arrivals.Name { name + Array(".\(times)".utf8) }
}
