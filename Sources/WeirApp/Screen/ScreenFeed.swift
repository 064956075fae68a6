import WeirBase
import WeirMonitor
import WeirTelemetry

/// What waits for the screen of a run in this process: the timeline's source while the run goes on.
/// Any thread may call any of it; one lock guards everything.
///
/// A recorded run's samples, warnings and incidents come as its recorder hands them to the trace
/// (`consume`), so that the screen shows what the trace will hold. A run that is not recorded
/// offers them itself (`offer`). The screen's thread takes what has gathered (`take`).
///
/// It is bounded: a screen that is held up, by a slow link or by Ctrl-S, finds the newest samples
/// and a count of the notices that found no room. Violations have room of their own. The run never
/// waits for the screen.
final class ScreenFeed: RecordConsumer, TimelineSource {
    /// What waits, and what making more of it needs.
    private struct State {
        /// What waits, in the order in which it came.
        var events: [TimelineEvent] = []
        /// How many samples are among `events`.
        var samples = 0
        /// How many notices other than violations are.
        var notices = 0
        /// How many violations are.
        var violations = 0
        /// How many lines of the log are.
        var lines = 0
        /// How many lines found no room, where the screen does not know it yet.
        var lostLines: UInt64 = 0
        /// How many notices found no room.
        var lost = 0
        /// Why nothing is recorded any more, where the screen does not know it yet.
        var recordingEnd: String?
        /// Wakes the screen's thread; nil before there is a screen.
        var wake: (@Sendable () -> Void)?
        /// The run's clock.
        var clock: @Sendable () -> RunTime = { .start }
        var digest: NewsDigest
        /// Whether everything comes from the recorder.
        var isRecorded = false
    }

    let pollNanoseconds = AppBounds.ownPollNanoseconds
    private let state: Guarded<State>

    /// A feed for a run with this header, before anything came.
    init(_ header: RunHeader) { state = Guarded(State(digest: NewsDigest(header))) }

    func setWake(_ wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }

    /// The run's clock, once there is one; before it stands at the start.
    func setClock(_ clock: @escaping @Sendable () -> RunTime) {
        state.withLock { $0.clock = clock }
    }

    /// From now on news come from the recorder; what is offered besides is there already.
    func takesRecordedBatches() { state.withLock { $0.isRecorded = true } }

    /// A sample of a run that is not recorded. The sampler's thread.
    func offer(_ sample: MetricSample) {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            if state.isRecorded { return nil }
            Self.add(state.digest.frame(of: sample), &state)
            return state.wake
        }
        wake?()
    }

    /// An incident of a run that is not recorded. Any worker.
    func offer(_ incident: Incident) {
        state.withLock { if !$0.isRecorded { Self.add(Notice(incident), &$0) } }
    }

    /// A notice of the program itself, which no trace has.
    func offer(_ notice: Notice) { state.withLock { Self.add(notice, &$0) } }

    /// The run goes on unrecorded.
    func recordingStopped(_ reason: String) { state.withLock { $0.recordingEnd = reason } }

    /// Everything that has gathered since the last time. The screen's thread.
    func take() -> TimelineNews {
        var (news, clock) = state.withLock { state in
            defer {
                state.events.removeAll(keepingCapacity: true)
                (state.samples, state.notices, state.violations, state.lost) = (0, 0, 0, 0)
                state.lines = 0
                state.recordingEnd = nil
            }
            return (Self.news(state), state.clock)
        }
        news.now = clock()
        return news
    }

    /// What waits as news, with a word about what was lost.
    private static func news(_ state: State) -> TimelineNews {
        var news = TimelineNews()
        news.events = state.events
        if state.lost > 0, let last = news.notices.last {
            news.events.append(
                .notice(
                    Notice(
                        severity: .warning, step: last.step, time: last.time, origin: "screen",
                        text: "\(state.lost) notices came too fast to be shown")))
        }
        if let reason = state.recordingEnd { news.events.append(.recordingStopped(reason)) }
        return news
    }

    /// A batch as the trace gets it. The recorder's thread; the screen is woken when a sample is in
    /// it.
    func consume(_ batch: RecordBatch) {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            // Gathered first, as the closure cannot change the state that holds the digest, and a
            // copy of that would copy all that it knows of the run.
            var events: [TimelineEvent] = []
            state.digest.take(batch) { events.append($0) }
            var hasSample = false
            for event in events {
                if case .sample = event { hasSample = true }
                Self.add(event, &state)
            }
            return hasSample ? state.wake : nil
        }
        wake?()
    }

    /// Adds what waits, by its kind.
    private static func add(_ event: TimelineEvent, _ state: inout State) {
        switch event {
        case .sample(let sample): add(sample, &state)
        case .notice(let notice): add(notice, &state)
        case .logs(let lines, let lost): add(lines, lost: lost, &state)
        // Each comes once in a run.
        case .recordingStopped, .ended, .restarted: state.events.append(event)
        }
    }

    /// Adds a sample; where there is no room the oldest one makes it.
    private static func add(_ sample: SampleFrame, _ state: inout State) {
        if state.samples >= AppBounds.maximumWaitingSamples,
            let oldest = state.events.firstIndex(where: {
                if case .sample = $0 { true } else { false }
            })
        {
            state.events.remove(at: oldest)
            state.samples -= 1
        }
        // Where the oldest sample went, the notices that came before it stay: they are known with
        // the next one.
        state.events.append(.sample(sample))
        state.samples += 1
    }

    /// Adds lines of the log. Those that find no room are counted with the next ones that do.
    private static func add(_ lines: [LogLine], lost: UInt64, _ state: inout State) {
        state.lostLines &+= lost
        let fitting = lines.prefix(max(0, AppBounds.maximumWaitingLines - state.lines))
        state.lostLines &+= UInt64(lines.count - fitting.count)
        state.lines += fitting.count
        guard !fitting.isEmpty else { return }
        state.events.append(.logs(Array(fitting), lost: state.lostLines))
        state.lostLines = 0
    }

    /// Adds a notice. One that says the same as the last is counted there and needs no room.
    private static func add(_ notice: Notice, _ state: inout State) {
        if case .notice(var last) = state.events.last, last.isRepeated(by: notice) {
            last.count += notice.count
            state.events[state.events.count - 1] = .notice(last)
        } else if notice.severity == .violation,
            state.violations < AppBounds.maximumWaitingViolations
        {
            state.events.append(.notice(notice))
            state.violations += 1
        } else if notice.severity != .violation, state.notices < AppBounds.maximumWaitingNotices {
            state.events.append(.notice(notice))
            state.notices += 1
        } else {
            state.lost += notice.count
        }
    }
}
