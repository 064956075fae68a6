import Glibc
import Synchronization
import WeirBase

/// What signals have asked for, and what of it was taken up. Any thread may call it.
final class SignalRequests: Sendable {
    /// Signals that nobody took up yet.
    private let interrupts = Atomic<Int>(0)
    /// The signal that asks for the end; 0 while none came.
    private let ending = Atomic<Int32>(0)

    /// Counts a signal, and tells how many there are that nobody took up.
    func take(_ signal: Int32) -> Int {
        // SIGTERM and SIGHUP ask for the end of the process; Ctrl-C may only ask for the end of
        // what it is doing.
        if signal != SIGINT { ending.store(signal, ordering: .relaxed) }
        return interrupts.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// Whether anything was asked for that was not taken up; a request to end always is.
    var isPending: Bool { interrupts.load(ordering: .relaxed) > 0 || end != nil }

    /// Whether a signal came since this was asked last.
    func takeInterrupt() -> Bool { interrupts.exchange(0, ordering: .relaxed) > 0 }

    /// The signal that asks for the end, the last one of several; nil while none came.
    var end: Int32? {
        let signal = ending.load(ordering: .relaxed)
        return signal == 0 ? nil : signal
    }

    /// The exit code of a command that ends for what came: 0 for Ctrl-C, which asks for no more.
    var codeWhenAskedToEnd: Int32 { end.map { 128 + $0 } ?? 0 }
}

/// Ctrl-C and requests to end, for whatever is no run: they are taken up where the command looks
/// for them. A run has `EndingWatch` instead.
///
/// A command makes one before it starts any other thread, looks at `isPending` or `wait` now and
/// then, and calls `stop` when it is over. SIGINT, SIGTERM and SIGHUP are blocked in every thread
/// and waited for by one of its own, so that no code runs in a signal handler. A command that does
/// not look, because it hangs in a user's closure, is ended: after too many signals, or two seconds
/// after one that asks for the end.
final class Interrupts: @unchecked Sendable {
    // Unchecked: `set` is constant after `init`; the rest is atomic, locked, or the starter's.

    /// The signals that are waited for.
    private var set = sigset_t()
    /// The process ends when this many signals have come that nobody took up.
    private let patience: Int
    /// What came so far.
    private let requests = SignalRequests()
    /// Whether `stop` was called.
    private let isOver = Atomic<Bool>(false)
    /// Called at each signal.
    private let wake = Guarded<(@Sendable () -> Void)?>(nil)
    /// For whoever waits in `wait(nanoseconds:)`.
    private let arrival = ConditionLock()
    private var thread: SystemThread?

    /// Blocks the signals, before any other thread is started. The process ends at the signal
    /// number `patience` that nobody took up.
    init(patience: Int) {
        self.patience = patience
        sigemptyset(&set)
        for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        thread = SystemThread("weir-signals") { [self] in wait() }
    }

    /// Sets what is called at each signal, on the signals' thread: it wakes whoever waits for
    /// something else, as a prompt does.
    func onSignal(_ wake: @escaping @Sendable () -> Void) { self.wake.withLock { $0 = wake } }

    /// Whether Ctrl-C was pressed or the process is to end. Asking takes nothing up. Any thread.
    var isPending: Bool { requests.isPending }

    /// Whether Ctrl-C was pressed since this was asked last.
    func takeInterrupt() -> Bool { requests.takeInterrupt() }

    /// The signal that asks for the end (SIGTERM or SIGHUP); nil while none came.
    var end: Int32? { requests.end }

    /// As in `SignalRequests`.
    var codeWhenAskedToEnd: Int32 { requests.codeWhenAskedToEnd }

    /// Waits until a signal came, at most this long; true when one did.
    func wait(nanoseconds: UInt64) -> Bool {
        let deadline = MonotonicClock.nanoseconds() + nanoseconds
        arrival.withLock {
            while !isPending, MonotonicClock.nanoseconds() < deadline {
                arrival.wait(until: deadline)
            }
        }
        return isPending
    }

    /// Ends the thread that waits for signals. Without it that thread keeps this in memory.
    func stop() {
        isOver.store(true, ordering: .relaxed)
        thread?.join()
        thread = nil
        // One that is pending would kill the process before its last words and exit code.
        for signal in [SIGINT, SIGTERM, SIGHUP] { Glibc.signal(signal, SIG_IGN) }
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// The thread's loop. It looks at the clock every 50 ms, for the grace.
    private func wait() {
        var deadline = UInt64.max
        while !isOver.load(ordering: .relaxed) {
            if let signal = end, MonotonicClock.nanoseconds() > deadline {
                Leaving.now(128 + signal)
            }
            var pause = timespec(tv_sec: 0, tv_nsec: 50_000_000)
            let signal = sigtimedwait(&set, nil, &pause)
            guard signal > 0 else { continue }
            let count = requests.take(signal)
            if end != nil {
                deadline = min(
                    deadline, MonotonicClock.nanoseconds() + AppBounds.interruptNanoseconds)
            }
            if count >= patience { Leaving.now(128 + signal) }
            // A person who presses Ctrl-C again should know what the next press does.
            if patience > 2, count == patience - 1 {
                Output.error("weir: note: still at work. Once more ends it at once\n")
            }
            arrival.withLock { arrival.broadcast() }
            wake.withLock { $0 }?()
        }
    }
}

/// Says on a terminal how far a movement of the debugger has come, once it takes longer than a
/// second. One thread uses it: `begin`, `reached` again and again, `end`.
final class JourneyProgress {
    private let isShown = Output.isTerminal(STDERR_FILENO)
    /// When it is said next, in monotonic nanoseconds.
    private var nextShown: UInt64 = 0
    private var hasShown = false

    /// A movement begins.
    func begin() { nextShown = MonotonicClock.nanoseconds() + AppBounds.silenceNanoseconds }

    /// So many of the steps are done.
    func reached(_ done: Int, of total: Int) {
        guard isShown else { return }
        let now = MonotonicClock.nanoseconds()
        guard now >= nextShown else { return }
        nextShown = now + AppBounds.progressNanoseconds
        hasShown = true
        let percent = total == 0 ? 100 : min(100, done * 100 / total)
        Output.error("\r\(percent) % of \(total) steps (Ctrl-C stops here) ")
    }

    /// The movement is over: what was said is removed.
    func end() {
        if hasShown { Output.error("\r\u{1B}[K") }
        hasShown = false
    }
}
