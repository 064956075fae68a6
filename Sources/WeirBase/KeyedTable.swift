import CBytes

/// A table from keys to values that the engine owns.
///
/// The keyed state of operators is in it. The caller gives each key's hash, so that nothing depends
/// on Swift's hashing, which differs from process to process. Entries lie side by side in the order
/// in which their keys came, and one that was removed leaves its place to the next new key:
/// visiting goes in that order, which is the same in a replay.
///
/// It grows to twice its size when it is full, and never shrinks. A key costs 8 bytes beside itself
/// and its value for its digest, and 11 to 21 to be found. Keys are the same when they are equal or
/// when `isSame` says so, which is asked of keys whose hashes agree in their lower halves.
/// One owner; not for several threads.
@usableFromInline
package final class KeyedTable<Key: Equatable, Value> {
    /// What it holds. Behind a constant pointer, because a variable of a class that is reached
    /// through something opaque is checked for exclusive access each time, which an element would
    /// pay several times.
    @usableFromInline package let store: UnsafeMutablePointer<KeyedStore<Key, Value>>

    /// How many entries there are.
    package var count: Int { store.pointee.count }

    /// An empty table.
    package init(isSame: @escaping (Key, Key) -> Bool = { _, _ in false }) {
        store = .allocate(capacity: 1)
        store.initialize(to: KeyedStore(isSame: isSame))
    }

    deinit {
        store.pointee.deallocate()
        store.deinitialize(count: 1)
        store.deallocate()
    }

    /// The value of a key, made by `initial` when the key is new, to be changed in place.
    ///
    /// The pointer is valid until the next insertion or removal.
    @inlinable
    package func value(
        of key: Key, hash: UInt64, initial: () -> Value
    ) -> UnsafeMutablePointer<Value> {
        store.pointee.value(of: key, hash: hash, initial: initial)
    }

    /// The value of a key that is there, to be looked at; nil when it is not.
    package func existing(_ key: Key, hash: UInt64) -> UnsafePointer<Value>? {
        store.pointee.existing(key, hash: hash)
    }

    /// Takes a key and its value out; nil when it is not there.
    package func remove(_ key: Key, hash: UInt64) -> Value? {
        store.pointee.remove(key, hash: hash)
    }

    /// A table of its own with the same entries in the same places.
    package func copy() -> KeyedTable {
        let other = KeyedTable(isSame: store.pointee.isSame)
        other.store.pointee.fill(from: store.pointee)
        return other
    }

    /// Visits every entry. The table must not be changed meanwhile.
    package func forEach(_ body: (Key, Value) -> Void) {
        let store = store.pointee
        store.forEachNumber { body(store.keys[$0], store.values[$0]) }
    }

    /// A sum over all entries of what `digest` makes of each, which depends on nothing but what
    /// they are. It is asked for those alone that may have changed since the last sum.
    package func sum(_ digest: (Key, Value) -> UInt64) -> UInt64 { store.pointee.sum(digest) }

    /// Walks the entries: every one is found, and counts and sums are right.
    package func checkInvariants() { store.pointee.checkInvariants() }
}

/// The entries of a table, and how they are found; the table owns them.
@usableFromInline
package struct KeyedStore<Key: Equatable, Value> {
    /// The numbers of the entries, by their keys' hashes.
    @usableFromInline var index = NumberTable()
    /// The keys, of which only those of entries are initialised.
    @usableFromInline package private(set) var keys: UnsafeMutablePointer<Key>
    /// The values, likewise.
    @usableFromInline package private(set) var values: UnsafeMutablePointer<Value>
    /// What each entry adds to the sum; 0 for one that was not summed yet.
    @usableFromInline var sums: UnsafeMutablePointer<UInt64>
    /// A bit for each number that has an entry.
    @usableFromInline var live: UnsafeMutablePointer<UInt64>
    /// A bit for each entry whose value somebody may have changed since the last sum.
    @usableFromInline var touched: UnsafeMutablePointer<UInt64>
    /// How many entries there is room for, a multiple of 64.
    @usableFromInline var capacity = 64
    /// Numbers up to this one were given.
    @usableFromInline var end = 0
    /// Numbers whose entries were removed, the last first.
    @usableFromInline var free: [Int] = []
    /// The sum as it was.
    private var total: UInt64 = 0
    /// Tells that two keys are the same although they are not equal to each other.
    @usableFromInline let isSame: (Key, Key) -> Bool

    init(isSame: @escaping (Key, Key) -> Bool) {
        self.isSame = isSame
        keys = .allocate(capacity: capacity)
        values = .allocate(capacity: capacity)
        sums = .allocate(capacity: capacity)
        live = Self.bits(capacity)
        touched = Self.bits(capacity)
    }

    private static func bits(_ count: Int) -> UnsafeMutablePointer<UInt64> {
        let bits = UnsafeMutablePointer<UInt64>.allocate(capacity: count / 64)
        bits.initialize(repeating: 0, count: count / 64)
        return bits
    }

    package var count: Int { index.count }

    /// Removes all entries and frees the memory. Once.
    func deallocate() {
        forEachNumber {
            (keys + $0).deinitialize(count: 1)
            (values + $0).deinitialize(count: 1)
        }
        keys.deallocate()
        values.deallocate()
        sums.deallocate()
        live.deallocate()
        touched.deallocate()
    }

    @inlinable
    package mutating func value(
        of key: Key, hash: UInt64, initial: () -> Value
    ) -> UnsafeMutablePointer<Value> {
        guard let number = find(key, hash) else { return insert(key, hash, initial()) }
        touched[number >> 6] |= 1 << UInt64(truncatingIfNeeded: number & 63)
        return values + number
    }

    /// Whether it is worth to `prefetch` before keys are looked for.
    @inlinable
    package var isLarge: Bool { index.isLarge }

    /// Asks for the memory of keys that are about to be looked for, by their hashes.
    ///
    /// With a million keys an element of a slice of 64 then costs half.
    @usableFromInline
    package func prefetch(_ hashes: UnsafeBufferPointer<UInt64>) {
        index.prefetch(hashes) { number in
            weir_prefetch(keys + number)
            weir_prefetch(values + number)
        }
    }

    @inlinable
    func find(_ key: Key, _ hash: UInt64) -> Int? {
        // Not-a-number is the same key as itself, though it is not equal to itself.
        index.find(hash) { keys[$0] == key || isSame(keys[$0], key) }
    }

    /// Adds a key that is not there.
    @inlinable
    @inline(never)
    mutating func insert(
        _ key: Key, _ hash: UInt64, _ value: consuming Value
    ) -> UnsafeMutablePointer<Value> {
        let number = free.popLast() ?? end
        if number == capacity { grow() }
        end = max(end, number + 1)
        index.insert(hash, number)
        (keys + number).initialize(to: key)
        (values + number).initialize(to: value)
        sums[number] = 0
        live[number >> 6] |= 1 << UInt64(number & 63)
        touched[number >> 6] |= 1 << UInt64(number & 63)
        return values + number
    }

    func existing(_ key: Key, hash: UInt64) -> UnsafePointer<Value>? {
        find(key, hash).map { UnsafePointer(values + $0) }
    }

    mutating func remove(_ key: Key, hash: UInt64) -> Value? {
        guard let number = find(key, hash) else { return nil }
        index.remove(hash, number)
        (keys + number).deinitialize(count: 1)
        live[number >> 6] &= ~(1 << UInt64(number & 63))
        touched[number >> 6] &= ~(1 << UInt64(number & 63))
        total &-= sums[number]
        free.append(number)
        return (values + number).move()
    }

    mutating func sum(_ digest: (Key, Value) -> UInt64) -> UInt64 {
        for word in 0..<(end + 63) / 64 {
            assert(
                agrees(live[word] & ~touched[word], word, digest),
                "a value was changed that nobody asked for")
            var left = touched[word]
            touched[word] = 0
            while left != 0 {
                let number = word * 64 + left.trailingZeroBitCount
                left &= left - 1
                total &-= sums[number]
                sums[number] = digest(keys[number], values[number])
                total &+= sums[number]
            }
        }
        return total
    }

    /// Whether entries that nobody asked for since the last sum are what they were.
    private func agrees(
        _ untouched: UInt64, _ word: Int, _ digest: (Key, Value) -> UInt64
    ) -> Bool {
        var left = untouched
        while left != 0 {
            let number = word * 64 + left.trailingZeroBitCount
            left &= left - 1
            if digest(keys[number], values[number]) != sums[number] { return false }
        }
        return true
    }

    /// Visits the numbers that have entries, in order.
    @inlinable
    package func forEachNumber(_ body: (Int) -> Void) {
        for word in 0..<(end + 63) / 64 {
            var left = live[word]
            while left != 0 {
                body(word * 64 + left.trailingZeroBitCount)
                left &= left - 1
            }
        }
    }

    /// Takes copies of all entries of another table, into one that has none.
    mutating func fill(from other: KeyedStore) {
        precondition(end == 0, "\(end) entries where there should be none")
        resize(to: other.capacity)
        other.forEachNumber { number in
            (keys + number).initialize(to: other.keys[number])
            (values + number).initialize(to: other.values[number])
            sums[number] = other.sums[number]
        }
        live.update(from: other.live, count: capacity / 64)
        touched.update(from: other.touched, count: capacity / 64)
        (index, free, end, total) = (other.index, other.free, other.end, other.total)
    }

    @usableFromInline
    mutating func grow() { resize(to: 2 * capacity) }

    /// Moves every entry to larger, or as large, memory. One part after the other, so that at no
    /// time everything is there twice.
    private mutating func resize(to size: Int) {
        assert(size >= capacity, "\(capacity) entries do not fit into \(size)")
        // Every number up to the end has an entry where a table is full, and none in an empty one.
        let count = end
        func moved<Part>(_ old: UnsafeMutablePointer<Part>) -> UnsafeMutablePointer<Part> {
            let new = UnsafeMutablePointer<Part>.allocate(capacity: size)
            LargeMemory.prefersLargePages(new, bytes: ByteCount(of: size, Part.self))
            new.moveInitialize(from: old, count: count)
            old.deallocate()
            return new
        }
        precondition(self.count == count, "\(self.count) entries of \(count) at a growth")
        keys = moved(keys)
        values = moved(values)
        sums = moved(sums)
        func moved(bits old: UnsafeMutablePointer<UInt64>) -> UnsafeMutablePointer<UInt64> {
            let new = Self.bits(size)
            new.update(from: old, count: capacity / 64)
            old.deallocate()
            return new
        }
        live = moved(bits: live)
        touched = moved(bits: touched)
        capacity = size
    }

    func checkInvariants() {
        index.checkInvariants()
        var used = 0
        var sum: UInt64 = 0
        forEachNumber { number in
            used += 1
            sum &+= sums[number]
        }
        precondition(used == count, "\(used) entries, counted \(count)")
        precondition(used + free.count == end, "\(free.count) free of \(end), \(used) used")
        precondition(sum == total, "the entries' sum is \(sum), counted \(total)")
        precondition(
            (0..<capacity / 64).allSatisfy { touched[$0] & ~live[$0] == 0 },
            "an entry that is not there was touched")
    }
}
