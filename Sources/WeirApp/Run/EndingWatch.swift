import Glibc
import Synchronization
import WeirBase
import WeirEngine
import WeirMonitor

/// Ends a run when it is asked to, also one whose code does not come back.
///
/// `RunSession` makes it before any other thread, and then tells it how the run gets on: `opened`,
/// `started`, `finished`, `closed`, `stop`, in this order. SIGINT, SIGTERM and SIGHUP are blocked
/// in every thread and waited for by one of its own, so that no code runs in a signal handler.
/// That thread also looks whether the run still makes progress: twenty times a second from when it
/// is told to end, once a second before. What is to be done is decided by `EndingProtocol`.
///
/// The thread only reads atomics and starts other threads, and its own locks are held for a few
/// instructions: no lock that a closure of the user's sits on can hold it up.
final class EndingWatch: @unchecked Sendable {
    // Unchecked: `set` is constant after `init`; the rest is atomic or locked.

    /// Ends the thread's sleep where another thread changed what it waits for; its default is to be
    /// ignored, and nothing else sends it.
    private static let nudge = SIGURG

    /// The signals that are waited for.
    private var set = sigset_t()
    /// The last signal that came; 0 before any did.
    private let seen = Atomic<Int32>(0)
    /// Whether the thread is to end.
    private let isOver = Atomic<Bool>(false)
    /// Decides what signals and time ask for.
    private let stages: Guarded<EndingProtocol>
    /// The run, once it was started.
    private let watched = Guarded<WatchedRun?>(nil)
    /// Subtasks whose long call was named already: each is named once.
    private let named = Guarded<Set<String>>([])
    /// When the process ends whatever happens, in monotonic nanoseconds.
    private let deadline = Atomic<UInt64>(.max)
    /// The exit code that it then ends with; stored before the deadline is.
    private let lastCode = Atomic<Int32>(0)
    /// The thread that waits for signals, as long as it can be sent one.
    private let sleeper = Guarded<SystemThread?>(nil)

    /// Blocks the signals, which has to happen before any other thread is started because threads
    /// inherit it. Until `opened` is called a signal ends the process. `drain` is the time that was
    /// asked for; nil for the usual one.
    init(drain: Duration?) {
        var bounds = EndingProtocol.Bounds()
        if let drain {
            bounds.drain = UInt64(max(0, drain.wholeNanoseconds))
            bounds.isDrainAskedFor = true
        }
        stages = Guarded(EndingProtocol(bounds))
        sigemptyset(&set)
        for signal in [SIGINT, SIGTERM, SIGHUP, Self.nudge] { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        let thread = SystemThread("weir-signals") { [self] in keepWatch() }
        sleeper.withLock { $0 = thread }
    }

    /// The last signal seen; nil when there was none.
    var last: Int32? {
        let signal = seen.load(ordering: .relaxed)
        return signal == 0 ? nil : signal
    }

    /// Inputs and outputs are open: signals wait for the run from now on.
    func opened() { stages.withLock { $0.opened() } }

    /// The run begins. From now on `exit` in the user's code is an end of the run as well.
    func started(_ run: WatchedRun) {
        watched.withLock { $0 = run }
        ExitGuard.watch { [self] status, activity in exited(status, activity) }
        act(stages.withLock { $0.started(now: MonotonicClock.nanoseconds()) })
        wake()
    }

    /// Does what a signal does; keys of the screen ask for it too. Any thread may call it, and it
    /// never waits.
    func request(_ signal: Int32) {
        take(signal)
        wake()
    }

    private func take(_ signal: Int32) {
        seen.store(signal, ordering: .relaxed)
        act(stages.withLock { $0.signal(now: MonotonicClock.nanoseconds()) })
    }

    /// Turns and writers have come to their ends. It does not return when the run was cut off:
    /// another thread is ending the process then, and this one must not write a second summary.
    func finished() {
        if stages.withLock({ $0.finished(now: MonotonicClock.nanoseconds()) }) {
            // The run is over: an `exit` from here on is no end of it.
            ExitGuard.watch(nil)
            wake()
            return
        }
        while true { pause() }
    }

    /// The trace is closed, or given up.
    func closed() { stages.withLock { $0.closed() } }

    /// Ends the waiting; the program is about to end, and signals that come now change nothing.
    func stop() {
        isOver.store(true, ordering: .relaxed)
        let thread = sleeper.withLock { sleeper in
            sleeper?.send(Self.nudge)
            return sleeper.take()
        }
        thread?.join()
        // One more that is pending would kill the process before its summary and exit code.
        for signal in [SIGINT, SIGTERM, SIGHUP] { Glibc.signal(signal, SIG_IGN) }
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    // MARK: The thread that waits for signals

    /// The thread's loop: waits for a signal, looks whether the process's time is up, and looks at
    /// the run.
    private func keepWatch() {
        while !isOver.load(ordering: .relaxed) {
            let isCalm =
                deadline.load(ordering: .relaxed) == .max && stages.withLock { $0.isCalm }
            let pause =
                isCalm ? AppBounds.runningLookNanoseconds : AppBounds.endingLookNanoseconds
            var wait = timespec(
                tv_sec: pause / 1_000_000_000, tv_nsec: pause % 1_000_000_000)
            let signal = sigtimedwait(&set, nil, &wait)
            if signal > 0, signal != Self.nudge { take(signal) }
            // The cut-off itself hangs, as on a terminal or a disk that takes nothing: nothing more
            // is said.
            if MonotonicClock.nanoseconds() >= deadline.load(ordering: .acquiring) {
                _exit(lastCode.load(ordering: .relaxed))
            }
            look()
        }
    }

    /// Has the thread look at once: what it waits for has changed. Any thread.
    private func wake() { sleeper.withLock { $0?.send(Self.nudge) } }

    /// Has the protocol look at the run, and does what it asks for.
    private func look() {
        guard let run = watched.withLock(\.self) else { return }
        let sight = EndingProtocol.Sight(
            isDraining: { run.isDraining }, progress: { run.progress },
            isHeldByReader: { run.isHeldByReader })
        let (action, isAskedFor) = stages.withLock { stages in
            (stages.look(now: MonotonicClock.nanoseconds(), sight), stages.isDrainAskedFor)
        }
        switch action {
        case .nothing: if isAskedFor { nameLongCalls(run) }
        // Closing the trace took too long.
        case .leave: Leaving.now(128 + (last ?? SIGINT))
        case .cutOff(let stall): cutOff(stall.map { .stalled($0) } ?? .told)
        }
    }

    // MARK: What is done

    /// Does what a signal asks for. It returns at once.
    private func act(_ action: EndingProtocol.SignalAction) {
        let run = watched.withLock(\.self)
        switch action {
        case .nothing: break
        case .leave: Leaving.now(128 + (last ?? SIGINT))
        case .drain:
            guard let run else { return }
            // On a thread of its own: it takes locks that a closure may sit on.
            _ = SystemThread("weir-ending") { run.execution.end() }
            nameLongCalls(run)
        case .stop:
            guard let run else { return }
            _ = SystemThread("weir-ending") { run.execution.stop(.abandoned, step: .max) }
        case .cutOff: cutOff(.told)
        }
    }

    /// Says once of each subtask that it does not come back.
    private func nameLongCalls(_ run: WatchedRun) {
        for call in run.execution.longCalls(atLeast: AppBounds.longCallNanoseconds) {
            guard named.withLock({ $0.insert(call.subtask).inserted }) else { continue }
            run.say(
                "\(call.words); the run drains when it comes back. Once more ends it at once",
                call)
        }
    }

    /// Begins the end of the process: from now on it ends in a bounded time. The summary is written
    /// by a thread of its own, and this thread sees to the bound.
    private func cutOff(_ reason: CutOff.Reason) {
        guard let run = watched.withLock(\.self) else { Leaving.now(128 + SIGINT) }
        let cut = CutOff(run, reason, signal: last)
        lastCode.store(cut.cause.code, ordering: .relaxed)
        deadline.store(
            MonotonicClock.nanoseconds() + AppBounds.cutNanoseconds, ordering: .releasing)
        _ = SystemThread("weir-cut") {
            cut.perform()
            Leaving.now(cut.cause.code)
        }
    }

    /// Called on the thread that called `exit` in the middle of the run, from within `exit`. It
    /// does not return: the process ends here, with the run's summary.
    private func exited(_ status: Int32, _ activity: String?) {
        // Whoever cuts the run off already ends the process.
        guard stages.withLock({ $0.died() }) else { while true { pause() } }
        guard let run = watched.withLock(\.self) else { return }
        let cut = CutOff(run, .exited(status, activity), signal: last)
        lastCode.store(cut.cause.code, ordering: .relaxed)
        deadline.store(
            MonotonicClock.nanoseconds() + AppBounds.cutNanoseconds, ordering: .releasing)
        wake()
        cut.perform()
        Leaving.now(cut.cause.code)
    }
}

/// The end of the process without waiting for anybody.
enum Leaving {
    /// Gives the terminal back and ends the process; no thread is waited for and nothing at exit
    /// is run.
    static func now(_ code: Int32) -> Never {
        RunScreen.giveBackTerminal()
        _exit(code)
    }
}

/// A call that does not come back, in words.
extension LongCall {
    /// `pick/1 has been in operator pick for 3.2 s`.
    var words: String { "\(subtask) has been \(activity) for \(Figures.seconds(nanoseconds)) s" }
}

extension Figures {
    /// Nanoseconds as seconds with one digit behind the point, which is not rounded.
    static func seconds(_ nanoseconds: UInt64) -> String {
        let tenths = nanoseconds / 100_000_000
        return "\(tenths / 10).\(tenths % 10)"
    }
}
