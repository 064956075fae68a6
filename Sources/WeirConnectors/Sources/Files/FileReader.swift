import Synchronization
import WeirEngine

/// An open regular file, read to the size that it had when it was opened.
///
/// `FileSource` makes one for files that can be read again. The thread of one reader calls
/// `next` until it gives an end; any thread may cancel. Reads never block for long, so that a
/// flag is enough to cancel.
final class FileReader: ByteReading, @unchecked Sendable {
    // Unchecked: the thread that calls `next` is the only one that touches `offset`; the rest is
    // constant or atomic.

    let path: String?
    let byteCount: UInt64?
    var isRepeatable: Bool { true }

    private let descriptor: Descriptor
    private let location: String
    /// The size at the opening, up to which the file is read.
    private let size: UInt64
    private let isCancelled = Atomic<Bool>(false)
    /// How far it was read.
    private var offset: UInt64 = 0

    init(_ descriptor: consuming Descriptor, path: String, size: UInt64) {
        self.descriptor = descriptor
        self.path = path
        self.size = size
        location = path
        byteCount = size
    }

    func next(maximum: Int) -> InputPiece? {
        if isCancelled.load(ordering: .acquiring) { return nil }
        assert(offset <= size, "offset \(offset) lies behind the file's \(size) bytes")
        // Bytes that are appended meanwhile are left alone: the run's input is what was there
        // when it began, and a file that grows as fast as it is read would never end.
        let left = Int(clamping: size - offset)
        if left == 0 { return .end }
        do throws(SystemFailure) {
            let bytes = try descriptor.read(from: offset, maximum: min(maximum, left))
            // Fewer bytes than there were: the run's input would not be what its header says.
            if bytes.isEmpty {
                return .failure(
                    "\(Trouble.shown(location)) was cut to \(offset) of its \(size) bytes while "
                        + "it was read. Use --follow for files that change")
            }
            defer { offset += UInt64(bytes.count) }
            return .bytes(bytes, offset: offset)
        } catch {
            return .failure(Trouble.reading(location, at: offset, error))
        }
    }

    func cancel() { isCancelled.store(true, ordering: .releasing) }
}
