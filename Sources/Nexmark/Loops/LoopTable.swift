/// A table by whole numbers that are not negative, for the bare loops: open addressing, linear
/// probing, at most half full.
struct LoopTable<Value>: ~Copyable {
    private var keys: UnsafeMutablePointer<Int64>
    private var values: UnsafeMutablePointer<Value>
    private var mask: Int
    private(set) var count = 0
    private let initial: Value

    /// `capacity` must be a power of two.
    init(capacity: Int, initial: Value) {
        self.initial = initial
        mask = capacity - 1
        keys = .allocate(capacity: capacity)
        keys.initialize(repeating: -1, count: capacity)
        values = .allocate(capacity: capacity)
        values.initialize(repeating: initial, count: capacity)
    }

    deinit {
        keys.deallocate()
        values.deinitialize(count: mask + 1)
        values.deallocate()
    }

    @inline(__always)
    private func home(of key: Int64) -> Int {
        Int(truncatingIfNeeded: (UInt64(bitPattern: key) &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
    }

    /// The value of a key, new with the initial value where there was none. Until the next key.
    @inline(__always)
    subscript(key: Int64) -> UnsafeMutablePointer<Value> {
        mutating get {
            var index = home(of: key)
            while true {
                if keys[index] == key { return values + index }
                if keys[index] < 0 { return insert(key, at: index) }
                index = (index + 1) & mask
            }
        }
    }

    @inline(never)
    private mutating func insert(_ key: Int64, at free: Int) -> UnsafeMutablePointer<Value> {
        var index = free
        if count * 2 > mask {
            grow()
            index = home(of: key)
            while keys[index] >= 0 { index = (index + 1) & mask }
        }
        keys[index] = key
        count += 1
        return values + index
    }

    private mutating func grow() {
        let (oldKeys, oldValues, oldMask) = (keys, values, mask)
        mask = mask * 2 + 1
        keys = .allocate(capacity: mask + 1)
        keys.initialize(repeating: -1, count: mask + 1)
        values = .allocate(capacity: mask + 1)
        values.initialize(repeating: initial, count: mask + 1)
        for old in 0...oldMask where oldKeys[old] >= 0 {
            var index = home(of: oldKeys[old])
            while keys[index] >= 0 { index = (index + 1) & mask }
            keys[index] = oldKeys[old]
            swap(&values[index], &oldValues[old])
        }
        oldKeys.deallocate()
        oldValues.deinitialize(count: oldMask + 1)
        oldValues.deallocate()
    }

    /// The value of a key; nil where it has none.
    @inline(__always)
    func find(_ key: Int64) -> UnsafeMutablePointer<Value>? {
        var index = home(of: key)
        while keys[index] != key {
            if keys[index] < 0 { return nil }
            index = (index + 1) & mask
        }
        return values + index
    }

    /// Forgets a key; those behind it move up, so that no search ends early.
    mutating func remove(_ key: Int64) {
        var hole = home(of: key)
        while keys[hole] != key {
            if keys[hole] < 0 { return }
            hole = (hole + 1) & mask
        }
        var index = hole
        while true {
            index = (index + 1) & mask
            if keys[index] < 0 { break }
            if (index - home(of: keys[index])) & mask >= (index - hole) & mask {
                keys[hole] = keys[index]
                swap(&values[hole], &values[index])
                hole = index
            }
        }
        keys[hole] = -1
        values[hole] = initial
        count -= 1
    }

    /// All keys with their values, in the table's order.
    @inline(__always)
    func forEach(_ body: (Int64, UnsafeMutablePointer<Value>) -> Void) {
        for index in 0...mask where keys[index] >= 0 { body(keys[index], values + index) }
    }
}

/// What is due at a time of event time for a key, the earliest first.
struct DueHeap {
    private var heap: [(time: Int64, key: Int64)] = []

    mutating func add(_ time: Int64, _ key: Int64) {
        heap.append((time, key))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if heap[parent].time <= heap[child].time { break }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    /// Takes the earliest that is due at `watermark`; nil where nothing is.
    mutating func next(at watermark: Int64) -> Int64? {
        guard let first = heap.first, first.time <= watermark else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first.key }
        heap[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            if child >= heap.count { break }
            if child + 1 < heap.count, heap[child + 1].time < heap[child].time { child += 1 }
            if heap[parent].time <= heap[child].time { break }
            heap.swapAt(parent, child)
            parent = child
        }
        return first.key
    }
}
