import DequeModule
import Synchronization
import WeirBase
import WeirTelemetry

/// The hand-over between a sink's subtask and the thread that writes its rows.
///
/// Bounded in bytes. After a stop the thread empties it: what is in the file is a prefix of the
/// sink's rows. After a failure nothing more is written: what was handed over and what still comes
/// is counted as unwritten, the rows of the write that failed among them.
final class WriterFeed: RowFeed, @unchecked Sendable {
    // Unchecked: `queue`, `queuedBytes` and `isFinished` are guarded by `monitor`.

    /// Rows wait in at most so many bytes, one turn's rows more.
    static let maximumBytes = 1 << 20

    private let writing: any RowWriting
    private let onRoom: @Sendable () -> Void
    private let onFailure: @Sendable (any Error) -> Void
    private let monitor = Monitor()
    private var queue = Deque<Handed>()

    /// Rows that were handed over, and when: nanoseconds of `TickClock`.
    private struct Handed {
        var rows: [UInt8]
        var count: Int
        var time: UInt64
    }

    private let waited = LatencyCounts()
    private var queuedBytes = 0
    private var isFinished = false
    private var isRoomWanted = false
    private var hasFailed = false
    private var rowAccount = RowAccount()
    private var thread: Worker?
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

    /// Starts the writer's thread; without it `offer` writes by itself, as a simulated run wants.
    func start() {
        thread = Worker("weir-writer") { [self] in
            while let next = next() { write(next) }
            close()
        }
    }

    func offer(_ rows: [UInt8], count: Int) -> Bool {
        let handed = Handed(rows: rows, count: count, time: TickClock.nanoseconds())
        if thread == nil {
            write(handed)
            return true
        }
        return monitor.withLock {
            guard queuedBytes < Self.maximumBytes || hasFailed else {
                isRoomWanted = true
                return false
            }
            if hasFailed {
                rowAccount.unwritten += UInt64(count)
            } else {
                queue.append(handed)
                queuedBytes += rows.count
                monitor.signal()
            }
            return true
        }
    }

    func finish() {
        monitor.withLock {
            isFinished = true
            monitor.broadcast()
        }
    }

    /// Writes out what was handed over and closes. After the last turn.
    func join() {
        finish()
        if let thread { thread.join() } else { close() }
    }

    /// Bytes written so far. Any thread.
    var writtenBytes: UInt64 { written.load(ordering: .relaxed) }

    var account: RowAccount {
        monitor.withLock {
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

    private func next() -> Handed? {
        monitor.lock()
        while queue.isEmpty, !isFinished { monitor.wait() }
        let next = queue.popFirst()
        var isWaitedFor = false
        if let next {
            queuedBytes -= next.rows.count
            isWaitedFor = isRoomWanted && queuedBytes < Self.maximumBytes / 2
            if isWaitedFor { isRoomWanted = false }
        }
        monitor.unlock()
        if isWaitedFor { onRoom() }
        return next
    }

    private func write(_ handed: Handed) {
        let (rows, count) = (handed.rows, handed.count)
        // Until the sink has taken them they are not written, also while it hangs in the write.
        let isOpen = monitor.withLock {
            rowAccount.unwritten += UInt64(count)
            return !hasFailed
        }
        guard isOpen else { return }
        writingSince.store(max(1, TickClock.nanoseconds()), ordering: .relaxed)
        defer { writingSince.store(0, ordering: .relaxed) }
        do {
            try rows.withUnsafeBytes { try writing.write($0) }
            written.wrappingAdd(UInt64(rows.count), ordering: .relaxed)
            let now = TickClock.nanoseconds()
            waited.record(now > handed.time ? now - handed.time : 0)
            monitor.withLock {
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

    private func fail(_ error: any Error) {
        let isWaitedFor = monitor.withLock {
            hasFailed = true
            rowAccount.unwritten += UInt64(queue.reduce(0) { $0 + $1.count })
            queue.removeAll()
            queuedBytes = 0
            defer { isRoomWanted = false }
            return isRoomWanted
        }
        onFailure(error)
        if isWaitedFor { onRoom() }
    }
}
