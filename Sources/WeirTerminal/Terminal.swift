/// What happened at a terminal.
package enum TerminalEvent: Equatable, Sendable {
    case key(Key)
    case resized(CanvasSize)
    /// A request to give the terminal back and stop, as Ctrl-Z is.
    case suspend
    /// The terminal is gone; nothing more can be shown or read.
    case closed
}

/// A terminal that a screen is shown on. One thread owns it.
///
/// The owner calls `events` again and again, and `show` where there is something new; `close` comes
/// last, and nothing after it. `CursesTerminal` is the real one; a test has one that it drives by
/// hand. What may be called by another thread says so.
package protocol Terminal: AnyObject {
    var size: CanvasSize { get }

    /// Makes the screen show a canvas; false when the link had no room and nothing was written.
    func show(_ canvas: Canvas) -> Bool

    /// Has the next `show` paint everything, because something else wrote over the screen.
    func forget()

    /// Waits until something happens or was woken, at most until `deadline` (nanoseconds of the
    /// monotonic clock); then gives what happened, which can be nothing.
    func events(until deadline: UInt64) -> [TerminalEvent]

    /// Gives the terminal back and stops the process; returns when it was continued.
    func suspend()

    /// Gives the terminal back while `body` runs, and takes it again.
    func lend(_ body: () -> Void)

    /// Throws away what was written and not yet taken by the other end, which frees a thread that
    /// waits there in `show`. Any thread.
    func dropOutput()

    /// Gives the terminal back for good.
    func close()
}
