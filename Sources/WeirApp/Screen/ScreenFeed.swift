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
/// the notices that found no room. The run never waits for it.
final class ScreenFeed: RecordConsumer, ScreenSource {
    static let maximumSamples = 64
    static let maximumNotices = 256

    private struct State {
        var samples: [SampleFrame] = []
        var notices: [Notice] = []
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
                state.samples.removeAll(keepingCapacity: true)
                state.notices.removeAll(keepingCapacity: true)
                state.lost = 0
                state.recordingEnd = nil
            }
            var news = ScreenNews()
            news.samples = state.samples
            news.notices = state.notices
            news.recordingEnd = state.recordingEnd
            if state.lost > 0, let last = news.notices.last {
                news.notices.append(
                    Notice(
                        severity: .warning, step: last.step, time: last.time, place: "screen",
                        text: "\(state.lost) notices came too fast to be shown"))
            }
            return news
        }
    }

    /// The recorder's thread.
    func consume(_ batch: RecordBatch) {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            var digest = state.digest
            var samples: [SampleFrame] = []
            var notices: [Notice] = []
            digest.take(batch, sample: { samples.append($0) }, notice: { notices.append($0) })
            state.digest = digest
            for sample in samples { Self.add(sample, &state) }
            for notice in notices { Self.add(notice, &state) }
            return samples.isEmpty ? nil : state.wake
        }
        wake?()
    }

    private static func add(_ sample: SampleFrame, _ state: inout State) {
        if state.samples.count >= maximumSamples { state.samples.removeFirst() }
        state.samples.append(sample)
    }

    private static func add(_ notice: Notice, _ state: inout State) {
        if let last = state.notices.last, last.isRepeated(by: notice) {
            state.notices[state.notices.count - 1].count += notice.count
        } else if state.notices.count < maximumNotices {
            state.notices.append(notice)
        } else {
            state.lost += notice.count
        }
    }
}
