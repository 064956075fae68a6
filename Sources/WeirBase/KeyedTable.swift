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
package final class KeyedTable<Key: Equatable, Value> {
    /// The hash of each slot's key; 0 for an empty slot. (A key whose hash is 0 is given 1.)
    private var hashes: UnsafeMutablePointer<UInt64>
    /// The keys, of which only those in slots that are not empty are initialised.
    private var keys: UnsafeMutablePointer<Key>
    /// The values, likewise.
    private var values: UnsafeMutablePointer<Value>
    /// The number of slots, a power of two.
    private var capacity: Int
    /// How many entries there are.
    package private(set) var count = 0
    /// Tells that two keys are the same although they are not equal to each other.
    private let isSame: (Key, Key) -> Bool

    /// An empty table with at least `capacity` slots.
    package init(
        capacity: Int = 16, isSame: @escaping (Key, Key) -> Bool = { _, _ in false }
    ) {
        self.isSame = isSame
        var size = 16
        while size < capacity { size *= 2 }
        self.capacity = size
        hashes = .allocate(capacity: size)
        hashes.initialize(repeating: 0, count: size)
        keys = .allocate(capacity: size)
        values = .allocate(capacity: size)
    }

    deinit {
        removeAll()
        hashes.deallocate()
        keys.deallocate()
        values.deallocate()
    }

    /// The value of a key, made by `initial` when the key is new.
    ///
    /// The pointer is valid until the next insertion or removal.
    package func slot(
        for key: Key, hash: UInt64, initial: () -> Value
    ) -> UnsafeMutablePointer<Value> {
        let wanted = hash == 0 ? 1 : hash
        var index = find(key, wanted)
        if hashes[index] == 0 {
            // At three quarters full a search for a key that is not there probes about eight
            // slots.
            if (count + 1) * 4 > capacity * 3 {
                grow()
                index = find(key, wanted)
            }
            hashes[index] = wanted
            (keys + index).initialize(to: key)
            (values + index).initialize(to: initial())
            count += 1
        }
        return values + index
    }

    /// The value of a key that is there; nil when it is not.
    package func existing(_ key: Key, hash: UInt64) -> UnsafeMutablePointer<Value>? {
        let index = find(key, hash == 0 ? 1 : hash)
        return hashes[index] == 0 ? nil : values + index
    }

    /// Takes a key and its value out; nil when it is not there.
    package func remove(_ key: Key, hash: UInt64) -> Value? {
        // A search ends at the first empty slot. So a hole may only stay where no entry
        // behind it was pushed over it, and entries are moved into it until that is so.
        var hole = find(key, hash == 0 ? 1 : hash)
        if hashes[hole] == 0 { return nil }
        let value = (values + hole).move()
        (keys + hole).deinitialize(count: 1)
        hashes[hole] = 0
        count -= 1
        var index = (hole + 1) & (capacity - 1)
        while hashes[index] != 0 {
            let home = Int(truncatingIfNeeded: hashes[index]) & (capacity - 1)
            // An entry may move into the hole only if the hole lies between its home and it.
            if (index - home) & (capacity - 1) >= (index - hole) & (capacity - 1) {
                hashes[hole] = hashes[index]
                (keys + hole).moveInitialize(from: keys + index, count: 1)
                (values + hole).moveInitialize(from: values + index, count: 1)
                hashes[index] = 0
                hole = index
            }
            index = (index + 1) & (capacity - 1)
        }
        return value
    }

    /// Removes every entry and keeps the room.
    package func removeAll() {
        for index in 0..<capacity where hashes[index] != 0 {
            (keys + index).deinitialize(count: 1)
            (values + index).deinitialize(count: 1)
            hashes[index] = 0
        }
        count = 0
    }

    /// A table of its own with the same entries in the same slots.
    package func copy() -> KeyedTable {
        // With the same capacity each entry has the same home, so no search is needed.
        let other = KeyedTable(capacity: capacity, isSame: isSame)
        for index in 0..<capacity where hashes[index] != 0 {
            other.hashes[index] = hashes[index]
            (other.keys + index).initialize(to: keys[index])
            (other.values + index).initialize(to: values[index])
        }
        other.count = count
        return other
    }

    /// Visits every entry, by slot. The table must not be changed meanwhile.
    package func forEach(_ body: (Key, Value) -> Void) {
        for index in 0..<capacity where hashes[index] != 0 { body(keys[index], values[index]) }
    }

    /// Walks the slots: every entry is found from where its hash points, and counts are right.
    package func checkInvariants() {
        precondition(capacity & (capacity - 1) == 0, "\(capacity) slots, no power of two")
        precondition(count * 4 <= capacity * 3, "\(count) entries in \(capacity) slots")
        var used = 0
        for index in 0..<capacity where hashes[index] != 0 {
            used += 1
            precondition(
                find(keys[index], hashes[index]) == index,
                "the key in slot \(index) is found in slot \(find(keys[index], hashes[index]))")
        }
        precondition(used == count, "\(used) entries, counted \(count)")
    }

    /// The slot of a key, or the empty one in which it would be put. There is always an empty
    /// one.
    private func find(_ key: Key, _ hash: UInt64) -> Int {
        var index = Int(truncatingIfNeeded: hash) & (capacity - 1)
        while hashes[index] != 0 {
            // Not-a-number is the same key as itself, though it is not equal to itself.
            if hashes[index] == hash, keys[index] == key || isSame(keys[index], key) {
                return index
            }
            index = (index + 1) & (capacity - 1)
        }
        return index
    }

    /// Moves every entry into a table of twice the size, in the order of the slots.
    private func grow() {
        let (oldHashes, oldKeys, oldValues, oldCapacity) = (hashes, keys, values, capacity)
        capacity *= 2
        hashes = .allocate(capacity: capacity)
        hashes.initialize(repeating: 0, count: capacity)
        keys = .allocate(capacity: capacity)
        values = .allocate(capacity: capacity)
        for old in 0..<oldCapacity where oldHashes[old] != 0 {
            var index = Int(truncatingIfNeeded: oldHashes[old]) & (capacity - 1)
            while hashes[index] != 0 { index = (index + 1) & (capacity - 1) }
            hashes[index] = oldHashes[old]
            (keys + index).moveInitialize(from: oldKeys + old, count: 1)
            (values + index).moveInitialize(from: oldValues + old, count: 1)
        }
        oldHashes.deallocate()
        oldKeys.deallocate()
        oldValues.deallocate()
    }
}
