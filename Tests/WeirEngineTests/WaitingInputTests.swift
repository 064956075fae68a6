import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// How much of an input waits: blocks in front of a source, and lines in it.
@Suite struct WaitingInputTests {
    /// An input of so many blocks of one line each, which tells how many were asked for.
    private final class Counting: ByteReading, @unchecked Sendable {
        // Unchecked: `asked` is guarded by `lock`.
        private let lock = ConditionLock()
        private var asked = 0
        private let blocks: Int
        let isRepeatable = false
        let path: String? = nil
        let byteCount: UInt64? = nil

        init(_ blocks: Int) { self.blocks = blocks }

        func next(maximum: Int) -> InputPiece? {
            lock.withLock {
                asked += 1
                lock.broadcast()
                if asked > blocks { return .end }
                return .bytes([UInt8(asked)], offset: UInt64(asked))
            }
        }

        func waitUntilAsked(_ count: Int) {
            lock.withLock { while asked < count { lock.wait() } }
        }

        func cancel() {}
    }

    private func feed(_ reading: any ByteReading) -> ReaderFeed {
        ReaderFeed(
            reading: reading, location: nil, source: 0, lane: nil, isStored: true,
            clock: { 0 }, onInput: {})
    }

    @Test func `a reader waits where as many blocks wait as may, and goes on with each taken`() {
        let maximum = EngineBounds.maximumReadBlocks
        let reading = Counting(maximum + 5)
        let feed = feed(reading)
        feed.start()
        // One more than may wait was read, and nobody has room for it.
        reading.waitUntilAsked(maximum + 1)
        #expect(feed.rest.count <= maximum)
        var taken: [UInt8] = []
        var isOver = false
        while !isOver {
            guard let block = feed.next() else { continue }
            #expect(feed.rest.count <= maximum)
            taken += block.bytes ?? []
            isOver = block.kind == .end
        }
        feed.join()
        #expect(taken == (1...UInt8(maximum + 5)).map { $0 })
    }

    @Test func `a reader that is told to end while it waits for room ends`() {
        let reading = Counting(EngineBounds.maximumReadBlocks + 5)
        let feed = feed(reading)
        feed.start()
        reading.waitUntilAsked(EngineBounds.maximumReadBlocks + 1)
        feed.cancel()
        feed.join()
        // The block that was read and found no room is told with those that nobody took.
        #expect(feed.rest.count == EngineBounds.maximumReadBlocks + 1)
    }

    @Test func `each piece of an input is a block that says what it is and where it lay`() {
        let pieces: [InputPiece] = [
            .bytes([1, 2, 3], offset: 10), .nuls(7), .truncation, .bytes([4], offset: 0),
            .file(5), .rotation, .failure("gone"), .bytes([9], offset: 0),
        ]
        let feed = feed(Given(pieces))
        var blocks: [InputBlock] = []
        while let block = feed.next() { blocks.append(block) }
        #expect(
            blocks.map(\.kind) == [
                .bytes, .nuls, .truncation, .bytes, .file, .rotation, .failure,
            ], "nothing comes behind a failure")
        #expect(blocks.map(\.index) == Array(0..<7))
        // Those without a place of their own lie where the input goes on.
        #expect(blocks.map(\.offset) == [10, 7, 13, 0, 5, 1, 0])
        #expect(blocks.map(\.length) == [3, 0, 0, 1, 0, 0, 4])
    }

    private final class Given: ByteReading, @unchecked Sendable {
        // Unchecked: the test's one thread.
        private var pieces: [InputPiece]
        let isRepeatable = false
        let path: String? = nil
        let byteCount: UInt64? = nil

        init(_ pieces: [InputPiece]) { self.pieces = pieces }
        func next(maximum: Int) -> InputPiece? { pieces.isEmpty ? nil : pieces.removeFirst() }
        func cancel() {}
    }

    private func bytes(_ bytes: [UInt8]) -> InputBlock { block(.bytes, bytes) }

    private func block(_ kind: InputKind, _ bytes: [UInt8] = [], at offset: UInt64 = 0)
        -> InputBlock
    {
        InputBlock(
            source: 0, index: 0, kind: kind, offset: offset, length: UInt32(bytes.count), hash: 0,
            time: 0, bytes: bytes)
    }

    @Test func `more is wanted while no whole line waits, and up to a bound where one does`() {
        let bound = EngineBounds.maximumWaitingLineBytes.count
        var assembler = LineAssembler()
        assembler.take(bytes([UInt8](repeating: 0x78, count: bound + 1)))
        #expect(assembler.wantsMore, "no whole line waits, however much does")
        assembler.take(bytes([0x0A]))
        #expect(!assembler.wantsMore)
        assembler.next { _ in }
        #expect(assembler.wantsMore, "what was taken does not wait")
        assembler.take(bytes([0x0A] + [UInt8](repeating: 0x78, count: bound - 2)))
        #expect(assembler.wantsMore)
        assembler.take(bytes([0x78]))
        #expect(!assembler.wantsMore)
    }

    @Test(arguments: [InputKind.end, .failure])
    func `behind the end or a failure nothing more is wanted, and the open line is one`(
        kind: InputKind
    ) {
        var assembler = LineAssembler()
        assembler.take(bytes([0x78]))
        #expect(assembler.hasOpenLine && assembler.unfinishedLines == 1)
        assembler.take(block(kind, Array("gone".utf8)))
        #expect(!assembler.wantsMore && !assembler.hasOpenLine && assembler.waiting == 1)
        #expect(assembler.isEnded == (kind == .end))
        #expect(assembler.trouble == (kind == .failure ? .failed("gone") : nil))
    }

    @Test func `unfinished lines of other files are kept up to a bound, then cut`() {
        let bound = EngineBounds.maximumAsideBytes.count
        let piece = 12 << 20
        var assembler = LineAssembler()
        for file in 1...4 as ClosedRange<UInt64> {
            assembler.take(block(.file, at: file))
            assembler.take(bytes([UInt8](repeating: 0x78, count: piece)))
        }
        assembler.take(block(.file, at: 9))
        // Two fit into the bound, and of each of the others the beginning is kept.
        #expect(assembler.heldBytes.count <= bound)
        var lengths: [Int] = []
        var isTooLong: [Bool] = []
        for file in 1...4 as ClosedRange<UInt64> {
            assembler.take(block(.file, at: file))
            assembler.take(bytes([0x0A]))
            isTooLong.append(assembler.nextFacts.isTooLong)
            lengths.append(assembler.next { $0.count })
        }
        let kept = LineAssembler.keptOfLongLine
        #expect(isTooLong == [false, false, true, true])
        #expect(lengths == [piece, piece, kept, kept])
        #expect(assembler.position == UInt64(4 * (piece + 1)))
    }

    @Test func `what stood before a line that never came goes with its file`() {
        var assembler = LineAssembler()
        assembler.take(block(.nuls, at: 7))
        assembler.take(block(.rotation))
        assembler.take(bytes(Array("a\n".utf8)))
        #expect(assembler.nextFacts.nuls == 0)
        // Of a file that was cut short it is the same file that goes on.
        assembler.take(block(.nuls, at: 7))
        assembler.take(block(.truncation))
        assembler.next { _ in }
        assembler.take(bytes(Array("b\n".utf8)))
        #expect(assembler.nextFacts.nuls == 7)
    }
}
