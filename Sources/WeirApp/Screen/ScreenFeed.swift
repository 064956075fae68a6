import Synchronization
import WeirBase
import WeirMonitor
import WeirTelemetry

/// What waits for the screen: samples, and what a person should see. Any thread.
///
/// Bounded: a screen that is held up (a slow link, Ctrl-S) finds the newest samples and a count of
/// the notices that found no room. The run never waits for it.
final class ScreenFeed: RecordConsumer {
    static let maximumSamples = 64
    static let maximumNotices = 256

    private struct State {
        var samples: [MetricSample] = []
        var notices: [Notice] = []
        var lost = 0
        var recordingEnd: String?
        var wake: (@Sendable () -> Void)?
        /// The log's statements met so far, for the recorder's thread.
        var sites: [LogSite] = []
    }

    private let state = Mutex(State())
    /// By number of the subtask.
    private let subtasks: [String]

    init(_ header: RunHeader) { subtasks = header.subtasks.map { "\($0.stage)/\($0.index)" } }

    /// What to call when something came.
    func setWake(_ wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }

    func offer(_ sample: MetricSample) {
        let wake = state.withLock { state in
            if state.samples.count >= Self.maximumSamples { state.samples.removeFirst() }
            state.samples.append(sample)
            return state.wake
        }
        wake?()
    }

    func offer(_ mark: Mark) { offer(Notice(mark)) }

    func offer(_ notice: Notice) { state.withLock { Self.add(notice, &$0) } }

    /// The run goes on unrecorded.
    func recordingStopped(_ reason: String) { state.withLock { $0.recordingEnd = reason } }

    /// What came since the last time.
    struct News {
        var samples: [MetricSample]
        var notices: [Notice]
        var recordingEnd: String?

        var isEmpty: Bool { samples.isEmpty && notices.isEmpty && recordingEnd == nil }
    }

    /// Everything that came since the last time.
    func take() -> News {
        state.withLock { state in
            defer {
                state.samples.removeAll(keepingCapacity: true)
                state.notices.removeAll(keepingCapacity: true)
                state.lost = 0
                state.recordingEnd = nil
            }
            var notices = state.notices
            if state.lost > 0, let last = notices.last {
                notices.append(
                    Notice(
                        severity: .warning, step: last.step, time: last.time, place: "screen",
                        text: "\(state.lost) notices came too fast to be shown"))
            }
            return News(
                samples: state.samples, notices: notices, recordingEnd: state.recordingEnd)
        }
    }

    /// Picks the warnings and errors out of what is recorded. The recorder's thread.
    func consume(_ batch: RecordBatch) {
        state.withLock { state in
            state.sites.append(contentsOf: batch.newSites)
            for records in batch.logs {
                for record in records.records { add(record, &state) }
            }
        }
    }

    private func add(_ record: LogRecord, _ state: inout State) {
        guard Int(record.site) < state.sites.count else { return }
        let site = state.sites[Int(record.site)]
        // What a mark shows already is not shown twice.
        guard site.level >= .warning, site.message != "invariant_violated" else { return }
        let place =
            Int(record.subtask) < subtasks.count ? subtasks[Int(record.subtask)] : "run"
        var text = site.message
        for (name, value) in zip(site.fields, record.values) { text += " \(name)=\(value.shown)" }
        Self.add(
            Notice(
                severity: site.level >= .error ? .error : .warning, step: record.step,
                time: record.time, place: place, text: text), &state)
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

extension LogValue {
    fileprivate var shown: String {
        switch self {
        case .integer(let value): "\(value)"
        case .double(let value): "\(value)"
        case .flag(let value): "\(value)"
        case .text(let value): value
        }
    }
}
