import CBytes

/// Finds things again that lie in an array elsewhere, by a hash of what they are.
///
/// The owner keeps the things and their numbers; the table keeps the numbers where their hashes
/// point to, and asks the owner which of those is meant whose hashes agree in their lower halves.
/// Linear probing; taking one out moves later entries back, so that there are no tombstones and a
/// table in which things come and go does not slow down. Its order is never seen. A value: a copy
/// shares the memory until one of the two changes. One owner; not for several threads.
@frozen
@usableFromInline
package struct NumberTable: Sendable {
    /// For each slot the lower half of the hash, above, and one more than the number, below; 0
    /// where the slot is empty. As many as a power of two.
    @usableFromInline var slots: [UInt64]
    package private(set) var count = 0

    package init() { slots = [UInt64](repeating: 0, count: 16) }

    private var mask: Int { slots.count - 1 }

    /// The number with this hash for which `isMeant` holds; nil where there is none.
    @inlinable
    package func find(_ hash: UInt64, _ isMeant: (Int) -> Bool) -> Int? {
        let wanted = UInt32(truncatingIfNeeded: hash)
        return slots.withUnsafeBufferPointer { slots in
            let mask = slots.count - 1
            var index = Int(wanted) & mask
            while true {
                let slot = slots[index]
                if slot == 0 { return nil }
                if UInt32(truncatingIfNeeded: slot >> 32) == wanted {
                    let number = Int(UInt32(truncatingIfNeeded: slot)) - 1
                    if isMeant(number) { return number }
                }
                index = (index + 1) & mask
            }
        }
    }

    /// Whether a search mostly waits for memory: the slots alone are more than a core's second
    /// cache has room for beside everything else.
    @inlinable
    package var isLarge: Bool { slots.count >= 1 << 15 }

    /// Asks for the memory of those numbers that are about to be looked for, so that their searches
    /// wait together and not one after the other.
    ///
    /// `lines` is told of the first number that each search will ask about, if there is one.
    @inline(__always)
    func prefetch(_ hashes: UnsafeBufferPointer<UInt64>, _ lines: (Int) -> Void) {
        slots.withUnsafeBufferPointer { slots in
            guard let base = slots.baseAddress else { return }
            let mask = slots.count - 1
            for hash in hashes {
                weir_prefetch(base + (Int(UInt32(truncatingIfNeeded: hash)) & mask))
            }
            for hash in hashes {
                let slot = slots[Int(UInt32(truncatingIfNeeded: hash)) & mask]
                if slot != 0 { lines(Int(UInt32(truncatingIfNeeded: slot)) - 1) }
            }
        }
    }

    /// Adds a number, from 0 up to 2^32 - 2, which must not be there.
    @usableFromInline
    package mutating func insert(_ hash: UInt64, _ number: Int) {
        precondition(number < UInt32.max, "number \(number) does not fit into the table")
        // At most three quarters full, so that a search that finds nothing takes some eight steps.
        if (count + 1) * 4 > slots.count * 3 { grow() }
        put(Self.slot(hash, number))
        count += 1
    }

    /// Takes a number out, which must be there with this hash.
    package mutating func remove(_ hash: UInt64, _ number: Int) {
        let wanted = Self.slot(hash, number)
        var hole = Int(wanted >> 32) & mask
        while slots[hole] != wanted {
            precondition(slots[hole] != 0, "number \(number) is not in the table")
            hole = (hole + 1) & mask
        }
        // A search ends at the first empty slot. So a hole may only stay where no entry behind it
        // was pushed over it, and entries are moved into it until that is so.
        var index = (hole + 1) & mask
        while slots[index] != 0 {
            let home = Int(slots[index] >> 32) & mask
            // It may move into the hole only if the hole lies between its home and it.
            if (index - home) & mask >= (index - hole) & mask {
                slots[hole] = slots[index]
                hole = index
            }
            index = (index + 1) & mask
        }
        slots[hole] = 0
        count -= 1
    }

    /// Walks the slots: each number is found from where its hash points, and the count is right.
    package func checkInvariants() {
        precondition(slots.count & mask == 0, "\(slots.count) slots, no power of two")
        precondition(count * 4 <= slots.count * 3, "\(count) numbers in \(slots.count) slots")
        for slot in slots where slot != 0 {
            let number = Int(UInt32(truncatingIfNeeded: slot)) - 1
            precondition(find(slot >> 32) { $0 == number } != nil, "number \(number) is not found")
        }
        let used = slots.count { $0 != 0 }
        precondition(used == count, "\(used) numbers, counted \(count)")
    }

    private static func slot(_ hash: UInt64, _ number: Int) -> UInt64 {
        UInt64(UInt32(truncatingIfNeeded: hash)) << 32 | UInt64(number + 1)
    }

    private mutating func put(_ slot: UInt64) {
        var index = Int(slot >> 32) & mask
        while slots[index] != 0 { index = (index + 1) & mask }
        slots[index] = slot
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt64](unsafeUninitializedCapacity: 2 * old.count) { memory, count in
            count = 2 * old.count
            if let base = memory.baseAddress {
                LargeMemory.prefersLargePages(base, bytes: ByteCount(of: count, UInt64.self))
            }
            memory.initialize(repeating: 0)
        }
        for slot in old where slot != 0 { put(slot) }
    }
}
