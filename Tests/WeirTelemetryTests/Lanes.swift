import Synchronization
import WeirBase
import WeirTelemetry

/// One note lane over memory of its own, with a way to look at and to forge that memory.
final class TestLane {
    let memory: UnsafeMutableRawPointer
    let lane: NoteLane
    private let tailWord: UnsafeMutableRawPointer

    init(capacity: Int = TelemetryBounds.minimumLaneSlots) {
        memory = .allocate(byteCount: capacity * 32 + 128, alignment: 128)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: capacity * 32 + 128)
        tailWord = memory + capacity * 32
        lane = NoteLane(memory: memory, capacity: capacity, tail: tailWord)
    }

    deinit {
        lane.deallocate()
        memory.deallocate()
    }

    /// Another lane over the same memory, as a reader of a file left behind opens it.
    func reopened() -> NoteLane {
        NoteLane(memory: memory, capacity: lane.capacity, tail: tailWord)
    }

    func setWord(_ index: Int, to value: UInt64) {
        memory.storeBytes(of: value, toByteOffset: index * 8, as: UInt64.self)
    }

    /// Notes an access after reserving its slot.
    func noteAccess(_ step: Step) {
        lane.reserve(1)
        lane.noteAccess(step: step, turn: step, subtask: 1, cell: 2)
    }

    /// Takes every whole note and gives their room back.
    @discardableResult
    func drain() -> [RawNote] {
        var notes: [RawNote] = []
        while let note = lane.peek() {
            notes.append(note)
            lane.advance(past: note)
        }
        lane.free()
        return notes
    }
}

extension ScheduleBatch {
    /// Notes as the recorder reads them.
    init(_ notes: [RawNote]) {
        self.init()
        for note in notes {
            if note.kind == LaneNote.turnEnd { append(end: note) } else { _ = append(step: note) }
        }
    }
}

/// Numbers from 1 for several threads.
final class Counter: Sendable {
    private let last = Atomic<UInt64>(0)

    var value: UInt64 { last.load(ordering: .acquiring) }

    func next() -> UInt64 { last.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue }
}
