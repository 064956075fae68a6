import WeirBase
import WeirEngine
import WeirTelemetry
import WeirTrace

/// Holds the violations and failures that a replay finds against the recorded ones.
///
/// The recorded ones are all read when it is made; `take` and `takeAtRest` strike them out, and
/// `divergence` tells what is left on either side. The order in which a parallel run told them
/// means nothing, so they are compared as a set, by step, kind, name and words.
///
/// Conditions on one cell, element or keyed state are checked at the same steps in a run and in its
/// replay. Conditions over several stages are checked by a parallel run at its rest points alone:
/// there they are compared; what a replay finds between them is listed and not compared. Owned by
/// one thread.
final class IncidentComparison {
    /// What makes a recorded violation or failure the same as a found one.
    private struct Key: Hashable {
        var step: Step
        var kind: Incident.Kind
        var name: String
        var message: String
        /// The step of the access at which it was found in its turn; nil in traces that did not
        /// say.
        var access: Step?
        /// The number of the element in its turn on which it was found; nil where it was found on
        /// none.
        var element: UInt64?
    }

    /// Whether a condition of this name is over several parts of the state.
    private let isWide: (String) -> Bool
    /// Whether the run looked wherever its replay does, as a drawn one does.
    private let isSimulated: Bool
    /// Incidents of turns that began before this step and ended are all in the file.
    private let knownBefore: Step
    /// How many of each are left to be found. Differences are sorted, so that its order reaches
    /// nothing.
    private var expected: [Key: Int] = [:]
    /// How many incidents the recorder had to drop and none of the replay has accounted for.
    private var unrecordedLeft: UInt64
    /// What the replay found and the run did not.
    private var differences: [Divergence] = []

    /// Recorded ones that the replay found.
    private(set) var matchedViolations: UInt64 = 0
    private(set) var matchedFailures: UInt64 = 0
    /// Violations that the replay found where the run did not look, the first
    /// `EngineBounds.maximumKeptViolations`.
    private(set) var onlyReplay: [Incident] = []
    /// Whether the trace has incidents beyond the bound, which are not compared.
    private(set) var isPartial = false

    init(_ trace: Trace, wide: [String]) throws {
        let wide = Set(wide)
        isWide = { wide.contains($0) }
        isSimulated = trace.header.workers == 0
        knownBefore = try trace.telemetryKnownBefore()
        unrecordedLeft = trace.end?.marksDropped ?? 0
        let cursor = trace.incidents()
        var count = 0
        while let incident = try cursor.next() {
            guard incident.kind == .violation || incident.kind == .failure else { continue }
            guard count < ReplayBounds.maximumComparedIncidents else {
                isPartial = true
                break
            }
            count += 1
            expected[key(of: incident), default: 0] += 1
        }
    }

    /// The replay found a violation or a failure.
    func take(_ incident: Incident) {
        assert(
            incident.kind == .violation || incident.kind == .failure,
            "a replay found a mark of kind \(incident.kind), which only a person makes")
        if isWide(incident.name), !isSimulated {
            if onlyReplay.count < EngineBounds.maximumKeptViolations { onlyReplay.append(incident) }
        } else {
            compare(incident)
        }
    }

    /// A condition over several stages began not to hold at a recorded rest point, as seen from the
    /// rest point before: that is where a parallel run looks.
    func takeAtRest(_ incident: Incident) {
        assert(
            isWide(incident.name), "\(incident.name) is looked at in turns and not at rest points")
        onlyReplay.removeAll { $0.step == incident.step && $0.name == incident.name }
        if !isSimulated { compare(incident) }
    }

    private func compare(_ incident: Incident) {
        var key = key(of: incident)
        // A trace that did not say where in the turn it was has the same one without that.
        if expected[key] == nil { (key.access, key.element) = (nil, nil) }
        if let left = expected[key], left > 0 {
            expected[key] = left - 1
            if incident.kind == .violation { matchedViolations += 1 } else { matchedFailures += 1 }
            // One found at a rest point is told behind it: it may have come too late for the file.
        } else if (isWide(incident.name) ? incident.step.next : incident.step) >= knownBefore
            || isPartial
        {
            return
        } else if unrecordedLeft > 0 {
            unrecordedLeft -= 1
        } else {
            differences.append(
                difference(key, expected: "nothing", got: text(self.key(of: incident))))
        }
    }

    /// The difference at the least step up to `step`, the last that was run; nil for none.
    func divergence(through step: Step) -> Divergence? {
        let missing = expected.filter { $0.value > 0 && $0.key.step <= step }.keys
            .map { difference($0, expected: text($0), got: "nothing") }
        let found = (differences + missing).sorted {
            ($0.step, $0.expected) < ($1.step, $1.expected)
        }
        guard var first = found.first else { return nil }
        // The same one found with other words, such as another key, is one difference and not two.
        if let other = found.dropFirst().first, other.step == first.step,
            first.got == "nothing" || first.expected == "nothing"
        {
            if first.got == "nothing" { first.got = other.got }
            if first.expected == "nothing" { first.expected = other.expected }
        }
        return first
    }

    private func difference(_ key: Key, expected: String, got: String) -> Divergence {
        Divergence(
            step: key.step, subtask: key.name, expected: expected, got: got,
            reason: key.kind == .violation
                ? "the condition reads something that the run could not control, or what it looks "
                    + "at differs" : "the operator fails otherwise than it did")
    }

    private func key(of incident: Incident) -> Key {
        Key(
            step: incident.step, kind: incident.kind, name: incident.name,
            message: incident.message,
            access: incident.access, element: incident.element?.number)
    }

    private func text(_ key: Key) -> String {
        key.element.map { "\(key.message), element \($0) of its turn" } ?? key.message
    }
}
