import Glibc

/// A value that one thread at a time reads and changes.
///
/// With a mutex of the system's, as `ConditionLock`. The thread sanitizer does not see the lock of
/// the standard library's `Mutex` (Swift 6.3) and takes two threads that wait for each other there
/// for a race, so a build with it would be good for nothing.
///
/// A call costs a lock and an unlock, some 20 ns where nobody else has the lock. A thread that
/// asks for a value inside of its own `withLock` of the same value waits for ever.
package final class Guarded<Value>: @unchecked Sendable {
    // Unchecked: `value` is reached through `withLock` alone, and came from its maker for good.

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let value: UnsafeMutablePointer<Value>

    package init(_ value: consuming sending Value) {
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        self.value = .allocate(capacity: 1)
        self.value.initialize(to: value)
    }

    deinit {
        value.deinitialize(count: 1)
        value.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs `body` with the value and the lock, and gives the lock back however `body` ends.
    package func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value.pointee)
    }
}
