import WeirBase
import WeirEngine
import WeirTelemetry
import WeirTrace

/// Holds the log records of a replay against the recorded ones, one by one, in the order of the
/// run.
///
/// `LogOrder` calls `take` with the replay's records, in order; the recorded ones are read beside
/// them, as in a merge. A record that only one side has is a difference, but for these: lines that
/// found no room in their worker's lane are in no trace, so that as many records as were lost may
/// be in the replay alone; where a run died, records of its last turns never reached the file;
/// another build may have further statements.
///
/// Holds one recorded record at a time. Owned by one thread.
final class LogComparison {
    private let recorded: LogMerge
    private let subtasks: [SubtaskInfo]
    /// Records of turns that began before this step and have ended are all in the file.
    private let knownBefore: Step
    /// Whether this program is the very build that recorded.
    private let isSameBuild: Bool
    /// Turns that were in flight when the run died: what they logged need not be made again.
    private let inFlight: Set<Step>
    /// How many lost lines have not been accounted for by lines of the replay alone.
    private var lostLeft: UInt64
    /// The next recorded record; nil behind the last.
    private var next: LogRecord?

    /// Recorded lines that the replay made again.
    private(set) var matched: UInt64 = 0
    /// Lines that the replay made and that could not be compared, because they were lost when they
    /// were recorded, or because their statement was lost with a damaged part of the trace.
    private(set) var leftOut: UInt64 = 0
    /// The first difference; behind it nothing is compared any more.
    private(set) var divergence: Divergence?
    /// Why the recorded records could not be read on; nil when they could.
    private(set) var failure: (any Error)?

    init(_ trace: Trace, inFlight: Set<Step>, isSameBuild: Bool) throws {
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

    /// Nothing more comes: recorded lines up to `step`, the last that was run, which are left were
    /// not made again. Lines behind it exist where the schedule was cut by damage, and say nothing.
    func finish(through step: Step) {
        while divergence == nil, failure == nil, let expected = next, expected.step <= step {
            missing(expected, got: "no such line")
        }
    }

    /// Both sides have a record with this rank.
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

    /// Whether two statements say the same. Where one stands may change from build to build, what
    /// it says may not.
    private func isSame(_ left: LogSite, _ right: LogSite) -> Bool {
        left.level == right.level && left.message == right.message && left.fields == right.fields
    }

    /// Whether a record has a lower rank. In another build a turn's statements may have other
    /// ordinals, so that these do not count.
    private func comesFirst(_ left: LogRecord, _ right: LogRecord) -> Bool {
        var (left, right) = (left, right)
        if !isSameBuild { (left.ordinal, right.ordinal) = (0, 0) }
        return LogRecord.precedes(left, right)
    }

    /// A recorded record that the replay did not make, or made otherwise.
    private func missing(_ expected: LogRecord, got: String) {
        // A turn in flight is not run to its end, unless a later step needs it.
        if !inFlight.contains(expected.step) {
            let text = site(of: expected).map { self.text(expected, $0) }
            diverge(expected, expected: text ?? "a line", got: got)
        }
        advance()
    }

    /// A record of the replay that the trace does not have.
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
        assert(
            divergence == nil, "a log of step \(record.step) is compared behind a difference")
        let info = subtasks[record.subtask]
        divergence = Divergence(
            step: record.step, subtask: info.map { "\($0.stage)/\($0.index)" } ?? "the log",
            expected: "log \(expected)", got: got == "no such line" ? got : "log \(got)",
            reason: "what is logged differs: other code, or something the run could not control")
    }

    private func advance() {
        assert(next != nil, "recorded logs are read on behind the last of them")
        do { next = try recorded.next()?.record } catch { failure = error }
    }

    /// The statement of a recorded record; nil where the trace has none of that number.
    private func site(of record: LogRecord) -> LogSite? {
        Int(record.site) < recorded.sites.count ? recorded.sites[Int(record.site)] : nil
    }

    private func text(_ record: LogRecord, _ site: LogSite) -> String {
        let fields = zip(site.fields, record.values).map { " \($0)=\($1.text)" }
        return PrintableText.escaped("\(site.level.name) \(site.message)" + fields.joined())
    }
}

extension LogValue {
    /// Equal to the last bit: a NaN is itself, and 0 is not -0.
    fileprivate func isIdentical(to other: LogValue) -> Bool {
        if case .double(let left) = self, case .double(let right) = other {
            return left.bitPattern == right.bitPattern
        }
        return self == other
    }
}
