import Glibc
import Synchronization
import WeirBase
import WeirMonitor
import WeirTerminal

/// A screen on a terminal: a thread that owns the terminal and a `ScreenModel`. It hands the keys
/// of the one and the timeline's events to the other, shows its frames, and does what it asks for.
///
/// It knows no view and no run: what is shown is the model's affair, and where events come from is
/// the source's. `weir run` and `weir top` use it alike. In order: make it, which takes the
/// terminal; `start`; then `ended` when the run is over, or `wait` where it is another's. Both
/// return when the terminal was given back. `abandon` is for the end of a process that waits for
/// nobody.
final class RunScreen: @unchecked Sendable {
    // Unchecked: `terminal`, `model`, `source` and `hasMore` belong to the starter until `start`,
    // then to the screen's thread, then to whoever joined it. The rest is constant or atomic.

    /// What a screen may ask of whoever shows it. The screen's thread calls both closures, and
    /// `wait` the second one on the thread that waits; neither may wait.
    struct Run {
        /// Drain and end; a second time: stop now.
        var request: @Sendable () -> Void
        /// Whether a signal asked the program to end.
        var isLeaving: @Sendable () -> Bool
        /// The values of `--input`, for a replay.
        var inputs: [String] = []
    }

    /// The screen's terminal.
    private let terminal: any Terminal
    /// Where events come from; another one after a person went to a newer run.
    private var source: any TimelineSource
    private let run: Run
    /// Ends the waiting of the screen's thread. Any thread.
    private let wake: @Sendable () -> Void
    /// What is shown.
    private var model: ScreenModel
    /// The replay of what is shown, where the model asked for one.
    private var replay: ReplayProcess?
    /// Whether the source has more to give at once.
    private var hasMore = false
    private var thread: SystemThread?

    /// What the screen's thread is to do when it next looks.
    private enum Phase {
        static let running = 0
        /// The run ended, and the screen stays until a key leaves it.
        static let staying = 1
        static let leaving = 2
    }
    /// Set by whoever owns the run, read by the screen's thread.
    private let phase = Atomic<Int>(Phase.running)
    /// Whether the screen's thread came to its end; set under `done`.
    private let isDone = Atomic<Bool>(false)
    /// For waiting until the screen's thread ended.
    private let done = ConditionLock()
    /// How the run ended, once it has.
    private let ending = Guarded<String?>(nil)

    /// Takes this process's terminal. Nothing was shown when this throws.
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

    /// A screen on any terminal, which a test gives. It looks at the terminal's size and begins to
    /// listen to the source; the thread is started by `start`.
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

    /// Starts the screen's thread, which owns terminal, model and source from now on.
    func start() {
        thread = SystemThread("weir-screen") { [self] in
            loop()
            replay?.close()
            done.withLock {
                isDone.store(true, ordering: .releasing)
                done.broadcast()
            }
        }
    }

    /// The run ended. Gives the terminal back: at once, or with `staying` when the person has seen
    /// enough.
    func ended(_ how: String, staying: Bool) {
        ending.withLock { $0 = how }
        phase.store(staying ? Phase.staying : Phase.leaving, ordering: .releasing)
        wake()
        wait()
    }

    /// Shows the replay first, at a position in the words of `goto`, nil for the first failure,
    /// else the end. Before `start`.
    func openReplay(at position: String?) { model.openReplay(at: position) }

    /// Waits until the person leaves or a signal asks for the end, and gives the terminal back.
    func wait() {
        var leavingSince: UInt64?
        while !isDone.load(ordering: .acquiring) {
            done.withLock {
                guard !isDone.load(ordering: .acquiring) else { return }
                done.wait(until: MonotonicClock.nanoseconds() + AppBounds.signalLookNanoseconds)
            }
            // Only from here on does time count against the screen: a person may look as long as
            // they like.
            let isLeaving = phase.load(ordering: .relaxed) == Phase.leaving || run.isLeaving()
            guard isLeaving else { continue }
            let now = MonotonicClock.nanoseconds()
            let since = leavingSince ?? now
            leavingSince = since
            if now > since + AppBounds.terminalNanoseconds {
                // Nobody reads what it writes: without this the program would never end.
                terminal.dropOutput()
            } else if leavingSince == now {
                wake()
            }
        }
        // The terminal belongs to this thread now, and nobody else uses it any more.
        thread?.join()
        terminal.close()
    }

    /// The process ends without waiting for anybody: gives the terminal back within a bounded
    /// time, also where the screen's thread is held up. Any thread but the screen's own.
    func abandon() {
        phase.store(Phase.leaving, ordering: .releasing)
        wake()
        let deadline = MonotonicClock.nanoseconds() + AppBounds.terminalNanoseconds
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

    /// The thread's loop: paint what is due, wait for something to happen, act on it, take what is
    /// new of the run. It ends when the screen is to be left.
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
                // The frame that a key asks for is painted at the start of the next round.
                for effect in handle(event) where !act(effect) { return }
            }
            if takeNews() { pace.changed() }
            if takeReplay() { pace.changed() }
            pace.passed(to: MonotonicClock.nanoseconds())
            let isOver = model.timeline.ending != nil || model.state.standpoint == .watcher
            // A run that goes on ends by the same signal, and its end closes the screen.
            if isOver, run.isLeaving() { return }
        }
    }

    /// Until when nothing needs doing unless something happens. `due` is the next frame's time.
    private func deadline(_ now: UInt64, due: UInt64?) -> UInt64 {
        if hasMore { return now }
        return min(due ?? .max, now + min(source.pollNanoseconds, AppBounds.idleNanoseconds))
    }

    /// Hands an event of the terminal to the model; gives what that asks for.
    private func handle(_ event: TerminalEvent) -> [ScreenEffect] {
        switch event {
        case .key(let key): return update(.key(key))
        case .resized(let size): return update(.resize(size))
        case .suspend: return [.suspend]
        case .closed:
            // A run whose terminal was closed is asked to end, as by SIGHUP.
            if phase.load(ordering: .acquiring) == Phase.running { run.request() }
            return [.leave]
        }
    }

    /// Does what the model asks for; false when the screen is to be left.
    private func act(_ effect: ScreenEffect) -> Bool {
        switch effect {
        case .endRun, .stopRun: run.request()
        case .leave: return false
        case .redraw: terminal.forget()
        case .suspend: terminal.suspend()
        case .goToNewer: goToNewer()
        case .replay: break  // `update` did it.
        }
        return true
    }

    // MARK: The replay

    /// Hands a message to the model. What that asks of the replay is done here; the rest is given
    /// back.
    private func update(_ message: ScreenMessage) -> [ScreenEffect] {
        model.update(message).filter { effect in
            guard case .replay(let request) = effect else { return true }
            ask(request)
            return false
        }
    }

    /// Asks something of the replay's process, and starts it for the first request.
    private func ask(_ request: ReplayRequest) {
        switch request {
        case .open(let position):
            replay?.close()
            guard let path = model.timeline.facts.tracePath else { return }
            replay = ReplayProcess(path, inputs: run.inputs, wake: wake)
            guard let replay else {
                _ = update(.replay(.ended("no process could be started for a replay")))
                return
            }
            replay.send(
                "open" + (position.map { " " + $0 } ?? ""), columns: model.state.size.width)
        case .obey(let command, let columns): replay?.send(command, columns: columns)
        case .interrupt: replay?.interrupt()
        case .close:
            replay?.close()
            replay = nil
        }
    }

    /// Hands what the replay told to the model; false when it told nothing.
    private func takeReplay() -> Bool {
        guard let events = replay?.take(), !events.isEmpty else { return false }
        for event in events { _ = update(.replay(event)) }
        return true
    }

    /// Shows the newer run instead, with the same view. Nothing happens where its trace cannot be
    /// opened.
    private func goToNewer() {
        guard let next = source.successor() else { return }
        replay?.close()
        replay = nil
        source = next.source
        source.setWake(wake)
        model = model.renewed(for: next.facts)
    }

    /// Hands what came to the model; false when nothing did.
    private func takeNews() -> Bool {
        let news = source.take()
        hasMore = news.hasMore
        for event in news.events { _ = update(.timeline(event)) }
        _ = update(.tick(now: news.now))
        // How it ended is told by whoever runs it, once everything that was recorded is here.
        guard phase.load(ordering: .acquiring) == Phase.staying, model.timeline.ending == nil,
            let how = ending.withLock(\.self)
        else { return !news.isEmpty }
        _ = update(.timeline(.ended(how)))
        return true
    }
}
