import Glibc
import Synchronization
import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTerminal

/// The screen that shows a run: a thread that owns the terminal and the overview's model.
final class RunScreen: @unchecked Sendable {
    // Unchecked: `terminal`, `model` and `source` belong to the starter until `start`, then to the
    // screen's thread, then to whoever joined it. The rest is constant or atomic.

    /// What a screen may ask of whoever shows it.
    struct Run {
        /// Microseconds since the run's start, where the source of news does not know it.
        var clock: @Sendable () -> Int64
        /// Drain and end; a second time: stop now.
        var request: @Sendable () -> Void
        /// Whether a signal asked the program to end.
        var isLeaving: @Sendable () -> Bool
    }

    /// Frames come no closer than this, except after a key.
    private static let frameNanoseconds: UInt64 = 50_000_000
    /// While the window is being dragged, whole frames come no closer than this.
    private static let resizeNanoseconds: UInt64 = 150_000_000
    /// The clock and the age move on this often when nothing else comes.
    private static let idleNanoseconds: UInt64 = 500_000_000
    /// A screen that is to end and does not for so long is held up by its terminal.
    private static let patienceNanoseconds: UInt64 = 300_000_000

    private let terminal: any Terminal
    private var source: any ScreenSource
    private let run: Run
    private let wake: @Sendable () -> Void
    private var model: OverviewModel
    private var thread: Worker?

    private enum Stage {
        static let running = 0
        static let staying = 1
        static let leaving = 2
    }
    private let stage = Atomic<Int>(Stage.running)
    private let isDone = Atomic<Bool>(false)
    private let done = Monitor()
    /// Whether another program has the terminal for a while.
    private let isLent = Atomic<Bool>(false)
    private let ending = Mutex<String?>(nil)

    /// Takes the terminal; nothing was shown when this throws.
    convenience init(
        look: ScreenLook, facts: RunFacts, source: any ScreenSource, run: Run
    ) throws {
        do {
            let terminal = try CursesTerminal(
                output: STDOUT_FILENO, input: STDIN_FILENO, kind: look.kind, theme: look.theme)
            self.init(
                terminal: terminal, wake: terminal.waker, theme: look.theme, facts: facts,
                source: source, run: run)
        } catch {
            throw CommandFailure.usage("no screen: \(error.description)", "Use --ui plain")
        }
    }

    init(
        terminal: any Terminal, wake: @escaping @Sendable () -> Void, theme: Theme,
        facts: RunFacts, source: any ScreenSource, run: Run
    ) {
        self.terminal = terminal
        self.wake = wake
        self.source = source
        self.run = run
        model = OverviewModel(facts: facts, size: terminal.size, theme: theme)
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
        stage.store(staying ? Stage.staying : Stage.leaving, ordering: .releasing)
        wake()
        wait()
    }

    /// Waits until the person leaves, and gives the terminal back.
    func wait() {
        var leavingSince: UInt64?
        while !isDone.load(ordering: .acquiring) {
            done.withLock {
                guard !isDone.load(ordering: .acquiring) else { return }
                done.wait(until: MonotonicClock.nanoseconds() + 50_000_000)
            }
            let isLeaving = stage.load(ordering: .relaxed) == Stage.leaving || run.isLeaving()
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
        stage.store(Stage.leaving, ordering: .releasing)
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
        var isDirty = true
        var isResized = false
        var shownAt: UInt64 = 0
        var ticked: UInt64 = 0
        while true {
            let now = MonotonicClock.nanoseconds()
            let pause = isResized ? Self.resizeNanoseconds : Self.frameNanoseconds
            if isDirty, now >= shownAt + pause {
                // A link without room gets a newer frame later instead of this one.
                if terminal.show(OverviewView.view(model)) { isDirty = false }
                shownAt = now
                ticked = now
                isResized = false
            }
            let due = isDirty ? shownAt + pause : .max
            let events = terminal.events(until: deadline(now, due: due))
            if stage.load(ordering: .acquiring) == Stage.leaving { return }
            var hasInput = false
            for event in events {
                if event == .closed {
                    // Nobody is left to look; the run goes on to its end.
                    if stage.load(ordering: .acquiring) == Stage.running { run.request() }
                    return
                }
                if case .resized = event { isResized = true } else { hasInput = true }
                for effect in handle(event) where !act(effect) { return }
            }
            if takeNews() || hasInput || isResized { isDirty = true }
            if MonotonicClock.nanoseconds() >= ticked + Self.idleNanoseconds { isDirty = true }
            // What a key did is shown at once.
            if hasInput { shownAt = 0 }
            if model.ending != nil || !model.facts.ownsRun, run.isLeaving() { return }
        }
    }

    /// Until when nothing needs doing unless something happens; `due` is the next frame's time.
    private func deadline(_ now: UInt64, due: UInt64) -> UInt64 {
        if hasMore { return now }
        return min(due, now + min(source.pollNanoseconds, Self.idleNanoseconds))
    }

    private func handle(_ event: TerminalEvent) -> [OverviewEffect] {
        switch event {
        case .key(let key): model.update(.key(key))
        case .resized(let size): model.update(.resize(size))
        case .suspend: [.suspend]
        case .closed: []
        }
    }

    /// False when the screen is to be left.
    private func act(_ effect: OverviewEffect) -> Bool {
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
        guard let path = model.facts.tracePath else { return }
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
        model = OverviewModel(facts: next.facts, size: terminal.size, theme: model.theme)
    }

    private var hasMore = false

    /// Hands on what came; false when that was nothing.
    private func takeNews() -> Bool {
        let news = source.take()
        hasMore = news.hasMore
        var messages = news.messages
        messages.append(.tick(now: news.now ?? run.clock()))
        for message in messages { _ = model.update(message) }
        var isNew = !news.isEmpty
        if stage.load(ordering: .acquiring) == Stage.staying, model.ending == nil,
            let how = ending.withLock(\.self)
        {
            _ = model.update(.ended(how))
            isNew = true
        }
        return isNew
    }
}
