import WeirBase

/// Which of the files of a followed path are read, in which order, and when one is let go.
/// Decisions alone: it touches no file.
///
/// Files are numbered in the order of their arrival. The last to arrive is the *current* one.
/// The others were replaced, and stay until they were quiet for `linger`. All are read side
/// by side: in each round every file up to the size that it had at its look, the oldest
/// first.
struct FollowedFiles {
    /// An open file.
    struct File {
        let number: UInt64
        let identity: FileNumber
        var position = FilePosition()
        /// Since when it gave nothing, monotonic nanoseconds; nil while it gives something.
        var quietSince: UInt64?
    }

    /// What it means that a file with some identity is at the path.
    enum Arrival: Equatable {
        /// It is the current file.
        case current
        /// It was replaced and is the current one again.
        case back
        /// It is to be opened.
        case new
    }

    /// How long a replaced file must have been quiet to be let go, nanoseconds.
    let linger: UInt64
    /// The open files, oldest first; the last one is current.
    private(set) var open: [File] = []
    /// Files that were let go, oldest first.
    private var known: [(identity: FileNumber, position: FilePosition)] = []
    private var nextNumber: UInt64 = 0

    /// A replaced file is let go when it was quiet for `linger` nanoseconds.
    init(linger: UInt64) { self.linger = linger }

    var current: File? { open.last }

    func isOpen(_ identity: FileNumber) -> Bool {
        open.contains { $0.identity == identity }
    }

    /// This file is at the path now.
    mutating func stands(_ identity: FileNumber) -> Arrival {
        guard let index = open.firstIndex(where: { $0.identity == identity }) else { return .new }
        if index == open.count - 1 { return .current }
        replaceCurrent()
        open.append(open.remove(at: index))
        return .back
    }

    /// A file was opened, and is the current one from now on. Returns its number.
    mutating func opened(_ identity: FileNumber) -> UInt64 {
        precondition(!isOpen(identity), "file \(identity) is open already")
        replaceCurrent()
        var file = File(number: nextNumber, identity: identity)
        nextNumber += 1
        // It goes on where it was read to. If it is another file by now that got the same
        // inode, its bytes tell.
        if let index = known.lastIndex(where: { $0.identity == identity }) {
            file.position = known.remove(at: index).position
        }
        open.append(file)
        return file.number
    }

    /// However long the current file was quiet before, its time begins where it is replaced.
    private mutating func replaceCurrent() {
        if !open.isEmpty { open[open.count - 1].quietSince = nil }
    }

    /// Whether a file is open, or was let go and is still known.
    func isKnown(_ identity: FileNumber) -> Bool {
        isOpen(identity) || known.contains { $0.identity == identity }
    }

    /// How far a file is read.
    func position(of number: UInt64) -> FilePosition { open[index(of: number)].position }

    /// The file's status was looked at.
    mutating func saw(
        _ status: FileStatus, of number: UInt64, maximum: Int, now: UInt64
    ) -> FilePosition.Step {
        let index = index(of: number)
        let step = open[index].position.saw(status, maximum: maximum, now: now)
        switch step {
        case .nothing: rest(index, now)
        case .restart: open[index].quietSince = nil
        case .read: break
        }
        return step
    }

    /// Bytes of the file were read.
    mutating func took(
        _ bytes: [UInt8], head: [UInt8], of number: UInt64, now: UInt64
    ) -> FilePosition.Finding {
        let index = index(of: number)
        let finding = open[index].position.took(bytes, head: head, now: now)
        switch finding {
        case .nothing: rest(index, now)
        case .restart, .bytes: open[index].quietSince = nil
        }
        return finding
    }

    /// A hole at the file's beginning was found, which ends at `end`. Returns how many bytes
    /// that are.
    mutating func skipHole(of number: UInt64, to end: UInt64) -> UInt64 {
        let index = index(of: number)
        return open[index].position.skipHole(to: end)
    }

    /// A file that gives nothing is quiet from the first such look on.
    private mutating func rest(_ index: Int, _ now: UInt64) {
        open[index].quietSince = open[index].quietSince ?? now
    }

    /// The next file that is to be let go unless it gives something now, oldest first; nil
    /// when there is none.
    ///
    /// While others wait for room a file need not have been quiet for long.
    func leaving(now: UInt64, othersWait: Bool) -> UInt64? {
        open.dropLast().first { file in
            guard let since = file.quietSince else { return false }
            return othersWait && !hasRoom || now - since >= linger
        }?.number
    }

    /// A file is let go, and stays known.
    mutating func leave(_ number: UInt64) {
        let file = open.remove(at: index(of: number))
        if known.count == ConnectorBounds.maximumKnownFiles { known.removeFirst() }
        known.append((file.identity, file.position))
    }

    /// Whether another file may be opened.
    var hasRoom: Bool { open.count < ConnectorBounds.maximumOpenFiles }

    /// The index of an open file.
    private func index(of number: UInt64) -> Int {
        guard let index = open.firstIndex(where: { $0.number == number }) else {
            preconditionFailure("file \(number) is not open")
        }
        return index
    }
}
