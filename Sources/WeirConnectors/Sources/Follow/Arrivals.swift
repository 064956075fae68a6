/// Which files came to be at a path and have not been opened yet, oldest first, each by the
/// name that it has now. Decisions alone: it touches no file.
///
/// A log that rotates twice between two looks has had a file at its path which a look at the
/// path alone never sees. The directory's events tell its story: it appeared under the log's
/// name, and was renamed from there. This type follows the renames, so that the file can
/// still be opened. Files that were deleted, overwritten or moved out of the directory
/// meanwhile are lost.
struct Arrivals {
    /// The bytes of a file's name within its directory.
    typealias Name = [UInt8]

    /// One change of a directory.
    enum Change: Equatable {
        /// A name came to be, by a new file or by one that was moved in from elsewhere.
        case appeared(Name)
        /// A file got another name in the same directory.
        case moved(from: Name, to: Name)
        /// A name is gone, with its file or without.
        case vanished(Name)
        /// The system dropped changes: what is tracked may be wrong.
        case overflow
    }

    /// The name whose files are collected.
    let name: Name
    /// The present names of the files that wait, oldest first.
    private(set) var waiting: [Name] = []
    /// Grows whenever `waiting` changes; tells whether a look at the directory is still true.
    private(set) var version = 0

    init(name: Name) { self.name = name }

    /// Takes a change into account. Changes must come in their order.
    mutating func apply(_ change: Change) {
        switch change {
        case .appeared(let appeared):
            // Whatever waited under this name was overwritten.
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
            // What waited may have been renamed unseen. The names `log.1`, `log.2` are what
            // is left to go by.
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

    /// Adds an arrival. When too many wait, the oldest is forgotten and `isOverfull` says so.
    private mutating func append(_ arrived: Name) {
        if waiting.count == ConnectorBounds.maximumWaitingFiles {
            waiting.removeFirst()
            isOverfull = true
        }
        waiting.append(arrived)
        version += 1
    }

    /// Takes a name off the list if it waits.
    private mutating func forget(_ gone: Name) {
        guard let index = waiting.firstIndex(of: gone) else { return }
        waiting.remove(at: index)
        version += 1
    }
}
