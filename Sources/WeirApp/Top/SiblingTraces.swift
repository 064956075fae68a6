import Glibc
import WeirBase
import WeirTrace

/// Watches a trace's folder for a newer trace of the same pipeline: the run was started again.
struct SiblingTraces {
    private struct Identity: Hashable {
        var device: UInt64
        var file: UInt64

        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            (device, file) = (UInt64(status.st_dev), UInt64(status.st_ino))
        }
    }

    /// Files opened in one look at most; the others get their turn in the next.
    private static let maximumOpened = 16

    private let path: String
    private let pipeline: String
    private let run: String
    private var started: Int64
    private var known: Set<Identity> = []
    /// The newest one found; nil when there is none.
    private(set) var newest: String?

    init(of trace: Trace) {
        path = trace.path
        pipeline = trace.header.pipeline
        run = trace.header.run
        started = trace.header.started
        if let own = Identity(path) { known.insert(own) }
        // What is there already is no news.
        for file in TraceFolder(TraceFolder.folder(of: path)).paths {
            if let identity = Identity(file) { known.insert(identity) }
        }
    }

    /// Looks once; true when something newer was found that was not known before.
    mutating func look() -> Bool {
        var found = false
        var opened = 0
        for file in TraceFolder(TraceFolder.folder(of: path)).paths {
            guard let identity = Identity(file), !known.contains(identity) else { continue }
            opened += 1
            if opened > Self.maximumOpened { break }
            // One whose header is not written yet is looked at again.
            guard let other = try? Trace.open(path: file) else { continue }
            known.insert(identity)
            guard other.header.pipeline == pipeline, other.header.run != run,
                other.header.started >= started
            else { continue }
            (newest, started, found) = (file, other.header.started, true)
        }
        return found
    }
}
