import WeirBase
import WeirEngine
import WeirTelemetry
import WeirTrace

/// Holds the log records of a replay against the recorded ones, one by one, in the order of the
/// run. Owned by one thread.
///
/// Lines that found no room in their worker's lane are in no trace: as many records as were lost
/// may be in the replay alone. Where a run died, records of its last turns never reached the file.
final class LogComparison {
    private let recorded: LogMerge
    private let subtasks: [SubtaskInfo]
    /// Records of turns that began before this step and ended are all in the file.
    private let knownBefore: UInt64
    private let isSameBuild: Bool
    private let inFlight: Set<UInt64>
    private var lostLeft: UInt64
    private var next: LogRecord?

    /// Recorded lines that the replay made again.
    private(set) var matched: UInt64 = 0
    /// Lines that were lost when they were recorded, or whose statement was lost with a damaged
    /// part of the trace, as far as the replay made them.
    private(set) var leftOut: UInt64 = 0
    private(set) var divergence: Divergence?
    private(set) var failure: (any Error)?

    init(_ trace: Trace, inFlight: Set<UInt64>, isSameBuild: Bool) throws {
        recorded = try LogMerge(trace)
        subtasks = trace.header.subtasks
        knownBefore = try trace.telemetryKnownBefore()
        lostLeft = recorded.lost
        self.inFlight = inFlight
        self.isSameBuild = isSameBuild
        next = try recorded.next()?.record
    }

    /// Compares the next record of the replay.
    func take(_ record: LogRecord, _ site: LogSite) {
        guard divergence == nil, failure == nil else { return }
        // A statement that was added to the code since is no difference of the run.
        if !isSameBuild, !recorded.sites.contains(where: { isSame(site, $0) }) { return }
        while let expected = next {
            if comesFirst(expected, record) {
                missing(expected, got: "no such line")
                guard divergence == nil else { return }
            } else if comesFirst(record, expected) {
                return unexpected(record, site)
            } else {
                return compare(record, site, expected)
            }
        }
        unexpected(record, site)
    }

    /// Nothing more comes: recorded lines up to the last step that are left were not made again.
    ///
    /// Behind it there are some where the schedule was cut by damage.
    func finish(through step: UInt64) {
        while divergence == nil, failure == nil, let expected = next, expected.step <= step {
            missing(expected, got: "no such line")
        }
    }

    private func compare(_ record: LogRecord, _ site: LogSite, _ expected: LogRecord) {
        if self.site(of: expected) == .lost {
            leftOut += 1
            return advance()
        }
        let isEqual =
            record.subtask == expected.subtask && record.time == expected.time
            && self.site(of: expected).map { isSame(site, $0) } == true
            && record.values.count == expected.values.count
            && zip(record.values, expected.values).allSatisfy { $0.isIdentical(to: $1) }
        if isEqual {
            matched += 1
            advance()
        } else {
            missing(expected, got: text(record, site))
        }
    }

    /// Where a statement stands may change from build to build, what it says may not.
    private func isSame(_ left: LogSite, _ right: LogSite) -> Bool {
        left.level == right.level && left.message == right.message && left.fields == right.fields
    }

    /// In another build a turn's statements may have other places among each other.
    private func comesFirst(_ left: LogRecord, _ right: LogRecord) -> Bool {
        var (left, right) = (left, right)
        if !isSameBuild { (left.ordinal, right.ordinal) = (0, 0) }
        return LogRecord.precedes(left, right)
    }

    private func missing(_ expected: LogRecord, got: String) {
        // A turn in flight is not run to its end, unless a later step needs it.
        if !inFlight.contains(expected.step) {
            let text = site(of: expected).map { self.text(expected, $0) }
            diverge(expected, expected: text ?? "a line", got: got)
        }
        advance()
    }

    private func unexpected(_ record: LogRecord, _ site: LogSite) {
        if record.step >= knownBefore { return }
        if lostLeft > 0 {
            lostLeft -= 1
            leftOut += 1
        } else {
            diverge(record, expected: "no line", got: text(record, site))
        }
    }

    private func diverge(_ record: LogRecord, expected: String, got: String) {
        let subtask = Int(record.subtask)
        let info = subtask < subtasks.count ? subtasks[subtask] : nil
        divergence = Divergence(
            step: record.step, subtask: info.map { "\($0.stage)/\($0.index)" } ?? "the log",
            expected: "log \(expected)", got: got == "no such line" ? got : "log \(got)",
            reason: "what is logged differs: other code, or something the run could not control")
    }

    private func advance() {
        do { next = try recorded.next()?.record } catch { failure = error }
    }

    private func site(of record: LogRecord) -> LogSite? {
        Int(record.site) < recorded.sites.count ? recorded.sites[Int(record.site)] : nil
    }

    private func text(_ record: LogRecord, _ site: LogSite) -> String {
        let fields = zip(site.fields, record.values).map { " \($0)=\($1.text)" }
        return PrintableText.escaped("\(site.level.name) \(site.message)" + fields.joined())
    }
}

extension LogValue {
    /// Equal to the last bit: a NaN is itself.
    fileprivate func isIdentical(to other: LogValue) -> Bool {
        if case .double(let left) = self, case .double(let right) = other {
            return left.bitPattern == right.bitPattern
        }
        return self == other
    }
}
