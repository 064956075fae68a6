import Glibc
import WeirBase
import WeirConnectors
import WeirEngine
import WeirTrace

/// A destination that rows or lines are to be written to, judged before anything is opened.
///
/// A regular file is emptied, a character device or a named pipe is written as it is. What would be
/// destroyed for good is refused untouched: a recorded run or its lanes, a disk, and every file
/// that the same command reads or writes. Commands judge all their destinations first and open them
/// afterwards, so that a refusal leaves everything as it was.
struct OutputDestination {
    /// A file that the same command reads or writes, and what that is, for the message.
    struct Other {
        let path: String
        let what: String
    }

    /// What writes there. Nothing is opened yet; opening checks that the file is still the one that
    /// was judged.
    let sink: any RowSink

    /// Judges the destination `path`, which `writer` is to write.
    ///
    /// - Throws: `CommandFailure` or `TraceError` with code 2 when it is refused, 5 when one may
    ///   not look.
    init(_ path: String, writer: String, others: [Other]) throws {
        if path == "-" {
            sink = StandardOutputSink()
            return
        }
        let location = try FileLocation(path)
        for other in others where other.path != "-" && location.isSame(as: other.path) {
            throw CommandFailure.usage(
                "\(writer) would overwrite \(other.what)", "Write to another file")
        }
        let expectation: FileSink.Expectation
        switch location.kind {
        // What was judged is what has to be there when the file is opened: somebody may put
        // something else there in between.
        case .absent: expectation = .nothing
        case .file, .characterDevice, .pipe:
            expectation =
                location.number.map { .file(device: $0.device, inode: $0.inode) } ?? .anything
        case .trace, .lanes, .directory, .blockDevice, .socket:
            throw CommandFailure.usage(
                "\(writer) cannot write to \(PrintableText.escaped(path)): it is \(location.noun)",
                "Write to another file")
        }
        sink = FileSink(path: path, target: location.target, expecting: expectation)
    }
}

extension FileLocation {
    /// Whether another path leads to the same file, or would make the same one. What can be
    /// written by several at once, such as a device, is nobody's.
    func isSame(as other: String) -> Bool {
        guard let other = try? FileLocation(other) else { return false }
        switch kind {
        case .absent: return other.kind == .absent && hasSameName(other)
        case .trace, .lanes, .file: return number == other.number
        case .directory, .characterDevice, .blockDevice, .pipe, .socket: return false
        }
    }

    /// Whether two files that do not exist yet would be the same: the same name in the same folder,
    /// whatever ways lead to that.
    private func hasSameName(_ other: FileLocation) -> Bool {
        let (one, two) = (LinkedPath.split(target), LinkedPath.split(other.target))
        var (first, second) = (stat(), stat())
        // The system compares names byte by byte, where strings take two spellings of an accent
        // for equal.
        return one.name.utf8.elementsEqual(two.name.utf8) && stat(one.folder, &first) == 0
            && stat(two.folder, &second) == 0 && first.st_dev == second.st_dev
            && first.st_ino == second.st_ino
    }
}
