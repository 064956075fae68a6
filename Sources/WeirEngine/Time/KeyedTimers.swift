public import WeirBase
import WeirTelemetry

/// The timers of a keyed `process` in one subtask: those that wait, of both clocks, and what became
/// of the others.
@usableFromInline
struct KeyedTimers<Key: Codable> {
    @usableFromInline var event: TimerQueue<Key>
    @usableFromInline var processing: TimerQueue<Key>
    /// Processing-time timers that were left at the end; part of the digest.
    var dropped = 0
    @usableFromInline var account: TimersAccount

    init(limits: TimerLimits) {
        account = TimersAccount(limits: limits)
        event = TimerQueue(limit: limits.count)
        processing = TimerQueue(limit: limits.count)
    }

    var waiting: Int { event.count + processing.count }

    /// Registers the timers that a closure asked for; one too many is the operator's error.
    @inlinable
    mutating func register(
        _ requests: TimerRequests, _ key: Key, _ frame: UnsafeMutablePointer<Frame>
    ) throws {
        var writer = ByteWriter()
        Canonical.encode(key, into: &writer)
        for deadline in requests.event {
            let became = event.register(key, keyBytes: writer.bytes, deadline: deadline)
            try account.note(became, frame)
        }
        for deadline in requests.processing {
            let became = processing.register(key, keyBytes: writer.bytes, deadline: deadline)
            try account.note(became, frame)
        }
    }

    /// Drops those of processing time at the end, when none of them will be due any more.
    mutating func dropAtEnd(_ frame: UnsafeMutablePointer<Frame>) {
        let count = processing.removeAll()
        dropped += count
        account.drop(count, frame)
    }

    func digest(into hash: inout StableHash) {
        event.digest(into: &hash)
        processing.digest(into: &hash)
        hash.combine(UInt64(dropped))
    }
}

/// What became of the timers of an operator in one subtask, and how many it may have.
@usableFromInline
struct TimersAccount {
    let limits: TimerLimits
    /// For the books alone.
    var book = TimerBook()

    init(limits: TimerLimits) { self.limits = limits }

    /// Counts what became of a timer that was to be set; one too many is an error.
    @usableFromInline
    mutating func note(
        _ registration: TimerRegistration, _ frame: UnsafeMutablePointer<Frame>
    ) throws {
        book.set += 1
        switch registration {
        case .added: break
        case .merged: book.merged += 1
        case .refused:
            drop(1, frame)
            throw TimerBound(count: limits.count)
        }
    }

    /// Counts timers that will not fire.
    mutating func drop(_ count: Int, _ frame: UnsafeMutablePointer<Frame>) {
        book.dropped += UInt64(count)
        assert(
            book.merged + book.fired + book.dropped <= book.set,
            "of \(book.set) timers \(book.merged) were merged, \(book.fired) fired and "
                + "\(book.dropped) dropped")
        frame.pointee.drop(count, .timer)
    }
}
