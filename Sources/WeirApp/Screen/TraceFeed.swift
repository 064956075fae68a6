import Glibc
import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTrace

/// Feeds a screen from a trace: the timeline's source of a run of another process, whether it goes
/// on or is over. What comes is what the run's own screen was given, in the same order, because
/// both read what its recorder handed over (`NewsDigest`).
///
/// One thread at a time owns it: whoever made it, then whoever takes news. It looks at the file ten
/// times a second and never alters anything.
final class TraceFeed: TimelineSource, @unchecked Sendable {
    // Unchecked: one thread at a time uses it; it is handed over before the other starts.

    let pollNanoseconds = AppBounds.tracePollNanoseconds

    private let trace: Trace
    /// Reads the trace's telemetry forward, and goes on where the file grew.
    private let cursor: BatchCursor
    private var digest: NewsDigest
    /// The run's clock, for how old the newest sample is.
    private var clock: TraceClock
    /// Finds a newer run.
    private var siblings: SiblingTraces
    /// When the file was looked at last, in monotonic nanoseconds.
    private var lookedAt: UInt64 = 0
    /// When the folder was looked at last.
    private var siblingsAt: UInt64 = 0
    /// Whether everything was read that there will be.
    private var hasEnded = false
    /// What reading ended with, when it was not the run's end; nil otherwise.
    private(set) var failure: TraceError?

    /// A feed that begins at the trace's start; `givesLines` as in `NewsDigest`.
    init(_ trace: Trace, givesLines: Bool) {
        self.trace = trace
        cursor = trace.telemetry()
        digest = NewsDigest(trace.header, givesLines: givesLines)
        clock = TraceClock(trace.header)
        siblings = SiblingTraces(of: trace)
    }

    var facts: RunFacts { RunFacts(header: trace.header, tracePath: trace.path) }

    /// A file wakes nobody: the screen looks by itself.
    func setWake(_ wake: @escaping @Sendable () -> Void) {}

    /// What was recorded since the last time, or a part of it.
    func take() -> TimelineNews {
        var news = TimelineNews()
        let now = MonotonicClock.nanoseconds()
        if !hasEnded { read(&news, from: now) }
        if let newest = news.samples.last { clock.saw(newest.time, at: now) }
        news.now = clock.read(at: now)
        if !news.hasMore, now >= siblingsAt + AppBounds.folderNanoseconds {
            siblingsAt = now
            if siblings.look(), let newest = siblings.newest {
                news.events.append(.restarted(newest))
            }
        }
        return news
    }

    /// The command that looks at how the run failed; nil where it goes on, or ended well.
    var look: String? {
        guard hasEnded, failure == nil else { return nil }
        guard let end = trace.end else { return Advice.verify(trace.path) }
        return RunEnding.isFailure(end) ? Advice.replay(trace.path) : nil
    }

    /// A feed of the newer trace; nil where there is none, or where it cannot be opened yet.
    func successor() -> (facts: RunFacts, source: any TimelineSource)? {
        guard let path = siblings.newest, let next = try? Trace.open(path: path) else { return nil }
        let feed = TraceFeed(next, givesLines: digest.givesLines)
        return (feed.facts, feed)
    }

    /// Reads batches until there are none, or until the time for it is over.
    private func read(_ news: inout TimelineNews, from start: UInt64) {
        do throws(TraceError) {
            // First the look, then the reading: an end is only believed once everything that was
            // written before it has been taken.
            if start >= lookedAt + pollNanoseconds {
                // Looking costs some calls to the system, and is not done more often than the run
                // samples.
                try trace.refresh()
                lookedAt = start
            }
            while let batch = try cursor.next() {
                digest.take(batch) { news.events.append($0) }
                if MonotonicClock.nanoseconds() > start + AppBounds.readingNanoseconds {
                    news.hasMore = true
                    return
                }
            }
            if trace.end == nil, trace.isRecording { return }
            hasEnded = true
            if trace.end == nil {
                news.events.append(
                    .notice(
                        Notice(
                            severity: .warning, step: 0, time: clock.newest, origin: "run",
                            text: "it was killed or crashed: its trace has no end, and nobody "
                                + "records into it; run it again: \(Advice.verify(trace.path))")))
            }
            news.events.append(.ended(RunEnding.text(trace)))
        } catch {
            hasEnded = true
            failure = error
            news.events.append(.ended("cannot be read on: \(error)"))
        }
    }
}

/// How a run ended, as far as its trace tells.
enum RunEnding {
    /// Whether a run ended otherwise than by itself or by a person's wish.
    static func isFailure(_ end: RunEnd) -> Bool {
        !["finished", "interrupted", "stopped"].contains(end.cause)
    }

    /// How it ended, in words: `ended: finished`, `failed: violation`, `died: no end in its trace`.
    static func text(_ trace: Trace) -> String {
        guard let end = trace.end else {
            if case .rewritten(let rewriting) = trace.recovery {
                return rewriting.hasDied ? "died: recovered trace" : "cut: recovered trace"
            }
            return "died: no end in its trace"
        }
        return (isFailure(end) ? "failed: " : "ended: ") + PrintableText.escaped(end.cause)
            + (trace.isComplete ? "" : "; recording stopped before")
    }
}

/// The clock of a run in another process, read from here. `TraceFeed` owns one.
///
/// A run's time since its start follows from the header's wall-clock time. From then on the
/// machine's monotonic clock carries it, so that a wall clock that is set does not make a run old.
/// A simulated run has a virtual clock: there only the time since its last sample is known.
struct TraceClock {
    /// Whether the run is a simulated one.
    private let isVirtual: Bool
    /// The time of the newest sample that was seen.
    private(set) var newest = RunTime.start
    /// The run's time at `base`.
    private var time: RunTime
    /// A moment of the monotonic clock, in nanoseconds.
    private var base: UInt64

    init(_ header: RunHeader) {
        isVirtual = header.workers == 0
        base = MonotonicClock.nanoseconds()
        let (since, overflow) = MonotonicClock.wallNanoseconds()
            .subtractingReportingOverflow(header.started.nanoseconds)
        time = isVirtual || overflow ? .start : max(.zero, RunTime(nanoseconds: since))
    }

    /// A sample of that time was found. The clock of a simulated run is set by it.
    mutating func saw(_ sample: RunTime, at now: UInt64) {
        newest = SampleFrame.bounded(sample)
        guard isVirtual else { return }
        (time, base) = (SampleFrame.bounded(sample), now)
    }

    /// The run's time at a moment of the monotonic clock.
    func read(at now: UInt64) -> RunTime {
        time + RunTime(nanoseconds: Int64(clamping: now > base ? now - base : 0))
    }
}
