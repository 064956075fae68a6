/// How a run comes to its end whatever its code does: what each signal and each look at the clock
/// asks for. Times are monotonic nanoseconds.
///
///     opening ─opened─▶ preparing ─started─▶ running ─signal─▶ draining ─signal─▶ stopping
///        │ signal                               └──no input left──▲  │ no progress     │ grace
///        ▼                                                           ▼                 ▼
///      leave                                                      cut off           cut off
///
/// A run whose turns and writers came to their ends is *closing*: only its trace and its summary
/// are left, and a second signal leaves at once.
struct EndingProtocol {
    /// How long an end may take.
    struct Bounds {
        /// A drain without progress; where this was not asked for, readers of standard output may
        /// take longer unless a signal asks for the end.
        var drain: UInt64 = 10_000_000_000
        var isDrainAskedFor = false
        /// Open turns, after the run was told to stop.
        let grace: UInt64 = 200_000_000
        /// Closing the trace.
        let closing: UInt64 = 10_000_000_000
    }

    private enum Stage: Equatable {
        case opening
        case preparing(signals: Int)
        case running
        case draining(Drain)
        case stopping(since: UInt64)
        case closing(since: UInt64, signals: Int)
        case over(signals: Int)
        case cutOff
    }

    private struct Drain: Equatable {
        var isAskedFor: Bool
        /// What the progress was, and since when it is that.
        var progress: UInt64?
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

    /// What passing time asks for.
    enum LookAction: Equatable {
        case nothing
        case cutOff(stalledFor: UInt64?)
        case leave
    }

    /// What a look finds; the closures are called only where it matters.
    struct Sight {
        var isDraining: () -> Bool
        /// A number that changes as long as anything is done.
        var progress: () -> UInt64
        /// Whether what is waited for is a reader of standard output.
        var isHeldByReader: () -> Bool
    }

    private var stage = Stage.opening
    private let bounds: Bounds

    init(_ bounds: Bounds) { self.bounds = bounds }

    /// Inputs and outputs are open: signals wait for the run from now on.
    mutating func opened() {
        precondition(stage == .opening, "a run in stage \(stage) opened")
        stage = .preparing(signals: 0)
    }

    /// The run begins; what came meanwhile is asked for now.
    mutating func started(now: UInt64) -> SignalAction {
        guard case .preparing(let signals) = stage else {
            preconditionFailure("a run in stage \(stage) started")
        }
        stage = .running
        switch signals {
        case 0: return .nothing
        case 1: return signal(now: now)
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
            stage = .draining(Drain(isAskedFor: true, progress: nil, since: now))
            return .drain
        case .draining(var drain):
            if drain.isAskedFor {
                stage = .stopping(since: now)
                return .stop
            }
            drain.isAskedFor = true
            stage = .draining(drain)
            return .drain
        case .stopping:
            stage = .cutOff
            return .cutOff
        case .closing(let since, let signals):
            stage = .closing(since: since, signals: signals + 1)
            return signals > 0 ? .leave : .nothing
        case .over(let signals):
            stage = .over(signals: signals + 1)
            return signals > 0 ? .leave : .nothing
        case .cutOff: return .nothing
        }
    }

    /// Time has passed.
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
                drain.progress = progress
                drain.since = now
                stage = .draining(drain)
                return .nothing
            }
            guard now - min(now, drain.since) >= bounds.drain else { return .nothing }
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

    /// Turns and writers have come to their ends; false when the run was cut off already.
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
