/// How a run comes to its end whatever its code does: what each signal and each look at the clock
/// asks for.
///
/// `EndingWatch` owns one behind a lock, tells it what happened (`opened`, `started`, `signal`,
/// `look`, `finished`, `closed`, `died`), and does what the returned action says after it released
/// the lock. It is pure: a test goes through a whole ending without a process, a clock or a thread.
/// Times are monotonic nanoseconds.
///
///     opening ─opened─▶ preparing ─started─▶ running ─signal─▶ draining ─signal─▶ stopping
///        │ signal                               └──no input left──▲  │ no progress     │ grace
///        ▼                                                           ▼                 ▼
///      leave                                                      cut off           cut off
///
/// The first signal lets everything that was read come through, the second one ends open turns and
/// drops what waits, a third one waits for nothing. A run whose turns and writers came to their
/// ends is *closing*: only its trace and its summary are left, and a second signal leaves at once.
/// When the trace is closed it is *over*, and only the screen and the summary are left.
///
/// Opening, starting or finishing a run in the wrong stage is a programmer's error and traps.
struct EndingProtocol {
    /// How long an end may take, in nanoseconds.
    struct Bounds {
        /// How long a drain may go on without any progress. Where the time was not asked for with
        /// `--drain`, readers of standard output may take longer, unless a signal asks for the end.
        var drain = AppBounds.drainNanoseconds
        /// Whether the time was given with `--drain`.
        var isDrainAskedFor = false
        /// How long open turns may take after the run was told to stop.
        let grace = AppBounds.graceNanoseconds
        /// How long closing the trace may take.
        let closing = AppBounds.closingNanoseconds
    }

    /// Where the run is on its way to its end. Signals are counted where they have no effect yet.
    private enum Stage: Equatable {
        /// Inputs and outputs are being opened, which may hang. Nothing has been read or written.
        case opening
        /// Everything is open, and the run is being put together.
        case preparing(signals: Int)
        case running
        /// The sources came to their ends, or were told to, and what they read goes through.
        case draining(Drain)
        /// No turn begins any more, and open ones come to their ends.
        case stopping(since: UInt64)
        /// All turns and writers came to their ends; the trace is being closed.
        case closing(since: UInt64, signals: Int)
        /// The trace is closed. What is left waits for a person at most.
        case over(signals: Int)
        /// The process is about to end; nothing that happens now changes that.
        case cutOff
    }

    /// A drain that goes on.
    private struct Drain: Equatable {
        /// Whether a signal asked for it, and not the end of the input.
        var isAskedFor: Bool
        /// The progress at the last look that found a new one; nil before the first look.
        var progress: UInt64?
        /// When that look was, or when the drain began.
        var since: UInt64
    }

    /// What a signal asks for.
    enum SignalAction: Equatable {
        case nothing
        /// Let the sources end.
        case drain
        /// Let open turns come to their ends, and begin none.
        case stop
        /// End the process with what is known of the run.
        case cutOff
        /// End the process: there is nothing to say.
        case leave
    }

    /// What passing time asks for. A cut-off gives how long nothing happened, in nanoseconds; nil
    /// where the second signal's grace ran out.
    enum LookAction: Equatable {
        case nothing
        case cutOff(stalledFor: UInt64?)
        case leave
    }

    /// What a look at the run finds. The closures read atomics of the run and never wait; they are
    /// called only where their answer matters.
    struct Sight {
        var isDraining: () -> Bool
        /// A number that changes as long as anything is done.
        var progress: () -> UInt64
        /// Whether what is waited for is a reader of standard output.
        var isHeldByReader: () -> Bool
    }

    /// Where the run is now; changed by nothing but the methods below.
    private var stage = Stage.opening
    private let bounds: Bounds

    /// A run whose inputs and outputs are being opened.
    init(_ bounds: Bounds) { self.bounds = bounds }

    /// Inputs and outputs are open: from now on a signal waits for the run. Before, it ended the
    /// process, as there was nothing to save.
    mutating func opened() {
        precondition(stage == .opening, "a run in stage \(stage) opened")
        stage = .preparing(signals: 0)
    }

    /// The run begins. Signals that came while it was being put together are acted on now.
    mutating func started(now: UInt64) -> SignalAction {
        guard case .preparing(let signals) = stage else {
            preconditionFailure("a run in stage \(stage) started")
        }
        stage = .running
        switch signals {
        case 0: return .nothing
        case 1: return signal(now: now)
        // Two signals while preparing are a drain and a stop, and the stop is what counts.
        default:
            _ = signal(now: now)
            return signal(now: now)
        }
    }

    /// A signal, or a key that stands for one.
    mutating func signal(now: UInt64) -> SignalAction {
        switch stage {
        case .opening:
            stage = .cutOff
            return .leave
        case .preparing(let signals):
            stage = .preparing(signals: signals + 1)
            return .nothing
        case .running:
            // The first look fills in the progress.
            stage = .draining(Drain(isAskedFor: true, progress: nil, since: now))
            return .drain
        case .draining(var drain):
            // A signal during a drain that nobody asked for, because the input ended, is the first
            // signal and not the second.
            if drain.isAskedFor {
                stage = .stopping(since: now)
                return .stop
            }
            drain.isAskedFor = true
            stage = .draining(drain)
            return .drain
        // A third signal: the person does not want to wait for the grace either.
        case .stopping:
            stage = .cutOff
            return .cutOff
        case .closing(let since, let signals):
            stage = .closing(since: since, signals: signals + 1)
            // The first signal of all is forgiven here: the end is near, and a whole trace is worth
            // it.
            return signals > 0 ? .leave : .nothing
        case .over(let signals):
            stage = .over(signals: signals + 1)
            return signals > 0 ? .leave : .nothing
        case .cutOff: return .nothing
        }
    }

    /// Whether the next look has time: no bound runs, and the one that begins when the input has
    /// ended is a usual one, which may begin late.
    var isCalm: Bool {
        switch stage {
        case .opening, .preparing, .over, .cutOff: true
        case .running: !bounds.isDrainAskedFor
        case .draining, .stopping, .closing: false
        }
    }

    /// Time has passed. `EndingWatch` calls it twenty times a second while a bound runs; what is
    /// compared is how long nothing changed, so that a late look only makes the bounds a little
    /// longer.
    mutating func look(now: UInt64, _ sight: Sight) -> LookAction {
        switch stage {
        case .opening, .preparing, .over, .cutOff: return .nothing
        case .running:
            if sight.isDraining() {
                stage = .draining(
                    Drain(isAskedFor: false, progress: sight.progress(), since: now))
            }
            return .nothing
        case .draining(var drain):
            let progress = sight.progress()
            if drain.progress != progress {
                // Something got on: the time without progress begins anew.
                drain.progress = progress
                drain.since = now
                stage = .draining(drain)
                return .nothing
            }
            // Another thread may have set the time a moment after `now` was read.
            guard now - min(now, drain.since) >= bounds.drain else { return .nothing }
            // A reader who is slow, or a person who scrolls in a pager, is no hang of the run's.
            let isPatient = !drain.isAskedFor && !bounds.isDrainAskedFor
            if isPatient, sight.isHeldByReader() { return .nothing }
            stage = .cutOff
            return .cutOff(stalledFor: bounds.drain)
        case .stopping(let since):
            guard now - min(now, since) >= bounds.grace else { return .nothing }
            stage = .cutOff
            return .cutOff(stalledFor: nil)
        case .closing(let since, _):
            return now - min(now, since) >= bounds.closing ? .leave : .nothing
        }
    }

    /// Turns and writers have come to their ends; false when the run was cut off already, and then
    /// the caller must not go on.
    mutating func finished(now: UInt64) -> Bool {
        switch stage {
        case .opening, .preparing, .closing, .over:
            preconditionFailure("a run in stage \(stage) finished")
        case .running: stage = .closing(since: now, signals: 0)
        case .draining(let drain):
            stage = .closing(since: now, signals: drain.isAskedFor ? 1 : 0)
        case .stopping: stage = .closing(since: now, signals: 1)
        case .cutOff: return false
        }
        return true
    }

    /// The trace is closed: what is left may take as long as whoever looks at the screen wants.
    mutating func closed() {
        guard case .closing(_, let signals) = stage else { return }
        // A screen that stays is left by one more signal, as before.
        stage = .over(signals: min(signals, 1))
    }

    /// The program ends by itself in the middle of the run; false when it was cut off already.
    mutating func died() -> Bool {
        if stage == .cutOff { return false }
        stage = .cutOff
        return true
    }

    /// Whether a signal asked for the drain that goes on.
    var isDrainAskedFor: Bool {
        if case .draining(let drain) = stage { drain.isAskedFor } else { false }
    }
}
