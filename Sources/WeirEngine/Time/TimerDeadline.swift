/// When a timer of processing time is due.
enum TimerDeadline {
    /// The last deadline there is: whole microseconds, about the year 2262.
    static let last: Int64 = .max / 1_000 * 1_000

    /// A time, nanoseconds since 1970, rounded up to whole microseconds, and `last` at most.
    ///
    /// Turns' times are cut to microseconds, so that a timer never fires before its time; a timer
    /// for the distant future waits and never overflows.
    static func roundedUp(_ time: Int64) -> Int64 {
        if time >= last { return last }
        let rest = time % 1_000
        let deadline = rest > 0 ? time + (1_000 - rest) : time - rest
        assert(
            deadline >= time && deadline - time < 1_000,
            "a timer for \(time) ns is due at \(deadline) ns, not within its microsecond")
        return deadline
    }
}
