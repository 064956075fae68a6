import HeapModule
import WeirBase

/// When subtasks want to be woken: one time each, the earliest at hand.
///
/// A worker whose look says when there may be something sets that time; a worker that sleeps until
/// the earliest takes out whose time has come. A heap cannot change an entry, so a new time adds
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
    private var times: [RunTime?] = []
    /// How many subtasks wait.
    private var waiting = 0
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

    /// Whether no subtask waits.
    var isEmpty: Bool { waiting == 0 }

    /// Sets a subtask's time, in place of its earlier one.
    mutating func set(_ time: RunTime, of subtask: SubtaskIndex) {
        let offset = subtask.offset
        if offset >= times.count {
            times.append(contentsOf: repeatElement(nil, count: offset + 1 - times.count))
        }
        let before = times[offset]
        guard before != time else { return }
        if before == nil { waiting += 1 }
        times[offset] = time
        heap.insert(Entry(time: time, subtask: subtask))
        if heap.count > 2 * waiting + EngineBounds.maximumOutdatedWakes { rebuild() }
    }

    /// Takes out the subtask whose time came first; nil where none has come by `now`.
    mutating func popDue(at now: RunTime) -> SubtaskIndex? {
        guard let time = earliest, time <= now, let entry = heap.popMin() else { return nil }
        assert(
            times[entry.subtask.offset] == time,
            "subtask \(entry.subtask) is woken at \(time), which is not its time")
        times[entry.subtask.offset] = nil
        waiting -= 1
        return entry.subtask
    }

    /// Walks the entries: every subtask that waits has one at its time, and they stay bounded.
    func checkInvariants() {
        precondition(
            heap.count <= 2 * waiting + EngineBounds.maximumOutdatedWakes,
            "\(heap.count) entries for \(waiting) subtasks")
        var found: Set<SubtaskIndex> = []
        for entry in heap.unordered where times[entry.subtask.offset] == entry.time {
            found.insert(entry.subtask)
        }
        precondition(
            found.count == waiting,
            "\(found.count) of \(waiting) subtasks that wait would be woken")
    }

    /// Leaves out what would be passed over.
    private mutating func rebuild() {
        heap = Heap(
            times.enumerated().compactMap { offset, time in
                time.map { Entry(time: $0, subtask: SubtaskIndex(offset)) }
            })
        assert(
            heap.count == waiting, "\(heap.count) entries are kept for \(waiting) subtasks")
    }

    /// Removes entries at the front that are not their subtask's time any more.
    private mutating func dropOutdated() {
        while let entry = heap.min, times[entry.subtask.offset] != entry.time { heap.removeMin() }
    }
}
