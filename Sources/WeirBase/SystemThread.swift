import CTicks
import Glibc
import Synchronization

/// A thread of the operating system that is started once and joined at most once.
///
/// The engine, the recorder and the readers have their own threads and no tasks: they block,
/// and their stacks and names must be theirs. What runs on the thread is the closure alone.
/// Any thread may make one, and any may join it.
package final class SystemThread: @unchecked Sendable {
    // Unchecked: `handle` is written before the initialiser returns and read by `join` only.

    /// The system's handle of the thread.
    private var handle = pthread_t()
    /// Whether somebody has joined it, or has begun to.
    private let isJoined = Atomic<Bool>(false)

    /// Carries the closure into the thread, as the system hands over a single pointer.
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread with 8 MiB of stack, which is what a program's first thread mostly
    /// has. Pages that are not touched cost nothing.
    ///
    /// `name` shows in debuggers, cut to the 15 bytes that Linux keeps. Traps when the system
    /// refuses another thread.
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

    /// Sends the thread a signal that it has blocked and waits for. Only while it has not been
    /// joined.
    package func send(_ signal: Int32) {
        assert(!isJoined.load(ordering: .relaxed), "a thread that was joined is sent a signal")
        pthread_kill(handle, signal)
    }

    /// Keeps the calling thread on one processor, where the system allows it.
    package static func pin(to processor: Int) { weir_thread_pin(Int32(processor)) }

    /// The processor that the calling thread runs on now.
    package static var currentProcessor: Int { Int(weir_current_processor()) }

    /// Has the calling thread's timed waits end when they are due. The system may else let them
    /// last 50 microseconds longer, so as to wake several threads at once (`PR_SET_TIMERSLACK`).
    package static func wakeExactly() { weir_thread_wake_exactly() }

    /// Has the system kill this process when the thread that started it ends, and so with
    /// that thread's process at the latest.
    package static func endWithParent() { weir_end_with_parent() }

    /// Waits for the thread's end. Any further call returns at once, whether it has ended or
    /// not.
    package func join() {
        if isJoined.exchange(true, ordering: .relaxed) { return }
        pthread_join(handle, nil)
    }
}

/// A condition lock: a mutex with a condition, for threads that wait for each other.
///
/// The protocol is that of every condition: lock, look at what the lock guards, wait as long
/// as it is not as it should be, change it, signal, unlock. `wait` may return without a
/// signal, so the look is always repeated. What it guards is the owner's; here is only the
/// lock.
package final class ConditionLock: @unchecked Sendable {
    // Unchecked: a mutex and a condition of the system are made for sharing.

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    /// An open lock. Its waits are measured by the monotonic clock, so that setting the
    /// machine's clock neither ends nor prolongs one.
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

    /// Waits for the lock. A thread that has it already would wait for ever.
    @inline(__always)
    package func lock() { pthread_mutex_lock(mutex) }

    /// Gives the lock back. Only by the thread that has it.
    @inline(__always)
    package func unlock() { pthread_mutex_unlock(mutex) }

    /// Runs `body` with the lock, and gives it back however `body` ends.
    package func withLock<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        lock()
        defer { unlock() }
        return try body()
    }

    /// Waits for a signal. The lock is held before and after, and open meanwhile.
    package func wait() { pthread_cond_wait(condition, mutex) }

    /// Waits for a signal, or until the monotonic clock reads `deadline` nanoseconds; it does
    /// not say which. The lock is held before and after.
    package func wait(until deadline: UInt64) {
        var time = timespec(
            tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
        pthread_cond_timedwait(condition, mutex, &time)
    }

    /// Wakes one thread that waits.
    package func signal() { pthread_cond_signal(condition) }
    /// Wakes all threads that wait.
    package func broadcast() { pthread_cond_broadcast(condition) }
}
