package import WeirTelemetry

/// Something that a person should see: a violation, an error, a warning of the log, a mark.
package struct Notice: Equatable, Sendable {
    package enum Severity: Int, CaseIterable, Comparable, Sendable {
        case note, warning, error, violation

        package static func < (left: Severity, right: Severity) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    /// What is kept of a text at most, in characters: a line of the log is not longer.
    package static let longestText = 16 << 10

    package var severity: Severity
    /// Where to look: what led to it is in the past there.
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
        self.place = String(place.unicodeScalars.prefix(Self.longestText))
        self.text = String(text.unicodeScalars.prefix(Self.longestText))
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
            severity: severity, step: mark.lookStep, time: mark.time, place: mark.name,
            text: mark.message)
    }
}

/// How many notices there were of each kind.
package struct NoticeCounts: Equatable, Sendable {
    package var violations: UInt64 = 0
    package var errors: UInt64 = 0
    package var warnings: UInt64 = 0

    package init() {}

    package var total: UInt64 { violations &+ errors &+ warnings }

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
