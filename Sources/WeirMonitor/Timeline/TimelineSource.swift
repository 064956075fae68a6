package import WeirBase

/// Something that becomes known of a run. A run's whole story for a screen is `RunFacts` followed
/// by these, in the order in which they were recorded.
package enum TimelineEvent: Sendable {
    /// The run's totals at a moment. Samples come with rising times.
    case sample(SampleFrame)
    /// Something that a person should see. It is known together with the next sample.
    case notice(Notice)
    /// Lines of the log, and how many found no room on the way here. They are known together with
    /// the next sample.
    case logs([LogLine], lost: UInt64)
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
    /// The run's clock. What is shown ages by it.
    package var now = RunTime.start
    /// Whether the source gave only a part, so that there is more to take at once. The reader
    /// should look at its keys in between.
    package var hasMore = false

    package init() {}

    package var isEmpty: Bool { events.isEmpty }

    /// The samples among the events, in their order.
    package var samples: [SampleFrame] {
        events.compactMap { if case .sample(let sample) = $0 { sample } else { nil } }
    }

    /// The notices among the events, in their order.
    package var notices: [Notice] {
        events.compactMap { if case .notice(let notice) = $0 { notice } else { nil } }
    }
}

/// Where a timeline's events come from. A run of this process, a trace that another process still
/// writes and a trace that is finished look the same from here: nobody who takes events can tell
/// which it is, so that a view of a recording is the view of a run.
///
/// The calls come in this order: `setWake` once, then `take` again and again, and then, when a
/// person asks for it, `successor`. The thread of the screen makes all of them; an implementation
/// says what it lets other threads do. `take` must not wait: it gives a part and says `hasMore`
/// where giving everything would take so long that keys would be felt to stick.
///
/// `ScreenFeed` is the source of a run in this process, and `TraceFeed` that of a trace.
package protocol TimelineSource: AnyObject, Sendable {
    /// How long, in nanoseconds, the screen may wait before it looks again when nothing wakes it.
    var pollNanoseconds: UInt64 { get }
    /// Sets what to call when something came. The source may call it from any thread, and it does
    /// not wait. A source that is only polled may ignore it.
    func setWake(_ wake: @escaping @Sendable () -> Void)
    /// Everything that came since the last time, or a part of it that says so. An event is given
    /// once.
    func take() -> TimelineNews
    /// What is shown instead when a person goes to the newer trace; nil when there is none.
    func successor() -> (facts: RunFacts, source: any TimelineSource)?
}

extension TimelineSource {
    package func successor() -> (facts: RunFacts, source: any TimelineSource)? { nil }
}
