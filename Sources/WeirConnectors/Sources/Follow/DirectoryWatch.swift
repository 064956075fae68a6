import Glibc
import WeirBase

/// Tells what happens to the names of one directory, and when one file of it grows (inotify).
///
/// It is an accelerator, and the memory of quick rotations, and nothing depends on it
/// otherwise. Where the system has no watches left or the file system does not support them,
/// the follower looks at the path 50 times a second, 10 times when nothing came for a second.
struct DirectoryWatch: ~Copyable {
    /// The queue of events. It is read without blocking.
    private let queue: Descriptor
    /// Tells the directory's events from the file's.
    private let directoryID: Int32
    /// The watch of the file that grows; -1 for none.
    private var fileID: Int32 = -1
    /// The first half of a rename, until its second half comes. The cookie joins them.
    private var departure: (cookie: UInt32, name: Arrivals.Name)?

    /// Readable when something happened.
    var number: Int32 { queue.number }

    /// Whether the second half of a rename is still awaited.
    var isMidway: Bool { departure != nil }

    /// Watches a directory; nil when the system refuses.
    init?(directory: String) {
        let number = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard number >= 0 else { return nil }
        let queue = Descriptor(owning: number)
        let mask = UInt32(IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR)
        let directoryID = inotify_add_watch(number, directory, mask)
        guard directoryID >= 0 else { return nil }
        self.queue = queue
        self.directoryID = directoryID
    }

    /// Watches the growth of the file behind an open descriptor instead of the one before.
    mutating func watchFile(_ file: borrowing Descriptor) {
        if fileID >= 0 { inotify_rm_watch(queue.number, fileID) }
        // Through its descriptor the very file is watched, whatever its name is by now.
        fileID = inotify_add_watch(
            queue.number, "/proc/self/fd/\(file.number)", UInt32(IN_MODIFY))
    }

    /// Applies everything that has happened since the last call.
    mutating func drain(into arrivals: inout Arrivals) throws(SystemFailure) {
        while true {
            let events: [UInt8]
            do {
                events = try queue.read(maximum: ConnectorBounds.directoryEventBytes.count)
            } catch {
                if error.code == EAGAIN { return }
                throw error
            }
            if events.isEmpty { return }
            events.withUnsafeBytes { take($0, into: &arrivals) }
        }
    }

    /// Gives up waiting for the second half of a rename: the file left the directory.
    mutating func settle(into arrivals: inout Arrivals) {
        guard let (_, name) = departure else { return }
        departure = nil
        arrivals.apply(.vanished(name))
    }

    /// Takes in what one read of the queue gave. Events end where a name would not lie within it.
    ///
    /// `drain` calls it; tests hand it what a folder says only in a flood.
    mutating func take(_ events: UnsafeRawBufferPointer, into arrivals: inout Arrivals) {
        // struct inotify_event: watch, mask, cookie, length, then the name padded with NULs.
        let header = 16
        var offset = 0
        while events.count - offset >= header {
            let watch = events.loadUnaligned(fromByteOffset: offset, as: Int32.self)
            let mask = Int(events.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
            let cookie = events.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self)
            let length = Int(events.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
            offset += header
            guard length <= events.count - offset else { return }
            let name = Arrivals.Name(events[offset..<offset + length].prefix { $0 != 0 })
            offset += length
            if mask & Int(IN_Q_OVERFLOW) != 0 {
                departure = nil
                arrivals.apply(.overflow)
            } else if watch == directoryID {
                apply(mask: mask, cookie: cookie, name, to: &arrivals)
            }
        }
    }

    /// Turns one event of the directory into a change.
    private mutating func apply(
        mask: Int, cookie: UInt32, _ name: Arrivals.Name, to arrivals: inout Arrivals
    ) {
        if mask & Int(IN_MOVED_TO) != 0, let departure, departure.cookie == cookie {
            self.departure = nil
            arrivals.apply(.moved(from: departure.name, to: name))
            return
        }
        // The halves of a rename within a directory follow each other directly. Anything else
        // in between means that the file left.
        settle(into: &arrivals)
        if mask & Int(IN_MOVED_FROM) != 0 {
            departure = (cookie, name)
        } else if mask & Int(IN_DELETE) != 0 {
            arrivals.apply(.vanished(name))
        } else if mask & Int(IN_CREATE | IN_MOVED_TO) != 0 {
            arrivals.apply(.appeared(name))
        }
    }
}
