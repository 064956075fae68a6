import WeirBase

/// The timers of one operator in one subtask: by deadline, then by the key's canonical bytes.
///
/// The operator registers timers for keys and takes out those that are due, in that order, which is
/// the same in a replay whatever order they were set in. One timer for each key and deadline,
/// however often it is set. Bounded: the owner says how many there may be, and learns when one more
/// is refused. Registering and taking cost the logarithm of how many wait. A value with one owner;
/// not for several threads.
@usableFromInline
struct TimerQueue<Key> {
    /// A timer that was taken out.
    struct Entry {
        /// When it is due, nanoseconds since 1970, in event or in processing time.
        var deadline: Int64
        var key: Key
    }

    @usableFromInline let limit: Int
    @usableFromInline var order = TimerOrder()
    /// The keys of the timers that wait, by the number that the order gives them; nil where a
    /// number is free.
    @usableFromInline var keys: [Key?] = []

    /// A queue of at most `limit` timers.
    init(limit: Int = TimerLimits.standard.count) { self.limit = limit }

    /// The earliest deadline; nil when no timer waits.
    var earliest: Int64? { order.earliest }
    var count: Int { order.count }
    /// Timers added since the run's start.
    var registrations: UInt64 { order.registrations }

    /// About how many bytes it takes.
    var bytes: ByteCount { order.bytes + ByteCount(of: keys.count, Key?.self) }

    /// Sets a timer for a key, whose canonical form is `keyBytes`.
    @inlinable
    mutating func register(_ key: Key, keyBytes: [UInt8], deadline: Int64) -> TimerRegistration {
        switch order.add(keyBytes, deadline: deadline, atMost: limit) {
        case .merged: return .merged
        case .refused: return .refused
        case .added(let number) where number == keys.count: keys.append(key)
        // A key is that of its first timer, as long as it has one: not all that are the same are
        // equal.
        case .added(let number): if keys[number] == nil { keys[number] = key }
        }
        return .added
    }

    /// Takes all entries due at `time` out, in order. All at once, so that what is registered while
    /// they fire waits for a later turn.
    mutating func takeDue(at time: Int64) -> [Entry] {
        var due: [Entry] = []
        while let earliest, earliest <= time { due.append(takeFirst()) }
        return due
    }

    /// Takes the first timer out whose time the watermark has passed; nil when there is none. The
    /// caller takes its key next (`takeKey`). One by one, so that what is registered while they
    /// fire is in its order among the others.
    ///
    /// Elements at the watermark itself may still come, so a timer at that time waits for the next
    /// one; the last watermark of all has passed everything.
    mutating func takeTimer(passedBy watermark: Instant) -> TimerOrder.Taken? {
        guard let earliest, earliest < watermark.nanoseconds || watermark == .distantFuture
        else { return nil }
        return order.takeFirst()
    }

    /// The key of a timer that was just taken out; forgotten here if it was the key's last one.
    @inlinable
    mutating func takeKey(of timer: TimerOrder.Taken) -> Key {
        guard let key = keys[timer.key] else { preconditionFailure("a timer without its key") }
        if timer.isLastOfKey { keys[timer.key] = nil }
        return key
    }

    /// Forgets everything; tells how many timers that were.
    mutating func removeAll() -> Int {
        keys.removeAll()
        return order.removeAll()
    }

    /// Forgets the timers of some keys. Costs a look at all timers, and putting them in order.
    mutating func removeAll(where isForgotten: (Key) -> Bool) {
        let forgotten = keys.map { $0.map(isForgotten) ?? false }
        order.removeAll { forgotten[$0] }
        for (number, isForgotten) in forgotten.enumerated() where isForgotten {
            keys[number] = nil
        }
    }

    /// Takes the first entry out. There must be one.
    private mutating func takeFirst() -> Entry {
        let first = order.takeFirst()
        return Entry(deadline: first.deadline, key: takeKey(of: first))
    }

    /// Walks the timers: each in its place, each once, no more than there may be, and each with its
    /// key.
    func checkInvariants() {
        precondition(count <= limit, "\(count) timers, at most \(limit)")
        order.checkInvariants()
        precondition(
            keys.indices.allSatisfy { order.isKey($0) == (keys[$0] != nil) },
            "a key without a timer, or a timer without its key")
    }

    /// A sum over the entries, since their order in memory depends on how they came.
    func digest(into hash: inout StableHash) { order.digest(into: &hash) }
}

/// What became of a timer that was to be set.
@frozen
@usableFromInline
enum TimerRegistration: Equatable {
    case added
    /// The key has a timer at that time already; nothing was added.
    case merged
    /// There are as many as there may be; nothing was added.
    case refused
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
