import Glibc
import Synchronization
import WeirBase
import WeirEngine

/// Turns signals into requests to the run: once drains and ends, twice stops now.
///
/// SIGINT, SIGTERM and SIGHUP are blocked in every thread and waited for by one of its own, so
/// that no code runs in a signal handler.
final class Signals: @unchecked Sendable {
    // Unchecked: `set` is constant after `init`; the rest is atomic or belongs to the starter.

    private var set = sigset_t()
    private let seen = Atomic<Int32>(0)
    private let count = Atomic<Int>(0)
    private let isOver = Atomic<Bool>(false)
    private var thread: Worker?

    /// Blocks the signals; before any other thread is started.
    init() {
        sigemptyset(&set)
        for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// The last signal seen; nil when there was none.
    var last: Int32? {
        let signal = seen.load(ordering: .relaxed)
        return signal == 0 ? nil : signal
    }

    /// Waits for signals from now on; `act` is called with each, on a thread of its own.
    func start(_ act: @escaping @Sendable (Int32) -> Void) {
        thread = Worker("weir-signals") { [self] in
            while !isOver.load(ordering: .relaxed) {
                var wait = timespec(tv_sec: 0, tv_nsec: 50_000_000)
                let signal = sigtimedwait(&set, nil, &wait)
                if signal > 0 {
                    seen.store(signal, ordering: .relaxed)
                    act(signal)
                }
            }
        }
    }

    /// Does what a signal does; the screen's keys ask for it too. Any thread.
    func request(_ signal: Int32, of execution: Execution) {
        seen.store(signal, ordering: .relaxed)
        if count.wrappingAdd(1, ordering: .relaxed).oldValue == 0 {
            execution.end()
        } else {
            execution.stop(.abandoned, step: .max)
        }
    }

    /// Waits for a signal without a thread; true when one came. Instead of `start`.
    func wait(nanoseconds: UInt64) -> Bool {
        var wait = timespec(
            tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        let signal = sigtimedwait(&set, nil, &wait)
        if signal > 0 { seen.store(signal, ordering: .relaxed) }
        return signal > 0
    }

    /// Ends the waiting; the program is about to end, and signals that come now change nothing.
    func stop() {
        isOver.store(true, ordering: .relaxed)
        thread?.join()
        // One more that is pending would kill the process before its summary and exit code.
        for signal in [SIGINT, SIGTERM, SIGHUP] { Glibc.signal(signal, SIG_IGN) }
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }
}
