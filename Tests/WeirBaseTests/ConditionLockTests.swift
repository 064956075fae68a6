import Testing
import WeirBase

/// Waits of a condition lock that nobody ends.
@Suite struct ConditionLockTests {
    @Test func `a wait ends at its deadline by the monotonic clock, and not before`() {
        let lock = ConditionLock()
        let begun = MonotonicClock.nanoseconds()
        let deadline = begun + 20_000_000
        // A wait may end without a reason, but not again and again.
        var waits = 0
        lock.withLock {
            while MonotonicClock.nanoseconds() < deadline, waits < 100 {
                lock.wait(until: deadline)
                waits += 1
            }
        }
        #expect(waits < 100 && MonotonicClock.nanoseconds() >= deadline)
    }

    @Test func `a deadline that is over is waited for no longer`() {
        let lock = ConditionLock()
        lock.withLock { lock.wait(until: MonotonicClock.nanoseconds() - 1) }
        lock.withLock { lock.wait(until: 0) }
    }
}
