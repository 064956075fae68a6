import DequeModule
import Glibc
import WeirBase
package import WeirTelemetry

/// Puts a source's blocks together and cuts them into lines.
///
/// What a line is follows from the blocks' bytes and boundaries alone, never from where blocks
/// were cut: a line ends at `\n`, or unfinished at the end, a rotation or a truncation. Lines are
/// given without their end; a `\r` before it goes too.
package struct LineAssembler {
    /// A longer line is refused.
    static let maximumLine = 16 << 20
    /// No more blocks are taken in while so many bytes of whole lines wait.
    static let maximumWaiting = 1 << 20

    package enum Trouble: Equatable {
        case lineTooLong(offset: UInt64)
        case failed(String)
    }

    package init() {}

    private var bytes: [UInt8] = []
    /// Where the next line begins in `bytes`.
    private var start = 0
    /// Ends of whole lines in `bytes` (exclusive, without the line end), and where the next begins.
    private var ends = Deque<(end: Int, next: Int)>()
    /// How far `bytes` was searched for line ends.
    private var searched = 0
    package private(set) var isEnded = false
    package private(set) var trouble: Trouble?
    /// Bytes of lines taken so far, their ends included.
    private(set) var position: UInt64 = 0

    /// Bytes and places of lines that are kept.
    var heldBytes: Int { bytes.count + 16 * ends.count }

    /// Whole lines that wait.
    package var waiting: Int { ends.count }

    /// Whether bytes wait behind the last whole line.
    var hasOpenLine: Bool { (ends.last?.next ?? start) < bytes.count }

    /// Whether another block may be taken in.
    var wantsMore: Bool {
        !isEnded && trouble == nil && (ends.isEmpty || bytes.count - start < Self.maximumWaiting)
    }

    package mutating func take(_ block: InputBlock) {
        switch block.kind {
        case .bytes:
            append(block.bytes ?? [])
        case .rotation, .truncation:
            finishLine()
        case .end:
            finishLine()
            isEnded = true
        case .failure:
            finishLine()
            trouble = .failed(String(decoding: block.bytes ?? [], as: UTF8.self))
        }
        if trouble == nil, bytes.count - (ends.last?.next ?? start) > Self.maximumLine {
            trouble = .lineTooLong(offset: position + UInt64((ends.last?.next ?? start) - start))
        }
    }

    private mutating func append(_ more: [UInt8]) {
        if start > 0, start >= bytes.count / 2 { compact() }
        bytes.append(contentsOf: more)
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            while searched < buffer.count,
                let found = memchr(base + searched, 0x0A, buffer.count - searched)
            {
                let end = base.distance(to: found.assumingMemoryBound(to: UInt8.self))
                ends.append((end, end + 1))
                searched = end + 1
            }
            searched = buffer.count
        }
    }

    private mutating func finishLine() {
        if hasOpenLine {
            ends.append((bytes.count, bytes.count))
            searched = bytes.count
        }
    }

    private mutating func compact() {
        bytes.removeSubrange(0..<start)
        searched -= start
        for index in ends.indices {
            ends[index] = (ends[index].end - start, ends[index].next - start)
        }
        start = 0
    }

    /// Takes the next whole line; there must be one.
    package mutating func next<Result>(
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        guard let line = ends.popFirst() else { preconditionFailure("no whole line waits") }
        defer {
            position += UInt64(line.next - start)
            start = line.next
        }
        return try bytes.withUnsafeBytes { buffer in
            var end = line.end
            if end > start, buffer[end - 1] == 0x0D { end -= 1 }
            return try body(UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
        }
    }
}
