import HeapModule
import WeirBase

/// When subtasks want to be woken: one time each, the earliest at hand.
///
/// A worker whose look says when there may be something sets that time; the clerk sleeps until the
/// earliest and takes out whose time has come. A heap cannot change an entry, so a new time adds
/// one, and entries that are not their subtask's time any more are passed over when they come up.
/// Setting a time costs the logarithm of how many wait, whatever the plan's size. Owned by whoever
/// holds the scheduler's lock.
struct WakeTimes {
    private struct Entry: Comparable {
        let time: RunTime
        let subtask: SubtaskIndex

        static func < (left: Entry, right: Entry) -> Bool {
            (left.time, left.subtask) < (right.time, right.subtask)
        }
    }

    /// Each waiting subtask's time, by the subtask's number.
    private var times: [SubtaskIndex: RunTime] = [:]
    /// All times that were set, the least first. Entries whose time is not the subtask's any more
    /// are passed over.
    private var heap = Heap<Entry>()

    /// How many entries are kept, those that are passed over among them.
    var entryCount: Int { heap.count }

    /// The earliest time; nil when nobody waits.
    var earliest: RunTime? {
        mutating get {
            dropOutdated()
            return heap.min?.time
        }
    }

    /// Sets a subtask's time, in place of its earlier one; tells whether it is now the earliest of
    /// all, so that the clerk has to be woken.
    mutating func set(_ time: RunTime, of subtask: SubtaskIndex) -> Bool {
        let before = earliest
        if times.updateValue(time, forKey: subtask) != time {
            heap.insert(Entry(time: time, subtask: subtask))
        }
        if heap.count > 2 * times.count + EngineBounds.maximumOutdatedWakes {
            heap = Heap(times.map { Entry(time: $0.value, subtask: $0.key) })
        }
        assert(
            heap.count <= 2 * times.count + EngineBounds.maximumOutdatedWakes,
            "\(heap.count) entries are kept for \(times.count) subtasks that wait")
        return before.map { time < $0 } ?? true
    }

    /// Takes out the subtasks whose time has come, in the order of their times.
    mutating func take(dueAt now: RunTime) -> [SubtaskIndex] {
        var due: [SubtaskIndex] = []
        while let time = earliest, time <= now, let entry = heap.popMin() {
            assert(
                times[entry.subtask] == time,
                "subtask \(entry.subtask) is woken at \(time), which is not its time")
            times[entry.subtask] = nil
            due.append(entry.subtask)
        }
        return due
    }

    /// Walks the entries: every subtask that waits has one at its time, and they stay bounded.
    func checkInvariants() {
        precondition(
            heap.count <= 2 * times.count + EngineBounds.maximumOutdatedWakes,
            "\(heap.count) entries for \(times.count) subtasks")
        var found: Set<SubtaskIndex> = []
        for entry in heap.unordered where times[entry.subtask] == entry.time {
            found.insert(entry.subtask)
        }
        precondition(
            found.count == times.count,
            "\(found.count) of \(times.count) subtasks that wait would be woken")
    }

    /// Removes entries at the front that are not their subtask's time any more.
    private mutating func dropOutdated() {
        while let entry = heap.min, times[entry.subtask] != entry.time { heap.removeMin() }
    }
}
