import Glibc

/// How far one followed file is read, and whether it is still the file that was read: decisions
/// alone, without a file.
///
/// A file that was written anew is told by its bytes. Of what was read the last `tailBytes` before
/// the position and the first `headBytes` are kept; more is taken only when both still stand
/// where they were. They are looked at whenever the file's size or time stamps changed, for
/// `settling` after that, since stamps are coarse, and once every `interval` in any case.
struct FilePosition {
    static let headBytes = 1_024
    static let tailBytes = 4_096
    /// How long a file is looked at after its time stamps changed: several ticks of the clock
    /// that file systems stamp with. Nanoseconds.
    static let settling: UInt64 = 100_000_000
    /// How often a file is looked at whose time stamps do not change: some are stamped late.
    static let interval: UInt64 = 1_000_000_000

    /// Bytes read so far, and where to go on.
    private(set) var offset: UInt64 = 0
    private(set) var head: [UInt8] = []
    private(set) var tail: [UInt8] = []
    /// Whether everything so far were NUL bytes, which are passed over.
    private(set) var isBeginning = true
    private var seen: FileStatus?
    private var changedAt: UInt64 = 0
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

    /// The file was looked at; at most `maximum` bytes are wanted.
    mutating func saw(_ status: FileStatus, maximum: Int, now: UInt64) -> Step {
        precondition(maximum > 0, "maximum \(maximum) must be positive")
        if status != seen {
            seen = status
            changedAt = now
        } else if status.size <= offset, now - changedAt > Self.settling,
            now - comparedAt < Self.interval
        {
            return .nothing
        }
        if status.size < offset {
            restart()
            return .restart
        }
        if status.size == 0 { return .nothing }
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

    /// Takes what stands at the place that `saw` named, and the file's first bytes.
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

    /// Compares memory, since it is done for every look that finds something.
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

    private mutating func restart() {
        offset = 0
        head = []
        tail = []
        isBeginning = true
        // The next look is a fresh one, whatever the stamps are.
        seen = nil
    }

    private mutating func advance(over bytes: ArraySlice<UInt8>) {
        if offset < UInt64(Self.headBytes), UInt64(head.count) == offset {
            head.append(contentsOf: bytes.prefix(Self.headBytes - head.count))
        }
        offset += UInt64(bytes.count)
        if bytes.count >= Self.tailBytes {
            tail = Array(bytes.suffix(Self.tailBytes))
        } else {
            tail.append(contentsOf: bytes)
            tail.removeFirst(max(0, tail.count - Self.tailBytes))
        }
        assert(UInt64(tail.count) <= offset && UInt64(head.count) <= offset)
    }
}
