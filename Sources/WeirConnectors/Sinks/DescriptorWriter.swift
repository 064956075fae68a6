import Glibc
import WeirEngine

/// Writes rows straight to a descriptor, without a buffer of its own.
///
/// The engine hands over whole batches of rows; what `write` returned for is with the system.
final class DescriptorWriter: RowWriting, @unchecked Sendable {
    // Unchecked: one thread calls `write` and then `close`, as the protocol demands.

    private let number: Int32
    private let location: String
    private let closesDescriptor: Bool
    private var isClosed = false
    private var written: UInt64 = 0

    init(_ number: Int32, location: String, closesDescriptor: Bool) {
        self.number = number
        self.location = location
        self.closesDescriptor = closesDescriptor
    }

    deinit { if closesDescriptor, !isClosed { Glibc.close(number) } }

    func write(_ rows: UnsafeRawBufferPointer) throws {
        precondition(!isClosed, "rows written to \(location) after it was closed")
        var rest = rows[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let count = retrying { Glibc.write(number, part.baseAddress, part.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
                written += UInt64(count)
            } else {
                try recover(from: .latest)
            }
        }
    }

    func close() throws {
        precondition(!isClosed, "\(location) closed twice")
        isClosed = true
        guard closesDescriptor else { return }
        // Linux has given the descriptor up even when a signal interrupts the call: calling again
        // could close somebody else's file.
        if Glibc.close(number) != 0, errno != EINTR {
            throw Trouble.writing(location, at: written, .latest)
        }
    }

    /// Waits when the other end is only slow; throws otherwise.
    private func recover(from failure: SystemFailure) throws {
        switch failure.code {
        case EPIPE:
            throw ClosedPipe()
        case EAGAIN:
            // Whoever started the program may have made its standard output non-blocking.
            var polled = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
            _ = retrying { poll(&polled, 1, -1) }
        default:
            throw Trouble.writing(location, at: written, failure)
        }
    }
}
