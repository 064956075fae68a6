import Glibc
import Synchronization
import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTerminal

/// The screen of a run: a thread that owns the terminal and the overview's model.
final class RunScreen: @unchecked Sendable {
    // Unchecked: `terminal` and `model` belong to the starter until `start`, then to the screen's
    // thread, then to whoever joined it. The rest is constant or atomic.

    /// What a screen may ask of its run.
    struct Run {
        /// Microseconds since the run's start.
        var clock: @Sendable () -> Int64
        /// Drain and end; a second time: stop now.
        var request: @Sendable () -> Void
        /// Whether a signal asked the program to end.
        var isLeaving: @Sendable () -> Bool
    }

    /// Frames come no closer than this, except after a key.
    private static let frameNanoseconds: UInt64 = 50_000_000
    /// The clock and the age move on this often when nothing else comes.
    private static let idleNanoseconds: UInt64 = 500_000_000

    private let terminal: any Terminal
    private let feed: ScreenFeed
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
    private let ending = Mutex<String?>(nil)

    /// Takes the terminal; nothing was shown when this throws.
    convenience init(look: ScreenLook, facts: RunFacts, feed: ScreenFeed, run: Run) throws {
        do {
            let terminal = try CursesTerminal(
                output: STDOUT_FILENO, input: STDIN_FILENO, kind: look.kind, theme: look.theme)
            self.init(
                terminal: terminal, wake: terminal.waker, theme: look.theme, facts: facts,
                feed: feed, run: run)
        } catch {
            throw CommandFailure.usage("no screen: \(error.description)", "Use --ui plain")
        }
    }

    init(
        terminal: any Terminal, wake: @escaping @Sendable () -> Void, theme: Theme,
        facts: RunFacts, feed: ScreenFeed, run: Run
    ) {
        self.terminal = terminal
        self.wake = wake
        self.feed = feed
        self.run = run
        model = OverviewModel(facts: facts, size: terminal.size, theme: theme)
        feed.setWake(wake)
    }

    func start() { thread = Worker("weir-screen") { [self] in loop() } }

    func offer(_ sample: MetricSample) { feed.offer(sample) }

    /// The run ended. Gives the terminal back: at once, or when the person has seen enough.
    func ended(_ how: String, staying: Bool) {
        ending.withLock { $0 = how }
        stage.store(staying ? Stage.staying : Stage.leaving, ordering: .releasing)
        wake()
        thread?.join()
        terminal.close()
    }

    // MARK: The screen's thread

    private func loop() {
        var isDirty = true
        var shownAt: UInt64 = 0
        while true {
            let now = MonotonicClock.nanoseconds()
            if isDirty, now >= shownAt + Self.frameNanoseconds {
                // A link without room gets a newer frame later instead of this one.
                if terminal.show(OverviewView.view(model)) { isDirty = false }
                shownAt = now
            }
            let deadline = isDirty ? shownAt + Self.frameNanoseconds : now + Self.idleNanoseconds
            let events = terminal.events(until: deadline)
            if stage.load(ordering: .acquiring) == Stage.leaving { return }
            var hasInput = false
            for event in events {
                if event == .closed {
                    // Nobody is left to look; the run goes on to its end.
                    if stage.load(ordering: .acquiring) == Stage.running { run.request() }
                    return
                }
                hasInput = true
                for effect in handle(event) where !act(effect) { return }
            }
            if takeNews() || hasInput { isDirty = true }
            if MonotonicClock.nanoseconds() >= now + Self.idleNanoseconds { isDirty = true }
            // What a key did is shown at once.
            if hasInput { shownAt = 0 }
            if model.ending != nil, run.isLeaving() { return }
        }
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
        }
        return true
    }

    /// Hands on what came; false when that was nothing.
    private func takeNews() -> Bool {
        let news = feed.take()
        for sample in news.samples { _ = model.update(.sample(sample)) }
        for notice in news.notices { _ = model.update(.notice(notice)) }
        if let reason = news.recordingEnd { _ = model.update(.recordingStopped(reason)) }
        _ = model.update(.tick(now: run.clock()))
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
