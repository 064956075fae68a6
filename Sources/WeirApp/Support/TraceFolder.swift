import Glibc
import WeirBase
import WeirTrace

/// The traces in a folder, as they were when it was read. It looks at names and at the file
/// system's facts, and opens no file.
struct TraceFolder {
    /// A trace in the folder.
    struct Entry {
        let path: String
        let bytes: ByteCount
        /// When it was last written, nanoseconds since 1970.
        let written: Int64
        /// Whether it is a link to a file elsewhere.
        let isLink: Bool
        /// Whether its lanes are beside it: its run records still, or died.
        let hasLanes: Bool
    }

    /// Oldest first; empty where there is no such folder.
    let entries: [Entry]

    /// Reads the folder; what is no regular file, or has another name, is none of its entries.
    init(_ folder: String) {
        var found: [Entry] = []
        if let directory = opendir(folder) {
            defer { closedir(directory) }
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                let path = folder == "." ? name : "\(folder)/\(name)"
                var link = stat()
                var status = stat()
                // Links are followed for what they lead to, and marked as links.
                guard name.hasSuffix(".mcap"), lstat(path, &link) == 0, stat(path, &status) == 0,
                    status.st_mode & S_IFMT == S_IFREG
                else { continue }
                found.append(
                    Entry(
                        path: path, bytes: ByteCount(status.st_size),
                        written: Int64(status.st_mtim.tv_sec) * 1_000_000_000
                            + Int64(status.st_mtim.tv_nsec),
                        isLink: link.st_mode & S_IFMT == S_IFLNK,
                        hasLanes: access(path + ".lanes", F_OK) == 0))
            }
        }
        entries = found.sorted { ($0.written, $0.path) < ($1.written, $1.path) }
    }
}

/// The newest trace in the folder of automatic ones, for commands that are not given any.
enum Newest {
    /// The path of the newest trace; throws with code 2 where there is none.
    static func trace() throws -> String {
        let folder = Retention.folder
        guard let newest = TraceFolder(folder).entries.last else {
            throw CommandFailure.usage(
                "there is no trace in \(folder)/",
                "Record one with \(Advice.shown(ProgramName.command("run"))), or name a trace")
        }
        return newest.path
    }
}

/// Keeps the automatic traces of a folder within their bound. Traces that were asked for by name
/// lie elsewhere and are never removed. Files of somebody else in the folder are not removed
/// either, and they do not count: otherwise one large file would cost every trace.
enum Retention {
    /// Where automatic traces go, below the folder in which the command runs.
    static let folder = "weir-traces"

    /// Removes the oldest traces until the rest is below the bound; tells which. It opens every
    /// file that is called like a trace, to read its first bytes.
    static func makeRoom(in folder: String) -> [String] {
        // A run that records still, or died, keeps its trace. What somebody else put there is no
        // trace, whatever it is called.
        let traces = TraceFolder(folder).entries.filter { entry in
            !entry.hasLanes && !entry.isLink && (try? FileLocation(entry.path))?.kind == .trace
        }
        var total = traces.reduce(ByteCount.zero) { $0 + $1.bytes }
        var removed: [String] = []
        // Oldest first, and no more than needed.
        for trace in traces where total > AppBounds.maximumFolderBytes {
            if unlink(trace.path) == 0 {
                total -= trace.bytes
                removed.append(trace.path)
            }
        }
        return removed
    }
}
