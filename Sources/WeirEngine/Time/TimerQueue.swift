import WeirBase

/// The timers of one operator in one subtask: by deadline, then by the key's canonical bytes.
///
/// The operator registers timers for keys and takes out those that are due, in that order, which is
/// the same in a replay whatever order they were set in. One timer for each key and deadline,
/// however often it is set. Bounded: the owner says how many there may be, and learns when one more
/// is refused. Registering and taking cost the logarithm of how many wait. A value with one owner;
/// not for several threads.
struct TimerQueue<Key> {
    /// A timer that waits.
    struct Entry {
        /// When it is due, nanoseconds since 1970, in event or in processing time.
        var deadline: Int64
        /// The key's canonical form, by which timers of one deadline are ordered.
        var keyBytes: [UInt8]
        /// Its number among all that were ever added here, from 1; merged ones are not counted. It
        /// tells timers that were set in the course of an advance from those before.
        var registration: UInt64
        var key: Key
    }

    /// What became of a timer that was to be set.
    enum Registration: Equatable {
        case added
        /// The key has a timer at that time already; nothing was added.
        case merged
        /// There are as many as there may be; nothing was added.
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
    /// The identities of the timers in the heap. Only asked whether it holds one, so that its order
    /// reaches nothing.
    private var waiting: Set<Identity> = []
    /// Timers added since the run's start.
    private(set) var registrations: UInt64 = 0

    /// A queue of at most `limit` timers.
    init(limit: Int = TimerLimits.standard.count) { self.limit = limit }

    /// The earliest deadline; nil when no timer waits.
    var earliest: Int64? { heap.first?.deadline }
    var count: Int { heap.count }

    /// Sets a timer for a key, whose canonical form is `keyBytes`.
    mutating func register(_ key: Key, keyBytes: [UInt8], deadline: Int64) -> Registration {
        guard !waiting.contains(Identity(deadline: deadline, keyBytes: keyBytes)) else {
            return .merged
        }
        guard heap.count < limit else { return .refused }
        waiting.insert(Identity(deadline: deadline, keyBytes: keyBytes))
        assert(waiting.count == heap.count + 1, "a timer was set that waits already")
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

    /// Takes all entries due at `time` out, in order. All at once, so that what is registered while
    /// they fire waits for a later turn.
    mutating func takeDue(at time: Int64) -> [Entry] {
        var due: [Entry] = []
        while let first = heap.first, first.deadline <= time { due.append(takeFirst(first)) }
        return due
    }

    /// Takes the first entry out whose time the watermark has passed; nil when there is none. One
    /// by one, so that what is registered while they fire is in its order among the others.
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

    /// Forgets the timers of some keys. Costs a look at all timers, and putting them in order.
    mutating func removeAll(where isForgotten: (Key) -> Bool) {
        heap.removeAll { isForgotten($0.key) }
        // What is in order is a heap.
        heap.sort(by: Self.precedes)
        waiting = Set(
            heap.lazy.map { Identity(deadline: $0.deadline, keyBytes: $0.keyBytes) })
    }

    /// Takes the heap's first entry out, with its identity.
    private mutating func takeFirst(_ first: Entry) -> Entry {
        waiting.remove(Identity(deadline: first.deadline, keyBytes: first.keyBytes))
        assert(waiting.count == heap.count - 1, "a timer lay twice in the queue")
        removeFirst()
        return first
    }

    /// Puts the heap's last entry at its front and lets it sink: first in the heap is again the
    /// least.
    private mutating func removeFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            var minimum = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if Self.precedes(heap[child], heap[minimum]) { minimum = child }
            }
            if minimum == parent { return }
            heap.swapAt(parent, minimum)
            parent = minimum
        }
    }

    /// Walks the heap: each entry behind its parent, each once, and no more than there may be.
    func checkInvariants() {
        precondition(heap.count <= limit, "\(heap.count) timers, at most \(limit)")
        precondition(
            waiting.count == heap.count, "\(waiting.count) are known of \(heap.count) timers")
        var seen: Set<UInt64> = []
        for (index, entry) in heap.enumerated() {
            precondition(
                index == 0 || !Self.precedes(entry, heap[(index - 1) / 2]),
                "the timer at \(entry.deadline) lies behind a later one")
            precondition(
                waiting.contains(Identity(deadline: entry.deadline, keyBytes: entry.keyBytes)),
                "the timer at \(entry.deadline) could be set again")
            precondition(
                1...registrations ~= entry.registration,
                "timer \(entry.registration) of \(registrations)")
            precondition(
                seen.insert(entry.registration).inserted,
                "two timers are the \(entry.registration)th")
        }
    }

    private static func precedes(_ left: Entry, _ right: Entry) -> Bool {
        if left.deadline != right.deadline { return left.deadline < right.deadline }
        return left.keyBytes.lexicographicallyPrecedes(right.keyBytes)
    }

    /// A sum over the entries, since the heap's order depends on how they came.
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
    /// The maximum number of timers of one clock that wait in one subtask, 4,194,304; one more is
    /// the operator's error.
    var count = 1 << 22
    /// The maximum number of timers of one key that timers set and that fire before one watermark
    /// goes on, 1,048,576; one more is the operator's error. At the end of input nothing else ends
    /// such a chain.
    var chain = 1 << 20

    static let standard = TimerLimits()
}

/// An operator set more timers than it may have: the operator's error.
struct TimerBound: Error, CustomStringConvertible {
    let count: Int
    var description: String {
        "it has \(count.grouped) timers in one subtask, and no room for another; set one timer for "
            + "a key and set it again when it fires, or raise the parallelism"
    }
}

/// The timers of a key set each other without end: the operator's error.
struct EndlessTimers: Error, CustomStringConvertible {
    let key: String
    let count: Int
    let time: Instant
    let watermark: Instant

    var description: String {
        let isEnd = watermark == .distantFuture
        let moment = isEnd ? "at the end of input" : "before the watermark \(watermark)"
        return "the timers of key \(key) set each other \(count.grouped) times \(moment), the last "
            + "at \(time); set the next timer only while the key waits for something"
    }
}
