package import Synchronization
import WeirBase
package import WeirTelemetry

/// What a subtask counts, for whoever watches.
///
/// Written by the thread that owns the subtask at the time: the one that runs it, or the one that
/// puts it into a queue for a worker. Read by any: relaxed stores and loads, as cheap as plain
/// ones. Totals since the run's start.
package final class SubtaskCounters: Sendable {
    /// What a subtask is doing.
    package enum Activity: UInt64, Sendable {
        case idle = 0
        /// A turn runs.
        case busy = 1
        /// Its worker stays with it between two turns. Its time is busy time.
        case between = 2
        /// Its output finds no room.
        case backpressured = 3
        /// It could run, and waits for a worker.
        case waiting = 4
    }

    package let recordsIn = Atomic<UInt64>(0)
    package let recordsOut = Atomic<UInt64>(0)
    package let bytesIn = Atomic<UInt64>(0)
    package let bytesOut = Atomic<UInt64>(0)
    package let errors = Atomic<UInt64>(0)
    package let turns = Atomic<UInt64>(0)
    package let watermark = Atomic<Int64>(.min)
    /// Sources: the newest event time seen, nanoseconds since 1970; `.min` before there is one.
    package let newestEvent = Atomic<Int64>(.min)
    /// Sources: elements that were read and wait to be taken; `.max` where that is not known.
    package let lagRecords = Atomic<UInt64>(.max)
    /// Sources: when the oldest of them was read, or the next was due, microseconds since the run's
    /// start; `.max` where nothing is known to wait.
    package let lagSince = Atomic<Int64>(.max)
    /// Whether it holds no watermark back, because its input is idle.
    package let isHeldOut = Atomic<Bool>(false)
    /// How long its turns took.
    package let turnLatency = LatencyCounts()
    /// How long the oldest message that a turn took had waited.
    package let queueLatency = LatencyCounts()
    /// Sinks: how long the way from the source took, of the oldest input behind a turn's rows.
    package let wholeLatency = LatencyCounts()
    /// By reason's ordinal: elements that had no chance to have their effect here.
    private let drops = DropReason.allCases.map { _ in DropCounter() }
    /// The activity in its low bits, then whether it is being changed, then since when: one word,
    /// so that who reads it has all of one moment.
    private let stamp: Atomic<UInt64>
    private let busy = Atomic<UInt64>(0)
    private let backpressured = Atomic<UInt64>(0)
    private let waiting = Atomic<UInt64>(0)
    private let idle = Atomic<UInt64>(0)

    private static let activityMask: UInt64 = 7
    private static let changing: UInt64 = 8
    private static let timeShift: UInt64 = 4
    /// A reader that finds the times being changed so often gives up: their owner was stopped.
    private static let maximumReads = 64

    /// The counters of a subtask that is idle from `now` on, nanoseconds of `TickClock`.
    package init(now: UInt64 = TickClock.nanoseconds()) {
        stamp = Atomic(now << Self.timeShift | Activity.idle.rawValue)
    }

    /// Adds to a counter that only the calling thread writes.
    @inline(__always)
    package static func add(_ amount: UInt64, to counter: borrowing Atomic<UInt64>) {
        counter.store(counter.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    /// Counts elements that were read and will have no effect. Only the subtask's own turn.
    package func drop(_ count: UInt64 = 1, _ reason: DropReason) {
        Self.add(count, to: drops[reason.ordinal].value)
    }

    /// Elements dropped for this reason since the run's start. Any thread.
    package func dropped(_ reason: DropReason) -> UInt64 {
        drops[reason.ordinal].value.load(ordering: .relaxed)
    }

    /// What it does now. Any thread.
    package var activity: Activity {
        let number = stamp.load(ordering: .acquiring) & Self.activityMask
        guard let activity = Activity(rawValue: number) else {
            preconditionFailure("\(number) is no activity")
        }
        return activity
    }

    /// Whether a turn of the subtask runs now. Any thread.
    package var isBusy: Bool { activity == .busy }

    /// The counts that do not depend on the wall clock.
    var saved: [UInt64] {
        drops.map { $0.value.load(ordering: .relaxed) } + [
            recordsIn.load(ordering: .relaxed), recordsOut.load(ordering: .relaxed),
            bytesIn.load(ordering: .relaxed), bytesOut.load(ordering: .relaxed),
            errors.load(ordering: .relaxed), turns.load(ordering: .relaxed),
        ]
    }

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

    /// Begins another activity; `now` is nanoseconds of `TickClock`. Who owns the subtask.
    ///
    /// The time since the last change goes to what it did till then, so that every moment is in
    /// one of the totals. A clock that lies behind the last change counts as that.
    package func enter(_ next: Activity, now: UInt64) {
        let word = stamp.load(ordering: .relaxed)
        let last = word & Self.activityMask
        let started = word >> Self.timeShift
        assert(word & Self.changing == 0, "two threads change what a subtask does")
        if Self.isBusyTime(last), Self.isBusyTime(next.rawValue) {
            // The time goes on as it did.
            stamp.store(word & ~Self.activityMask | next.rawValue, ordering: .releasing)
            return
        }
        let moment = max(started, now)
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

    /// Whether its output finds no room now.
    package var isBackpressured: Bool { activity == .backpressured }

    /// Whether it does anything now, or waits for something. Any thread.
    package var isActive: Bool { activity != .idle }

    /// The time in each state, the one in progress counted up to `now`. Any thread.
    ///
    /// All of one moment: nil when that cannot be had, because the thread that changes them was
    /// stopped in the middle of it.
    package func times(now: UInt64) -> StateTimes? {
        for _ in 0..<Self.maximumReads {
            let word = stamp.load(ordering: .acquiring)
            if word & Self.changing != 0 { continue }
            var times = StateTimes()
            times.busy = busy.load(ordering: .relaxed)
            times.backpressured = backpressured.load(ordering: .relaxed)
            times.waiting = waiting.load(ordering: .relaxed)
            times.idle = idle.load(ordering: .relaxed)
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
