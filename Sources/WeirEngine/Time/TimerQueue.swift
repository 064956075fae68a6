import WeirBase

/// The timers of one operator in one subtask: by deadline, then by the key's canonical bytes, then
/// by order of registration.
struct TimerQueue<Key> {
    struct Entry {
        var deadline: Int64
        var keyBytes: [UInt8]
        var registration: UInt64
        var key: Key
    }

    /// The most timers an operator may have in a subtask.
    static var maximumCount: Int { 1 << 22 }

    /// A binary heap; the least entry first.
    private var heap: [Entry] = []
    private var registrations: UInt64 = 0

    var earliest: Int64? { heap.first?.deadline }
    var count: Int { heap.count }

    mutating func register(_ key: Key, keyBytes: [UInt8], deadline: Int64) {
        registrations += 1
        heap.append(
            Entry(deadline: deadline, keyBytes: keyBytes, registration: registrations, key: key))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard Self.precedes(heap[child], heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes all entries due at `time` out, in order; what is registered meanwhile fires later.
    mutating func takeDue(at time: Int64) -> [Entry] {
        var due: [Entry] = []
        while let first = heap.first, first.deadline <= time {
            due.append(first)
            removeFirst()
        }
        return due
    }

    /// Forgets everything; tells how many timers that were.
    mutating func removeAll() -> Int {
        defer { heap.removeAll() }
        return heap.count
    }

    private mutating func removeFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if Self.precedes(heap[child], heap[least]) { least = child }
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private static func precedes(_ left: Entry, _ right: Entry) -> Bool {
        if left.deadline != right.deadline { return left.deadline < right.deadline }
        if left.keyBytes != right.keyBytes {
            return left.keyBytes.lexicographicallyPrecedes(right.keyBytes)
        }
        return left.registration < right.registration
    }

    func digest(into hash: inout StableHash) {
        hash.combine(registrations)
        var sum: UInt64 = 0
        for entry in heap {
            var one = StableHash()
            one.combine(UInt64(bitPattern: entry.deadline))
            one.combine(bytes: entry.keyBytes)
            one.combine(entry.registration)
            sum &+= one.value
        }
        hash.combine(sum)
    }
}
