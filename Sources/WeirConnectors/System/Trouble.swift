import Glibc
import WeirBase
import WeirEngine

/// The sentences of this room's errors: what, where, and what to do.
///
/// They are together so that equal troubles have equal words and equal exit codes. A request
/// that cannot work is `.usage`; what may work another time is `.operating`.
enum Trouble {
    /// A file could not be opened for reading.
    static func opening(_ path: String, toRead failure: SystemFailure) -> ConnectorError {
        let name = shown(path)
        switch failure.code {
        case ENOENT, ENOTDIR:
            return ConnectorError(.usage, "\(name) does not exist. Check the path")
        case EISDIR:
            return isDirectory(path)
        case ENAMETOOLONG, ELOOP, EINVAL:
            return ConnectorError(.usage, "\(name) is no usable path: \(failure.words)")
        case EACCES, EPERM:
            return ConnectorError(
                .operating, "\(name) cannot be read: \(failure.words). Check its permissions")
        default:
            return ConnectorError(.operating, "\(name) cannot be opened: \(failure.words)")
        }
    }

    /// A file could not be opened or created for writing.
    static func opening(_ path: String, toWrite failure: SystemFailure) -> ConnectorError {
        let name = shown(path)
        switch failure.code {
        case ENOENT, ENOTDIR:
            return ConnectorError(
                .usage, "\(name) cannot be created: its folder does not exist. Create the folder")
        case EISDIR:
            return ConnectorError(
                .usage, "\(name) is a directory. Name a file inside it to write to")
        case ENAMETOOLONG, ELOOP, EINVAL:
            return ConnectorError(.usage, "\(name) is no usable path: \(failure.words)")
        case EACCES, EPERM, EROFS:
            return ConnectorError(
                .operating,
                "\(name) cannot be written: \(failure.words). Choose a place you may write to")
        default:
            return ConnectorError(.operating, "\(name) cannot be created: \(failure.words)")
        }
    }

    /// Writing failed after so many bytes.
    static func writing(_ path: String, at offset: UInt64, _ failure: SystemFailure)
        -> ConnectorError
    {
        let advice =
            switch failure.code {
            case ENOSPC, EDQUOT: ". Free some space, or write to another place"
            case EFBIG: ". The limit on file sizes was reached"
            default: ""
            }
        return ConnectorError(
            .operating,
            "writing to \(shown(path)) failed at byte \(offset): \(failure.words)"
                + advice)
    }

    /// Reading failed at an offset. A sentence and no error, as a reader hands it over as a
    /// piece.
    static func reading(_ path: String, at offset: UInt64, _ failure: SystemFailure) -> String {
        "reading \(shown(path)) failed at byte \(offset): \(failure.words)"
    }

    /// Another file has come to the path since it was judged.
    static func changed(_ path: String) -> ConnectorError {
        ConnectorError(.usage, "\(shown(path)) changes while it is looked at. Try it again")
    }

    /// The path names a directory.
    static func isDirectory(_ path: String) -> ConnectorError {
        ConnectorError(.usage, "\(shown(path)) is a directory. Name a file inside it")
    }

    /// The path cannot name anything.
    static var unusablePath: ConnectorError {
        ConnectorError(.usage, "the path is empty or holds a NUL byte. Name a file")
    }

    /// Whether the system would see the path as it is written: it ends a path at a NUL byte.
    static func isUsable(_ path: String) -> Bool {
        !path.isEmpty && !path.utf8.contains(0)
    }

    /// A path in quotes, safe to show; `-` is standard input.
    static func shown(_ path: String) -> String {
        let limit = ConnectorBounds.maximumShownPath
        return path == "-"
            ? "standard input" : "\"" + PrintableText.escaped(path, limit: limit) + "\""
    }
}
