import Glibc
import Synchronization
import WeirBase
import WeirMonitor
import WeirTerminal

/// A screen on a terminal: a thread that owns the terminal and a `ScreenModel`. It hands the keys
/// of the one and the timeline's events to the other, shows its frames and does what it asks for.
///
/// It knows no view and no run: what is shown is the model's affair, and where events come from is
/// the source's. `weir run` and `weir top` use it alike. In order: make it (which takes the
/// terminal), `start`, then `ended` when the run is over or `wait` where it is another's; both give
/// the terminal back. `abandon` is for the end of a process that waits for nobody.
final class RunScreen: @unchecked Sendable {
    // Unchecked: `terminal`, `model`, `source` and `hasMore` belong to the starter until `start`,
    // then to the screen's thread, then to whoever joined it. The rest is constant or atomic.

    /// What a screen may ask of whoever shows it. The screen's thread calls both.
    struct Run {
        /// Drain and end; a second time: stop now.
        var request: @Sendable () -> Void
        /// Whether a signal asked the program to end.
        var isLeaving: @Sendable () -> Bool
    }

    /// A screen that is to end and does not for so long is held up by its terminal.
    private static let patienceNanoseconds: UInt64 = 300_000_000
    /// Whoever waits for the end looks so often whether a signal came.
    private static let lookNanoseconds: UInt64 = 50_000_000

    private let terminal: any Terminal
    private var source: any TimelineSource
    private let run: Run
    private let wake: @Sendable () -> Void
    private var model: ScreenModel
    /// Whether the source has more to give at once.
    private var hasMore = false
    private var thread: Worker?

    private enum Phase {
        static let running = 0
        /// The run ended, and the screen stays until a key leaves it.
        static let staying = 1
        static let leaving = 2
    }
    private let phase = Atomic<Int>(Phase.running)
    private let isDone = Atomic<Bool>(false)
    private let done = Monitor()
    /// Whether another program has the terminal for a while.
    private let isLent = Atomic<Bool>(false)
    private let ending = Mutex<String?>(nil)

    /// Takes the terminal; nothing was shown when this throws.
    convenience init(
        look: ScreenLook, facts: RunFacts, source: any TimelineSource, standpoint: Standpoint,
        run: Run
    ) throws {
        do {
            let terminal = try CursesTerminal(
                output: STDOUT_FILENO, input: STDIN_FILENO, kind: look.kind, theme: look.theme)
            self.init(
                terminal: terminal, wake: terminal.waker, theme: look.theme, facts: facts,
                source: source, standpoint: standpoint, run: run)
        } catch {
            throw CommandFailure.usage("no screen: \(error.description)", "Use --ui plain")
        }
    }

    init(
        terminal: any Terminal, wake: @escaping @Sendable () -> Void, theme: Theme,
        facts: RunFacts, source: any TimelineSource, standpoint: Standpoint, run: Run
    ) {
        self.terminal = terminal
        self.wake = wake
        self.source = source
        self.run = run
        model = ScreenModel(
            facts: facts, standpoint: standpoint, size: terminal.size, theme: theme)
        source.setWake(wake)
    }

    func start() {
        thread = Worker("weir-screen") { [self] in
            loop()
            done.withLock {
                isDone.store(true, ordering: .releasing)
                done.broadcast()
            }
        }
    }

    /// The run ended. Gives the terminal back: at once, or when the person has seen enough.
    func ended(_ how: String, staying: Bool) {
        ending.withLock { $0 = how }
        phase.store(staying ? Phase.staying : Phase.leaving, ordering: .releasing)
        wake()
        wait()
    }

    /// Waits until the person leaves, and gives the terminal back.
    func wait() {
        var leavingSince: UInt64?
        while !isDone.load(ordering: .acquiring) {
            done.withLock {
                guard !isDone.load(ordering: .acquiring) else { return }
                done.wait(until: MonotonicClock.nanoseconds() + Self.lookNanoseconds)
            }
            let isLeaving = phase.load(ordering: .relaxed) == Phase.leaving || run.isLeaving()
            guard isLeaving, !isLent.load(ordering: .acquiring) else { continue }
            let now = MonotonicClock.nanoseconds()
            let since = leavingSince ?? now
            leavingSince = since
            if now > since + Self.patienceNanoseconds {
                // Nobody reads what it writes: without this the program would never end.
                terminal.dropOutput()
            } else if leavingSince == now {
                wake()
            }
        }
        thread?.join()
        terminal.close()
    }

    /// The process ends without waiting for anybody: gives the terminal back within a bounded
    /// time, also where the screen's thread is held up. Any thread but the screen's own.
    func abandon() {
        phase.store(Phase.leaving, ordering: .releasing)
        wake()
        let deadline = MonotonicClock.nanoseconds() + Self.patienceNanoseconds
        done.withLock {
            while !isDone.load(ordering: .acquiring), MonotonicClock.nanoseconds() < deadline {
                done.wait(until: deadline)
            }
        }
        Self.giveBackTerminal()
    }

    /// Gives the terminal of this process back, where a screen has it.
    static func giveBackTerminal() { CursesTerminal.giveBackNow() }

    // MARK: The screen's thread

    private func loop() {
        var pace = FramePace()
        while true {
            let now = MonotonicClock.nanoseconds()
            if pace.isDue(at: now) {
                pace.tried(at: now, wasShown: terminal.show(model.frame))
            }
            let events = terminal.events(until: deadline(now, due: pace.due))
            if phase.load(ordering: .acquiring) == Phase.leaving { return }
            for event in events {
                if case .resized = event { pace.resized() } else { pace.pressed() }
                for effect in handle(event) where !act(effect) { return }
            }
            if takeNews() { pace.changed() }
            pace.passed(to: MonotonicClock.nanoseconds())
            let isOver = model.timeline.ending != nil || model.state.standpoint == .watcher
            if isOver, run.isLeaving() { return }
        }
    }

    /// Until when nothing needs doing unless something happens; `due` is the next frame's time.
    private func deadline(_ now: UInt64, due: UInt64?) -> UInt64 {
        if hasMore { return now }
        return min(due ?? .max, now + min(source.pollNanoseconds, FramePace.idleNanoseconds))
    }

    private func handle(_ event: TerminalEvent) -> [ScreenEffect] {
        switch event {
        case .key(let key): return model.update(.key(key))
        case .resized(let size): return model.update(.resize(size))
        case .suspend: return [.suspend]
        case .closed:
            // Nobody is left to look; the run goes on to its end.
            if phase.load(ordering: .acquiring) == Phase.running { run.request() }
            return [.leave]
        }
    }

    /// False when the screen is to be left.
    private func act(_ effect: ScreenEffect) -> Bool {
        switch effect {
        case .endRun, .stopRun: run.request()
        case .leave: return false
        case .redraw: terminal.forget()
        case .suspend: terminal.suspend()
        case .debug(let step): debug(at: step)
        case .goToNewer: goToNewer()
        }
        return true
    }

    /// Lends the terminal to the debugger's prompt; the run goes on meanwhile.
    private func debug(at step: UInt64) {
        guard let path = model.timeline.facts.tracePath else { return }
        isLent.store(true, ordering: .releasing)
        terminal.lend { [run] in
            Prompt.run(["replay", path, "--at", "\(step)", "--ui", "plain"]) { run.isLeaving() }
        }
        isLent.store(false, ordering: .releasing)
    }

    private func goToNewer() {
        guard let next = source.successor() else { return }
        source = next.source
        source.setWake(wake)
        model = model.renewed(for: next.facts)
    }

    /// Hands on what came; false when that was nothing.
    private func takeNews() -> Bool {
        let news = source.take()
        hasMore = news.hasMore
        for event in news.events { _ = model.update(.timeline(event)) }
        _ = model.update(.tick(now: news.now))
        // How it ended is told by whoever runs it, once everything that was recorded is here.
        guard phase.load(ordering: .acquiring) == Phase.staying, model.timeline.ending == nil,
            let how = ending.withLock(\.self)
        else { return !news.isEmpty }
        _ = model.update(.timeline(.ended(how)))
        return true
    }
}
