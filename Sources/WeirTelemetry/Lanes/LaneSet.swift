package import WeirBase

/// Who writes a lane. The raw values are part of the lane file's format.
package enum LaneRole: UInt8, CaseIterable, Sendable {
    /// The scheduler's own thread: rest points.
    case rest = 1
    /// A worker: turns, accesses, publishes.
    case worker = 2
    /// A reader thread: input blocks of one source.
    case reader = 3
    /// A thread that runs asynchronous calls: their results.
    case executor = 4
}

/// One lane of a set: who writes it and how large it is.
package struct LaneSpec: Equatable, Sendable {
    package var role: LaneRole
    /// Which worker, source or executor.
    package var index: UInt16
    /// Slots of 32 bytes; a power of two, at least `TelemetryBounds.minimumLaneSlots`.
    package var slots: Int
    /// Bytes of the data ring beside it; 0 or a power of two.
    package var dataBytes: ByteCount

    package init(role: LaneRole, index: UInt16, slots: Int, dataBytes: ByteCount = .zero) {
        self.role = role
        self.index = index
        self.slots = slots
        self.dataBytes = dataBytes
    }
}

/// Where each lane of a set is in one block of memory.
///
/// From the block's start there are, for each lane in order, 128 bytes with the tail of its
/// notes (at offset 0) and of its data (at offset 64); then each lane's slots; then each
/// lane's data ring. The layout follows from the lanes' sizes alone, so that whoever reads a
/// lane file computes the same.
package struct LaneLayout: Equatable, Sendable {
    /// Everything begins at a multiple of two cache lines, which processors may fetch as a
    /// pair: threads that write to neighbouring lanes do not take each other's lines away.
    package static let alignment = 128

    package let lanes: [LaneSpec]

    package init(lanes: [LaneSpec]) { self.lanes = lanes }

    /// The lanes of an ordinary run: one for rest points, one for each worker, source and
    /// executor.
    ///
    /// `sources` holds the bytes of each source's ring. A rest point takes at most 7 slots,
    /// so its lane of 256 slots holds at least 36 of them.
    package init(
        workers: Int, workerSlots: Int, sources: [ByteCount], executors: Int,
        readerSlots: Int = 1024
    ) {
        var lanes = [LaneSpec(role: .rest, index: 0, slots: 4 * TelemetryBounds.minimumLaneSlots)]
        for worker in 0..<workers {
            lanes.append(LaneSpec(role: .worker, index: UInt16(worker), slots: workerSlots))
        }
        for (source, dataBytes) in sources.enumerated() {
            lanes.append(
                LaneSpec(
                    role: .reader, index: UInt16(source), slots: readerSlots,
                    dataBytes: dataBytes))
        }
        for executor in 0..<executors {
            lanes.append(
                LaneSpec(
                    role: .executor, index: UInt16(executor), slots: readerSlots,
                    dataBytes: .kibibytes(256)))
        }
        self.init(lanes: lanes)
    }

    /// The offset of a lane's tails, by the lane's index.
    package func tails(of lane: Int) -> Int { lane * Self.alignment }

    /// The offset of a lane's slots; of one behind the last lane, that of the data.
    package func slots(of lane: Int) -> Int {
        var offset = lanes.count * Self.alignment
        for spec in lanes.prefix(lane) { offset += Self.aligned(spec.slots * 32) }
        return offset
    }

    /// The offset of a lane's data ring; of one behind the last lane, the block's end.
    package func data(of lane: Int) -> Int {
        var offset = slots(of: lanes.count)
        for spec in lanes.prefix(lane) { offset += Self.aligned(spec.dataBytes.count) }
        return offset
    }

    /// Bytes of the whole block.
    package var byteCount: Int { data(of: lanes.count) }

    private static func aligned(_ count: Int) -> Int { (count + alignment - 1) & ~(alignment - 1) }
}

/// All lanes of a run over one block of memory.
///
/// The engine's threads note into their own lanes, the recorder drains all of them, and
/// recovery reads what a dead run left. The memory is that of `MappedLanes`, or the set's
/// own. Whoever gives the memory keeps it until the set is gone. Immutable and used by all
/// threads; each lane says who may call what.
package final class LaneSet: @unchecked Sendable {
    // Unchecked: immutable; each lane has its own rule.

    package let layout: LaneLayout
    /// The lane of rest points, written by the thread that requests them.
    package let rest: NoteLane
    /// The workers' lanes, by their numbers.
    package let workers: [NoteLane]
    /// The lanes of reader threads, by the index of their source.
    package let readers: [DataLane]
    /// The lanes of threads that run asynchronous calls.
    package let executors: [DataLane]
    /// Wakes the recorder when it rests. Not in the shared memory: it is for this process
    /// only.
    package let bell = Doorbell()
    /// The memory if it is the set's own.
    private let owned: UnsafeMutableRawPointer?

    /// Lanes over `memory`, which holds `layout.byteCount` bytes.
    package init(layout: LaneLayout, memory: UnsafeMutableRawPointer) {
        owned = nil
        self.layout = layout
        (rest, workers, readers, executors) = Self.lanes(layout, memory, bell)
    }

    /// Lanes over memory of the set's own, for runs whose trace need not survive the process.
    package init(layout: LaneLayout) {
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: layout.byteCount, alignment: LaneLayout.alignment)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: layout.byteCount)
        owned = memory
        self.layout = layout
        (rest, workers, readers, executors) = Self.lanes(layout, memory, bell)
    }

    deinit {
        rest.deallocate()
        workers.forEach { $0.deallocate() }
        readers.forEach { $0.deallocate() }
        executors.forEach { $0.deallocate() }
        owned?.deallocate()
    }

    /// Makes a lane over each part of the memory.
    private static func lanes(
        _ layout: LaneLayout, _ memory: UnsafeMutableRawPointer, _ bell: Doorbell
    ) -> (NoteLane, [NoteLane], [DataLane], [DataLane]) {
        var rest: NoteLane?
        var workers: [NoteLane] = []
        var readers: [DataLane] = []
        var executors: [DataLane] = []
        for (index, spec) in layout.lanes.enumerated() {
            let tails = memory + layout.tails(of: index)
            let notes = NoteLane(
                memory: memory + layout.slots(of: index), capacity: spec.slots, tail: tails,
                bell: bell)
            func data() -> DataLane {
                DataLane(
                    notes: notes, data: memory + layout.data(of: index),
                    dataCapacity: spec.dataBytes.count, dataTail: tails + 64)
            }
            switch spec.role {
            case .rest: rest = notes
            case .worker: workers.append(notes)
            case .reader: readers.append(data())
            case .executor: executors.append(data())
            }
        }
        guard let rest else { preconditionFailure("a lane set without a rest lane") }
        return (rest, workers, readers, executors)
    }

    /// Starts draining every lane at its tail, as a reader of a file left behind does.
    package func rewindToTails() {
        rest.rewindToTail()
        workers.forEach { $0.rewindToTail() }
        readers.forEach { $0.rewindToTail() }
        executors.forEach { $0.rewindToTail() }
    }

    /// Whether a thread waits for room in its lane. The lane of rest points is left out: a rest
    /// point takes half of it at most, so that whoever waits there finds it more than half taken,
    /// and the recorder gives back a lane that is. Any thread.
    package var isRoomWanted: Bool {
        workers.contains { $0.isRoomWanted } || readers.contains { $0.notes.isRoomWanted }
            || executors.contains { $0.notes.isRoomWanted }
    }

    /// Gives back everything that was drained. The recorder.
    package func free() {
        rest.free()
        workers.forEach { $0.free() }
        readers.forEach { $0.free() }
        executors.forEach { $0.free() }
    }
}
