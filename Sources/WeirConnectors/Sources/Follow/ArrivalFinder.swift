import Glibc
import WeirBase
import WeirEngine

/// Finds the files that come to be at a followed path, in their order, and opens them.
///
/// `FollowedFileReader` owns it and calls `find` at each look. The directory's events tell of
/// every file (`Arrivals`). Where there are none, because the system refuses a watch or has
/// lost events, a look at the path finds the last one, and the names `log.1`, `log.2` and so
/// on those between it and the file that was there before. It opens files and reads nothing
/// of them.
struct ArrivalFinder: ~Copyable {
    /// How a file is opened; tests give one that refuses.
    typealias Opening = (UnsafePointer<CChar>) throws(SystemFailure) -> FollowedFile

    private let path: String
    private let opening: Opening
    /// Whether the directory is to be watched; tests do without.
    private let usesWatch: Bool
    /// Where the path leads now; nil while its folder is missing.
    private var location: FollowedLocation?
    /// The watch of that folder; nil where the system refuses one.
    private var watch: DirectoryWatch?
    /// The names of files that came and were not opened yet.
    private var arrivals: Arrivals
    /// Since when a file could not be opened, monotonic nanoseconds.
    private var refusedSince: UInt64?

    /// Begins to watch, so that what arrives from now on is found.
    ///
    /// Without `usesWatch` only the path is looked at.
    init(path: String, usesWatch: Bool, opening: @escaping Opening) {
        self.path = path
        self.opening = opening
        self.usesWatch = usesWatch
        location = nil
        watch = nil
        arrivals = Arrivals(name: [])
        moveOn(to: FollowedLocation(of: path))
    }

    /// Readable when something happened in the folder; -1 without a watch.
    private(set) var number: Int32 = -1

    /// Whether files wait for which there was no room.
    var othersWait: Bool { !arrivals.waiting.isEmpty }

    /// Has the watch tell, too, when this file grows.
    mutating func watchFile(_ file: FollowedFile) { watch?.watchFile(file.descriptor) }

    /// What came to be at the path since the last call, oldest first.
    struct Found {
        var files: [FollowedFile] = []
        /// The file that stands at the path now, where that is known.
        var standing: FileNumber?
    }

    /// Opens the files that have come to be at the path, as far as there is room for them.
    ///
    /// - Throws: `FollowFailure` when following cannot go on.
    mutating func find(
        _ known: borrowing FollowedFiles, now: UInt64
    ) throws(FollowFailure) -> Found {
        // While renames go on, a name may lead to another file by the time it is opened. Then
        // nothing is taken over, and it is tried again, next time if need be.
        for _ in 0..<4 {
            let location = FollowedLocation(of: path)
            if location != self.location { moveOn(to: location) }
            try drain()
            let version = arrivals.version
            var found = Found()
            let passed = try openArrivals(&found, known, now)
            if passed == arrivals.waiting.count { try openPath(&found, known, now) }
            try drain()
            guard arrivals.version == version else { continue }
            arrivals.removeOldest(passed)
            return found
        }
        return Found()
    }

    /// Begins anew at another folder or name: what happens at the old one no longer concerns
    /// the log.
    private mutating func moveOn(to location: FollowedLocation?) {
        self.location = location
        arrivals = Arrivals(name: location?.name ?? [])
        watch = usesWatch ? location.flatMap { DirectoryWatch(directory: $0.directory) } : nil
        if let watched = watch?.number { number = watched } else { number = -1 }
    }

    /// Takes in the directory's events.
    private mutating func drain() throws(FollowFailure) {
        do {
            try watch?.drain(into: &arrivals)
            if watch?.isMidway ?? false {
                // The halves of a rename are queued within the one call: a second look has both.
                try watch?.drain(into: &arrivals)
                watch?.settle(into: &arrivals)
            }
        } catch {
            throw FollowFailure("watching \(Trouble.shown(path)) failed: \(error.words)")
        }
        if arrivals.isOverfull {
            throw FollowFailure(
                "\(Trouble.shown(path)) was rotated \(ConnectorBounds.maximumWaitingFiles) "
                    + "times while its lines were waiting. Rotate less often, or make the "
                    + "pipeline faster")
        }
    }

    /// Opens what waits, oldest first, as far as it can be opened, and returns how many are
    /// done with.
    private mutating func openArrivals(
        _ found: inout Found, _ known: borrowing FollowedFiles, _ now: UInt64
    ) throws(FollowFailure) -> Int {
        guard let location else { return arrivals.waiting.count }
        for (index, name) in arrivals.waiting.enumerated() {
            if known.open.count + found.files.count >= ConnectorBounds.maximumOpenFiles {
                return index
            }
            do {
                let file = try opening(location.path(of: name))
                refusedSince = nil
                if isNew(file.identity, found, known) { found.files.append(file) }
            } catch {
                if try isBorne(error, now) { return index }
            }
        }
        return arrivals.waiting.count
    }

    /// Opens what is at the path itself when no event told of it: there is no watch, events
    /// were lost, or a symbolic link leads elsewhere now.
    private mutating func openPath(
        _ found: inout Found, _ known: borrowing FollowedFiles, _ now: UInt64
    ) throws(FollowFailure) {
        guard let status = FileStatus.of(path), status.kind == .regular else { return }
        guard isNew(status.identity, found, known) else {
            found.standing = status.identity
            return
        }
        openRotated(&found, known)
        if known.open.count + found.files.count >= ConnectorBounds.maximumOpenFiles { return }
        do {
            let file = try opening(path)
            refusedSince = nil
            if isNew(file.identity, found, known) { found.files.append(file) }
            found.standing = file.identity
        } catch {
            _ = try isBorne(error, now)
        }
    }

    /// Opens the files that came and were renamed between the current file and the new one.
    private func openRotated(_ found: inout Found, _ known: borrowing FollowedFiles) {
        guard let location, found.files.isEmpty, let current = known.current?.identity else {
            return
        }
        var between: [FollowedFile] = []
        for times in 1...ConnectorBounds.maximumRotatedNames {
            // A gap in the numbers ends the chain: nothing tells what lies behind it.
            guard let file = try? opening(location.path(of: location.rotatedName(times)))
            else { return }
            if file.identity == current {
                let room = ConnectorBounds.maximumOpenFiles - known.open.count
                found.files = Array(between.reversed().prefix(max(0, room)))
                return
            }
            // One that was read before says that the current file is not of this chain.
            if known.isKnown(file.identity) { return }
            between.append(file)
        }
    }

    /// Whether a file is neither open nor among those just found.
    private func isNew(
        _ identity: FileNumber, _ found: Found, _ known: borrowing FollowedFiles
    ) -> Bool {
        !known.isOpen(identity) && !found.files.contains { $0.identity == identity }
    }

    /// Whether a refusal to open a file is waited out (true) or the file is given up (false).
    private mutating func isBorne(
        _ failure: SystemFailure, _ now: UInt64
    ) throws(FollowFailure) -> Bool {
        // It is no regular file and will not become one.
        if failure.code == EISDIR || failure.code == EINVAL { return false }
        let since = refusedSince ?? now
        refusedSince = since
        if now - since < ConnectorBounds.refusalNanoseconds { return true }
        refusedSince = nil
        // It has gone without an event that said so. Anything else would stop the log
        // silently.
        if failure.code == ENOENT { return false }
        throw FollowFailure(Trouble.opening(path, toRead: failure).description)
    }
}

/// Why following cannot go on, as a sentence.
struct FollowFailure: Error {
    let sentence: String
    init(_ sentence: String) { self.sentence = sentence }
}
