import Testing
import WeirBase

@testable import WeirEngine

/// A queue that an expectation may change.
private final class HeldQueue {
    private var queue = RunQueue(workers: 3)

    var sleeping: Int { queue.sleeping }
    var hasIdleHands: Bool { queue.hasIdleHands }
    func append(_ subtask: Subtask, now: UInt64) { queue.append(subtask, now: now) }
    func popFirst() -> Subtask? { queue.popFirst() }
    func wantsHelp(beside subtask: Subtask, now: UInt64) -> Bool {
        queue.wantsHelp(beside: subtask, now: now)
    }
    func wake(_ subtask: SubtaskIndex, at time: RunTime) { queue.wake(subtask, at: time) }
    func popDue(at now: RunTime) -> SubtaskIndex? { queue.popDue(at: now) }
    var needsKeeper: Bool { queue.needsKeeper }
    func fallAsleep(_ worker: Int) -> RunTime? { queue.fallAsleep(worker) }
    func awake(_ worker: Int) { queue.awake(worker) }
}

/// Whom a worker wakes, and who keeps the time.
@Suite struct RunQueueTests {
    private let queue = HeldQueue()
    /// A subtask whose activations are short, as after many short ones.
    private let short = idleSubtask(activations: 40, of: 1_000)
    /// A subtask that a worker runs for long.
    private let long = idleSubtask(activations: 1, of: RunQueue.helpNanoseconds)

    private static func idleSubtask(activations: Int, of nanoseconds: UInt64) -> Subtask {
        let subtask = DrivenChain<Int, Int>([]).subtask
        for _ in 0..<activations { subtask.ranFor(nanoseconds) }
        return subtask
    }

    @Test func `subtasks run in the order in which they became runnable`() {
        queue.append(long, now: 1)
        queue.append(short, now: 2)
        #expect(queue.popFirst() === long)
        #expect(queue.popFirst() === short)
        #expect(queue.popFirst() == nil)
    }

    @Test func `nobody is woken where nobody sleeps`() {
        queue.append(short, now: 0)
        #expect(!queue.wantsHelp(beside: long, now: 1_000_000_000))
    }

    @Test func `what has just become runnable waits for a worker that is soon free`() {
        _ = queue.fallAsleep(0)
        queue.append(long, now: 100)
        #expect(!queue.wantsHelp(beside: short, now: 100 + RunQueue.helpNanoseconds - 1))
    }

    @Test func `what has waited for as long as a waking takes is worth one`() {
        _ = queue.fallAsleep(0)
        queue.append(short, now: 100)
        #expect(queue.wantsHelp(beside: short, now: 100 + RunQueue.helpNanoseconds))
    }

    @Test func `beside a subtask that usually runs long another worker is woken at once`() {
        _ = queue.fallAsleep(0)
        queue.append(short, now: 100)
        #expect(queue.wantsHelp(beside: long, now: 100))
    }

    @Test func `beside a long run somebody else keeps the time`() {
        _ = queue.fallAsleep(0)
        #expect(!queue.wantsHelp(beside: long, now: 0), "nothing waits, and no time is kept")
        queue.wake(SubtaskIndex(7), at: 50)
        #expect(queue.wantsHelp(beside: long, now: 0))
        #expect(!queue.wantsHelp(beside: short, now: 0), "this worker is soon back")
    }

    @Test func `who falls asleep first sets an alarm for the earliest time`() {
        queue.wake(SubtaskIndex(1), at: 90)
        queue.wake(SubtaskIndex(2), at: 50)
        #expect(queue.fallAsleep(0) == 50)
        #expect(queue.fallAsleep(1) == nil, "one alarm is enough")
    }

    @Test func `an earlier time needs an alarm of its own`() {
        queue.wake(SubtaskIndex(1), at: 90)
        #expect(queue.fallAsleep(0) == 90)
        queue.wake(SubtaskIndex(2), at: 50)
        #expect(queue.fallAsleep(1) == 50)
        queue.awake(1)
        #expect(queue.popDue(at: 50) == SubtaskIndex(2))
        #expect(queue.fallAsleep(1) == nil, "the first alarm is still set")
    }

    @Test func `a worker that wakes takes its alarm with it`() {
        queue.wake(SubtaskIndex(1), at: 90)
        #expect(queue.fallAsleep(0) == 90)
        queue.awake(0)
        #expect(queue.sleeping == 0)
        #expect(queue.fallAsleep(1) == 90)
    }

    @Test func `a keeper is missing where one could sleep with an alarm and does not`() {
        #expect(queue.fallAsleep(0) == nil)
        #expect(!queue.needsKeeper, "nothing waits for a time")
        queue.wake(SubtaskIndex(1), at: 90)
        #expect(queue.needsKeeper)
        #expect(queue.fallAsleep(1) == 90)
        #expect(!queue.needsKeeper)
        queue.awake(1)
        queue.awake(0)
        #expect(!queue.needsKeeper, "nobody sleeps")
    }

    @Test func `hands are idle where somebody sleeps beside what could run`() {
        queue.append(short, now: 0)
        #expect(!queue.hasIdleHands)
        #expect(queue.popFirst() != nil)
        _ = queue.fallAsleep(0)
        #expect(!queue.hasIdleHands)
        queue.append(short, now: 0)
        #expect(queue.hasIdleHands)
    }

    @Test func `one long run among short ones is remembered for some of them`() {
        let subtask = Self.idleSubtask(activations: 40, of: 1_000)
        #expect(!subtask.usuallyRunsLong)
        subtask.ranFor(2 * RunQueue.helpNanoseconds)
        var remembered = 0
        while subtask.usuallyRunsLong {
            subtask.ranFor(1_000)
            remembered += 1
        }
        // (7/8)^6 is less than a half, (7/8)^5 more.
        #expect(remembered == 6)
    }
}
