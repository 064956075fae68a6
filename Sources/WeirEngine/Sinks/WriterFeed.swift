import DequeModule
import Synchronization
import WeirBase
import WeirTelemetry

/// The feed between a sink's subtask and the thread that writes its rows.
///
/// The subtask offers a turn's rows; the thread takes them one offer after the other and writes.
/// Bounded in bytes: without room an offer is refused, and the subtask is woken when half is free.
/// After a stop the thread empties the queue: what is in the file is a prefix of the sink's rows.
/// After a failure nothing more is written: what was handed over and what still comes is counted as
/// unwritten, the rows of the write that failed among them.
///
/// One producer, the thread that has claimed the subtask, and one consumer, the writer's thread. In
/// a drawn run `start` is not called, and `offer` writes by itself.
final class WriterFeed: RowFeed, @unchecked Sendable {
    // Unchecked: `queue`, `queuedBytes`, `isFinished`, `isRoomWanted`, `hasFailed` and `rowAccount`
    // are guarded by `lock`; `thread` is set before the first turn; the rest is atomic or
    // constant.

    private let writing: any RowWriting
    private let onRoom: @Sendable () -> Void
    private let onFailure: @Sendable (any Error) -> Void
    private let lock = ConditionLock()
    private var queue = Deque<Handed>()

    /// The rows of one offer, how many they are, and when they came in nanoseconds of `TickClock`.
    private struct Handed {
        var rows: [UInt8]
        var count: Int
        var time: UInt64
    }

    private let waited = LatencyCounts()
    private var queuedBytes = ByteCount.zero
    private var isFinished = false
    /// Whether an offer was refused and its subtask has to be woken.
    private var isRoomWanted = false
    /// Whether a write or the close failed.
    private var hasFailed = false
    private var rowAccount = RowAccount()
    private var thread: SystemThread?
    /// Bytes written so far, for whoever watches.
    private let written = Atomic<UInt64>(0)
    /// When the write in progress began, nanoseconds of `TickClock`; 0 when there is none.
    private let writingSince = Atomic<UInt64>(0)
    /// The name of the sink.
    let sink: String

    init(
        sink: String, writing: any RowWriting, onRoom: @escaping @Sendable () -> Void,
        onFailure: @escaping @Sendable (any Error) -> Void
    ) {
        self.sink = sink
        self.writing = writing
        self.onRoom = onRoom
        self.onFailure = onFailure
    }

    /// Starts the writer's thread. Without it `offer` writes by itself, as a drawn run wants.
    func start() {
        assert(thread == nil, "the writer of sink \(sink) is started twice")
        thread = SystemThread("weir-writer") { [self] in
            while let next = next() { write(next) }
            close()
        }
    }

    func offer(_ rows: [UInt8], count: Int) -> Bool {
        assert(count > 0, "\(count) rows are offered to sink \(sink)")
        let handed = Handed(rows: rows, count: count, time: TickClock.nanoseconds())
        if thread == nil {
            write(handed)
            return true
        }
        return lock.withLock {
            guard queuedBytes < EngineBounds.maximumWaitingRowBytes || hasFailed else {
                isRoomWanted = true
                return false
            }
            if hasFailed {
                rowAccount.unwritten += UInt64(count)
            } else {
                queue.append(handed)
                queuedBytes += ByteCount(rows.count)
                lock.signal()
            }
            return true
        }
    }

    /// No more rows come: the thread ends when the queue is empty.
    func finish() {
        lock.withLock {
            isFinished = true
            lock.broadcast()
        }
    }

    /// Writes out what was handed over, closes the sink and waits for that. After the last turn;
    /// once.
    func join() {
        finish()
        if let thread { thread.join() } else { close() }
    }

    /// Bytes written so far. Any thread.
    var writtenBytes: ByteCount { ByteCount(written.load(ordering: .relaxed)) }

    var account: RowAccount {
        lock.withLock {
            var account = rowAccount
            // After the end nothing is queued, unless the writer hangs in a write.
            account.unwritten += UInt64(queue.reduce(0) { $0 + $1.count })
            return account
        }
    }

    var writeLatency: LatencyCounts? { waited }

    /// How long the write in progress has gone on, nanoseconds; nil when there is none. Any thread.
    var writingFor: UInt64? {
        let since = writingSince.load(ordering: .relaxed)
        guard since != 0 else { return nil }
        let now = TickClock.nanoseconds()
        return now > since ? now - since : 0
    }

    /// The next rows to write; nil when none will come. Waits. The producer is woken only when half
    /// is free, so that it comes with a turn and not with a row.
    private func next() -> Handed? {
        lock.lock()
        while queue.isEmpty, !isFinished { lock.wait() }
        let next = queue.popFirst()
        var isWaitedFor = false
        if let next {
            queuedBytes -= ByteCount(next.rows.count)
            assert(
                queuedBytes == .zero || !queue.isEmpty,
                "\(queuedBytes) bytes wait for sink \(sink) in \(queue.count) offers")
            isWaitedFor = isRoomWanted && queuedBytes < EngineBounds.maximumWaitingRowBytes / 2
            if isWaitedFor { isRoomWanted = false }
        }
        lock.unlock()
        // Outside the lock: waking a subtask takes the scheduler's.
        if isWaitedFor { onRoom() }
        return next
    }

    /// Writes one offer's rows, or counts them as unwritten where the sink has failed.
    private func write(_ handed: Handed) {
        let (rows, count) = (handed.rows, handed.count)
        // Until the sink has taken them they are not written, also while it hangs in the write.
        let isOpen = lock.withLock {
            rowAccount.unwritten += UInt64(count)
            return !hasFailed
        }
        guard isOpen else { return }
        writingSince.store(max(1, TickClock.nanoseconds()), ordering: .relaxed)
        defer { writingSince.store(0, ordering: .relaxed) }
        do {
            try writing.write(rows.span.bytes)
            written.wrappingAdd(UInt64(rows.count), ordering: .relaxed)
            let now = TickClock.nanoseconds()
            waited.record(now > handed.time ? now - handed.time : 0)
            lock.withLock {
                assert(
                    rowAccount.unwritten >= UInt64(count),
                    "\(count) rows were written of \(rowAccount.unwritten) for sink \(sink)")
                rowAccount.unwritten -= UInt64(count)
                rowAccount.written += UInt64(count)
            }
        } catch {
            fail(error)
        }
    }

    private func close() {
        do { try writing.close() } catch { fail(error) }
    }

    /// The sink takes nothing any more: what waits is unwritten, and a subtask that waits for room
    /// goes on, since offers are taken and counted from now on.
    private func fail(_ error: any Error) {
        let isWaitedFor = lock.withLock {
            hasFailed = true
            rowAccount.unwritten += UInt64(queue.reduce(0) { $0 + $1.count })
            queue.removeAll()
            queuedBytes = .zero
            defer { isRoomWanted = false }
            return isRoomWanted
        }
        onFailure(error)
        if isWaitedFor { onRoom() }
    }
}
