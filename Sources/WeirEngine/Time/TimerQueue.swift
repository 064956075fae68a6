import WeirBase

/// The timers of one operator in one subtask: by deadline, then by the key's canonical bytes.
///
/// One timer for each key and deadline, however often it is set. Bounded: the owner says how many
/// there may be, and learns when one more is refused. One owner; not for several threads.
struct TimerQueue<Key> {
    struct Entry {
        var deadline: Int64
        var keyBytes: [UInt8]
        /// The how manieth it was among all that were ever set here; merged ones are not counted.
        var registration: UInt64
        var key: Key
    }

    /// What became of a timer that was set.
    enum Registration: Equatable {
        case added
        /// The key has a timer at that time already.
        case merged
        /// There are as many as there may be.
        case refused
    }

    /// What makes two timers one.
    private struct Identity: Hashable {
        var deadline: Int64
        var keyBytes: [UInt8]
    }

    private let limit: Int
    /// A binary heap; the least entry first.
    private var heap: [Entry] = []
    /// Those in the heap. Only asked whether it holds one: its order reaches nothing.
    private var waiting: Set<Identity> = []
    /// Timers added since the run's start.
    private(set) var registrations: UInt64 = 0

    /// A queue of at most `limit` timers.
    init(limit: Int = TimerLimits.standard.count) { self.limit = limit }

    var earliest: Int64? { heap.first?.deadline }
    var count: Int { heap.count }

    mutating func register(_ key: Key, keyBytes: [UInt8], deadline: Int64) -> Registration {
        guard !waiting.contains(Identity(deadline: deadline, keyBytes: keyBytes)) else {
            return .merged
        }
        guard heap.count < limit else { return .refused }
        waiting.insert(Identity(deadline: deadline, keyBytes: keyBytes))
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
        return .added
    }

    /// Takes all entries due at `time` out, in order; what is registered meanwhile fires later.
    mutating func takeDue(at time: Int64) -> [Entry] {
        var due: [Entry] = []
        while let first = heap.first, first.deadline <= time { due.append(takeFirst(first)) }
        return due
    }

    /// Takes the first entry out whose time the watermark has passed; nil when there is none.
    ///
    /// Elements at the watermark itself may still come, so a timer at that time waits for the next
    /// one; the last watermark of all has passed everything.
    mutating func takeFirst(passedBy watermark: Instant) -> Entry? {
        guard let first = heap.first,
            first.deadline < watermark.nanoseconds || watermark == .distantFuture
        else { return nil }
        return takeFirst(first)
    }

    /// Forgets everything; tells how many timers that were.
    mutating func removeAll() -> Int {
        defer {
            heap.removeAll()
            waiting.removeAll()
        }
        return heap.count
    }

    private mutating func takeFirst(_ first: Entry) -> Entry {
        waiting.remove(Identity(deadline: first.deadline, keyBytes: first.keyBytes))
        assert(waiting.count == heap.count - 1, "a timer lay twice in the queue")
        removeFirst()
        return first
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
        return left.keyBytes.lexicographicallyPrecedes(right.keyBytes)
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

/// How many timers an operator may have, and how long they may go on setting each other.
struct TimerLimits: Equatable, Sendable {
    /// Timers of one clock that wait in one subtask at most; one more is the operator's error.
    var count = 1 << 22
    /// Timers of one key that timers set and that fire before one watermark goes on, at most; one
    /// more is the operator's error. At the end of input nothing else ends such a chain.
    var chain = 1 << 20

    static let standard = TimerLimits()
}

/// An operator set more timers than it may have.
struct TimerBound: Error, CustomStringConvertible {
    let count: Int
    var description: String {
        "it has \(count.grouped) timers in one subtask, and no room for another; set one timer for "
            + "a key and set it again when it fires, or raise the parallelism"
    }
}

/// The timers of a key set each other without end.
struct EndlessTimers: Error, CustomStringConvertible {
    let key: String
    let count: Int
    let time: Instant
    let watermark: Instant

    var description: String {
        let isEnd = watermark == .distantFuture
        let place = isEnd ? "at the end of input" : "before the watermark \(watermark)"
        return "the timers of key \(key) set each other \(count.grouped) times \(place), the last "
            + "at \(time); set the next timer only while the key waits for something"
    }
}
