/// Which files came to stand at a path and have not been opened yet, oldest first, each by the
/// name it has now.
///
/// A log that rotates twice between two looks has had a file at its path that a look at the path
/// alone never sees. The directory's events tell its story: it appeared under the log's name and
/// was renamed from there. This follows the renames, so that the file can still be opened. Files
/// that were deleted, overwritten or moved out of the directory meanwhile are lost.
struct Arrivals {
    /// The bytes of a file's name within its directory.
    typealias Name = [UInt8]

    /// One change of a directory.
    enum Change: Equatable {
        case appeared(Name)
        case moved(from: Name, to: Name)
        case vanished(Name)
        /// The system dropped changes: what is tracked may be wrong.
        case overflow
    }

    /// How many files may wait to be opened; with more following ends with an error.
    static let limit = 1_024

    /// The name whose files are collected.
    let name: Name
    /// The present names of the files that wait, oldest first.
    private(set) var waiting: [Name] = []
    /// Grows whenever `waiting` changes; tells whether a look at the directory is still true.
    private(set) var version = 0

    init(name: Name) { self.name = name }

    mutating func apply(_ change: Change) {
        switch change {
        case .appeared(let appeared):
            forget(appeared)
            if appeared == name { append(appeared) }
        case .moved(let from, let to):
            forget(to)
            if let index = waiting.firstIndex(of: from) {
                waiting[index] = to
                version += 1
            } else if to == name {
                append(to)
            }
        case .vanished(let vanished):
            forget(vanished)
        case .overflow:
            waiting.removeAll()
            version += 1
        }
    }

    /// Takes the oldest files off: they were opened or given up.
    mutating func removeOldest(_ count: Int) {
        precondition(count <= waiting.count, "\(count) of \(waiting.count) files taken off")
        waiting.removeFirst(count)
    }

    /// Whether more files waited than are remembered.
    private(set) var isOverfull = false

    private mutating func append(_ arrived: Name) {
        if waiting.count == Self.limit {
            waiting.removeFirst()
            isOverfull = true
        }
        waiting.append(arrived)
        version += 1
    }

    private mutating func forget(_ gone: Name) {
        guard let index = waiting.firstIndex(of: gone) else { return }
        waiting.remove(at: index)
        version += 1
    }
}
