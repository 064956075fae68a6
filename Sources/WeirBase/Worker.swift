import CTicks
import Glibc
import Synchronization

/// A thread of the operating system that is started once and joined once.
package final class Worker: @unchecked Sendable {
    // Unchecked: `handle` is written before the initialiser returns and read by `join` only.

    private var handle = pthread_t()
    private let isJoined = Atomic<Bool>(false)

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread with 8 MiB of stack; `name` shows in debuggers, cut to 15 bytes.
    package init(_ name: String, _ run: @escaping @Sendable () -> Void) {
        let body = Unmanaged.passRetained(
            Body {
                weir_thread_name(String(name.prefix(15)))
                run()
            })
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, 8 << 20)
        let status = pthread_create(
            &handle, &attributes,
            { raw in
                guard let raw else { return nil }
                Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        pthread_attr_destroy(&attributes)
        precondition(status == 0, "the system refused another thread (error \(status))")
    }

    /// A thread that nobody waits for gives back what it holds when it ends.
    deinit { if !isJoined.load(ordering: .relaxed) { pthread_detach(handle) } }

    /// Keeps the calling thread on one processor, where the system allows it.
    package static func pin(to processor: Int) { weir_thread_pin(Int32(processor)) }

    /// The processor that the calling thread runs on now.
    package static var currentProcessor: Int { Int(weir_current_processor()) }

    /// Has the system kill this process when the thread that started it ends, with its process at
    /// the latest.
    package static func endWithParent() { weir_end_with_parent() }

    /// Waits for the thread's end. Any further call returns at once.
    package func join() {
        if isJoined.exchange(true, ordering: .relaxed) { return }
        pthread_join(handle, nil)
    }
}

/// A mutex with a condition, for threads that wait for each other.
package final class Monitor: @unchecked Sendable {
    // Unchecked: a mutex and a condition of the system are made for sharing.

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    package init() {
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        condition = .allocate(capacity: 1)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        condition.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    @inline(__always)
    package func lock() { pthread_mutex_lock(mutex) }

    @inline(__always)
    package func unlock() { pthread_mutex_unlock(mutex) }

    package func withLock<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        lock()
        defer { unlock() }
        return try body()
    }

    /// Waits for a signal; the lock is held before and after.
    package func wait() { pthread_cond_wait(condition, mutex) }

    /// Waits for a signal or until the monotonic clock reads `deadline` nanoseconds.
    package func wait(until deadline: UInt64) {
        var time = timespec(
            tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
        pthread_cond_timedwait(condition, mutex, &time)
    }

    package func signal() { pthread_cond_signal(condition) }
    package func broadcast() { pthread_cond_broadcast(condition) }
}
