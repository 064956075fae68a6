import Synchronization
import WeirBase

/// Where the recorder sleeps, and how others wake it.
///
/// While a run goes on, the recorder looks at the lanes by itself, often enough that nobody
/// need wake it, and a note costs no signal. When nothing has come for a while it rests for
/// much longer. Then whoever begins to work again rings, so that lanes which fill up fast are
/// looked at in time.
package final class Doorbell: Sendable {
    private let lock = ConditionLock()
    /// Whether the recorder rests, so that a ring must wake it.
    private let isResting = Atomic<Bool>(false)

    /// Wakes the recorder if it rests. Any thread; costs one load where it does not.
    ///
    /// A recorder that is just about to rest may miss it. What is noted then waits for its
    /// next look.
    @inline(__always)
    package func ring() {
        if isResting.load(ordering: .relaxed) { signal() }
    }

    /// Wakes the recorder whatever it does. Any thread.
    func signal() { lock.withLock { lock.signal() } }

    /// Sleeps until the monotonic clock reads `deadline` nanoseconds or somebody signals. The
    /// recorder only; `ring` wakes it only when `isResting` is given.
    func wait(until deadline: UInt64, isResting: Bool) {
        self.isResting.store(isResting, ordering: .relaxed)
        lock.withLock { lock.wait(until: deadline) }
        self.isResting.store(false, ordering: .relaxed)
    }
}
