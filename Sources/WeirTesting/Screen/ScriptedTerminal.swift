import WeirBase
package import WeirTerminal

/// A terminal that a test drives by hand: it says what happens there, and looks at the frames.
///
/// Any thread may use it: one shows and waits, as a screen does, while the test presses keys with
/// `send`, stops the link with `setTakesFrames`, and waits for what it expects with
/// `waitsForFrame`. Nothing sleeps: every waiting ends by what the other side does, or at a
/// deadline.
package final class ScriptedTerminal: Terminal, @unchecked Sendable {
    // Unchecked: everything that changes is guarded by `lock`.

    private let lock = ConditionLock()
    /// What happened and was not taken yet.
    private var coming: [TerminalEvent] = []
    private var current: CanvasSize
    private var frame: Canvas?
    /// Whether `wake` was called since `events` last returned.
    private var isWoken = false
    /// How often `close` was called: a screen has to give its terminal back exactly once.
    private var closings = 0
    private var takesFrames = true

    package init(size: CanvasSize) { current = size }

    package var size: CanvasSize { lock.withLock { current } }

    /// How often it was given back.
    package var closeCount: Int { lock.withLock { closings } }

    /// What it shows now.
    package var shown: Canvas? { lock.withLock { frame } }

    // MARK: The test's side

    /// Has something happen.
    package func send(_ event: TerminalEvent) {
        lock.withLock {
            if case .resized(let size) = event { current = size }
            coming.append(event)
            lock.broadcast()
        }
    }

    /// Whether the link has room for frames.
    package func setTakesFrames(_ takes: Bool) { lock.withLock { takesFrames = takes } }

    /// Ends the waiting in `events`.
    package func wake() {
        lock.withLock {
            isWoken = true
            lock.broadcast()
        }
    }

    /// Waits until a frame satisfies a condition; false when none did in ten seconds, which is far
    /// more than a healthy screen takes on a busy machine.
    package func waitsForFrame(_ condition: (Canvas) -> Bool) -> Bool {
        let deadline = MonotonicClock.nanoseconds() + 10_000_000_000
        return lock.withLock {
            while true {
                if let frame, condition(frame) { return true }
                if MonotonicClock.nanoseconds() >= deadline { return false }
                lock.wait(until: deadline)
            }
        }
    }

    // MARK: The screen's side

    package func show(_ canvas: Canvas) -> Bool {
        lock.withLock {
            guard takesFrames else { return false }
            frame = canvas
            lock.broadcast()
            return true
        }
    }

    package func forget() {}

    package func events(until deadline: UInt64) -> [TerminalEvent] {
        lock.withLock {
            while coming.isEmpty, !isWoken, MonotonicClock.nanoseconds() < deadline {
                lock.wait(until: deadline)
            }
            isWoken = false
            defer { coming = [] }
            return coming
        }
    }

    package func suspend() {}

    /// A real terminal takes frames again when what waits for it is thrown away.
    package func dropOutput() { setTakesFrames(true) }

    package func close() { lock.withLock { closings += 1 } }
}
