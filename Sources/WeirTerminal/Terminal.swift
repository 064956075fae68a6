/// What happened at a terminal since its owner last asked.
package enum TerminalEvent: Equatable, Sendable {
    case key(Key)
    /// The window has another size now. Several changes in a row may come as one.
    case resized(CanvasSize)
    /// A request to give the terminal back and stop, as Ctrl-Z is.
    case suspend
    /// The terminal is gone; nothing more can be shown or read.
    case closed
}

/// A terminal that a screen is shown on. One thread owns it.
///
/// The owner calls `events` again and again, which is where it waits, and `show` where there is
/// something new. `suspend` and `lend` give the terminal away for a while and return when it is
/// back, with everything to be painted again. `close` comes last, and nothing is called after it.
/// What another thread may call says so.
///
/// `CursesTerminal` is the real terminal; tests have one that they drive by hand
/// (`ScriptedTerminal`). `RunScreen` is the owner in this program.
package protocol Terminal: AnyObject {
    /// The size of the window as last heard of. It changes only inside `events`, `suspend` and
    /// `lend`, and `events` reports each change.
    var size: CanvasSize { get }

    /// Makes the screen show a canvas. False when the link had no room: then nothing was written,
    /// and the owner shows a newer canvas later. It does not wait for room, but a terminal that
    /// stops taking bytes in the middle of a frame holds it up.
    func show(_ canvas: Canvas) -> Bool

    /// Has the next `show` paint everything, because something else wrote over the screen.
    func forget()

    /// Waits until something happens or was woken, at most until `deadline` (nanoseconds of the
    /// monotonic clock); then gives what happened, which can be nothing.
    func events(until deadline: UInt64) -> [TerminalEvent]

    /// Gives the terminal back and stops the process; returns when it was continued.
    func suspend()

    /// Throws away what was written and not yet taken by the other end, which frees a thread that
    /// waits there in `show`. Any thread may call it.
    func dropOutput()

    /// Gives the terminal back for good.
    func close()
}
