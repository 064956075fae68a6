import Synchronization
import WeirBase

/// Where the recorder sleeps, and how others wake it.
///
/// While a run goes on the recorder looks at the lanes by itself, often enough that nobody need
/// wake it, and a note costs no signal. When nothing came for a while it rests much longer; then
/// whoever begins to work again rings, so that lanes which fill up fast are looked at in time.
package final class Doorbell: Sendable {
    private let monitor = Monitor()
    private let isResting = Atomic<Bool>(false)

    /// Wakes the recorder if it rests. Any thread; a load where it does not.
    ///
    /// A recorder that is about to rest may miss it: what is noted then waits for its next look.
    @inline(__always)
    package func ring() {
        if isResting.load(ordering: .relaxed) { signal() }
    }

    /// Wakes the recorder whatever it does. Any thread.
    func signal() { monitor.withLock { monitor.signal() } }

    /// Sleeps until the monotonic clock reads `deadline` nanoseconds or somebody signals. The
    /// recorder; only one that rests is woken by `ring`.
    func wait(until deadline: UInt64, isResting: Bool) {
        self.isResting.store(isResting, ordering: .relaxed)
        monitor.withLock { monitor.wait(until: deadline) }
        self.isResting.store(false, ordering: .relaxed)
    }
}
