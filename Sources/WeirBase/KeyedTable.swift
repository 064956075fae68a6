/// A table from keys to values that the engine owns: open addressing, linear probing.
///
/// The caller gives the hash (never 0 inside: it is mapped to 1), so that nothing depends on
/// Swift's per-process hashing. Iteration goes by slot, which is the same for the same sequence of
/// operations. Grows to twice its size at three quarters full; removal shifts entries back, so
/// that there are no tombstones. Keys are the same when they are equal or `isSame` says so, which
/// is asked of keys with one hash only. One owner; not for several threads.
package final class KeyedTable<Key: Equatable, Value> {
    private var hashes: UnsafeMutablePointer<UInt64>
    private var keys: UnsafeMutablePointer<Key>
    private var values: UnsafeMutablePointer<Value>
    private var capacity: Int
    package private(set) var count = 0
    private let isSame: (Key, Key) -> Bool

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
