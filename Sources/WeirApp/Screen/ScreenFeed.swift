import Synchronization
import WeirBase
import WeirMonitor
import WeirTelemetry

/// What waits for the screen of a run in this process: the timeline's source while it goes on. Any
/// thread.
///
/// A recorded run's samples, warnings and marks come as its recorder hands them to the trace, so
/// that the screen shows what the trace will hold. A run that is not recorded offers them itself.
///
/// Bounded: a screen that is held up (a slow link, Ctrl-S) finds the newest samples and a count of
/// the notices that found no room. Violations have room of their own. The run never waits for it.
final class ScreenFeed: RecordConsumer, TimelineSource {
    static let maximumSamples = 64
    static let maximumNotices = 256
    static let maximumViolations = 64

    private struct State {
        var events: [TimelineEvent] = []
        /// Of `events`.
        var samples = 0
        var notices = 0
        var violations = 0
        var lost = 0
        var recordingEnd: String?
        var wake: (@Sendable () -> Void)?
        /// Microseconds since the run's start.
        var clock: @Sendable () -> Int64 = { 0 }
        var digest: NewsDigest
        var isRecorded = false
    }

    let pollNanoseconds: UInt64 = 500_000_000
    private let state: Mutex<State>

    init(_ header: RunHeader) { state = Mutex(State(digest: NewsDigest(header))) }

    func setWake(_ wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }

    /// The run's clock, microseconds since its start, once there is one; before it is 0.
    func setClock(_ clock: @escaping @Sendable () -> Int64) { state.withLock { $0.clock = clock } }

    /// From now on news come from the recorder; what is offered besides is there already.
    func takesRecordedBatches() { state.withLock { $0.isRecorded = true } }

    func offer(_ sample: MetricSample) {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            if state.isRecorded { return nil }
            Self.add(state.digest.frame(of: sample), &state)
            return state.wake
        }
        wake?()
    }

    func offer(_ mark: Mark) {
        state.withLock { if !$0.isRecorded { Self.add(Notice(mark), &$0) } }
    }

    func offer(_ notice: Notice) { state.withLock { Self.add(notice, &$0) } }

    /// The run goes on unrecorded.
    func recordingStopped(_ reason: String) { state.withLock { $0.recordingEnd = reason } }

    func take() -> TimelineNews {
        var (news, clock) = state.withLock { state in
            defer {
                state.events.removeAll(keepingCapacity: true)
                (state.samples, state.notices, state.violations, state.lost) = (0, 0, 0, 0)
                state.recordingEnd = nil
            }
            return (Self.news(state), state.clock)
        }
        news.now = clock()
        return news
    }

    private static func news(_ state: State) -> TimelineNews {
        var news = TimelineNews()
        news.events = state.events
        if state.lost > 0, let last = news.notices.last {
            news.events.append(
                .notice(
                    Notice(
                        severity: .warning, step: last.step, time: last.time, place: "screen",
                        text: "\(state.lost) notices came too fast to be shown")))
        }
        if let reason = state.recordingEnd { news.events.append(.recordingStopped(reason)) }
        return news
    }

    /// The recorder's thread.
    func consume(_ batch: RecordBatch) {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            var digest = state.digest
            var hasSample = false
            digest.take(batch) { event in
                if case .sample = event { hasSample = true }
                Self.add(event, &state)
            }
            state.digest = digest
            return hasSample ? state.wake : nil
        }
        wake?()
    }

    private static func add(_ event: TimelineEvent, _ state: inout State) {
        switch event {
        case .sample(let sample): add(sample, &state)
        case .notice(let notice): add(notice, &state)
        // Each comes once in a run.
        case .recordingStopped, .ended, .restarted: state.events.append(event)
        }
    }

    private static func add(_ sample: SampleFrame, _ state: inout State) {
        if state.samples >= maximumSamples,
            let oldest = state.events.firstIndex(where: {
                if case .sample = $0 { true } else { false }
            })
        {
            state.events.remove(at: oldest)
            state.samples -= 1
        }
        state.events.append(.sample(sample))
        state.samples += 1
    }

    private static func add(_ notice: Notice, _ state: inout State) {
        if case .notice(var last) = state.events.last, last.isRepeated(by: notice) {
            last.count += notice.count
            state.events[state.events.count - 1] = .notice(last)
        } else if notice.severity == .violation, state.violations < maximumViolations {
            state.events.append(.notice(notice))
            state.violations += 1
        } else if notice.severity != .violation, state.notices < maximumNotices {
            state.events.append(.notice(notice))
            state.notices += 1
        } else {
            state.lost += notice.count
        }
    }
}
