import Glibc
import WeirEngine

/// An open stream that can be read once: a FIFO, a pipe, a terminal, a device.
///
/// `FileSource` and `StandardInputSource` make one. The thread of one reader calls `next`,
/// which waits for bytes or for `cancel`. A stream that has no writer yet, such as a FIFO, is
/// waited for.
final class StreamReader: ByteReading, @unchecked Sendable {
    // Unchecked: the thread that calls `next` is the only one that touches `offset`; the rest is
    // constant or made for several threads.

    var isRepeatable: Bool { false }
    var path: String? { nil }
    var byteCount: UInt64? { nil }

    /// The descriptor if it is this reader's to close.
    private let owned: Descriptor?
    private let number: Int32
    private let location: String
    private let cancellation: Cancellation
    /// How many bytes were read, which numbers the pieces.
    private var offset: UInt64 = 0

    init(_ descriptor: consuming Descriptor, location: String, _ cancellation: Cancellation) {
        number = descriptor.number
        owned = consume descriptor
        self.location = location
        self.cancellation = cancellation
    }

    /// Reads a descriptor that stays open afterwards.
    init(borrowing number: Int32, location: String, _ cancellation: Cancellation) {
        self.number = number
        owned = nil
        self.location = location
        self.cancellation = cancellation
    }

    /// The next bytes; nil once it is cancelled.
    func next(maximum: Int) -> InputPiece? {
        precondition(maximum > 0, "maximum \(maximum) must be positive")
        do throws(SystemFailure) {
            while true {
                if cancellation.isCancelled { return nil }
                // Never in `read` itself, which nothing could end.
                try cancellation.wait(readable: number)
                if cancellation.isCancelled { return nil }
                guard let bytes = try readIfReady(maximum) else { continue }
                if bytes.isEmpty { return .end }
                defer { offset += UInt64(bytes.count) }
                return .bytes(bytes, offset: offset)
            }
        } catch {
            return .failure(Trouble.reading(location, at: offset, error))
        }
    }

    func cancel() { cancellation.cancel() }

    /// Reads what is there. Nil when the wait ended for nothing: by a signal, or because
    /// another process that shares the stream was faster.
    private func readIfReady(_ maximum: Int) throws(SystemFailure) -> [UInt8]? {
        var polled = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        // Standard input stays a blocking descriptor, since its flags are shared with the
        // shell and its other programs. So it is read only when there is something.
        if poll(&polled, 1, 0) <= 0 { return nil }
        var failure: SystemFailure?
        let bytes = [UInt8](unsafeUninitializedCapacity: maximum) { target, count in
            let got = retrying { read(number, target.baseAddress, maximum) }
            if got < 0 { failure = .latest }
            count = max(0, got)
        }
        guard let failure else { return bytes }
        if failure.code == EAGAIN { return nil }
        throw failure
    }
}
