import DequeModule
import Synchronization
import WeirBase
import WeirTelemetry

/// The feed between a reader's thread and its source's subtask.
///
/// The thread reads a block, notes it in the reader's lane, queues it and wakes the subtask; then
/// it reads on. `next` takes a block out. Bounded in blocks: a full queue lets the thread wait, and
/// the input with it. A block's note and its bytes lie in the lane before the block is queued,
/// because a turn that computed with a block which a kill then lost could not be run again.
///
/// One producer, the thread, and one consumer, the thread that has claimed the subtask. In a drawn
/// run `start` is not called, and `next` reads by itself.
final class ReaderFeed: InputFeed, @unchecked Sendable {
    // Unchecked: `queue` and `cut` are guarded by `lock`; `index`, `offset` and `isOver` belong
    // to whoever reads, the thread or in a drawn run the turn; `thread` is set before the first
    // turn.

    let location: String?
    private let reading: any ByteReading
    private let source: UInt16
    private let lane: DataLane?
    private let isStored: Bool
    private let clock: @Sendable () -> RunTime
    private let onInput: @Sendable () -> Void
    private let lock = ConditionLock()
    private var queue = Deque<InputBlock>()
    private let cancelled = Atomic<Bool>(false)
    /// The number of the next block.
    private var index: UInt64 = 0
    /// Where the input goes on behind the last bytes.
    private var offset: UInt64 = 0
    /// In a drawn run, whether the last block was given.
    private var isOver = false
    /// The block that had been read when the reader was cancelled: nobody takes it, and the books
    /// ask for it.
    private var cut: InputBlock?
    private var thread: SystemThread?

    init(
        reading: any ByteReading, location: String?, source: UInt16, lane: DataLane?,
        isStored: Bool,
        clock: @escaping @Sendable () -> RunTime, onInput: @escaping @Sendable () -> Void
    ) {
        self.reading = reading
        self.location = location
        self.source = source
        self.lane = lane
        self.isStored = isStored
        self.clock = clock
        self.onInput = onInput
    }

    /// Starts the reader's thread. Without it `next` reads by itself, as a drawn run wants.
    func start() {
        assert(thread == nil, "the reader of source \(source) is started twice")
        thread = SystemThread("weir-reader-\(source)") { [self] in
            while let block = read() {
                guard note(block) else {
                    lock.withLock { cut = block }
                    return
                }
                Probe.at(.inputNoted)
                guard handOver(block), !block.endsInput else { return }
            }
        }
    }

    func next() -> InputBlock? {
        if thread == nil {
            guard !isOver, let block = read() else { return nil }
            guard note(block) else { return nil }
            isOver = block.endsInput
            return block
        }
        return lock.withLock {
            let block = queue.popFirst()
            // There is room for another.
            if block != nil { lock.signal() }
            return block
        }
    }

    var isRepeatable: Bool { reading.isRepeatable }

    var rest: [InputBlock] { lock.withLock { Array(queue) + (cut.map { [$0] } ?? []) } }

    func cancel() {
        cancelled.store(true, ordering: .relaxed)
        reading.cancel()
        // The thread may wait for room, or in `reading`.
        lock.withLock { lock.broadcast() }
    }

    /// Waits for the reader's thread, which `cancel` ends.
    func join() { thread?.join() }

    /// Reads the next piece and numbers it; nil when the reader was cancelled. May block.
    private func read() -> InputBlock? {
        guard !cancelled.load(ordering: .relaxed),
            let piece = reading.next(maximum: EngineBounds.maximumBlockBytes.count)
        else { return nil }
        var block = InputBlock(
            source: source, index: index, kind: .bytes, offset: offset, length: 0, hash: 0,
            time: clock(), bytes: [])
        switch piece {
        case .bytes(let bytes, let start):
            block.bytes = bytes
            block.length = UInt32(bytes.count)
            block.offset = start
            offset = start + UInt64(bytes.count)
        case .rotation:
            block.kind = .rotation
            offset = 0
        case .truncation:
            block.kind = .truncation
            offset = 0
        case .file(let number):
            block.kind = .file
            block.offset = number
        case .nuls(let count):
            block.kind = .nuls
            block.offset = count
        case .end:
            block.kind = .end
        case .failure(let message):
            block.kind = .failure
            // A message and no data: bounded, since it goes into the trace.
            block.bytes = Array(message.utf8.prefix(4_096))
            block.length = UInt32(block.bytes?.count ?? 0)
        }
        index += 1
        return block
    }

    /// Notes a block in the lane; false when the reader was cancelled while waiting for room there.
    /// The message of a failure is stored even where bytes are not: no file has it.
    private func note(_ block: InputBlock) -> Bool {
        guard let lane else { return true }
        let bytes = block.bytes ?? []
        return bytes.withUnsafeBytes { buffer in
            lane.note(
                input: block.kind, source: source, index: block.index, offset: block.offset,
                bytes: buffer, isStored: isStored || block.kind == .failure, time: block.time,
                isCancelled: { cancelled.load(ordering: .relaxed) })
        }
    }

    /// Queues a block, waiting for room, and wakes the subtask outside the lock; false when the
    /// reader was cancelled.
    private func handOver(_ block: InputBlock) -> Bool {
        lock.lock()
        while queue.count >= EngineBounds.maximumReadBlocks, !cancelled.load(ordering: .relaxed) {
            lock.wait()
        }
        let isCancelled = cancelled.load(ordering: .relaxed)
        if isCancelled { cut = block } else { queue.append(block) }
        assert(
            queue.count <= EngineBounds.maximumReadBlocks,
            "\(queue.count) blocks of source \(source) wait, at most "
                + "\(EngineBounds.maximumReadBlocks)")
        lock.unlock()
        if !isCancelled { onInput() }
        return !isCancelled
    }
}

extension InputBlock {
    /// Whether nothing follows this block.
    fileprivate var endsInput: Bool { kind == .end || kind == .failure }
}
