import Glibc
import WeirBase
import WeirEngine

/// An open followed file: the one that is read, and those that came after it.
final class FollowedFileReader: ByteReading, @unchecked Sendable {
    // Unchecked: the thread that calls `next` is the only one that touches anything but
    // `cancellation`, which is made for several threads.

    /// How long a replaced file must stay quiet until it is left. A program that is told to open
    /// its log again does so some milliseconds after the rename.
    static let grace: UInt64 = 50_000_000
    /// How long a replaced file that goes on growing keeps its successor waiting at most.
    static let longestGrace: UInt64 = 1_000_000_000
    /// How long a file at the path that cannot be opened is borne: rotation sets its owner late.
    static let patience: UInt64 = 5_000_000_000
    /// How many files may wait behind the one that is read, each with an open descriptor.
    static let successorLimit = 256
    static let pollMilliseconds: Int32 = 20

    var isRepeatable: Bool { false }
    var path: String? { nil }
    var byteCount: UInt64? { nil }

    private let place: FollowedPlace
    private let cancellation: Cancellation
    private var watch: DirectoryWatch?
    private var arrivals: Arrivals
    private var current: FollowedFile
    private var successors: [FollowedFile] = []
    /// When the first of the successors was seen, and since when the current file is quiet.
    private var replacedSince: UInt64?
    private var quietSince: UInt64?
    private var refusedSince: UInt64?

    init(
        _ file: FollowedFile, at place: FollowedPlace, _ watch: consuming DirectoryWatch?,
        _ cancellation: Cancellation
    ) {
        self.place = place
        self.cancellation = cancellation
        self.watch = watch
        arrivals = Arrivals(name: place.name)
        current = file
        self.watch?.watchFile(file.descriptor)
    }

    func next(maximum: Int) -> InputPiece? {
        precondition(maximum > 0, "maximum \(maximum) must be positive")
        do throws(FollowFailure) {
            while true {
                if cancellation.isCancelled { return nil }
                // The order matters: a file is left only when it gave nothing at a read *after*
                // its successor was seen.
                try findSuccessors()
                switch try look(maximum) {
                case .bytes(let bytes, let offset):
                    quietSince = nil
                    return .bytes(bytes, offset: offset)
                case .truncation:
                    quietSince = nil
                    return .truncation
                case .nothing:
                    if isLeft(now: MonotonicClock.nanoseconds()) { return moveOn() }
                    try wait()
                }
            }
        } catch {
            return .failure(error.sentence)
        }
    }

    func cancel() { cancellation.cancel() }

    // MARK: The file that is read

    private func look(_ maximum: Int) throws(FollowFailure) -> FollowedFile.Look {
        do {
            return try current.read(maximum: maximum)
        } catch {
            throw FollowFailure(Trouble.reading(place.path, at: current.offset, error))
        }
    }

    /// Whether the quiet current file is to be left for its successor.
    private func isLeft(now: UInt64) -> Bool {
        if successors.isEmpty {
            replacedSince = nil
            quietSince = nil
            return false
        }
        // Replaced twice: its writer has long gone on.
        if successors.count > 1 { return true }
        let replaced = replacedSince ?? now
        let quiet = quietSince ?? now
        replacedSince = replaced
        quietSince = quiet
        return now - quiet >= Self.grace || now - replaced >= Self.longestGrace
    }

    private func moveOn() -> InputPiece {
        current = successors.removeFirst()
        replacedSince = nil
        quietSince = nil
        watch?.watchFile(current.descriptor)
        return .rotation
    }

    private func wait() throws(FollowFailure) {
        let number: Int32 = if let watched = watch?.number { watched } else { -1 }
        do {
            try cancellation.wait(readable: number, milliseconds: Self.pollMilliseconds)
        } catch {
            throw FollowFailure(
                "waiting for \(Trouble.shown(place.path)) failed: \(error.words)")
        }
    }

    // MARK: The files that come after it

    /// Opens the files that have come to stand at the path, in their order.
    private func findSuccessors() throws(FollowFailure) {
        // While renames go on, what a name opens may not be what it stood for: then nothing is
        // taken over and it is tried again, next time if need be.
        for _ in 0..<4 {
            try drain()
            let version = arrivals.version
            var found: [FollowedFile] = []
            let passed = try openArrivals(&found)
            if passed == arrivals.waiting.count, let file = try openPath(known: found) {
                found.append(file)
            }
            try drain()
            guard arrivals.version == version else { continue }
            arrivals.removeOldest(passed)
            successors.append(contentsOf: found)
            if successors.count > Self.successorLimit {
                throw FollowFailure(
                    "\(Trouble.shown(place.path)) was rotated \(Self.successorLimit) times while "
                        + "its lines were waiting. Rotate less often, or make the pipeline faster")
            }
            return
        }
    }

    private func drain() throws(FollowFailure) {
        do {
            try watch?.drain(into: &arrivals)
            if watch?.isMidway ?? false {
                // The halves of a rename are queued within the one call: a second look has both.
                try watch?.drain(into: &arrivals)
                watch?.settle(into: &arrivals)
            }
        } catch {
            throw FollowFailure("watching \(Trouble.shown(place.path)) failed: \(error.words)")
        }
    }

    /// Opens what waits, oldest first, as far as it can be opened; returns how many are done with.
    private func openArrivals(_ found: inout [FollowedFile]) throws(FollowFailure) -> Int {
        for (index, name) in arrivals.waiting.enumerated() {
            do {
                let file = try FollowedFile(opening: place.path(of: name))
                refusedSince = nil
                if !isKnown(file.identity, found) { found.append(file) }
            } catch {
                if try isBorne(error) { return index }
            }
        }
        return arrivals.waiting.count
    }

    /// Opens what stands at the path itself when no event told of it: there is no watch, events
    /// were lost, or a symbolic link points elsewhere now.
    private func openPath(known found: [FollowedFile]) throws(FollowFailure) -> FollowedFile? {
        guard let status = FileStatus.of(place.path), status.kind == .regular,
            !isKnown(status.identity, found)
        else { return nil }
        do {
            let file = try FollowedFile(opening: place.path)
            refusedSince = nil
            return isKnown(file.identity, found) ? nil : file
        } catch {
            _ = try isBorne(error)
            return nil
        }
    }

    /// Whether a file is one of those that are open: it only came back to its name.
    private func isKnown(_ identity: FileStatus.Identity, _ found: [FollowedFile]) -> Bool {
        current.identity == identity || successors.contains { $0.identity == identity }
            || found.contains { $0.identity == identity }
    }

    /// Whether a refusal to open a file is waited out (true) or the file given up (false).
    private func isBorne(_ failure: SystemFailure) throws(FollowFailure) -> Bool {
        if failure.code == EISDIR || failure.code == EINVAL { return false }
        let now = MonotonicClock.nanoseconds()
        let since = refusedSince ?? now
        refusedSince = since
        if now - since < Self.patience { return true }
        refusedSince = nil
        // Gone without an event that said so; anything else would stop the log silently.
        if failure.code == ENOENT { return false }
        throw FollowFailure(Trouble.opening(place.path, toRead: failure).description)
    }
}

/// Why following cannot go on, as a sentence.
private struct FollowFailure: Error {
    let sentence: String
    init(_ sentence: String) { self.sentence = sentence }
}
