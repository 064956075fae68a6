import Glibc
import WeirBase
import WeirConnectors
import WeirEngine
import WeirTrace

/// A place that rows or lines are to be written to, judged before anything is opened.
///
/// A regular file is emptied, a character device or named pipe written as it is; what would be
/// destroyed for good is refused untouched: a recorded run or its lanes, a disk, and every file
/// that the same command reads or writes.
struct OutputPlace {
    /// A file that something else is read from or written to.
    struct Other {
        let path: String
        let what: String
    }

    /// What writes there; nothing is opened yet.
    let sink: any RowSink

    /// Judges `path`, which `writer` is to write.
    ///
    /// - Throws: `CommandFailure` or `TraceError` with code 2 when it is refused, 5 when one may
    ///   not look.
    init(_ path: String, writer: String, others: [Other]) throws {
        if path == "-" {
            sink = StandardOutputSink()
            return
        }
        let place = try FilePlace(path)
        for other in others where other.path != "-" && place.isSame(as: other.path) {
            throw CommandFailure.usage(
                "\(writer) would overwrite \(other.what)", "Write to another file")
        }
        let expectation: FileSink.Expectation
        switch place.kind {
        case .absent: expectation = .nothing
        case .file, .characterDevice, .pipe:
            expectation =
                place.number.map { .file(device: $0.device, inode: $0.inode) } ?? .anything
        case .trace, .lanes, .directory, .blockDevice, .socket:
            throw CommandFailure.usage(
                "\(writer) cannot write to \(PrintableText.escaped(path)): it is \(place.noun)",
                "Write to another file")
        }
        sink = FileSink(path: path, target: place.target, expecting: expectation)
    }
}

extension FilePlace {
    /// Whether another path leads to the same file, or would make the same one. What can be
    /// written by several at once, such as a device, is nobody's.
    func isSame(as other: String) -> Bool {
        guard let other = try? FilePlace(other) else { return false }
        switch kind {
        case .absent: return other.kind == .absent && hasSameName(other)
        case .trace, .lanes, .file: return number == other.number
        case .directory, .characterDevice, .blockDevice, .pipe, .socket: return false
        }
    }

    private func hasSameName(_ other: FilePlace) -> Bool {
        let (one, two) = (Self.split(target), Self.split(other.target))
        var (first, second) = (stat(), stat())
        return one.name == two.name && stat(one.folder, &first) == 0
            && stat(two.folder, &second) == 0 && first.st_dev == second.st_dev
            && first.st_ino == second.st_ino
    }

    private static func split(_ path: String) -> (folder: String, name: Substring) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path[...]) }
        return (String(path[...slash]), path[path.index(after: slash)...])
    }
}
