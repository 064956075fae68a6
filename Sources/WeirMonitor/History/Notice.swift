package import WeirBase
package import WeirTelemetry

/// Something that a person should see, as one line: a violation, an error or a warning of the log,
/// or an incident that the trace keeps.
///
/// Notices are made by whoever feeds a timeline, from records and incidents of the run's telemetry
/// or of its own knowledge, and by `Timeline` itself for a recording that stops. From then on they
/// are values that nobody alters, except that equal ones in a row may be counted together on their
/// way.
package struct Notice: Equatable, Sendable {
    /// How bad it is, from a remark to a violation. The raw values are indices into the rooms of
    /// `NoticeLog`.
    package enum Severity: Int, CaseIterable, Comparable, Sendable {
        case note, warning, error, violation

        package static func < (left: Severity, right: Severity) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    package var severity: Severity
    /// The step at which the debugger should open: what led to the notice is in the past of it.
    package var step: Step
    /// When it was found.
    package var time: RunTime
    /// Its origin: the stage, the subtask, the invariant or the operator that it is about.
    package var origin: String
    /// What happened, in one sentence or the log's words. It may hold anything; who draws it makes
    /// it safe.
    package var text: String
    /// How often it came in a row; `step` and `time` are those of the first time.
    package var count = 1

    /// A notice; texts are cut and the time is bounded, because all of it may come from a damaged
    /// trace.
    package init(severity: Severity, step: Step, time: RunTime, origin: String, text: String) {
        self.severity = severity
        self.step = step
        self.time = SampleFrame.bounded(time)
        self.origin = String(origin.unicodeScalars.prefix(MonitorBounds.maximumNoticeScalars))
        self.text = String(text.unicodeScalars.prefix(MonitorBounds.maximumNoticeScalars))
    }

    /// Whether another says the same once more.
    package func isRepeated(by next: Notice) -> Bool {
        severity == next.severity && origin == next.origin && text == next.text
    }

    /// The notice of an incident. It opens at the access that broke an invariant where that is
    /// known (`lookStep`).
    package init(_ incident: Incident) {
        let severity: Severity =
            switch incident.kind {
            case .violation: .violation
            case .failure: .error
            case .bookmark, .notice: .note
            }
        self.init(
            severity: severity, step: incident.lookStep, time: incident.time, origin: incident.name,
            text: incident.message)
    }
}

/// How many notices there were of each kind; notes are not counted. The sums wrap around instead of
/// trapping, because a damaged trace may claim any number.
package struct NoticeCounts: Equatable, Sendable {
    package var violations: UInt64 = 0
    package var errors: UInt64 = 0
    package var warnings: UInt64 = 0

    package init() {}

    /// All that are counted.
    package var total: UInt64 { violations &+ errors &+ warnings }

    /// Counts a notice as often as it came.
    mutating func add(_ notice: Notice) {
        let times = UInt64(clamping: notice.count)
        switch notice.severity {
        case .violation: violations &+= times
        case .error: errors &+= times
        case .warning: warnings &+= times
        case .note: break
        }
    }
}
