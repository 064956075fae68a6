import Glibc
import Synchronization

/// Ends the wait of a thread that blocks on descriptors; once it is cancelled, for good.
///
/// A flag alone would not wake the thread, and a signal could come just before it waits. So
/// it waits for a pipe as well. The byte in the pipe is never read, so that every later wait
/// ends at once too. Any thread may cancel; one thread waits.
final class Cancellation: Sendable {
    /// Set before the byte is written, so that whoever is woken sees it.
    private let flag = Atomic<Bool>(false)
    private let readEnd: Descriptor
    private let writeEnd: Descriptor

    init() throws(SystemFailure) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .latest }
        readEnd = Descriptor(owning: ends[0])
        writeEnd = Descriptor(owning: ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    var isCancelled: Bool { flag.load(ordering: .acquiring) }

    /// Ends the wait that is going on and every later one. Any thread, any number of times.
    func cancel() {
        if flag.exchange(true, ordering: .acquiringAndReleasing) { return }
        var byte: UInt8 = 1
        // The pipe is empty and both its ends are ours: one byte always fits.
        _ = retrying { write(writeEnd.number, &byte, 1) }
    }

    /// Waits until `descriptor` can be read or was closed at its other end, `cancel` was
    /// called, or `milliseconds` have passed. -1 is no limit, and a negative descriptor is
    /// not waited for.
    func wait(readable descriptor: Int32, milliseconds: Int32 = -1) throws(SystemFailure) {
        var polled = [
            pollfd(fd: readEnd.number, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        ]
        // A signal ends the wait like a time-out: all callers look again and wait again.
        if poll(&polled, nfds_t(polled.count), milliseconds) < 0, errno != EINTR { throw .latest }
        if polled[1].revents & Int16(POLLNVAL) != 0 { throw SystemFailure(code: EBADF) }
    }
}
