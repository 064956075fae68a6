import Synchronization
package import WeirBase
import Glibc

/// A ring of determinant notes, written by one thread and drained by the recorder.
///
/// The ring is in memory that the lane is given: in a mapped file, so that a note survives
/// the process that wrote it. A note is one or more *slots* of 32 bytes:
///
///     word 0   commit: the slot's position in the lane's lifetime, plus 1
///     word 1   bits 0–7 kind, 8–15 number of slots, 16–63 step (or block or call number)
///     word 2–3 by kind; further slots hold three more words each behind their commit word
///
/// The commit word of a note's first slot is stored last, with release ordering, so that
/// whoever reads it (the recorder, or a reader of the file after a kill) sees the whole note
/// or none. Commit words are where nothing else ever is, so that nothing a note carries can
/// pass for one, and a slot of an earlier lap holds another position (rule 3).
///
/// Room is *reserved* before a step number or a lock is taken; a thread that holds either
/// never waits for room (rule 2). `tail` moves only when what lies before it is in the trace
/// file.
package struct NoteLane: @unchecked Sendable {
    // Unchecked: `producer` is touched by the owning thread alone, `consumer` by the recorder
    // alone; what both touch is atomic.

    /// Words in a slot.
    package static let slotWords = 4
    /// The maximum number of slots that one note takes: 23 for the end of a turn with 128
    /// outlets, 12 for a publish of 256 messages or a completion of 32 calls, 7 for a rest point
    /// with 64 markers.
    package static let maximumNoteSlots = 24

    package struct Producer {
        package var head: UInt64 = 0
        package var reserved = 0
        package var knownTail: UInt64 = 0
        package var waits = 0
        /// The head when the recorder was woken last for how full the lane is.
        package var rungAt: UInt64 = 0
        /// The same for the bytes beside the notes, where there are any.
        package var rungBytes = ByteCount.zero
    }

    package struct Consumer {
        package var drained: UInt64 = 0
    }

    let slots: UnsafeMutablePointer<UInt64>
    let mask: UInt64
    let tail: UnsafeMutablePointer<Atomic<UInt64>>
    let producer: UnsafeMutablePointer<Producer>
    let consumer: UnsafeMutablePointer<Consumer>
    /// Set by the owning thread while it waits, cleared when notes are given back.
    private let wanted: UnsafeMutablePointer<Atomic<Bool>>

    package let capacity: Int
    /// Wakes the recorder; nil where nobody drains. Not counted, since it is used once a turn: the
    /// set of lanes owns both.
    private let bell: Unmanaged<Doorbell>?

    /// A lane over `capacity` slots (a power of two) at `memory`, with its tail word at `tail`.
    ///
    /// The memory must be zero or hold what an earlier life of the same lane left, outlive the
    /// lane, and be 8-byte aligned; the bell must outlive it too.
    package init(
        memory: UnsafeMutableRawPointer, capacity: Int, tail: UnsafeMutableRawPointer,
        bell: Doorbell? = nil
    ) {
        precondition(
            capacity >= TelemetryBounds.minimumLaneSlots && capacity & (capacity - 1) == 0,
            "capacity \(capacity) must be a power of two of at least "
                + "\(TelemetryBounds.minimumLaneSlots)")
        self.capacity = capacity
        self.bell = bell.map { Unmanaged.passUnretained($0) }
        mask = UInt64(capacity - 1)
        slots = memory.bindMemory(to: UInt64.self, capacity: capacity * Self.slotWords)
        self.tail = tail.bindMemory(to: Atomic<UInt64>.self, capacity: 1)
        producer = .allocate(capacity: 1)
        producer.initialize(to: Producer())
        consumer = .allocate(capacity: 1)
        consumer.initialize(to: Consumer())
        wanted = .allocate(capacity: 1)
        wanted.initialize(to: Atomic(false))
    }

    /// Frees what the lane itself allocated, not the memory it was given.
    package func deallocate() {
        producer.deallocate()
        consumer.deallocate()
        wanted.deallocate()
    }

    // MARK: The owning thread

    /// Sets room aside for notes of `count` slots in all; false when there is none now.
    @inline(__always)
    package func tryReserve(_ count: Int) -> Bool {
        let needed = UInt64(producer.pointee.reserved + count)
        if producer.pointee.head &- producer.pointee.knownTail + needed > UInt64(capacity) {
            producer.pointee.knownTail = tail.pointee.load(ordering: .acquiring)
            if producer.pointee.head &- producer.pointee.knownTail + needed > UInt64(capacity) {
                return false
            }
        }
        producer.pointee.reserved += count
        return true
    }

    /// Sets room aside, waiting for the recorder as long as there is none.
    ///
    /// Call it with no step number and no lock in hand.
    @inline(__always)
    package func reserve(_ count: Int) {
        if !tryReserve(count) { waitForRoom(count) }
    }

    @inline(never)
    private func waitForRoom(_ count: Int) {
        precondition(count <= capacity / 2, "a note of \(count) slots in a lane of \(capacity)")
        producer.pointee.waits += 1
        var spins = 0
        while !tryReserve(count) {
            askForRoom()
            spins += 1
            if spins < 16 { sched_yield() } else { usleep(100) }
        }
    }

    /// Lets the recorder know that the owning thread waits for room.
    package func askForRoom() {
        wanted.pointee.store(true, ordering: .relaxed)
        bell?._withUnsafeGuaranteedRef { $0.signal() }
    }

    /// To be called behind notes, once a turn or a block: wakes the recorder if it rests, or if
    /// another quarter of the lane is full. Costs a load and a comparison else.
    @inline(__always)
    package func ring() {
        guard let bell else { return }
        if producer.pointee.head &- producer.pointee.rungAt >= fillUntilRing {
            producer.pointee.rungAt = producer.pointee.head
            bell._withUnsafeGuaranteedRef { $0.signal() }
        } else {
            bell._withUnsafeGuaranteedRef { $0.ring() }
        }
    }

    /// The same for a lane with bytes beside its notes, of which so many were ever stored.
    func ring(bytes: ByteCount, of byteCapacity: Int) {
        let quarter = ByteCount(byteCapacity / TelemetryBounds.fillsUntilRing)
        guard quarter > .zero, bytes - producer.pointee.rungBytes >= quarter else { return ring() }
        producer.pointee.rungBytes = bytes
        bell?._withUnsafeGuaranteedRef { $0.signal() }
    }

    private var fillUntilRing: UInt64 { UInt64(capacity / TelemetryBounds.fillsUntilRing) }

    /// Whether the owning thread waits for room. Any thread.
    package var isRoomWanted: Bool { wanted.pointee.load(ordering: .relaxed) }

    /// Gives back room that was set aside and is not needed.
    @inline(__always)
    package func release(_ count: Int) {
        producer.pointee.reserved -= count
        assert(producer.pointee.reserved >= 0, "more room given back than set aside")
    }

    /// Writes a note of one slot into reserved room.
    @inline(__always)
    package func note(kind: UInt8, number: UInt64, _ second: UInt64, _ third: UInt64) {
        let position = producer.pointee.head
        let slot = slots + Int(position & mask) * Self.slotWords
        slot[1] = UInt64(kind) | 1 << 8 | number << 16
        slot[2] = second
        slot[3] = third
        commit(slot, position)
        producer.pointee.head = position &+ 1
        release(1)
    }

    /// Writes a note with further words into reserved room; returns how many slots it took.
    package func note(
        kind: UInt8, number: UInt64, _ second: UInt64, _ third: UInt64,
        more: UnsafeBufferPointer<UInt64>
    ) -> Int {
        let extra = Self.extraSlots(words: more.count)
        precondition(extra < Self.maximumNoteSlots, "a note of \(more.count) further words")
        let position = producer.pointee.head
        for index in 0..<extra {
            let slotPosition = position &+ UInt64(index + 1)
            let slot = slots + Int(slotPosition & mask) * Self.slotWords
            for word in 0..<3 {
                let source = index * 3 + word
                slot[1 + word] = source < more.count ? more[source] : 0
            }
            commit(slot, slotPosition)
        }
        let slot = slots + Int(position & mask) * Self.slotWords
        slot[1] = UInt64(kind) | UInt64(extra + 1) << 8 | number << 16
        slot[2] = second
        slot[3] = third
        commit(slot, position)
        producer.pointee.head = position &+ UInt64(extra + 1)
        release(extra + 1)
        return extra + 1
    }

    /// Slots that `words` further words take behind a note's first slot.
    @inline(__always)
    package static func extraSlots(words: Int) -> Int { (words + 2) / 3 }

    @inline(__always)
    private func commit(_ slot: UnsafeMutablePointer<UInt64>, _ position: UInt64) {
        let word = UnsafeMutableRawPointer(slot).assumingMemoryBound(to: Atomic<UInt64>.self)
        Probe.at(.committing)
        word.pointee.store(position &+ 1, ordering: .releasing)
    }

    /// How often the owning thread waited for room. Owning thread, or after it ended.
    package var waits: Int { producer.pointee.waits }

    // MARK: The recorder

    /// The next note, without taking it; nil when none is whole.
    package func peek() -> RawNote? { Self.note(slots, mask, at: consumer.pointee.drained) }

    /// Takes the note that `peek` showed.
    package func advance(past note: RawNote) {
        consumer.pointee.drained &+= UInt64(note.slots)
        Probe.at(.drained)
    }

    /// Gives everything taken so far back to the owning thread: it is in the trace file.
    package func free() {
        wanted.pointee.store(false, ordering: .relaxed)
        tail.pointee.store(consumer.pointee.drained, ordering: .releasing)
    }

    /// How many slots were taken and not given back. The recorder.
    package var backlog: Int {
        // What is not taken yet is not counted, as that would need the head, which is the
        // writer's.
        Int(consumer.pointee.drained &- tail.pointee.load(ordering: .relaxed))
    }

    // MARK: After the owning process is gone

    /// Starts draining at the tail in the memory, as a reader of a file left behind does.
    package func rewindToTail() {
        consumer.pointee.drained = tail.pointee.load(ordering: .acquiring)
    }

    static func note(
        _ slots: UnsafeMutablePointer<UInt64>, _ mask: UInt64, at position: UInt64
    ) -> RawNote? {
        let slot = slots + Int(position & mask) * slotWords
        guard isCommitted(slot, position) else { return nil }
        let count = Int(slot[1] >> 8 & 0xFF)
        guard count >= 1, count <= maximumNoteSlots else { return nil }
        var note = RawNote(
            kind: UInt8(truncatingIfNeeded: slot[1]), slots: count, number: slot[1] >> 16,
            second: slot[2], third: slot[3])
        if count > 1 {
            note.more.reserveCapacity((count - 1) * 3)
            for index in 1..<count {
                let slotPosition = position &+ UInt64(index)
                let further = slots + Int(slotPosition & mask) * slotWords
                guard isCommitted(further, slotPosition) else { return nil }
                note.more.append(further[1])
                note.more.append(further[2])
                note.more.append(further[3])
            }
        }
        return note
    }

    private static func isCommitted(
        _ slot: UnsafeMutablePointer<UInt64>, _ position: UInt64
    ) -> Bool {
        let word = UnsafeMutableRawPointer(slot).assumingMemoryBound(to: Atomic<UInt64>.self)
        return word.pointee.load(ordering: .acquiring) == position &+ 1
    }
}

/// A note as it is in a lane, before its kind gives the words a meaning.
package struct RawNote: Sendable {
    package var kind: UInt8
    package var slots: Int
    package var number: UInt64
    package var second: UInt64
    package var third: UInt64
    package var more: [UInt64]

    /// The number as that of a step. What a lane's file holds is at most 48 bits wide.
    package var step: Step { Step(number) }

    package init(
        kind: UInt8, slots: Int, number: UInt64, second: UInt64, third: UInt64,
        more: [UInt64] = []
    ) {
        self.kind = kind
        self.slots = slots
        self.number = number
        self.second = second
        self.third = third
        self.more = more
    }
}
