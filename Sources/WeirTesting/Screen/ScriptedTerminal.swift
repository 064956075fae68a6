import WeirBase
package import WeirTerminal

/// A terminal that a test drives by hand: it says what happens, and looks at the frames.
///
/// Any thread: one shows and waits, as a screen does; the other presses keys.
package final class ScriptedTerminal: Terminal, @unchecked Sendable {
    // Unchecked: everything that changes is guarded by `monitor`.

    private let monitor = Monitor()
    private var coming: [TerminalEvent] = []
    private var current: CanvasSize
    private var frame: Canvas?
    private var isWoken = false
    private var closings = 0
    private var takesFrames = true

    package init(size: CanvasSize) { current = size }

    package var size: CanvasSize { monitor.withLock { current } }

    /// How often it was given back.
    package var closeCount: Int { monitor.withLock { closings } }

    /// What it shows now.
    package var shown: Canvas? { monitor.withLock { frame } }

    // MARK: The test's side

    /// Has something happen.
    package func send(_ event: TerminalEvent) {
        monitor.withLock {
            if case .resized(let size) = event { current = size }
            coming.append(event)
            monitor.broadcast()
        }
    }

    /// Whether the link has room for frames.
    package func setTakesFrames(_ takes: Bool) { monitor.withLock { takesFrames = takes } }

    /// Ends the waiting in `events`.
    package func wake() {
        monitor.withLock {
            isWoken = true
            monitor.broadcast()
        }
    }

    /// Waits until a frame satisfies a condition; false when none did in ten seconds.
    package func waitsForFrame(_ condition: (Canvas) -> Bool) -> Bool {
        let deadline = MonotonicClock.nanoseconds() + 10_000_000_000
        return monitor.withLock {
            while true {
                if let frame, condition(frame) { return true }
                if MonotonicClock.nanoseconds() >= deadline { return false }
                monitor.wait(until: deadline)
            }
        }
    }

    // MARK: The screen's side

    package func show(_ canvas: Canvas) -> Bool {
        monitor.withLock {
            guard takesFrames else { return false }
            frame = canvas
            monitor.broadcast()
            return true
        }
    }

    package func forget() {}

    package func events(until deadline: UInt64) -> [TerminalEvent] {
        monitor.withLock {
            while coming.isEmpty, !isWoken, MonotonicClock.nanoseconds() < deadline {
                monitor.wait(until: deadline)
            }
            isWoken = false
            defer { coming = [] }
            return coming
        }
    }

    package func suspend() {}

    package func lend(_ body: () -> Void) { body() }

    package func dropOutput() { setTakesFrames(true) }

    package func close() { monitor.withLock { closings += 1 } }
}
