/// Who writes a lane.
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
    /// Slots of 32 bytes; a power of two.
    package var slots: Int
    /// Bytes of the data ring beside it; 0 or a power of two.
    package var dataBytes: Int

    package init(role: LaneRole, index: UInt16, slots: Int, dataBytes: Int = 0) {
        self.role = role
        self.index = index
        self.slots = slots
        self.dataBytes = dataBytes
    }
}

/// Where each lane of a set lies in one block of memory.
///
/// From the block's start: for each lane in order 128 bytes with the tail of the notes (offset 0)
/// and of the data (offset 64), then each lane's slots, then each lane's data ring, everything
/// aligned to 128 bytes.
package struct LaneLayout: Equatable, Sendable {
    package static let alignment = 128

    package let lanes: [LaneSpec]

    package init(lanes: [LaneSpec]) { self.lanes = lanes }

    /// The lanes of an ordinary run.
    package init(
        workers: Int, workerSlots: Int, sources: [Int], executors: Int, readerSlots: Int = 1024
    ) {
        var lanes = [LaneSpec(role: .rest, index: 0, slots: 4 * NoteLane.minimumSlots)]
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
                    dataBytes: 1 << 18))
        }
        self.init(lanes: lanes)
    }

    package func tails(of lane: Int) -> Int { lane * Self.alignment }

    package func slots(of lane: Int) -> Int {
        var offset = lanes.count * Self.alignment
        for spec in lanes.prefix(lane) { offset += Self.aligned(spec.slots * 32) }
        return offset
    }

    package func data(of lane: Int) -> Int {
        var offset = slots(of: lanes.count)
        for spec in lanes.prefix(lane) { offset += Self.aligned(spec.dataBytes) }
        return offset
    }

    /// Bytes of the whole block.
    package var byteCount: Int { data(of: lanes.count) }

    private static func aligned(_ count: Int) -> Int { (count + alignment - 1) & ~(alignment - 1) }
}

/// All lanes of a run over one block of memory.
///
/// Who gives the memory keeps it until the set is gone.
package final class LaneSet: @unchecked Sendable {
    // Unchecked: immutable; each lane has its own rule.

    package let layout: LaneLayout
    package let rest: NoteLane
    package let workers: [NoteLane]
    package let readers: [DataLane]
    package let executors: [DataLane]
    /// Wakes the recorder when it rests.
    package let bell = Doorbell()
    private let owned: UnsafeMutableRawPointer?

    /// Lanes over `memory`, which holds `layout.byteCount` bytes.
    package init(layout: LaneLayout, memory: UnsafeMutableRawPointer) {
        owned = nil
        self.layout = layout
        (rest, workers, readers, executors) = Self.lanes(layout, memory)
    }

    /// Lanes over memory of the set's own, for runs whose trace need not survive the process.
    package init(layout: LaneLayout) {
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: layout.byteCount, alignment: LaneLayout.alignment)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: layout.byteCount)
        owned = memory
        self.layout = layout
        (rest, workers, readers, executors) = Self.lanes(layout, memory)
    }

    deinit {
        rest.deallocate()
        workers.forEach { $0.deallocate() }
        readers.forEach { $0.deallocate() }
        executors.forEach { $0.deallocate() }
        owned?.deallocate()
    }

    private static func lanes(
        _ layout: LaneLayout, _ memory: UnsafeMutableRawPointer
    ) -> (NoteLane, [NoteLane], [DataLane], [DataLane]) {
        var rest: NoteLane?
        var workers: [NoteLane] = []
        var readers: [DataLane] = []
        var executors: [DataLane] = []
        for (index, spec) in layout.lanes.enumerated() {
            let tails = memory + layout.tails(of: index)
            let notes = NoteLane(
                memory: memory + layout.slots(of: index), capacity: spec.slots, tail: tails)
            func data() -> DataLane {
                DataLane(
                    notes: notes, data: memory + layout.data(of: index),
                    dataCapacity: spec.dataBytes, dataTail: tails + 64)
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

    /// Whether a thread waits for room in its lane. Any thread.
    package var isRoomWanted: Bool {
        workers.contains { $0.isRoomWanted } || readers.contains { $0.notes.isRoomWanted }
            || executors.contains { $0.notes.isRoomWanted }
    }

    /// Gives back everything that was drained.
    package func free() {
        rest.free()
        workers.forEach { $0.free() }
        readers.forEach { $0.free() }
        executors.forEach { $0.free() }
    }
}
