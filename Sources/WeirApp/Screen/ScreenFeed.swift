import Synchronization
import WeirBase
import WeirMonitor
import WeirTelemetry

/// What waits for the screen of a run in this process. Any thread.
///
/// A recorded run's samples, warnings and marks come as its recorder hands them to the trace, so
/// that the screen shows what the trace will hold. A run that is not recorded offers them itself.
///
/// Bounded: a screen that is held up (a slow link, Ctrl-S) finds the newest samples and a count of
/// the notices that found no room. Violations have room of their own. The run never waits for it.
final class ScreenFeed: RecordConsumer, ScreenSource {
    static let maximumSamples = 64
    static let maximumNotices = 256
    static let maximumViolations = 64

    private struct State {
        var items: [ScreenNews.Item] = []
        /// Of `items`.
        var samples = 0
        var notices = 0
        var violations = 0
        var lost = 0
        var recordingEnd: String?
        var wake: (@Sendable () -> Void)?
        var digest: NewsDigest
        var isRecorded = false
    }

    let pollNanoseconds: UInt64 = 500_000_000
    private let state: Mutex<State>

    init(_ header: RunHeader) { state = Mutex(State(digest: NewsDigest(header))) }

    func setWake(_ wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }

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

    func take() -> ScreenNews {
        state.withLock { state in
            defer {
                state.items.removeAll(keepingCapacity: true)
                (state.samples, state.notices, state.violations, state.lost) = (0, 0, 0, 0)
                state.recordingEnd = nil
            }
            var news = ScreenNews()
            news.items = state.items
            news.recordingEnd = state.recordingEnd
            if state.lost > 0, let last = news.notices.last {
                news.items.append(
                    .notice(
                        Notice(
                            severity: .warning, step: last.step, time: last.time, place: "screen",
                            text: "\(state.lost) notices came too fast to be shown")))
            }
            return news
        }
    }

    /// The recorder's thread.
    func consume(_ batch: RecordBatch) {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            var digest = state.digest
            var hasSample = false
            digest.take(batch) { item in
                switch item {
                case .sample(let sample):
                    hasSample = true
                    Self.add(sample, &state)
                case .notice(let notice): Self.add(notice, &state)
                }
            }
            state.digest = digest
            return hasSample ? state.wake : nil
        }
        wake?()
    }

    private static func add(_ sample: SampleFrame, _ state: inout State) {
        if state.samples >= maximumSamples,
            let oldest = state.items.firstIndex(where: {
                if case .sample = $0 { true } else { false }
            })
        {
            state.items.remove(at: oldest)
            state.samples -= 1
        }
        state.items.append(.sample(sample))
        state.samples += 1
    }

    private static func add(_ notice: Notice, _ state: inout State) {
        if case .notice(var last) = state.items.last, last.isRepeated(by: notice) {
            last.count += notice.count
            state.items[state.items.count - 1] = .notice(last)
        } else if notice.severity == .violation, state.violations < maximumViolations {
            state.items.append(.notice(notice))
            state.violations += 1
        } else if notice.severity != .violation, state.notices < maximumNotices {
            state.items.append(.notice(notice))
            state.notices += 1
        } else {
            state.lost += notice.count
        }
    }
}
