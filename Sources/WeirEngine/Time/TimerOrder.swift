import WeirBase

/// The order in which timers fall due, without the type of their keys: a key is a number here, and
/// the bytes of its canonical form.
///
/// Apart from the keys, because code that does not know its type looks up its metadata at each step
/// in a heap. A value; copies share their memory until one changes. Bounded by its owner.
@usableFromInline
struct TimerOrder {
    /// A timer that waits, at an index that it keeps.
    private struct Timer {
        var deadline: Int64
        /// Its number among all that were ever added, from 1.
        var registration: UInt64
        var key: Int
    }

    /// A key that has timers.
    private struct TimedKey {
        var bytes: [UInt8]
        var hash: UInt64
        /// How many of its timers wait; 0 where the number is free.
        var timers = 0
    }

    /// Where a timer stands in the heap; the deadline beside it spares a look at the timer.
    private struct Entry {
        var deadline: Int64
        var timer: Int
    }

    /// A timer that was taken out.
    @usableFromInline
    struct Taken {
        /// When it is due, nanoseconds since 1970, in event or in processing time.
        @usableFromInline var deadline: Int64
        /// Its number among all that were ever added here, from 1; merged ones are not counted. It
        /// tells timers that were set in the course of an advance from those before.
        var registration: UInt64
        /// The key's number, which is free behind its last timer.
        @usableFromInline var key: Int
        /// The key's canonical form, by which timers of one deadline are ordered.
        var keyBytes: [UInt8]
        @usableFromInline var isLastOfKey: Bool
    }

    /// A binary heap; the first to be due first.
    private var heap: [Entry] = []
    private var timers: [Timer] = []
    private var freeTimers: [Int] = []
    private var keys: [TimedKey] = []
    private var freeKeys: [Int] = []
    /// The timers that wait, by deadline and key.
    private var waiting = NumberTable()
    /// The keys that have timers, by their bytes.
    private var known = NumberTable()
    /// Timers added since the run's start.
    private(set) var registrations: UInt64 = 0

    var earliest: Int64? { heap.first?.deadline }
    var count: Int { heap.count }

    /// About how many bytes it takes.
    var bytes: ByteCount {
        ByteCount(of: heap.count, Entry.self) + ByteCount(of: timers.count, Timer.self)
            + ByteCount(of: keys.count, TimedKey.self)
            + ByteCount(keys.reduce(0) { $0 + $1.bytes.count })
    }

    /// Whether a key with this number has timers.
    func isKey(_ number: Int) -> Bool { keys.indices.contains(number) && keys[number].timers > 0 }

    /// What became of a timer that was to be added.
    @frozen
    @usableFromInline
    enum Addition {
        /// Its key has this number: that of a key that has timers already, one that became free, or
        /// the lowest that none had.
        case added(key: Int)
        /// The key has a timer at that deadline.
        case merged
        /// There are as many as there may be.
        case refused
    }

    /// Adds a timer, unless it is there, or there would be more than `limit`.
    @usableFromInline
    mutating func add(_ keyBytes: [UInt8], deadline: Int64, atMost limit: Int) -> Addition {
        let hash = Self.hash(of: keyBytes)
        let found = find(keyBytes, hash)
        if let found, holds(found, deadline) { return .merged }
        guard heap.count < limit else { return .refused }
        let key = found ?? addKey(keyBytes, hash)
        keys[key].timers += 1
        registrations += 1
        let timer = Timer(deadline: deadline, registration: registrations, key: key)
        let index = freeTimers.popLast() ?? timers.count
        if index == timers.count {
            timers.append(timer)
        } else {
            timers[index] = timer
        }
        waiting.insert(Self.hash(of: key, deadline), index)
        rise(Entry(deadline: deadline, timer: index))
        assert(waiting.count == heap.count, "a timer was set that waits already")
        return .added(key: key)
    }

    /// Takes the first timer out. There must be one.
    mutating func takeFirst() -> Taken {
        let first = heap[0].timer
        removeFirstEntry()
        let timer = timers[first]
        waiting.remove(Self.hash(of: timer.key, timer.deadline), first)
        freeTimers.append(first)
        assert(waiting.count == heap.count, "a timer lay twice in the queue")
        let bytes = keys[timer.key].bytes
        return Taken(
            deadline: timer.deadline, registration: timer.registration, key: timer.key,
            keyBytes: bytes, isLastOfKey: releaseKey(timer.key))
    }

    /// Forgets everything but how many were added; tells how many timers waited.
    mutating func removeAll() -> Int {
        let count = heap.count
        let added = registrations
        self = TimerOrder()
        registrations = added
        return count
    }

    /// Forgets the timers of some keys, by their numbers.
    mutating func removeAll(where isForgotten: (Int) -> Bool) {
        let left = heap.filter { entry in
            let timer = timers[entry.timer]
            guard isForgotten(timer.key) else { return true }
            waiting.remove(Self.hash(of: timer.key, timer.deadline), entry.timer)
            freeTimers.append(entry.timer)
            _ = releaseKey(timer.key)
            return false
        }
        heap.removeAll(keepingCapacity: true)
        for entry in left { rise(entry) }
    }

    // MARK: Keys

    private static func hash(of keyBytes: [UInt8]) -> UInt64 {
        var hash = StableHash()
        hash.combine(bytes: keyBytes)
        return hash.value
    }

    private static func hash(of key: Int, _ deadline: Int64) -> UInt64 {
        var hash = StableHash(seed: UInt64(key))
        hash.combine(UInt64(bitPattern: deadline))
        return hash.value
    }

    /// Whether a key has a timer at a deadline.
    private func holds(_ key: Int, _ deadline: Int64) -> Bool {
        waiting.find(Self.hash(of: key, deadline)) {
            timers[$0].key == key && timers[$0].deadline == deadline
        } != nil
    }

    private func find(_ keyBytes: [UInt8], _ hash: UInt64) -> Int? {
        known.find(hash) { keys[$0].bytes == keyBytes }
    }

    private mutating func addKey(_ keyBytes: [UInt8], _ hash: UInt64) -> Int {
        let key = TimedKey(bytes: keyBytes, hash: hash)
        let number = freeKeys.popLast() ?? keys.count
        if number == keys.count {
            keys.append(key)
        } else {
            keys[number] = key
        }
        known.insert(hash, number)
        return number
    }

    /// Counts one timer of a key less; true when it was the last one, and the number is free.
    private mutating func releaseKey(_ number: Int) -> Bool {
        keys[number].timers -= 1
        guard keys[number].timers == 0 else { return false }
        known.remove(keys[number].hash, number)
        keys[number].bytes = []
        freeKeys.append(number)
        return true
    }

    // MARK: The heap

    private func precedes(_ left: Entry, _ right: Entry) -> Bool {
        if left.deadline != right.deadline { return left.deadline < right.deadline }
        return keys[timers[left.timer].key].bytes
            .lexicographicallyPrecedes(keys[timers[right.timer].key].bytes)
    }

    /// Adds an entry at the end and lets it rise to where it belongs.
    private mutating func rise(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard precedes(entry, heap[parent]) else { break }
            heap[child] = heap[parent]
            child = parent
        }
        heap[child] = entry
    }

    /// Takes the first entry away; the last one takes it and sinks to where it belongs.
    private mutating func removeFirstEntry() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        var parent = 0
        while true {
            var minimum = 2 * parent + 1
            guard minimum < heap.count else { break }
            if minimum + 1 < heap.count, precedes(heap[minimum + 1], heap[minimum]) { minimum += 1 }
            guard precedes(heap[minimum], last) else { break }
            heap[parent] = heap[minimum]
            parent = minimum
        }
        heap[parent] = last
    }

    /// Walks the heap: each timer behind its parent, each once and known, and as many for each key
    /// as it counts.
    func checkInvariants() {
        precondition(
            waiting.count == heap.count, "\(waiting.count) are known of \(heap.count) timers")
        var seen: Set<UInt64> = []
        var counts = [Int](repeating: 0, count: keys.count)
        for (index, entry) in heap.enumerated() {
            let timer = timers[entry.timer]
            precondition(timer.deadline == entry.deadline, "an entry at another time")
            precondition(
                index == 0 || !precedes(entry, heap[(index - 1) / 2]),
                "the timer at \(entry.deadline) lies behind a later one")
            precondition(
                holds(timer.key, timer.deadline),
                "the timer at \(entry.deadline) could be set again")
            precondition(
                1...registrations ~= timer.registration,
                "timer \(timer.registration) of \(registrations)")
            precondition(
                seen.insert(timer.registration).inserted,
                "two timers are the \(timer.registration)th")
            counts[timer.key] += 1
        }
        precondition(
            zip(counts, keys).allSatisfy { $0 == $1.timers },
            "a key counts other timers than it has")
        precondition(known.count == counts.count { $0 > 0 }, "keys without timers are known")
    }

    /// A sum over the timers, since the heap's order depends on how they came.
    func digest(into hash: inout StableHash) {
        hash.combine(registrations)
        var sum: UInt64 = 0
        for entry in heap {
            let timer = timers[entry.timer]
            var one = StableHash()
            one.combine(UInt64(bitPattern: timer.deadline))
            one.combine(bytes: keys[timer.key].bytes)
            one.combine(timer.registration)
            sum &+= one.value
        }
        hash.combine(sum)
    }
}
