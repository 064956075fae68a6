import Glibc

/// A pipe that wakes the thread which waits at its reading end.
final class WakeUp: Sendable {
    let readingEnd: Int32
    private let writingEnd: Int32

    init?() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        readingEnd = ends[0]
        writingEnd = ends[1]
    }

    deinit {
        close(readingEnd)
        close(writingEnd)
    }

    func signal() {
        var byte: UInt8 = 1
        // A full pipe wakes as well as one more byte would.
        _ = write(writingEnd, &byte, 1)
    }

    func clear() {
        var bytes = [UInt8](repeating: 0, count: 256)
        while read(readingEnd, &bytes, bytes.count) == bytes.count {}
    }
}
