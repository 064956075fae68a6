/// A table from keys to values that the engine owns: open addressing with linear probing.
///
/// The keyed state of operators is in it. The caller gives each key's hash, so that nothing
/// depends on Swift's hashing, which differs from process to process. Visiting goes by slot,
/// and the slots are the same for the same sequence of operations, so that it is the same in
/// a replay.
///
/// It grows to twice its size at three quarters full, and never shrinks. Removal shifts
/// entries back, so that there are no tombstones and a table in which keys come and go does
/// not slow down. Keys are the same when they are equal or when `isSame` says so, which is
/// asked of keys with one hash only. One owner; not for several threads.
@usableFromInline
package final class KeyedTable<Key: Equatable, Value> {
    /// Where the entries lie. Behind a constant pointer, because a variable of a class that is
    /// reached through something opaque is checked for exclusive access each time, which an
    /// element would pay several times.
    @usableFromInline package let slots: UnsafeMutablePointer<KeyedSlots<Key, Value>>

    /// How many entries there are.
    package var count: Int { slots.pointee.count }

    /// An empty table with at least `capacity` slots.
    package init(
        capacity: Int = 16, isSame: @escaping (Key, Key) -> Bool = { _, _ in false }
    ) {
        slots = .allocate(capacity: 1)
        slots.initialize(to: KeyedSlots(capacity: capacity, isSame: isSame))
    }

    deinit {
        slots.pointee.deallocate()
        slots.deinitialize(count: 1)
        slots.deallocate()
    }

    /// The value of a key, made by `initial` when the key is new.
    ///
    /// The pointer is valid until the next insertion or removal.
    @inlinable
    package func slot(
        for key: Key, hash: UInt64, initial: () -> Value
    ) -> UnsafeMutablePointer<Value> {
        slots.pointee.slot(for: key, hash: hash, initial: initial)
    }

    /// The value of a key that is there; nil when it is not.
    package func existing(_ key: Key, hash: UInt64) -> UnsafeMutablePointer<Value>? {
        slots.pointee.existing(key, hash: hash)
    }

    /// Takes a key and its value out; nil when it is not there.
    package func remove(_ key: Key, hash: UInt64) -> Value? {
        slots.pointee.remove(key, hash: hash)
    }

    /// Removes every entry and keeps the room.
    package func removeAll() { slots.pointee.removeAll() }

    /// A table of its own with the same entries in the same slots.
    package func copy() -> KeyedTable {
        // With the same capacity each entry has the same home, so no search is needed.
        let other = KeyedTable(capacity: slots.pointee.mask + 1, isSame: slots.pointee.isSame)
        other.slots.pointee.fill(from: slots.pointee)
        return other
    }

    /// Visits every entry, by slot. The table must not be changed meanwhile.
    package func forEach(_ body: (Key, Value) -> Void) {
        let slots = slots.pointee
        for index in 0...slots.mask where slots.hashes[index] != 0 {
            body(slots.keys[index], slots.values[index])
        }
    }

    /// Walks the slots: every entry is found from where its hash points, and counts are right.
    package func checkInvariants() { slots.pointee.checkInvariants() }
}

/// The slots of a table, and how entries are found in them; the table owns them.
@usableFromInline
package struct KeyedSlots<Key: Equatable, Value> {
    /// The hash of each slot's key; 0 for an empty slot. (A key whose hash is 0 is given 1.)
    @usableFromInline var hashes: UnsafeMutablePointer<UInt64>
    /// The keys, of which only those in slots that are not empty are initialised.
    @usableFromInline var keys: UnsafeMutablePointer<Key>
    /// The values, likewise.
    @usableFromInline var values: UnsafeMutablePointer<Value>
    /// The number of slots, a power of two, less one.
    @usableFromInline var mask: Int
    @usableFromInline var count = 0
    /// Tells that two keys are the same although they are not equal to each other.
    @usableFromInline let isSame: (Key, Key) -> Bool

    init(capacity: Int, isSame: @escaping (Key, Key) -> Bool) {
        self.isSame = isSame
        var size = 16
        while size < capacity { size *= 2 }
        mask = size - 1
        hashes = .allocate(capacity: size)
        hashes.initialize(repeating: 0, count: size)
        keys = .allocate(capacity: size)
        values = .allocate(capacity: size)
    }

    /// Removes all entries and frees the memory. Once.
    mutating func deallocate() {
        removeAll()
        hashes.deallocate()
        keys.deallocate()
        values.deallocate()
    }

    @inlinable
    package mutating func slot(
        for key: Key, hash: UInt64, initial: () -> Value
    ) -> UnsafeMutablePointer<Value> {
        let wanted = hash == 0 ? 1 : hash
        let index = find(key, wanted)
        if hashes[index] != 0 { return values + index }
        return insert(key, wanted, at: index, initial())
    }

    /// Puts a new key into the empty slot that a search ended at, or grows first.
    @inlinable
    @inline(never)
    mutating func insert(
        _ key: Key, _ hash: UInt64, at free: Int, _ value: consuming Value
    ) -> UnsafeMutablePointer<Value> {
        var index = free
        // At three quarters full a search for a key that is not there probes about eight slots.
        if (count + 1) * 4 > (mask + 1) * 3 {
            grow()
            index = find(key, hash)
        }
        hashes[index] = hash
        (keys + index).initialize(to: key)
        (values + index).initialize(to: value)
        count += 1
        return values + index
    }

    /// The slot of a key, or the empty one in which it would be put. There is always an empty
    /// one.
    @inlinable
    func find(_ key: Key, _ hash: UInt64) -> Int {
        var index = Int(truncatingIfNeeded: hash) & mask
        while hashes[index] != 0 {
            // Not-a-number is the same key as itself, though it is not equal to itself.
            if hashes[index] == hash, keys[index] == key || isSame(keys[index], key) {
                return index
            }
            index = (index + 1) & mask
        }
        return index
    }

    func existing(_ key: Key, hash: UInt64) -> UnsafeMutablePointer<Value>? {
        let index = find(key, hash == 0 ? 1 : hash)
        return hashes[index] == 0 ? nil : values + index
    }

    mutating func remove(_ key: Key, hash: UInt64) -> Value? {
        // A search ends at the first empty slot. So a hole may only stay where no entry
        // behind it was pushed over it, and entries are moved into it until that is so.
        var hole = find(key, hash == 0 ? 1 : hash)
        if hashes[hole] == 0 { return nil }
        let value = (values + hole).move()
        (keys + hole).deinitialize(count: 1)
        hashes[hole] = 0
        count -= 1
        var index = (hole + 1) & mask
        while hashes[index] != 0 {
            let home = Int(truncatingIfNeeded: hashes[index]) & mask
            // An entry may move into the hole only if the hole lies between its home and it.
            if (index - home) & mask >= (index - hole) & mask {
                hashes[hole] = hashes[index]
                (keys + hole).moveInitialize(from: keys + index, count: 1)
                (values + hole).moveInitialize(from: values + index, count: 1)
                hashes[index] = 0
                hole = index
            }
            index = (index + 1) & mask
        }
        return value
    }

    mutating func removeAll() {
        for index in 0...mask where hashes[index] != 0 {
            (keys + index).deinitialize(count: 1)
            (values + index).deinitialize(count: 1)
            hashes[index] = 0
        }
        count = 0
    }

    /// Takes copies of all entries of slots of the same number.
    mutating func fill(from other: KeyedSlots) {
        precondition(mask == other.mask && count == 0, "\(mask) and \(other.mask) slots differ")
        for index in 0...mask where other.hashes[index] != 0 {
            hashes[index] = other.hashes[index]
            (keys + index).initialize(to: other.keys[index])
            (values + index).initialize(to: other.values[index])
        }
        count = other.count
    }

    func checkInvariants() {
        precondition((mask + 1) & mask == 0, "\(mask + 1) slots, no power of two")
        precondition(count * 4 <= (mask + 1) * 3, "\(count) entries in \(mask + 1) slots")
        var used = 0
        for index in 0...mask where hashes[index] != 0 {
            used += 1
            precondition(
                find(keys[index], hashes[index]) == index,
                "the key in slot \(index) is found in slot \(find(keys[index], hashes[index]))")
        }
        precondition(used == count, "\(used) entries, counted \(count)")
    }

    /// Moves every entry into slots of twice the number, in the order of the old ones.
    @inlinable
    @inline(never)
    mutating func grow() {
        let (oldHashes, oldKeys, oldValues, oldMask) = (hashes, keys, values, mask)
        mask = 2 * mask + 1
        hashes = .allocate(capacity: mask + 1)
        hashes.initialize(repeating: 0, count: mask + 1)
        keys = .allocate(capacity: mask + 1)
        values = .allocate(capacity: mask + 1)
        for old in 0...oldMask where oldHashes[old] != 0 {
            var index = Int(truncatingIfNeeded: oldHashes[old]) & mask
            while hashes[index] != 0 { index = (index + 1) & mask }
            hashes[index] = oldHashes[old]
            (keys + index).moveInitialize(from: oldKeys + old, count: 1)
            (values + index).moveInitialize(from: oldValues + old, count: 1)
        }
        oldHashes.deallocate()
        oldKeys.deallocate()
        oldValues.deallocate()
    }
}
