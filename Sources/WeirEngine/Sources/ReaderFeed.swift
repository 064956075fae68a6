import DequeModule
import Synchronization
import WeirBase
import WeirTelemetry

/// The hand-over between a reader thread and its source's subtask.
///
/// Bounded in blocks; one producer (the thread) and one consumer (the subtask). A block's note and
/// its bytes lie in the reader's lane before the block is handed over.
final class ReaderFeed: InputFeed, @unchecked Sendable {
    // Unchecked: `queue` is guarded by `monitor`; `index` belongs to the reader's thread.

    /// Blocks that wait at most; each has at most `blockBytes`.
    static let maximumBlocks = 16
    static let blockBytes = 64 << 10

    let location: String?
    private let reading: any ByteReading
    private let source: UInt16
    private let lane: DataLane?
    private let isStored: Bool
    private let clock: @Sendable () -> Int64
    private let onInput: @Sendable () -> Void
    private let monitor = Monitor()
    private var queue = Deque<InputBlock>()
    private let cancelled = Atomic<Bool>(false)
    private var index: UInt64 = 0
    private var offset: UInt64 = 0
    private var isOver = false
    /// The block that had been read when the reader was cancelled: nobody takes it.
    private var cut: InputBlock?
    private var thread: Worker?

    init(
        reading: any ByteReading, location: String?, source: UInt16, lane: DataLane?,
        isStored: Bool,
        clock: @escaping @Sendable () -> Int64, onInput: @escaping @Sendable () -> Void
    ) {
        self.reading = reading
        self.location = location
        self.source = source
        self.lane = lane
        self.isStored = isStored
        self.clock = clock
        self.onInput = onInput
    }

    /// Starts the reader's thread; without it `next` reads by itself, as a simulated run wants.
    func start() {
        thread = Worker("weir-reader-\(source)") { [self] in
            while let block = read() {
                #if WEIR_PROBES
                    if Probe.has(.handOverFirst) {
                        guard handOver(block) else { return }
                        for _ in 0..<40 { Probe.at(.handedOver) }
                        if !note(block) || block.endsInput { return }
                        continue
                    }
                #endif
                guard note(block) else {
                    monitor.withLock { cut = block }
                    return
                }
                #if WEIR_PROBES
                    Probe.at(.inputNoted)
                #endif
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
        return monitor.withLock {
            let block = queue.popFirst()
            if block != nil { monitor.signal() }
            return block
        }
    }

    var isRepeatable: Bool { reading.isRepeatable }

    var rest: [InputBlock] { monitor.withLock { Array(queue) + (cut.map { [$0] } ?? []) } }

    func cancel() {
        cancelled.store(true, ordering: .relaxed)
        reading.cancel()
        monitor.withLock { monitor.broadcast() }
    }

    /// Waits for the reader's thread, which `cancel` ends.
    func join() { thread?.join() }

    private func read() -> InputBlock? {
        guard !cancelled.load(ordering: .relaxed),
            let piece = reading.next(maximum: Self.blockBytes)
        else { return nil }
        var block = InputBlock(
            source: source, index: index, kind: .bytes, offset: offset, length: 0, hash: 0,
            time: clock() / 1_000, bytes: [])
        switch piece {
        case .bytes(let bytes, let place):
            block.bytes = bytes
            block.length = UInt32(bytes.count)
            block.offset = place
            offset = place + UInt64(bytes.count)
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
            block.bytes = Array(message.utf8.prefix(4_096))
            block.length = UInt32(block.bytes?.count ?? 0)
        }
        index += 1
        return block
    }

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

    private func handOver(_ block: InputBlock) -> Bool {
        monitor.lock()
        while queue.count >= Self.maximumBlocks, !cancelled.load(ordering: .relaxed) {
            monitor.wait()
        }
        let isCancelled = cancelled.load(ordering: .relaxed)
        if isCancelled { cut = block } else { queue.append(block) }
        monitor.unlock()
        if !isCancelled { onInput() }
        return !isCancelled
    }
}

extension InputBlock {
    /// Whether nothing follows this block.
    fileprivate var endsInput: Bool { kind == .end || kind == .failure }
}
