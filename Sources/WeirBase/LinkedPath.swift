import Glibc

/// Takes paths apart, and follows the symbolic links at their ends.
///
/// It goes by bytes, as the system does. By characters a slash would be none as soon as an accent
/// stands behind it, because the two are one character. Any thread may look; what was found may
/// change at any time after the look.
package enum LinkedPath {
    /// So many links are followed one after the other; Linux itself gives up after 40.
    package static let maximumLinks = 40

    /// Where the links at the end of a path lead.
    package enum End: Equatable, Sendable {
        /// A path whose last name is no link, be there a file or not.
        case path(String)
        /// There are more than `maximumLinks`, as in a ring of them.
        case endless
        /// A link cannot be followed: what it holds is too long, or is no text.
        case unreadable
    }

    /// What the last name of a path is.
    private enum Link {
        case none
        case to(String)
        case unreadable
    }

    private static let slash = UInt8(ascii: "/")

    /// Whether a path begins at the root.
    package static func isAbsolute(_ path: String) -> Bool { path.utf8.first == slash }

    /// Whether a path ends with a slash, which asks for a folder.
    package static func asksForFolder(_ path: String) -> Bool { path.utf8.last == slash }

    /// The folder that a path is in, and the name in it. The folder is `.` for a name alone.
    package static func split(_ path: String) -> (folder: String, name: String) {
        guard let last = path.utf8.lastIndex(of: slash) else { return (".", path) }
        let name = String(path[path.utf8.index(after: last)...])
        return (last == path.startIndex ? "/" : String(path[..<last]), name)
    }

    /// Follows the links at the end of a path. Costs a call of the system for each.
    package static func end(of path: String) -> End {
        var path = path
        for _ in 0...maximumLinks {
            switch link(at: path) {
            case .none: return .path(path)
            // A relative link leads on from the folder that it is in, whatever the folder of this
            // process is.
            case .to(let next): path = isAbsolute(next) ? next : "\(split(path).folder)/\(next)"
            case .unreadable: return .unreadable
            }
        }
        return .endless
    }

    /// Reads a symbolic link.
    private static func link(at path: String) -> Link {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { readlink(path, $0, bytes.count) } ?? -1
        }
        if count < 0 { return .none }
        // A full buffer may hold only a part of it.
        guard count > 0, count < buffer.count,
            let text = String(validating: buffer[..<count], as: UTF8.self)
        else { return .unreadable }
        return .to(text)
    }
}
