import Glibc
import WeirEngine

/// Writes rows straight to a descriptor, without a buffer of its own.
///
/// `FileSink` and `StandardOutputSink` make one; the writer thread of a run calls `write`
/// with whole batches of rows and then `close` once. What `write` has returned for is with
/// the system, so that a buffer here would only add a copy.
final class DescriptorWriter: RowWriting, @unchecked Sendable {
    // Unchecked: one thread calls `write` and then `close`, as the protocol demands.

    /// The descriptor.
    private let number: Int32
    /// How the destination is named in errors.
    private let location: String
    /// Whether the descriptor ends with this writer; standard output does not.
    private let closesDescriptor: Bool
    private var isClosed = false
    /// How many bytes the system has taken so far, for errors.
    private var written: UInt64 = 0

    init(_ number: Int32, location: String, closesDescriptor: Bool) {
        self.number = number
        self.location = location
        self.closesDescriptor = closesDescriptor
    }

    deinit { if closesDescriptor, !isClosed { Glibc.close(number) } }

    /// Writes all bytes, waiting for the other end as long as it is slow.
    ///
    /// - Throws: `ClosedPipe` when nobody reads any more, a `ConnectorError` when the system
    ///   refuses. Some of the rows may have been written by then.
    func write(_ rows: RawSpan) throws {
        precondition(!isClosed, "rows written to \(location) after it was closed")
        try rows.withUnsafeBytes { try write(all: $0) }
    }

    private func write(all rows: UnsafeRawBufferPointer) throws {
        var rest = rows[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            // The system may take fewer bytes than it is given.
            let count = retrying { Glibc.write(number, part.baseAddress, part.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
                written += UInt64(count)
            } else {
                try recover(from: .latest)
            }
        }
    }

    /// Closes the descriptor where it is this writer's; errors of writes that the system had
    /// postponed come here.
    func close() throws {
        precondition(!isClosed, "\(location) closed twice")
        isClosed = true
        guard closesDescriptor else { return }
        // Linux has given the descriptor up even when a signal interrupts the call. Calling
        // again could close somebody else's file.
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
