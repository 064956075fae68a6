import Glibc
import WeirBase
import WeirTrace

/// Watches a trace's folder for a newer trace of the same pipeline: the run was started again.
/// `TraceFeed` owns one and looks twice a second. A look costs a walk over the folder, and opens
/// only files that are new or could not be opened before. What it keeps grows with the folder
/// alone.
struct SiblingTraces {
    private let path: String
    private let pipeline: String
    /// The run that is shown, which is no news.
    private let run: String
    /// When the newest known run started.
    private var started: Instant
    /// The files that were looked at. Only asked for members.
    private var known: Set<FileNumber> = []
    /// By file that could not be opened so far: the number of the look that tried it last.
    private var tried: [FileNumber: Int] = [:]
    /// How often was looked.
    private var lookCount = 0
    /// The newest one found; nil when there is none.
    private(set) var newest: String?

    /// Watches the folder of a trace from now on.
    init(of trace: Trace) {
        path = trace.path
        pipeline = trace.header.pipeline
        run = trace.header.run
        started = trace.header.started
        if let own = Self.number(of: path) { known.insert(own) }
        // What is there already is no news.
        for file in files {
            if let number = Self.number(of: file) { known.insert(number) }
        }
    }

    /// Paths of the traces in the folder, oldest first.
    private var files: [String] {
        TraceFolder(LinkedPath.split(path).folder).entries.map(\.path)
    }

    /// Looks once; true when something newer was found that was not known before.
    mutating func look() -> Bool {
        lookCount += 1
        var found = false
        for (file, number) in filesToOpen() {
            // One whose header is not written yet is looked at again.
            guard let other = try? Trace.open(path: file) else {
                tried[number] = lookCount
                continue
            }
            tried[number] = nil
            known.insert(number)
            // The same run may be there under another name, as a copy; and an older run is no news.
            guard other.header.pipeline == pipeline, other.header.run != run,
                other.header.started >= started
            else { continue }
            (newest, started, found) = (file, other.header.started, true)
        }
        return found
    }

    /// The number of a file: a trace that is replaced under the same name is a new one. Nil for
    /// what is no regular file, or not there.
    private static func number(of path: String) -> FileNumber? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return FileNumber(status)
    }

    /// The files that this look opens: of those that are not known the ones that were never tried,
    /// and then those whose last try lies furthest back. Files that are gone are forgotten, because
    /// their numbers may come again.
    private mutating func filesToOpen() -> [(path: String, number: FileNumber)] {
        var present: Set<FileNumber> = []
        var waiting: [(path: String, number: FileNumber)] = []
        for path in files {
            guard let number = Self.number(of: path), present.insert(number).inserted else {
                continue
            }
            if !known.contains(number) { waiting.append((path, number)) }
        }
        known.formIntersection(present)
        tried = tried.filter { present.contains($0.key) }
        // Those of one look stay in the order of the folder.
        let order = waiting.enumerated().sorted { left, right in
            let (first, second) = (tried[left.element.number], tried[right.element.number])
            return (first ?? 0, left.offset) < (second ?? 0, right.offset)
        }
        return order.prefix(AppBounds.maximumOpenedTraces).map(\.element)
    }
}
