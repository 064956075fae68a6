import Synchronization
import WeirBase

// Walks over lanes. Tests call them behind every operation, on the one thread that uses the lane;
// they are of no use for lanes that another process left, whose heads nobody knows.

extension NoteLane {
    /// Walks the ring: its three ends, the room set aside, and every note that waits.
    package func checkInvariants() {
        let head = producer.pointee.head
        let given = tail.pointee.load(ordering: .acquiring)
        let drained = consumer.pointee.drained
        precondition(
            given <= drained && drained <= head,
            "a lane given back to \(given), drained to \(drained), written to \(head)")
        precondition(
            producer.pointee.knownTail <= given,
            "the tail is known at \(producer.pointee.knownTail) and lies at \(given)")
        precondition(producer.pointee.reserved >= 0, "less than no room is set aside")
        precondition(
            head - producer.pointee.knownTail + UInt64(producer.pointee.reserved)
                <= UInt64(capacity),
            "\(head - given) slots used and \(producer.pointee.reserved) set aside of \(capacity)")
        var position = given
        while position < head {
            guard let note = Self.note(slots, mask, at: position) else {
                preconditionFailure("there is no whole note at \(position), before \(head)")
            }
            position += UInt64(note.slots)
        }
        precondition(position == head, "the last note reaches to \(position), behind \(head)")
        precondition(
            Self.note(slots, mask, at: head) == nil, "a note stands where none was written yet")
    }
}

extension DataLane {
    /// Walks the notes, and the three ends of the ring of bytes beside them.
    package func checkInvariants() {
        notes.checkInvariants()
        let given = dataTail.pointee.load(ordering: .acquiring)
        precondition(
            given <= drained.pointee && drained.pointee <= head.pointee,
            "bytes from \(given) drained to \(drained.pointee), written to \(head.pointee)"
        )
        precondition(
            head.pointee - given <= UInt64(dataCapacity),
            "\(head.pointee - given) bytes in a ring of \(dataCapacity)")
    }
}
