import Glibc
import WeirBase
import WeirTrace

/// Watches a trace's folder for a newer trace of the same pipeline: the run was started again.
/// `TraceFeed` owns one and looks twice a second. A look costs a walk over the folder, and opens
/// only files that are new or could not be opened before.
struct SiblingTraces {
    /// A file whatever it is called. A trace that is replaced under the same name is a new file.
    private struct Identity: Hashable {
        var device: UInt64
        var file: UInt64

        /// Nil for what is no regular file, or not there.
        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            (device, file) = (UInt64(status.st_dev), UInt64(status.st_ino))
        }
    }

    /// The maximum of files that are opened in one look; the others get their turn in the next.
    private static let maximumOpened = 16

    private let path: String
    private let pipeline: String
    /// The run that is shown, which is no news.
    private let run: String
    /// When the newest known run started, in nanoseconds since 1970.
    private var started: Int64
    /// The files that were looked at. Only asked for members.
    private var known: Set<Identity> = []
    /// The newest one found; nil when there is none.
    private(set) var newest: String?

    /// Watches the folder of a trace from now on.
    init(of trace: Trace) {
        path = trace.path
        pipeline = trace.header.pipeline
        run = trace.header.run
        started = trace.header.started
        if let own = Identity(path) { known.insert(own) }
        // What is there already is no news.
        for file in files {
            if let identity = Identity(file) { known.insert(identity) }
        }
    }

    /// Paths of the traces in the folder, oldest first.
    private var files: [String] {
        let folder =
            path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) }
        return TraceFolder(folder ?? ".").entries.map(\.path)
    }

    /// Looks once; true when something newer was found that was not known before.
    mutating func look() -> Bool {
        var found = false
        var opened = 0
        for file in files {
            guard let identity = Identity(file), !known.contains(identity) else { continue }
            opened += 1
            if opened > Self.maximumOpened { break }
            // One whose header is not written yet is looked at again.
            guard let other = try? Trace.open(path: file) else { continue }
            known.insert(identity)
            // The same run may be there under another name, as a copy; and an older run is no news.
            guard other.header.pipeline == pipeline, other.header.run != run,
                other.header.started >= started
            else { continue }
            (newest, started, found) = (file, other.header.started, true)
        }
        return found
    }
}
