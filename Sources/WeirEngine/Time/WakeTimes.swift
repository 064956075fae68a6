import HeapModule

/// When subtasks want to be woken: one time each, the earliest at hand.
///
/// Setting a time costs the logarithm of how many wait, whatever the plan's size. Owned by whoever
/// holds the scheduler's lock.
struct WakeTimes {
    private struct Entry: Comparable {
        let time: Int64
        let subtask: UInt16

        static func < (left: Entry, right: Entry) -> Bool {
            (left.time, left.subtask) < (right.time, right.subtask)
        }
    }

    /// Microseconds since the run's start, by subtask.
    private var times: [UInt16: Int64] = [:]
    /// Entries whose time is not the subtask's any more are passed over.
    private var heap = Heap<Entry>()
    /// Passed-over entries that are kept at most besides as many as there are subtasks that wait.
    static let slack = 64

    /// Entries that are kept, those that are passed over among them.
    var entryCount: Int { heap.count }

    /// The earliest time; nil when nobody waits.
    var earliest: Int64? {
        mutating get {
            dropOutdated()
            return heap.min?.time
        }
    }

    /// Sets a subtask's time, in place of an earlier one; tells whether nobody waits for less.
    mutating func set(_ time: Int64, of subtask: UInt16) -> Bool {
        let before = earliest
        if times.updateValue(time, forKey: subtask) != time {
            heap.insert(Entry(time: time, subtask: subtask))
        }
        if heap.count > 2 * times.count + Self.slack {
            heap = Heap(times.map { Entry(time: $0.value, subtask: $0.key) })
        }
        return before.map { time < $0 } ?? true
    }

    /// Takes out the subtasks whose time has come, in the order of their times.
    mutating func take(dueAt now: Int64) -> [UInt16] {
        var due: [UInt16] = []
        while let time = earliest, time <= now, let entry = heap.popMin() {
            times[entry.subtask] = nil
            due.append(entry.subtask)
        }
        return due
    }

    private mutating func dropOutdated() {
        while let entry = heap.min, times[entry.subtask] != entry.time { heap.removeMin() }
    }
}
