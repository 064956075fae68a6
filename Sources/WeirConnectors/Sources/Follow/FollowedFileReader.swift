import Glibc
import WeirBase
import WeirEngine

/// An open followed path: it drives `FollowedFiles` with what the system says of its files.
///
/// `FollowedFileSource` makes one, and the thread of one reader calls `next`. Each call does
/// as follows until there is a piece: it finds files that have arrived, reads the open files
/// in a round, lets a replaced file go, or waits for an event or the next look. What is
/// decided is in `FollowedFiles` and `FilePosition`; here are the system calls.
final class FollowedFileReader: ByteReading, @unchecked Sendable {
    // Unchecked: the thread that calls `next` is the only one that touches anything but
    // `cancellation`, which is made for several threads.

    var isRepeatable: Bool { false }
    var path: String? { nil }
    var byteCount: UInt64? { nil }

    private let location: String
    private let cancellation: Cancellation
    private var finder: ArrivalFinder
    /// What is known of the files, open and gone.
    private var files: FollowedFiles
    /// The open files by number.
    private var handles: [UInt64: FollowedFile] = [:]
    /// A file that is to be read in this round, and up to where.
    ///
    /// That is the size at its first look, so that one that grows without end does not keep
    /// the others waiting.
    private struct Turn {
        let number: UInt64
        var end: UInt64?
    }
    /// The files that are still to be read in this round, oldest first.
    private var round: [Turn] = []
    /// Pieces that were made and not given yet; at most a few, as one look makes them.
    private var pieces: [InputPiece] = []
    /// The file that the last piece was about.
    private var told: UInt64 = 0
    /// When the last piece was given, in monotonic nanoseconds.
    private var lastPieceTime: UInt64 = 0

    /// Follows `path`, at which there must be a file.
    ///
    /// A replaced file is let go after `linger` nanoseconds of quiet. Tests do without the
    /// directory's events, or have files refuse to be opened.
    init(
        path: String, linger: UInt64, usesWatch: Bool = true,
        opening: @escaping ArrivalFinder.Opening = FollowedFile.init(opening:)
    ) throws(SystemFailure) {
        location = path
        cancellation = try Cancellation()
        // Watched before it is opened, so that a rotation in between is noticed and not lost.
        finder = ArrivalFinder(path: path, usesWatch: usesWatch, opening: opening)
        files = FollowedFiles(linger: linger)
        add(try FollowedFile(opening: path))
    }

    func next(maximum: Int) -> InputPiece? {
        do throws(FollowFailure) {
            while true {
                if cancellation.isCancelled { return nil }
                let now = MonotonicClock.nanoseconds()
                if let piece = try look(maximum: maximum, now: now) {
                    lastPieceTime = now
                    return piece
                }
                try wait(now: now)
            }
        } catch {
            return .failure(error.sentence)
        }
    }

    func cancel() { cancellation.cancel() }

    /// What there is now, at a time in monotonic nanoseconds; nil when there is nothing.
    func look(maximum: Int, now: UInt64) throws(FollowFailure) -> InputPiece? {
        precondition(maximum > 0, "maximum \(maximum) must be positive")
        if !pieces.isEmpty { return pieces.removeFirst() }
        try findArrivals(now)
        if round.isEmpty { round = files.open.map { Turn(number: $0.number) } }
        while var turn = round.first {
            try read(&turn, maximum, now)
            round[0] = turn
            if !pieces.isEmpty { return pieces.removeFirst() }
            round.removeFirst()
        }
        guard let number = files.leaving(now: now, othersWait: finder.othersWait) else {
            return nil
        }
        // Looked at once more, as its turn in this round may have been long ago.
        var last = Turn(number: number)
        try read(&last, maximum, now)
        if pieces.isEmpty { letGo(number) }
        return pieces.removeFirst()
    }

    // MARK: The files that arrive and leave

    /// Takes in the files that have arrived, and notes which one is at the path.
    private func findArrivals(_ now: UInt64) throws(FollowFailure) {
        let found = try finder.find(files, now: now)
        for file in found.files { add(file) }
        guard let standing = found.standing else { return }
        switch files.stands(standing) {
        case .current, .new: break
        case .back: watchCurrent()
        }
    }

    /// Takes in an open file, which is the current one from now on.
    private func add(_ file: FollowedFile) {
        let number = files.opened(file.identity)
        handles[number] = file
        watchCurrent()
    }

    /// Has the system tell when the current file grows. Replaced files are looked at only.
    private func watchCurrent() {
        guard let number = files.current?.number, let handle = handles[number] else { return }
        finder.watchFile(handle)
    }

    /// Closes a file; an unfinished line of it ends here.
    private func letGo(_ number: UInt64) {
        files.leave(number)
        handles[number] = nil
        give(.rotation, of: number)
    }

    // MARK: One file

    /// Looks at one file; what comes of it is in `pieces`.
    private func read(
        _ turn: inout Turn, _ maximum: Int, _ now: UInt64
    ) throws(FollowFailure) {
        let number = turn.number
        // It may have been let go within this round.
        guard let file = handles[number] else { return }
        if let end = turn.end, files.position(of: number).offset >= end { return }
        do throws(SystemFailure) {
            let status = try file.descriptor.status()
            let end = turn.end ?? status.size
            turn.end = end
            passHole(file, number, status)
            let offset = files.position(of: number).offset
            let room = min(maximum, max(1, Int(clamping: end - min(end, offset))))
            switch files.saw(status, of: number, maximum: room, now: now) {
            case .nothing: break
            case .restart: give(.restart, of: &turn)
            case .read(let start, let count):
                let head = files.position(of: number).head
                let first =
                    head.isEmpty ? [] : try file.descriptor.read(from: 0, maximum: head.count)
                let bytes = try file.descriptor.read(from: start, maximum: count)
                give(files.took(bytes, head: first, of: number, now: now), of: &turn)
            }
        } catch {
            // The file is gone on its server, and cannot come back under this descriptor.
            if error.code == ESTALE, files.open.count > 1 { return letGo(number) }
            let offset = files.position(of: number).offset
            throw FollowFailure(Trouble.reading(location, at: offset, error))
        }
    }

    /// Passes over a hole at a file's beginning without reading it. A program that keeps its
    /// position in a file that is cut leaves such a hole.
    private func passHole(_ file: FollowedFile, _ number: UInt64, _ status: FileStatus) {
        let position = files.position(of: number)
        guard position.isBeginning, status.size >= ConnectorBounds.minimumHoleBytes.rawValue,
            position.offset <= status.size - ConnectorBounds.minimumHoleBytes.rawValue,
            let stored = file.descriptor.stored(from: position.offset, size: status.size)
        else { return }
        let nuls = files.skipHole(of: number, to: stored)
        if nuls > 0 { give(.nuls(nuls), of: number) }
    }

    /// Makes pieces of what a look at a file found.
    private func give(_ finding: FilePosition.Finding, of turn: inout Turn) {
        switch finding {
        case .nothing: break
        case .restart:
            // It is read from its start on, in this round already.
            turn.end = nil
            give(.truncation, of: turn.number)
        case .bytes(let bytes, let offset, let nuls):
            if nuls > 0 { give(.nuls(nuls), of: turn.number) }
            if !bytes.isEmpty { give(.bytes(Array(bytes), offset: offset), of: turn.number) }
        }
    }

    /// Adds a piece, and before it says of which file it is when that changes.
    private func give(_ piece: InputPiece, of number: UInt64) {
        if told != number { pieces.append(.file(number)) }
        told = number
        pieces.append(piece)
    }

    /// How long until the next look at files of which nothing came for so many nanoseconds.
    static func pollMilliseconds(quietFor quiet: UInt64) -> Int32 {
        guard quiet >= ConnectorBounds.quietNanoseconds else {
            return ConnectorBounds.pollMilliseconds
        }
        let part = quiet / ConnectorBounds.quietParts / 1_000_000
        return Int32(clamping: min(part, UInt64(ConnectorBounds.maximumPollMilliseconds)))
    }

    /// Waits for an event or the next look.
    private func wait(now: UInt64) throws(FollowFailure) {
        // A replaced file has no events. That it is quiet is to be noticed in time.
        let isSettled = files.open.count == 1 && !finder.othersWait
        let quiet = isSettled ? now - min(now, lastPieceTime) : 0
        do {
            try cancellation.wait(
                readable: finder.number,
                milliseconds: Self.pollMilliseconds(quietFor: quiet))
        } catch {
            throw FollowFailure("waiting for \(Trouble.shown(location)) failed: \(error.words)")
        }
    }
}
