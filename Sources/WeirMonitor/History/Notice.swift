package import WeirTelemetry

/// Something that a person should see: a violation, an error, a warning of the log, a mark.
package struct Notice: Equatable, Sendable {
    package enum Severity: Int, Comparable, Sendable {
        case note, warning, error, violation

        package static func < (left: Severity, right: Severity) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    package var severity: Severity
    package var step: UInt64
    /// Microseconds since the run's start.
    package var time: Int64
    /// The stage, the invariant or the operator.
    package var place: String
    package var text: String
    /// How often it came in a row; `step` and `time` are those of the first time.
    package var count = 1

    package init(severity: Severity, step: UInt64, time: Int64, place: String, text: String) {
        self.severity = severity
        self.step = step
        self.time = SampleFrame.bounded(time)
        self.place = place
        self.text = text
    }

    /// Whether another says the same once more.
    package func isRepeated(by next: Notice) -> Bool {
        severity == next.severity && place == next.place && text == next.text
    }

    package init(_ mark: Mark) {
        let severity: Severity =
            switch mark.kind {
            case .violation: .violation
            case .failure: .error
            case .mark, .notice: .note
            }
        self.init(
            severity: severity, step: mark.step, time: mark.time, place: mark.name,
            text: mark.message)
    }
}

/// The newest notices of a run, equal ones in a row as one; and how many there were of each kind.
package struct NoticeLog: Sendable {
    /// What is kept at most; older ones stay in the trace.
    package static let capacity = 500

    private var notices = Ring<Notice>(capacity: capacity)
    package private(set) var violations: UInt64 = 0
    package private(set) var errors: UInt64 = 0
    package private(set) var warnings: UInt64 = 0

    package init() {}

    package var count: Int { notices.count }
    package var total: UInt64 { violations &+ errors &+ warnings }

    /// The notice at a place, the oldest at 0.
    package subscript(index: Int) -> Notice { notices[index] }

    package mutating func append(_ notice: Notice) {
        let times = UInt64(clamping: notice.count)
        switch notice.severity {
        case .violation: violations &+= times
        case .error: errors &+= times
        case .warning: warnings &+= times
        case .note: break
        }
        if let last = notices.last, last.isRepeated(by: notice) {
            notices[notices.count - 1].count &+= notice.count
            return
        }
        notices.append(notice)
    }
}
