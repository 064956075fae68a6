/// Something that becomes known of a run.
package enum TimelineEvent: Sendable {
    case sample(SampleFrame)
    case notice(Notice)
    /// The run goes on unrecorded from here on; the text says why.
    case recordingStopped(String)
    /// The run ended; the text says how.
    case ended(String)
    /// There is a newer trace of the pipeline, at this path.
    case restarted(String)
}

/// What became known of a run since somebody last asked.
package struct TimelineNews: Sendable {
    /// In the order in which they were recorded: what was noticed stands before the sample that it
    /// came with, and how the run ended behind everything else of it.
    package var events: [TimelineEvent] = []
    /// The run's clock: microseconds since its start. What is shown ages by it.
    package var now: Int64 = 0
    /// Whether there is more to take at once.
    package var hasMore = false

    package init() {}

    package var isEmpty: Bool { events.isEmpty }

    package var samples: [SampleFrame] {
        events.compactMap { if case .sample(let sample) = $0 { sample } else { nil } }
    }

    package var notices: [Notice] {
        events.compactMap { if case .notice(let notice) = $0 { notice } else { nil } }
    }
}

/// Where a timeline's events come from. A run of this process, a trace that another process still
/// writes and a trace that is finished look the same from here: nobody who takes events can tell
/// which it is, so that a view of a recording is the view of a run.
///
/// In order: `setWake` once, then `take` again and again, then, when a person asks for it,
/// `successor`. The thread of the screen calls all of it; an implementation says what it lets other
/// threads do. `take` must not wait: it gives a part and says `hasMore` where all would take long.
package protocol TimelineSource: AnyObject, Sendable {
    /// How long, in nanoseconds, the screen may wait before it looks again when nothing wakes it.
    var pollNanoseconds: UInt64 { get }
    /// What to call when something came. It may be called from any thread.
    func setWake(_ wake: @escaping @Sendable () -> Void)
    /// Everything that came since the last time, or a part of it that says so.
    func take() -> TimelineNews
    /// What is shown instead when a person goes to the newer trace; nil when there is none.
    func successor() -> (facts: RunFacts, source: any TimelineSource)?
}

extension TimelineSource {
    package func successor() -> (facts: RunFacts, source: any TimelineSource)? { nil }
}
