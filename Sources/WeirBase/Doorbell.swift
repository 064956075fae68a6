public import Synchronization

/// Where somebody sleeps who looks by the clock at what others do, and how they wake him.
///
/// While a run goes on, the recorder looks at its lanes by itself, every few milliseconds, and a
/// note costs no signal. When nothing has come for a while it rests until somebody rings: whoever
/// notes something does, which costs one load where nobody rests, and no call. The sampler of a run
/// has one of these, too. Below, the sleeper is who owns it: one thread.
@usableFromInline
package final class Doorbell: @unchecked Sendable {
    // Unchecked: `isRung` is guarded by `lock`; the rest is atomic or constant.

    private let lock = ConditionLock()
    /// Whether the sleeper rests, so that a ring must wake it.
    @usableFromInline let isResting = Atomic<Bool>(false)
    /// Whether somebody signalled since the sleeper slept last; it does not sleep then.
    private var isRung = false

    package init() {}

    /// Wakes the sleeper if it rests. Any thread, behind what it did; costs one load where nobody
    /// rests.
    @inlinable
    @inline(__always)
    package func ring() {
        if isResting.load(ordering: .relaxed) { wake() }
    }

    /// Ends the rest, once however many ring.
    @usableFromInline
    func wake() {
        if isResting.exchange(false, ordering: .relaxed) { signal() }
    }

    /// Wakes the sleeper whatever it does, or has it not sleep where it is about to. Any thread.
    package func signal() {
        lock.withLock {
            isRung = true
            lock.signal()
        }
    }

    /// Whether the next sleep ends at once.
    var isSignalled: Bool { lock.withLock { isRung } }

    /// From now on a ring wakes the sleeper. Tells whether that held before already: then nobody
    /// has rung since. The sleeper only.
    ///
    /// Whoever does something just now may not see this yet, and not ring. So the sleeper looks
    /// once more, some time later, before it sleeps for long.
    package func beginRest() -> Bool { isResting.exchange(true, ordering: .sequentiallyConsistent) }

    /// The sleeper found something and looks by the clock again: nobody need ring. The sleeper
    /// only.
    package func endRest() { isResting.store(false, ordering: .relaxed) }

    /// Sleeps until the monotonic clock reads `deadline` nanoseconds or somebody signals; not at
    /// all where somebody has since the last sleep. The sleeper only.
    package func wait(until deadline: UInt64) {
        lock.withLock {
            if !isRung { lock.wait(until: deadline) }
            isRung = false
        }
    }
}
