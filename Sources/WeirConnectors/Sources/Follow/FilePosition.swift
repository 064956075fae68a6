import Glibc
import WeirBase

/// How far one followed file was read, and whether it is still the file that was read.
/// Decisions alone: it touches no file.
///
/// The protocol at each look is: `saw` the file's status, which says what to read; then, with
/// the bytes, `took`, which says what they are.
///
/// A file that was written anew is told by its bytes. Of what was read, the first and the last
/// before the position are kept, and more is taken only when both are still where they were. They
/// are looked at whenever the file's size or time stamps have changed, for a while after that,
/// since stamps are coarse, and now and then in any case; how many, how long and how often is in
/// `ConnectorBounds`.
struct FilePosition {
    /// How many bytes were read so far, which is where to go on.
    private(set) var offset: UInt64 = 0
    /// The first bytes; none in a file that began with a hole.
    private(set) var head: [UInt8] = []
    /// The bytes just before the position.
    private(set) var tail: [UInt8] = []
    /// Whether everything so far were NUL bytes, which are passed over.
    private(set) var isBeginning = true
    /// The status at the last look; nil when the next look is a fresh one.
    private var seen: FileStatus?
    /// When the status was last seen to change, monotonic nanoseconds.
    private var changedAt: UInt64 = 0
    /// When the bytes were last compared, monotonic nanoseconds.
    private var comparedAt: UInt64 = 0

    /// What to do after a look at the file's status.
    enum Step: Equatable {
        case nothing
        /// Read `count` bytes from `start` on, and the first bytes of the file when there are any
        /// to compare.
        case read(start: UInt64, count: Int)
        /// The file is shorter than what was read of it: it begins again.
        case restart
    }

    /// The file's status was looked at, and at most `maximum` bytes are wanted.
    mutating func saw(_ status: FileStatus, maximum: Int, now: UInt64) -> Step {
        precondition(maximum > 0, "maximum \(maximum) must be positive")
        if status != seen {
            seen = status
            changedAt = now
        } else if status.size <= offset, now - changedAt > ConnectorBounds.settlingNanoseconds,
            now - comparedAt < ConnectorBounds.comparisonNanoseconds
        {
            return .nothing
        }
        if status.size < offset {
            restart()
            return .restart
        }
        if status.size == 0 { return .nothing }
        // The tail is read once more, along with what is new behind it.
        let count = tail.count + min(maximum, Int(clamping: status.size - offset))
        return count == 0 ? .nothing : .read(start: offset - UInt64(tail.count), count: count)
    }

    /// What the bytes that were read turn out to be.
    enum Finding: Equatable {
        /// Nothing new.
        case nothing
        /// The file was written anew: it begins again.
        case restart
        /// New bytes behind so many NULs that are passed over, and where the bytes lie.
        case bytes(ArraySlice<UInt8>, offset: UInt64, nuls: UInt64)
    }

    /// Takes what is at the position that `saw` named, and the file's first bytes.
    mutating func took(_ bytes: [UInt8], head first: [UInt8], now: UInt64) -> Finding {
        guard Self.begins(bytes, with: tail), Self.begins(first, with: head) else {
            restart()
            return .restart
        }
        comparedAt = now
        let fresh = bytes[tail.count...]
        if fresh.isEmpty { return .nothing }
        let start = offset
        advance(over: fresh)
        // NUL bytes in the middle of a log are the log's own.
        guard isBeginning else { return .bytes(fresh, offset: start, nuls: 0) }
        let text = fresh.drop { $0 == 0 }
        let nuls = UInt64(fresh.count - text.count)
        isBeginning = text.isEmpty
        return .bytes(text, offset: start + nuls, nuls: nuls)
    }

    /// Passes over a hole at the beginning, which would be read as NUL bytes, up to `end`.
    ///
    /// Returns how many bytes that are.
    mutating func skipHole(to end: UInt64) -> UInt64 {
        guard isBeginning, end > offset else { return 0 }
        defer {
            offset = end
            tail = []
            head = []
        }
        return end - offset
    }

    /// Whether some bytes begin with others. It compares memory, since it is done at every
    /// look that finds something.
    private static func begins(_ bytes: [UInt8], with start: [UInt8]) -> Bool {
        guard !start.isEmpty else { return true }
        guard bytes.count >= start.count else { return false }
        return bytes.withUnsafeBytes { bytes in
            start.withUnsafeBytes { start in
                guard let left = bytes.baseAddress, let right = start.baseAddress else {
                    return false
                }
                return memcmp(left, right, start.count) == 0
            }
        }
    }

    /// Begins again with the first byte.
    private mutating func restart() {
        offset = 0
        head = []
        tail = []
        isBeginning = true
        // The next look is a fresh one, whatever the stamps are.
        seen = nil
    }

    /// Moves on over new bytes and keeps the first and last of them.
    private mutating func advance(over bytes: ArraySlice<UInt8>) {
        if offset < ConnectorBounds.comparedHeadBytes.rawValue, UInt64(head.count) == offset {
            head.append(
                contentsOf: bytes.prefix(ConnectorBounds.comparedHeadBytes.count - head.count))
        }
        offset += UInt64(bytes.count)
        if bytes.count >= ConnectorBounds.comparedTailBytes.count {
            tail = Array(bytes.suffix(ConnectorBounds.comparedTailBytes.count))
        } else {
            tail.append(contentsOf: bytes)
            tail.removeFirst(max(0, tail.count - ConnectorBounds.comparedTailBytes.count))
        }
        assert(UInt64(tail.count) <= offset && UInt64(head.count) <= offset)
    }
}
