import Glibc
import Synchronization
import WeirBase

/// Ctrl-C and requests to end, for whatever is no run: they are taken up where it looks for them.
///
/// SIGINT, SIGTERM and SIGHUP are blocked in every thread and waited for by one of its own, so
/// that no code runs in a signal handler. Who does not look for too many of them is ended.
final class Interrupts: @unchecked Sendable {
    // Unchecked: `set` is constant after `init`; the rest is atomic, locked, or the starter's.

    private var set = sigset_t()
    private let patience: Int
    private let interrupts = Atomic<Int>(0)
    private let ending = Atomic<Int32>(0)
    private let isOver = Atomic<Bool>(false)
    private let wake = Mutex<(@Sendable () -> Void)?>(nil)
    private let arrival = Monitor()
    private var thread: Worker?

    /// Blocks the signals, before any other thread is started. The process ends at the signal
    /// number `patience` that nobody took up.
    init(patience: Int) {
        self.patience = patience
        sigemptyset(&set)
        for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        thread = Worker("weir-signals") { [self] in wait() }
    }

    /// Called at each signal; wakes whoever waits for something else.
    func onSignal(_ wake: @escaping @Sendable () -> Void) { self.wake.withLock { $0 = wake } }

    /// Whether Ctrl-C was pressed or the process is to end; nothing is taken up.
    var isPending: Bool {
        interrupts.load(ordering: .relaxed) > 0 || ending.load(ordering: .relaxed) != 0
    }

    /// Whether Ctrl-C was pressed since this was asked last.
    func takeInterrupt() -> Bool { interrupts.exchange(0, ordering: .relaxed) > 0 }

    /// The signal that asks for the end.
    var end: Int32? {
        let signal = ending.load(ordering: .relaxed)
        return signal == 0 ? nil : signal
    }

    /// The exit code of a command that ends for what came: 0 for Ctrl-C, which asks for no more.
    var codeWhenAskedToEnd: Int32 { end.map { 128 + $0 } ?? 0 }

    /// Waits until something came, at most so long; true when it did.
    func wait(nanoseconds: UInt64) -> Bool {
        let deadline = MonotonicClock.nanoseconds() + nanoseconds
        arrival.withLock {
            while !isPending, MonotonicClock.nanoseconds() < deadline {
                arrival.wait(until: deadline)
            }
        }
        return isPending
    }

    /// Ends the waiting, without which this stays in memory.
    func stop() {
        isOver.store(true, ordering: .relaxed)
        thread?.join()
        thread = nil
        // One that is pending would kill the process before its last words and exit code.
        for signal in [SIGINT, SIGTERM, SIGHUP] { Glibc.signal(signal, SIG_IGN) }
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// How long whoever works may take to notice that the process is to end.
    private static let grace: UInt64 = 2_000_000_000

    private func wait() {
        var deadline = UInt64.max
        while !isOver.load(ordering: .relaxed) {
            if let signal = end, MonotonicClock.nanoseconds() > deadline {
                Leaving.now(128 + signal)
            }
            var pause = timespec(tv_sec: 0, tv_nsec: 50_000_000)
            let signal = sigtimedwait(&set, nil, &pause)
            guard signal > 0 else { continue }
            if signal != SIGINT {
                ending.store(signal, ordering: .relaxed)
                deadline = min(deadline, MonotonicClock.nanoseconds() + Self.grace)
            }
            let count = interrupts.wrappingAdd(1, ordering: .relaxed).newValue
            if count >= patience { Leaving.now(128 + signal) }
            if patience > 2, count == patience - 1 {
                Output.error("weir: note: still at work. Once more ends it at once\n")
            }
            arrival.withLock { arrival.broadcast() }
            wake.withLock { $0 }?()
        }
    }
}

/// Says on a terminal how far a movement has come, once it takes longer than a second.
final class JourneyProgress {
    private static let silence: UInt64 = 1_000_000_000
    private static let interval: UInt64 = 200_000_000

    private let isShown = Output.isTerminal(STDERR_FILENO)
    private var nextShown: UInt64 = 0
    private var hasShown = false

    func begin() { nextShown = MonotonicClock.nanoseconds() + Self.silence }

    func reached(_ done: UInt64, of total: UInt64) {
        guard isShown else { return }
        let now = MonotonicClock.nanoseconds()
        guard now >= nextShown else { return }
        nextShown = now + Self.interval
        hasShown = true
        let percent = total == 0 ? 100 : min(100, done * 100 / total)
        Output.error("\r\(percent) % of \(total) steps (Ctrl-C stops here) ")
    }

    func end() {
        if hasShown { Output.error("\r\u{1B}[K") }
        hasShown = false
    }
}
