/// When a screen paints its next frame: a state machine over the monotonic clock, in nanoseconds.
///
/// `RunScreen` owns one on the screen's thread. It tells what happened (`changed`, `resized`,
/// `pressed`, `passed`), asks whether a frame is due, and tells when one was shown or the terminal
/// had no room for it (`tried`). So frames are skipped and never queued: a slow link gets the
/// newest state when it has room.
struct FramePace {
    /// Whether what is shown is not what there is to show.
    private var isDirty = true
    /// Whether the size changed since the last frame.
    private var isResized = false
    /// When a frame was last tried; 0 where the next one need not wait.
    private var triedAt: UInt64 = 0
    /// When the screen last moved on.
    private var movedAt: UInt64 = 0

    /// When the next frame is due, which may be in the past; nil while nothing is new.
    var due: UInt64? {
        isDirty
            ? triedAt + (isResized ? AppBounds.resizeNanoseconds : AppBounds.frameNanoseconds) : nil
    }

    /// Whether a frame is due now.
    func isDue(at now: UInt64) -> Bool { due.map { now >= $0 } ?? false }

    /// A frame was painted. `wasShown` is false where the terminal had no room for it, and then
    /// another is due a frame's time later. Trying before a frame is due is a programmer's error.
    mutating func tried(at now: UInt64, wasShown: Bool) {
        precondition(isDue(at: now), "a frame at \(now) ns that is due at \(due ?? 0)")
        if wasShown { isDirty = false }
        isResized = false
        (triedAt, movedAt) = (now, now)
    }

    /// There is something new to show.
    mutating func changed() { isDirty = true }

    /// The screen has another size.
    mutating func resized() { (isDirty, isResized) = (true, true) }

    /// A key was pressed: what it did is shown at once, or typing would feel slow.
    mutating func pressed() { (isDirty, triedAt) = (true, 0) }

    /// So late it is: after a while without anything new the clock on the screen is old.
    mutating func passed(to now: UInt64) {
        if now >= movedAt + AppBounds.idleNanoseconds { isDirty = true }
    }
}
