package import Synchronization
import WeirBase
package import WeirTelemetry

/// What a subtask counts, for whoever watches. Totals since the run's start.
///
/// Written by the thread that owns the subtask at the time: the one that runs it, or the one that
/// puts it into a queue for a worker. With one writer at a time, adding is a relaxed load and a
/// relaxed store, as cheap as plain ones. Read by any thread at any time; a reader may find one
/// counter newer than another. Nothing in a turn reads any of it; the books of a run are made of
/// the drops.
///
/// The time in each activity must add up to the run's, so it is read as of one moment: `enter`
/// writes it and `times` reads it as a sequence lock does, with the flag and the sequence in one
/// word, `stamp`.
package final class SubtaskCounters: Sendable {
    /// What a subtask is doing. The raw values are the low bits of `stamp`.
    package enum Activity: UInt64, Sendable {
        /// It has nothing to do.
        case idle = 0
        /// A turn runs.
        case busy = 1
        /// Its worker stays with it between two turns. That time counts as busy.
        case between = 2
        /// Its output finds no room.
        case backpressured = 3
        /// It could run, and waits for a worker.
        case waiting = 4
    }

    /// Elements taken.
    package let recordsIn = Atomic<UInt64>(0)
    /// Elements emitted, or rows.
    package let recordsOut = Atomic<UInt64>(0)
    /// Bytes of input that a source's subtask has taken; 0 elsewhere.
    package let bytesIn = Atomic<UInt64>(0)
    /// Bytes of rows that a sink's subtask has made; 0 elsewhere.
    package let bytesOut = Atomic<UInt64>(0)
    package let errors = Atomic<UInt64>(0)
    package let turns = Atomic<UInt64>(0)
    /// The subtask's watermark, nanoseconds since 1970; `.min` before there is one.
    package let watermark = Atomic<Int64>(.min)
    /// The newest event time that a source has seen, nanoseconds since 1970; `.min` before there is
    /// one and elsewhere.
    package let newestEvent = Atomic<Int64>(.min)
    /// Elements that a source has read and that wait to be taken; `.max` where that is not known.
    package let lagRecords = Atomic<UInt64>(.max)
    /// When the oldest element that waits in a source was read, or the next was due, microseconds
    /// since the run's start; `.max` where nothing is known to wait.
    package let lagSince = Atomic<Int64>(.max)
    /// Whether it holds no watermark back, because its input is idle.
    package let isHeldOut = Atomic<Bool>(false)
    /// How long its turns took.
    package let turnLatency = LatencyCounts()
    /// How long the oldest message that a turn took had waited.
    package let queueLatency = LatencyCounts()
    /// How long the way from the source took, for the oldest input behind a sink's rows, once a
    /// turn.
    package let wholeLatency = LatencyCounts()
    /// Elements that had no chance to have their effect here, by the reason's ordinal.
    private let drops = DropReason.allCases.map { _ in DropCounter() }
    /// The activity in the low three bits, then one bit that says that the times are being changed,
    /// then since when it is, in nanoseconds of `TickClock`. One word, so that who reads it has all
    /// of one moment; 60 bits of nanoseconds are 36 years.
    private let stamp: Atomic<UInt64>
    private let busy = Atomic<UInt64>(0)
    private let backpressured = Atomic<UInt64>(0)
    private let waiting = Atomic<UInt64>(0)
    private let idle = Atomic<UInt64>(0)

    private static let activityMask: UInt64 = 7
    private static let changing: UInt64 = 8
    private static let timeShift: UInt64 = 4
    /// A reader that finds the times being changed so often gives up. A change takes nanoseconds,
    /// so their owner was stopped in the middle of one.
    private static let maximumReads = 64

    /// The counters of a subtask that is idle from `now` on, nanoseconds of `TickClock`.
    package init(now: UInt64 = TickClock.nanoseconds()) {
        stamp = Atomic(now << Self.timeShift | Activity.idle.rawValue)
    }

    /// Adds to a counter that only the calling thread writes. A load and a store are enough for
    /// that, since there is no other writer whose addition could be lost, and an atomic addition
    /// would cost more.
    @inline(__always)
    package static func add(_ amount: UInt64, to counter: borrowing Atomic<UInt64>) {
        counter.store(counter.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    /// Counts elements that were read and will have no effect. Only the thread that owns the
    /// subtask.
    package func drop(_ count: UInt64 = 1, _ reason: DropReason) {
        Self.add(count, to: drops[reason.ordinal].value)
    }

    /// Elements dropped for this reason since the run's start. Any thread.
    package func dropped(_ reason: DropReason) -> UInt64 {
        drops[reason.ordinal].value.load(ordering: .relaxed)
    }

    /// What it is doing now. Any thread.
    package var activity: Activity {
        let number = stamp.load(ordering: .acquiring) & Self.activityMask
        guard let activity = Activity(rawValue: number) else {
            preconditionFailure("\(number) is no activity")
        }
        return activity
    }

    /// Whether a turn of the subtask runs now. Any thread.
    package var isBusy: Bool { activity == .busy }

    /// The counts that do not depend on the wall clock, for a snapshot. Where no turn is open.
    var saved: [UInt64] {
        drops.map { $0.value.load(ordering: .relaxed) } + [
            recordsIn.load(ordering: .relaxed), recordsOut.load(ordering: .relaxed),
            bytesIn.load(ordering: .relaxed), bytesOut.load(ordering: .relaxed),
            errors.load(ordering: .relaxed), turns.load(ordering: .relaxed),
        ]
    }

    /// Takes the counts of a snapshot in, in the order in which `saved` gives them.
    func restore(_ saved: [UInt64]) {
        precondition(
            saved.count == drops.count + 6,
            "\(saved.count) saved counters, where \(drops.count + 6) are kept")
        for (drop, count) in zip(drops, saved) { drop.value.store(count, ordering: .relaxed) }
        let saved = Array(saved.dropFirst(drops.count))
        recordsIn.store(saved[0], ordering: .relaxed)
        recordsOut.store(saved[1], ordering: .relaxed)
        bytesIn.store(saved[2], ordering: .relaxed)
        bytesOut.store(saved[3], ordering: .relaxed)
        errors.store(saved[4], ordering: .relaxed)
        turns.store(saved[5], ordering: .relaxed)
    }

    /// Begins another activity; `now` is nanoseconds of `TickClock`. Only the thread that owns the
    /// subtask.
    ///
    /// The time since the last change goes to what it was doing till then, so that every moment is
    /// in one of the totals. A clock that lies behind the last change, as another processor's may
    /// by a little, counts as that.
    package func enter(_ next: Activity, now: UInt64) {
        let word = stamp.load(ordering: .relaxed)
        let last = word & Self.activityMask
        let started = word >> Self.timeShift
        assert(word & Self.changing == 0, "two threads change what a subtask does")
        if Self.isBusyTime(last), Self.isBusyTime(next.rawValue) {
            // Between two turns nothing is added up: the time goes on as it did, and a turn costs
            // one store.
            stamp.store(word & ~Self.activityMask | next.rawValue, ordering: .releasing)
            return
        }
        let moment = max(started, now)
        // The flag first, and the fence behind it: a reader that sees one of the new totals also
        // sees, behind its own fence, the flag or a later stamp, and reads again. The last store is
        // released behind the totals, so that a reader that acquires it has all of them.
        stamp.store(word | Self.changing, ordering: .relaxed)
        atomicMemoryFence(ordering: .releasing)
        addTime(moment - started, to: last)
        stamp.store(moment << Self.timeShift | next.rawValue, ordering: .releasing)
    }

    @inline(__always)
    private static func isBusyTime(_ activity: UInt64) -> Bool {
        activity == Activity.busy.rawValue || activity == Activity.between.rawValue
    }

    private func addTime(_ spent: UInt64, to activity: UInt64) {
        switch Activity(rawValue: activity) {
        case .busy, .between: Self.add(spent, to: busy)
        case .backpressured: Self.add(spent, to: backpressured)
        case .waiting: Self.add(spent, to: waiting)
        case .idle: Self.add(spent, to: idle)
        case nil: preconditionFailure("\(activity) is no activity")
        }
    }

    /// Whether its output finds no room now. Any thread.
    package var isBackpressured: Bool { activity == .backpressured }

    /// Whether it does anything now, or waits for something. Any thread.
    package var isActive: Bool { activity != .idle }

    /// The time spent in each activity, the one in progress counted up to `now`, nanoseconds of
    /// `TickClock`. Any thread.
    ///
    /// All of one moment. Nil when that cannot be had, because the thread that changes them was
    /// stopped in the middle of it.
    package func times(now: UInt64) -> StateTimes? {
        for _ in 0..<Self.maximumReads {
            // Pairs with the last store of `enter`: the totals read below are at least as new as
            // this stamp.
            let word = stamp.load(ordering: .acquiring)
            if word & Self.changing != 0 { continue }
            var times = StateTimes()
            times.busy = busy.load(ordering: .relaxed)
            times.backpressured = backpressured.load(ordering: .relaxed)
            times.waiting = waiting.load(ordering: .relaxed)
            times.idle = idle.load(ordering: .relaxed)
            // Pairs with the fence in `enter`: if any total was newer than the stamp, the load
            // below finds another one.
            atomicMemoryFence(ordering: .acquiring)
            guard stamp.load(ordering: .relaxed) == word else { continue }
            let started = word >> Self.timeShift
            times.add(now > started ? now - started : 0, to: word & Self.activityMask)
            return times
        }
        return nil
    }
}

extension StateTimes {
    fileprivate mutating func add(_ spent: UInt64, to activity: UInt64) {
        switch SubtaskCounters.Activity(rawValue: activity) {
        case .busy, .between: busy &+= spent
        case .backpressured: backpressured &+= spent
        case .waiting: waiting &+= spent
        case .idle: idle &+= spent
        case nil: preconditionFailure("\(activity) is no activity")
        }
    }
}

/// One counter in a table of them.
private final class DropCounter: Sendable {
    let value = Atomic<UInt64>(0)
}
