import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// Hand-overs at their bounds and at their ends: to the writers of sinks, and from readers.
@Suite struct HandOverTests {
    /// A hand-over that is full to the byte, behind a write that has not come back.
    private func full(_ rows: HeldRows, onRoom: @escaping @Sendable () -> Void) -> WriterFeed {
        let feed = WriterFeed(sink: "rows", writing: rows, onRoom: onRoom, onFailure: { _ in })
        feed.start()
        #expect(feed.offer([0x0A], count: 1))
        // From here on the writer takes nothing more out.
        rows.waitForWrite()
        let piece = [UInt8](repeating: 0x0A, count: EngineBounds.maximumWaitingRowBytes.count)
        #expect(feed.offer(piece, count: 1))
        return feed
    }

    @Test func `a hand-over that has as many bytes as it may takes no more`() {
        let rows = HeldRows()
        let feed = full(rows, onRoom: {})
        #expect(!feed.offer([0x0A], count: 1))
        rows.letGo(failing: false)
        feed.join()
        #expect(feed.account == RowAccount(written: 2))
    }

    @Test func `rows behind a write that has not come back are not written`() {
        let rows = HeldRows()
        let feed = full(rows, onRoom: {})
        // Those of the write itself, and those that wait for it.
        #expect(feed.account == RowAccount(unwritten: 2))
        rows.letGo(failing: false)
        feed.join()
        #expect(feed.account == RowAccount(written: 2))
    }

    @Test(arguments: [false, true])
    func `who waits for room in a hand-over is woken, where the sink fails too`(isFailing: Bool) {
        let rows = HeldRows()
        let woken = Tally()
        let feed = full(rows, onRoom: { woken.add() })
        #expect(!feed.offer([0x0A], count: 1) && woken.count == 0)
        rows.letGo(failing: isFailing)
        feed.join()
        #expect(woken.count == 1)
    }

    @Test func `a block that meets the end of its reader is among those that nobody took`() {
        let reading = CutReading()
        let feed = ReaderFeed(
            reading: reading, location: nil, source: 0, lane: nil, isStored: true,
            clock: { 0 }, onInput: {})
        reading.onRead = { [unowned feed] in feed.cancel() }
        feed.start()
        feed.join()
        #expect(feed.rest.map(\.kind) == [.bytes])
    }
}

/// A sink whose first write waits until it is let go.
private final class HeldRows: RowWriting, @unchecked Sendable {
    // Unchecked: guarded by `lock`.
    private let lock = ConditionLock()
    private var isWriting = false
    private var isFailing: Bool?

    func waitForWrite() { lock.withLock { while !isWriting { lock.wait() } } }

    func letGo(failing isFailing: Bool) {
        lock.withLock {
            self.isFailing = isFailing
            lock.broadcast()
        }
    }

    func write(_ rows: RawSpan) throws {
        try lock.withLock {
            isWriting = true
            lock.broadcast()
            while isFailing == nil { lock.wait() }
            if isFailing == true { throw Wanted() }
        }
    }

    func close() {}
}

/// An input whose reader is told to end while it reads.
private final class CutReading: ByteReading, @unchecked Sendable {
    // Unchecked: set before the reader's thread starts, called by that alone.
    var onRead: () -> Void = {}
    let isRepeatable = false
    let path: String? = nil
    let byteCount: UInt64? = nil

    func next(maximum: Int) -> InputPiece? {
        onRead()
        return .bytes([0x61, 0x0A], offset: 0)
    }

    func cancel() {}
}
