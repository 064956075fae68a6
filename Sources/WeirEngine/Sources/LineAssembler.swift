import DequeModule
import Glibc
package import WeirBase
package import WeirTelemetry

/// Puts a source's blocks together and cuts them into lines.
///
/// `LineDriver` gives it blocks with `take` as long as `wantsMore`, and takes whole lines out with
/// `nextFacts` and `next`. A value without threads: a snapshot of it is a copy.
///
/// What a line is follows from the blocks' bytes and boundaries alone, never from where blocks were
/// cut: a line ends at `\n`, or unfinished at the end, a rotation or a truncation. Lines are given
/// without their end; a `\r` before it goes too. Blocks may come from several files in turn: an
/// unfinished line waits until its own file goes on.
///
/// Memory is bounded: a line longer than `maximumLine` keeps its first bytes only and is told as
/// too long, and so is an unfinished line of a file that is not read now when those of all such
/// files together are longer than `EngineBounds.maximumAsideBytes`.
package struct LineAssembler {
    /// How many bytes are kept of a line that is too long: enough to see what it is.
    static let keptOfLongLine = 4_096

    /// What ended the input other than its end.
    package enum Trouble: Equatable {
        case failed(String)
    }

    /// What there is to know of a line besides its bytes.
    package struct Facts: Equatable {
        /// Whether only its first bytes are there.
        package var isTooLong = false
        /// NUL bytes at its file's beginning that were passed over before it.
        package var nuls: UInt64 = 0
    }

    /// Where a whole line lies in `bytes`.
    private struct Extent {
        /// Exclusive, without the line end.
        var end: Int
        /// Where the next line begins.
        var next: Int
        /// Bytes of the line that are not there any more.
        var dropped: UInt64 = 0
        var facts = Facts()
    }

    /// What there is to know of an unfinished line besides its bytes.
    private struct Open {
        var dropped: UInt64 = 0
        var nuls: UInt64 = 0
    }

    private let limit: Int
    /// Bytes that were taken in: lines taken already, whole lines that wait, and the unfinished one
    /// at the end. The first are removed now and then (`compact`).
    private var bytes: [UInt8] = []
    /// Where the next line to be taken begins in `bytes`.
    private var start = 0
    private var extents = Deque<Extent>()
    /// How far `bytes` was searched for line ends, so that an unfinished line is not searched again
    /// with each block.
    private var searched = 0
    /// What there is to know of the unfinished line.
    private var open = Open()
    /// The file that the unfinished line at the end of `bytes` belongs to.
    private var file: UInt64 = 0
    /// The unfinished lines of other files, by the files' numbers.
    private var aside: [UInt64: (bytes: [UInt8], open: Open)] = [:]
    /// Bytes in `aside`, all together.
    private var asideBytes = ByteCount.zero
    package private(set) var isEnded = false
    package private(set) var trouble: Trouble?
    /// Bytes of lines taken so far, their ends included.
    package private(set) var position: UInt64 = 0

    /// An assembler that takes lines longer than `maximumLine` bytes for too long.
    package init(maximumLine: ByteCount = EngineBounds.maximumLineBytes) {
        precondition(maximumLine > 0, "lines of at most \(maximumLine) bytes")
        limit = maximumLine.count
    }

    /// Bytes that it holds, for a snapshot's size.
    var heldBytes: ByteCount {
        ByteCount(bytes.count) + asideBytes + ByteCount(of: extents.count, Extent.self)
    }

    /// Whole lines that wait.
    package var waiting: Int { extents.count }

    /// Lines that have begun and not ended, in all files.
    package var unfinishedLines: Int {
        let others = aside.values.count { !$0.bytes.isEmpty || $0.open.dropped > 0 }
        return others + (hasOpenLine ? 1 : 0)
    }

    /// Whether another block may be taken in: always when no whole line waits, since a line may be
    /// longer than any bound on what waits.
    var wantsMore: Bool {
        !isEnded && trouble == nil
            && (extents.isEmpty || bytes.count - start < EngineBounds.maximumWaitingLineBytes.count)
    }

    /// Where the unfinished line begins in `bytes`.
    private var openStart: Int { extents.last?.next ?? start }
    /// Whether a line has begun and not ended.
    var hasOpenLine: Bool { openStart < bytes.count || open.dropped > 0 }

    /// Takes the next block in.
    package mutating func take(_ block: InputBlock) {
        switch block.kind {
        case .bytes:
            append(block.bytes ?? [])
        case .truncation:
            finishLine()
        case .rotation:
            finishLine()
            // The file is gone, and with it what stood before a line that never came.
            open = Open()
        case .file:
            turn(to: block.offset)
        case .nuls:
            open.nuls += block.offset
        case .end:
            finishLine()
            isEnded = true
        case .failure:
            finishLine()
            trouble = .failed(String(decoding: block.bytes ?? [], as: UTF8.self))
        }
    }

    private mutating func append(_ more: [UInt8]) {
        // When at least half is taken already: moving then costs a constant for each byte.
        if start > 0, start >= bytes.count / 2 { compact() }
        var rest = more[...]
        // A line that was cut goes on until its end, and nothing more of it is kept.
        if open.dropped > 0 {
            guard let end = rest.firstIndex(of: 0x0A) else {
                open.dropped += UInt64(rest.count)
                return
            }
            open.dropped += UInt64(end - rest.startIndex + 1)
            closeLine(end: bytes.count, next: bytes.count)
            rest = rest[(end + 1)...]
        }
        bytes.append(contentsOf: rest)
        search()
        if bytes.count - openStart > limit { cutOpenLine() }
    }

    /// Closes every line whose end is among the new bytes. By `memchr`, which looks at many bytes
    /// at once.
    private mutating func search() {
        let count = bytes.count
        while searched < count {
            let from = searched
            let found = bytes.withUnsafeBufferPointer { buffer -> Int? in
                guard let base = buffer.baseAddress,
                    let found = memchr(base + from, 0x0A, count - from)
                else { return nil }
                return base.distance(to: found.assumingMemoryBound(to: UInt8.self))
            }
            guard let end = found else { break }
            closeLine(end: end, next: end + 1)
        }
        searched = count
    }

    /// The unfinished line ends at `end`, exclusive, and the next one begins at `next`.
    private mutating func closeLine(end: Int, next: Int) {
        let first = openStart
        assert(
            first <= end && end <= next && next <= bytes.count,
            "a line from \(first) to \(end), the next from \(next) on, in \(bytes.count) bytes")
        var extent = Extent(end: end, next: next, dropped: open.dropped)
        extent.facts.nuls = open.nuls
        // Its length alone decides, so that where blocks were cut does not matter.
        extent.facts.isTooLong = open.dropped > 0 || end - first > limit
        if extent.facts.isTooLong { extent.end = min(end, first + Self.keptOfLongLine) }
        extents.append(extent)
        open = Open()
        searched = next
    }

    /// Ends the unfinished line without a line end, if there is one.
    private mutating func finishLine() {
        if hasOpenLine { closeLine(end: bytes.count, next: bytes.count) }
    }

    /// Keeps the first bytes of the unfinished line only; what follows of it is dropped.
    private mutating func cutOpenLine() {
        let kept = min(bytes.count, openStart + Self.keptOfLongLine)
        open.dropped += UInt64(bytes.count - kept)
        // A line that is cut has lost a byte at least: `dropped` marks it.
        if open.dropped == 0 { return }
        bytes.removeSubrange(kept...)
        searched = kept
        assert(
            bytes.count - openStart <= Self.keptOfLongLine,
            "\(bytes.count - openStart) bytes are kept of a line that is too long")
    }

    /// Sets the unfinished line of the file so far aside and takes up that of another one.
    private mutating func turn(to other: UInt64) {
        guard other != file else { return }
        if hasOpenLine || open.nuls > 0 {
            if asideBytes + ByteCount(bytes.count - openStart) > EngineBounds.maximumAsideBytes {
                cutOpenLine()
            }
            let line = Array(bytes[openStart...])
            bytes.removeSubrange(openStart...)
            asideBytes += ByteCount(line.count)
            aside[file] = (line, open)
        }
        open = Open()
        file = other
        if let (line, facts) = aside.removeValue(forKey: other) {
            assert(
                asideBytes >= ByteCount(line.count),
                "\(line.count) bytes are taken up, and \(asideBytes) were set aside")
            asideBytes -= ByteCount(line.count)
            bytes.append(contentsOf: line)
            open = facts
        }
        searched = bytes.count
    }

    /// Removes the bytes of lines that were taken.
    private mutating func compact() {
        assert(
            start <= searched && searched <= bytes.count,
            "lines were taken to \(start) and looked for to \(searched) in \(bytes.count) bytes")
        bytes.removeSubrange(0..<start)
        searched -= start
        for index in extents.indices {
            extents[index].end -= start
            extents[index].next -= start
        }
        start = 0
    }

    /// What there is to know of the next whole line. There must be one.
    package var nextFacts: Facts {
        guard let extent = extents.first else { preconditionFailure("no whole line waits") }
        return extent.facts
    }

    /// Takes the next whole line and gives its bytes to `body`, for the time of the call. There
    /// must be one.
    package mutating func next<Result>(
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        guard let line = extents.popFirst() else { preconditionFailure("no whole line waits") }
        assert(
            start <= line.end && line.end <= line.next,
            "the line at \(start) ends at \(line.end), the next one begins at \(line.next)")
        defer {
            position += UInt64(line.next - start) + line.dropped
            start = line.next
        }
        return try bytes.withUnsafeBytes { buffer in
            var end = line.end
            if end > start, buffer[end - 1] == 0x0D { end -= 1 }
            return try body(UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
        }
    }
}
