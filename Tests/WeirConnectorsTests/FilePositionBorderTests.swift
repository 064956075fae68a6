import Glibc
import Testing
import WeirBase

@testable import WeirConnectors

/// The borders of what is read again, compared and remembered of a followed file.
@Suite struct FilePositionBorderTests {
    private static let start: UInt64 = 50_000_000_000
    private var position = FilePosition()

    private func status(_ size: Int, changed: Int = 0) -> FileStatus {
        var raw = stat()
        raw.st_mode = S_IFREG
        raw.st_size = size
        raw.st_mtim.tv_nsec = changed
        return FileStatus(raw)
    }

    /// Takes what is new at the end of a file of these bytes, as a reader does.
    private mutating func take(_ bytes: [UInt8], now: UInt64 = start) -> FilePosition.Finding {
        let step = position.saw(
            status(bytes.count, changed: bytes.count), maximum: .max, now: now)
        guard case .read(let first, let count) = step else { return .nothing }
        return position.took(
            Array(bytes[Int(first)..<Int(first) + count]),
            head: Array(bytes.prefix(position.head.count)), now: now)
    }

    @Test mutating func `an empty file gives nothing, and one that has been read neither`() {
        #expect(position.saw(status(0), maximum: 9, now: Self.start) == .nothing)
        #expect(take([1]) == .bytes([1], offset: 0, nuls: 0))
        #expect(position.took([1], head: [1], now: Self.start) == .nothing)
        #expect(position.offset == 1)
    }

    @Test mutating func `no more is read at once than is asked for, and what was before it`() {
        _ = take([1, 2, 3])
        let more = position.saw(status(9, changed: 9), maximum: 4, now: Self.start)
        #expect(more == .read(start: 0, count: 3 + 4))
        let all = position.saw(status(9, changed: 9), maximum: 7, now: Self.start)
        #expect(all == .read(start: 0, count: 3 + 6))
    }

    @Test mutating func `a file is looked at while its stamp is young, and once a second`() {
        let look = FilePosition.Step.read(start: 0, count: 1)
        _ = take([1])
        // Its stamp changed long after it was compared last.
        let changed = Self.start + 3 * ConnectorBounds.comparisonNanoseconds
        #expect(position.saw(status(1, changed: 7), maximum: 9, now: changed) == look)
        _ = position.took([1], head: [1], now: changed)
        let settled = changed + ConnectorBounds.settlingNanoseconds
        #expect(position.saw(status(1, changed: 7), maximum: 9, now: settled) == look)
        #expect(position.saw(status(1, changed: 7), maximum: 9, now: settled + 1) == .nothing)
        let compared = changed + ConnectorBounds.comparisonNanoseconds
        #expect(position.saw(status(1, changed: 7), maximum: 9, now: compared - 1) == .nothing)
        #expect(position.saw(status(1, changed: 7), maximum: 9, now: compared) == look)
        _ = position.took([1], head: [1], now: compared)
        #expect(position.saw(status(1, changed: 7), maximum: 9, now: compared + 1) == .nothing)
    }

    @Test mutating func `a file with bytes that were not read is read however old its stamp is`() {
        _ = position.saw(status(3), maximum: 1, now: Self.start)
        _ = position.took([1], head: [], now: Self.start)
        let later = Self.start + ConnectorBounds.settlingNanoseconds + 1
        #expect(position.saw(status(3), maximum: 9, now: later) == .read(start: 0, count: 3))
    }

    @Test mutating func `a beginning that is cut off says that the file was written anew`() {
        _ = take([1, 2, 3])
        #expect(position.took([1, 2], head: [1, 2, 3], now: Self.start) == .restart)
        #expect(position.offset == 0 && position.head.isEmpty && position.tail.isEmpty)
        #expect(position.isBeginning)
        _ = take([1, 2, 3])
        #expect(position.took([1, 2, 3], head: [1, 2], now: Self.start) == .restart)
    }

    @Test(arguments: [
        [4_095], [4_096], [4_097], [4_096, 1], [1, 4_096], [4_095, 1, 1], [5_000, 10],
    ])
    mutating func `the last bytes and the first ones are kept to their bounds`(sizes: [Int]) {
        var bytes: [UInt8] = []
        for size in sizes {
            bytes += (0..<size).map { UInt8(truncatingIfNeeded: ($0 + bytes.count) * 7 / 3 + 1) }
            #expect(take(bytes) != .nothing)
        }
        #expect(position.offset == UInt64(bytes.count))
        #expect(position.tail == Array(bytes.suffix(ConnectorBounds.comparedTailBytes.count)))
        #expect(position.head == Array(bytes.prefix(ConnectorBounds.comparedHeadBytes.count)))
    }

    @Test(arguments: [[1_023, 1, 1], [1_024, 5], [3, 1_030], [1_025]])
    mutating func `the first bytes come together from several reads`(sizes: [Int]) {
        var bytes: [UInt8] = []
        for size in sizes {
            bytes += (0..<size).map { UInt8(truncatingIfNeeded: $0 + bytes.count + 1) }
            _ = take(bytes)
        }
        #expect(position.head == Array(bytes.prefix(ConnectorBounds.comparedHeadBytes.count)))
    }

    @Test mutating func `behind a hole nothing is known of the first bytes`() {
        #expect(take([0, 0]) == .bytes([], offset: 2, nuls: 2))
        #expect(position.skipHole(to: 2) == 0)
        #expect(position.skipHole(to: 10) == 8)
        #expect(position.offset == 10 && position.head.isEmpty && position.tail.isEmpty)
        let step = position.saw(status(13), maximum: 9, now: Self.start)
        #expect(step == .read(start: 10, count: 3))
        let found = position.took([5, 6, 7], head: [], now: Self.start)
        #expect(found == .bytes([5, 6, 7], offset: 10, nuls: 0))
        #expect(position.head.isEmpty && position.tail == [5, 6, 7])
        // There is text by now: what follows is no hole at the beginning.
        #expect(position.skipHole(to: 20) == 0)
        #expect(position.offset == 13)
    }
}
