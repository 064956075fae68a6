import Synchronization
import Testing
import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTerminal
import WeirTesting

@testable import WeirApp

/// The screen of a run, with a terminal that the test drives.
@Suite struct RunScreenTests {
    /// A screen and what it asked its run for.
    private final class Stage: Sendable {
        let terminal = ScriptedTerminal(size: CanvasSize(width: 80, height: 24))
        let feed: ScreenFeed
        let requests = Atomic<Int>(0)
        let isLeaving = Atomic<Bool>(false)

        init() {
            feed = ScreenFeed(
                RunHeader(run: "0", pipeline: "p", version: "1", plan: "0", seed: 1))
        }

        func screen() -> RunScreen { screen(on: terminal) { [terminal] in terminal.wake() } }

        func screen(
            on terminal: any Terminal, wake: @escaping @Sendable () -> Void
        ) -> RunScreen {
            let facts = RunFacts(
                pipeline: "p", stages: ["a"], edges: [], started: Instant(nanoseconds: 0),
                tracePath: nil)
            let screen = RunScreen(
                terminal: terminal, wake: wake,
                theme: Theme(symbols: .ascii, hasColor: false), facts: facts, source: feed,
                standpoint: .owner,
                run: RunScreen.Run(
                    request: { [self] in _ = requests.wrappingAdd(1, ordering: .relaxed) },
                    isLeaving: { [self] in isLeaving.load(ordering: .relaxed) }))
            screen.start()
            return screen
        }

        func shows(_ text: String) -> Bool {
            terminal.waitsForFrame { $0.text.contains(text) }
        }
    }

    @Test func `q asks the run to end and the terminal is given back at its end`() {
        let stage = Stage()
        let screen = stage.screen()
        stage.terminal.send(.key(.character("q")))
        #expect(stage.shows("ENDING"))
        #expect(stage.requests.load(ordering: .relaxed) == 1)
        screen.ended("interrupted", staying: false)
        #expect(stage.terminal.closeCount == 1)
    }

    @Test func `after a violation the screen stays until q`() {
        let stage = Stage()
        let screen = stage.screen()
        let ending = SystemThread("ending") { screen.ended("violation", staying: true) }
        #expect(stage.shows("REPLAY 00:00:00/00:00:00  violation"))
        #expect(stage.terminal.closeCount == 0)
        stage.terminal.send(.key(.character("q")))
        ending.join()
        #expect(stage.terminal.closeCount == 1)
    }

    @Test func `a terminal that is gone ends the run`() {
        let stage = Stage()
        let screen = stage.screen()
        stage.terminal.send(.closed)
        screen.wait()
        #expect(stage.requests.load(ordering: .relaxed) == 1)
        #expect(stage.terminal.closeCount == 1)
    }

    /// A terminal whose link was stopped: who shows something waits until that is thrown away.
    private final class StoppedTerminal: Terminal, @unchecked Sendable {
        // Unchecked: what changes is guarded by `lock`.
        private let lock = ConditionLock()
        private var isDropped = false
        private let scripted = ScriptedTerminal(size: CanvasSize(width: 80, height: 24))

        var wasDropped: Bool { lock.withLock { isDropped } }
        var closeCount: Int { scripted.closeCount }
        var size: CanvasSize { scripted.size }

        func show(_ canvas: Canvas) -> Bool {
            lock.withLock { while !isDropped { lock.wait() } }
            return true
        }
        func dropOutput() {
            lock.withLock {
                isDropped = true
                lock.broadcast()
            }
        }
        func forget() {}
        func events(until deadline: UInt64) -> [TerminalEvent] { scripted.events(until: deadline) }
        func wake() { scripted.wake() }
        func suspend() {}
        func close() { scripted.close() }
    }

    @Test(.timeLimit(.minutes(1)))
    func `an end that a stopped link holds up throws away what was to be shown`() {
        let terminal = StoppedTerminal()
        let screen = Stage().screen(on: terminal) { terminal.wake() }
        screen.ended("finished", staying: false)
        #expect(terminal.wasDropped && terminal.closeCount == 1)
    }

    @Test func `a run that is silent is shown with the age that its clock gives it`() {
        let stage = Stage()
        let screen = stage.screen()
        stage.feed.offer(
            MetricSample(
                time: 1_000_000, step: 0, subtasks: [], channels: [], recorder: RecorderSample()))
        #expect(stage.shows("LIVE"))
        stage.feed.setClock { 8_000_000 }
        #expect(stage.shows("LIVE 7.0 s old"))
        screen.ended("interrupted", staying: false)
    }

    @Test func `a recording that stopped is told once, behind what was recorded`() {
        let stage = Stage()
        stage.feed.recordingStopped("disk full")
        stage.feed.offer(Notice(severity: .warning, step: 1, time: 0, origin: "a", text: "w"))
        let reasons = stage.feed.take().events.map { event in
            if case .recordingStopped(let reason) = event { reason } else { "" }
        }
        #expect(reasons == ["", "disk full"])
        #expect(stage.feed.take().isEmpty)
    }

    @Test func `a link without room gets the newest frame later`() {
        let stage = Stage()
        stage.terminal.setTakesFrames(false)
        let screen = stage.screen()
        for number in 1...500 {
            stage.feed.offer(
                Notice(severity: .warning, step: 1, time: 0, origin: "a", text: "w\(number)"))
        }
        stage.terminal.setTakesFrames(true)
        #expect(stage.shows("notices came too fast"))
        screen.ended("finished", staying: false)
    }

    @Test func `warnings that come too fast take no room from violations`() {
        let stage = Stage()
        for number in 1...1_000 {
            stage.feed.offer(
                Notice(severity: .warning, step: 1, time: 0, origin: "a", text: "w\(number)"))
        }
        stage.feed.offer(Notice(severity: .violation, step: 2, time: 0, origin: "v", text: "v"))
        let notices = stage.feed.take().notices
        #expect(notices.filter { $0.severity == .violation }.map(\.step) == [2])
        #expect(notices.count == AppBounds.maximumWaitingNotices + 2)
    }

    @Test func `samples beyond the feed's bound push out the oldest`() {
        let stage = Stage()
        for time in 1...100 {
            stage.feed.offer(
                MetricSample(
                    time: RunTime(time), step: 0, subtasks: [], channels: [],
                    recorder: RecorderSample()))
        }
        let times = stage.feed.take().samples.map(\.time)
        #expect(times.count == AppBounds.maximumWaitingSamples)
        #expect(times.last == 100)
        #expect(stage.feed.take().isEmpty)
    }

    @Test func `violations beyond the feed's bound are counted, and the first are kept`() {
        let stage = Stage()
        let count = AppBounds.maximumWaitingViolations + 3
        for number in 1...count {
            stage.feed.offer(
                Notice(severity: .violation, step: 2, time: 0, origin: "v", text: "v\(number)"))
        }
        let notices = stage.feed.take().notices
        let violations = notices.filter { $0.severity == .violation }
        #expect(violations.count == AppBounds.maximumWaitingViolations)
        #expect(violations.first?.text == "v1")
        #expect(notices.last?.text == "3 notices came too fast to be shown")
    }
}
