import Synchronization
package import WeirBase
import Glibc

/// A note lane with a ring of bytes beside it, for input blocks and call results.
///
/// The writer's protocol is: wait for room for the note, wait for room for the bytes, copy
/// the bytes into the ring, commit the note that says where they are. So the bytes of a
/// committed note are whole. The recorder looks at notes in order, copies their bytes out,
/// and gives both back with `free` once they are in the trace file.
///
/// One thread writes: the reader of one source, or one that runs calls. It may wait here, as
/// it holds no step number and no lock. The recorder drains.
package struct DataLane: @unchecked Sendable {
    // Unchecked: as for `NoteLane`; `head` is the producer's alone.

    package let notes: NoteLane
    /// The ring, in the memory that the lane was given.
    private let data: UnsafeMutableRawPointer
    /// Bytes of the ring; 0 or a power of two.
    package let dataCapacity: Int
    /// How many bytes were given back over the lane's lifetime. It is in the given memory.
    let dataTail: UnsafeMutablePointer<Atomic<UInt64>>
    /// How many bytes were stored over the lane's lifetime. The writer's alone.
    let head: UnsafeMutablePointer<UInt64>
    /// How many bytes were copied out over the lane's lifetime. The recorder's alone.
    let drained: UnsafeMutablePointer<UInt64>

    /// What a note says instead of a location when its bytes are not in the ring.
    package static let absent = UInt64.max

    /// A lane over `notes` and `dataCapacity` bytes (a power of two) at `data`.
    package init(
        notes: NoteLane, data: UnsafeMutableRawPointer, dataCapacity: Int,
        dataTail: UnsafeMutableRawPointer
    ) {
        precondition(dataCapacity == 0 || dataCapacity & (dataCapacity - 1) == 0)
        self.notes = notes
        self.data = data
        self.dataCapacity = dataCapacity
        self.dataTail = dataTail.bindMemory(to: Atomic<UInt64>.self, capacity: 1)
        head = .allocate(capacity: 1)
        head.initialize(to: 0)
        drained = .allocate(capacity: 1)
        drained.initialize(to: 0)
    }

    /// Frees what the lane itself allocated, not the memory it was given. Nobody may use it
    /// afterwards.
    package func deallocate() {
        head.deallocate()
        drained.deallocate()
        notes.deallocate()
    }

    /// The maximum number of bytes that one block may carry: half the ring, so that a block fits
    /// whatever the ring's other half still holds.
    package var maximumBlock: Int { dataCapacity / 2 }

    /// Notes an input block, and waits for the recorder while there is no room.
    ///
    /// The bytes go along when `isStored` is true; otherwise only their hash does. Returns
    /// false when `isCancelled` became true while waiting: then nothing was noted.
    package func note(
        input kind: InputKind, source: UInt16, index: UInt64, offset: UInt64,
        bytes: UnsafeRawBufferPointer, isStored: Bool, time: RunTime, isCancelled: () -> Bool
    ) -> Bool {
        var hash = StableHash()
        hash.combine(bytes: bytes)
        // One slot for the note and two for its four further words.
        guard waitForNotes(slots: 3, isCancelled) else { return false }
        guard let position = store(isStored ? bytes : .init(start: nil, count: 0), isCancelled)
        else {
            notes.release(3)
            return false
        }
        let words: [UInt64] = [
            UInt64(bytes.count), hash.value, isStored ? position : Self.absent,
            UInt64(bitPattern: time.rawValue),
        ]
        _ = words.withUnsafeBufferPointer {
            notes.note(
                kind: LaneNote.inputBlock, number: index,
                UInt64(source) | UInt64(kind.rawValue) << 16, offset, more: $0)
        }
        notes.ring(bytes: ByteCount(head.pointee), of: dataCapacity)
        return true
    }

    /// Notes a call's result, and waits as `note(input:)` does.
    package func note(
        result call: UInt64, subtask: SubtaskIndex, bytes: [UInt8], isCancelled: () -> Bool
    ) -> Bool {
        guard waitForNotes(slots: 1, isCancelled) else { return false }
        guard let position = bytes.withUnsafeBytes({ store($0, isCancelled) }) else {
            notes.release(1)
            return false
        }
        notes.note(
            kind: LaneNote.callResult, number: call,
            UInt64(subtask.rawValue) | UInt64(bytes.count) << 32, position)
        notes.ring(bytes: ByteCount(head.pointee), of: dataCapacity)
        return true
    }

    /// Sets room aside for a note; false when cancelled.
    private func waitForNotes(slots: Int, _ isCancelled: () -> Bool) -> Bool {
        var spins = 0
        while !notes.tryReserve(slots) {
            if isCancelled() { return false }
            notes.askForRoom()
            // The recorder is about to give room back. After a few looks it is worth sleeping,
            // for about as long as it takes to write a batch.
            spins += 1
            if spins < 16 { sched_yield() } else { usleep(200) }
        }
        return true
    }

    /// Copies bytes into the ring, and gives their location in the lane's lifetime; nil when
    /// cancelled.
    private func store(_ bytes: UnsafeRawBufferPointer, _ isCancelled: () -> Bool) -> UInt64? {
        let position = head.pointee
        guard !bytes.isEmpty, let source = bytes.baseAddress else { return position }
        precondition(bytes.count <= maximumBlock, "a block of \(bytes.count) bytes")
        var spins = 0
        while position &- dataTail.pointee.load(ordering: .acquiring) + UInt64(bytes.count)
            > UInt64(dataCapacity)
        {
            if isCancelled() { return nil }
            notes.askForRoom()
            spins += 1
            if spins < 16 { sched_yield() } else { usleep(200) }
        }
        let start = Int(position & UInt64(dataCapacity - 1))
        // What does not fit before the ring's end goes on at its beginning.
        let first = min(bytes.count, dataCapacity - start)
        (data + start).copyMemory(from: source, byteCount: first)
        if first < bytes.count {
            data.copyMemory(from: source + first, byteCount: bytes.count - first)
        }
        head.pointee = position &+ UInt64(bytes.count)
        return position
    }

    // MARK: The recorder

    /// The block that a note stands for; nil when the note is of another kind, or when what
    /// it says cannot be, as in a file that somebody altered.
    package func input(of note: RawNote) -> InputBlock? {
        guard note.kind == LaneNote.inputBlock, note.more.count >= 4,
            let kind = InputKind(rawValue: UInt8(truncatingIfNeeded: note.second >> 16)),
            let length = UInt32(exactly: note.more[0])
        else { return nil }
        let position = note.more[2]
        var bytes: [UInt8]?
        if position != Self.absent {
            guard let stored = read(position, Int(length)) else { return nil }
            bytes = stored
        }
        return InputBlock(
            source: UInt16(truncatingIfNeeded: note.second), index: note.number, kind: kind,
            offset: note.third, length: length, hash: note.more[1],
            time: RunTime(Int64(bitPattern: note.more[3])), bytes: bytes)
    }

    /// The result that a note stands for; nil as above.
    package func result(of note: RawNote) -> CallResult? {
        guard note.kind == LaneNote.callResult,
            let bytes = read(note.third, Int(note.second >> 32))
        else { return nil }
        return CallResult(
            subtask: SubtaskIndex(UInt16(truncatingIfNeeded: note.second)), call: note.number,
            bytes: bytes)
    }

    /// Copies bytes out of the ring; nil for more than a block may have. A location from an
    /// altered file stays within the ring by the mask.
    private func read(_ position: UInt64, _ count: Int) -> [UInt8]? {
        guard count >= 0, count <= maximumBlock else { return nil }
        if count == 0 { return [] }
        drained.pointee = position &+ UInt64(count)
        let start = Int(position & UInt64(dataCapacity - 1))
        let first = min(count, dataCapacity - start)
        var bytes = [UInt8](UnsafeRawBufferPointer(start: data + start, count: first))
        if first < count {
            bytes.append(contentsOf: UnsafeRawBufferPointer(start: data, count: count - first))
        }
        return bytes
    }

    /// Bytes that were copied out and not given back. The recorder.
    package var takenBytes: ByteCount {
        // A location read from a file left behind may be anything.
        ByteCount(drained.pointee &- dataTail.pointee.load(ordering: .relaxed))
    }

    /// Gives back everything that was taken, which is in the trace file by now. The recorder.
    package func free() {
        notes.free()
        dataTail.pointee.store(drained.pointee, ordering: .releasing)
    }

    /// Starts draining at the tails in the memory, as a reader of a file left behind does.
    package func rewindToTail() {
        notes.rewindToTail()
        drained.pointee = dataTail.pointee.load(ordering: .acquiring)
    }
}
