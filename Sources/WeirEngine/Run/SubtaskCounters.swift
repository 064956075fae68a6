package import Synchronization
import WeirBase
package import WeirTelemetry

/// What a subtask counts, for whoever watches.
///
/// Written by the thread that runs the subtask, read by any: relaxed stores and loads, as cheap as
/// plain ones. Totals since the run's start.
package final class SubtaskCounters: Sendable {
    /// What a subtask is doing.
    package enum Activity: Int, Sendable {
        case idle = 0
        case busy = 1
        case backpressured = 2
    }

    package let recordsIn = Atomic<UInt64>(0)
    package let recordsOut = Atomic<UInt64>(0)
    package let bytesIn = Atomic<UInt64>(0)
    package let bytesOut = Atomic<UInt64>(0)
    package let errors = Atomic<UInt64>(0)
    package let turns = Atomic<UInt64>(0)
    package let watermark = Atomic<Int64>(.min)
    /// By reason's ordinal: elements that had no chance to have their effect here.
    private let drops = DropReason.allCases.map { _ in DropCounter() }
    private let activity = Atomic<Int>(0)
    private let since = Atomic<UInt64>(0)
    private let busy = Atomic<UInt64>(0)
    private let backpressured = Atomic<UInt64>(0)

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

    /// Whether a turn of the subtask runs now. Any thread.
    package var isBusy: Bool { activity.load(ordering: .acquiring) == Activity.busy.rawValue }

    /// The counts that do not depend on the wall clock.
    var saved: [UInt64] {
        drops.map { $0.value.load(ordering: .relaxed) } + [
            recordsIn.load(ordering: .relaxed), recordsOut.load(ordering: .relaxed),
            bytesIn.load(ordering: .relaxed), bytesOut.load(ordering: .relaxed),
            errors.load(ordering: .relaxed), turns.load(ordering: .relaxed),
        ]
    }

    func restore(_ saved: [UInt64]) {
        guard saved.count == drops.count + 6 else { return }
        for (drop, count) in zip(drops, saved) { drop.value.store(count, ordering: .relaxed) }
        let saved = Array(saved.dropFirst(drops.count))
        recordsIn.store(saved[0], ordering: .relaxed)
        recordsOut.store(saved[1], ordering: .relaxed)
        bytesIn.store(saved[2], ordering: .relaxed)
        bytesOut.store(saved[3], ordering: .relaxed)
        errors.store(saved[4], ordering: .relaxed)
        turns.store(saved[5], ordering: .relaxed)
    }

    /// Begins another activity; `now` is monotonic nanoseconds.
    package func enter(_ next: Activity, now: UInt64) {
        let started = since.load(ordering: .relaxed)
        let spent = now > started ? now - started : 0
        switch Activity(rawValue: activity.load(ordering: .relaxed)) {
        case .busy: Self.add(spent, to: busy)
        case .backpressured: Self.add(spent, to: backpressured)
        case .idle, nil: break
        }
        since.store(now, ordering: .relaxed)
        activity.store(next.rawValue, ordering: .releasing)
    }

    /// Whether its output finds no room now.
    package var isBackpressured: Bool {
        activity.load(ordering: .relaxed) == Activity.backpressured.rawValue
    }

    /// Whether it does anything now, or waits for room. Any thread.
    package var isActive: Bool { activity.load(ordering: .relaxed) != Activity.idle.rawValue }

    /// Nanoseconds busy and backpressured, the activity in progress counted up to `now`.
    package func times(now: UInt64) -> (busy: UInt64, backpressured: UInt64) {
        let started = since.load(ordering: .relaxed)
        let spent = now > started ? now - started : 0
        let (doneBusy, doneBlocked) = (
            busy.load(ordering: .relaxed), backpressured.load(ordering: .relaxed)
        )
        switch Activity(rawValue: activity.load(ordering: .relaxed)) {
        case .busy: return (doneBusy + spent, doneBlocked)
        case .backpressured: return (doneBusy, doneBlocked + spent)
        case .idle, nil: return (doneBusy, doneBlocked)
        }
    }
}

/// One counter in a table of them.
private final class DropCounter: Sendable {
    let value = Atomic<UInt64>(0)
}
