import DequeModule
import WeirBase

/// The subtasks that could run, who sleeps until there are some, and when time brings more.
///
/// Waking a thread costs waker and woken several microseconds together, more than most turns take.
/// So a worker that makes other subtasks runnable goes on with them itself, and another is woken
/// only for what would wait longer than a waking costs: because the subtask at hand is known to
/// take long, because it turned out to, or because what waits has waited for that long already.
///
/// Time is kept by workers too. One that falls asleep while subtasks wait for a time sets its alarm
/// for the earliest, unless another sleeps with an earlier one, and runs itself what is due then: a
/// source with a rate costs one waking for an element and no other thread.
///
/// A part of `ParallelScheduler`, under its lock. It decides and never waits.
struct RunQueue {
    /// What would wait for longer than so many nanoseconds is worth waking a worker for. About what
    /// waking one costs in all: the call, the interrupt, the switch to the thread and back.
    static let helpNanoseconds: UInt64 = 20_000

    private var runnable = Deque<Subtask>()
    /// When subtasks want to be woken.
    private var wakes = WakeTimes()
    /// By worker: until when it sleeps; nil where it is awake, or sleeps without an alarm.
    private var alarms: [RunTime?]
    /// How many workers sleep.
    private(set) var sleeping = 0

    init(workers: Int) { alarms = Array(repeating: nil, count: workers) }

    var isEmpty: Bool { runnable.isEmpty }
    /// Whether somebody sleeps while something could run.
    var hasIdleHands: Bool { sleeping > 0 && !runnable.isEmpty }

    /// Appends a subtask that its caller has claimed; `now` is a reading of `TickClock`.
    mutating func append(_ subtask: Subtask, now: UInt64) {
        subtask.queuedSince = now
        runnable.append(subtask)
    }

    /// The subtask that has waited longest, for a worker that runs it now.
    mutating func popFirst() -> Subtask? { runnable.popFirst() }

    /// Whether a sleeping worker is to be woken beside one that is about to run `subtask`, or goes
    /// on with it: for the subtasks that wait, or to keep the time in its stead.
    mutating func wantsHelp(beside subtask: Subtask, now: UInt64) -> Bool {
        guard sleeping > 0 else { return false }
        guard let first = runnable.first else {
            return subtask.usuallyRunsLong && !isTimeKept
        }
        return subtask.usuallyRunsLong || now &- first.queuedSince >= Self.helpNanoseconds
    }

    // MARK: Time

    /// Notes that a subtask wants to be woken at `time`.
    mutating func wake(_ subtask: SubtaskIndex, at time: RunTime) { wakes.set(time, of: subtask) }

    /// Whether subtasks wait for a time.
    var hasWakes: Bool { !wakes.isEmpty }

    /// Takes out a subtask whose time has come; nil where there is none.
    mutating func popDue(at now: RunTime) -> SubtaskIndex? { wakes.popDue(at: now) }

    /// Whether subtasks wait for a time, and a worker sleeps that could keep it and does not.
    var needsKeeper: Bool { mutating get { sleeping > 0 && !isTimeKept } }

    /// Whether a sleeping worker wakes by itself as soon as the earliest subtask is due, or none
    /// waits for a time.
    private var isTimeKept: Bool {
        mutating get {
            guard let due = wakes.earliest else { return true }
            return alarms.contains { $0.map { $0 <= due } ?? false }
        }
    }

    // MARK: Sleep

    /// A worker falls asleep; gives the time at which it has to wake by itself, nil for none.
    mutating func fallAsleep(_ worker: Int) -> RunTime? {
        assert(alarms[worker] == nil, "worker \(worker) falls asleep twice")
        assert(runnable.isEmpty, "worker \(worker) falls asleep beside what could run")
        sleeping += 1
        guard !isTimeKept else { return nil }
        alarms[worker] = wakes.earliest
        return alarms[worker]
    }

    /// A worker is awake again, whatever woke it.
    mutating func awake(_ worker: Int) {
        assert(sleeping > 0, "worker \(worker) wakes, and none sleeps")
        sleeping -= 1
        alarms[worker] = nil
    }
}
