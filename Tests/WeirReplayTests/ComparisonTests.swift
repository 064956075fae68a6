import Testing
import WeirBase
import WeirTelemetry
import WeirTrace

@testable import WeirReplay

/// What a comparison counts as a difference, and what it lets pass.
@Suite struct ComparisonTests {
    private func violation(_ name: String, at step: Step) -> Incident {
        Incident(step: step, kind: .violation, name: name, message: "\(name) fails", time: 0)
    }

    @Test func `as many violations as found no room may be missing and no more`() throws {
        try withRewritten(shipped("overdrawn"), end: { $0.marksDropped = 2 }) { trace in
            let comparison = try IncidentComparison(trace, wide: [])
            for step in [1, 2] as [Step] { comparison.take(violation("new", at: step)) }
            #expect(comparison.divergence(through: 2) == nil)
            comparison.take(violation("new", at: 3))
            #expect(comparison.divergence(through: 3)?.step == 3)
        }
    }

    @Test func `what is broken at a rest point too is not the replay's alone`() throws {
        let comparison = try IncidentComparison(shipped("overdrawn"), wide: ["wide", "other"])
        comparison.take(violation("wide", at: 5))
        comparison.take(violation("other", at: 5))
        comparison.take(violation("wide", at: 7))
        comparison.takeAtRest(violation("wide", at: 5))
        #expect(comparison.onlyReplay.map { "\($0.name) \($0.step)" } == ["other 5", "wide 7"])
    }

    @Test func `of the values of one subtask that differ the first is told`() throws {
        var suspicions = Suspicions()
        for step in [64, 128] as [Step] {
            suspicions.suspect(
                0,
                Divergence(
                    step: step, agreed: 0, subtask: "a/0", expected: "1", got: "2", reason: ""))
        }
        suspicions.suspect(
            1,
            Divergence(step: 9, agreed: 0, subtask: "b/0", expected: "1", got: "2", reason: ""))
        // And of those of several subtasks that of the foremost, from which the others may come.
        #expect(suspicions.sole(before: nil, in: nil)?.step == 64)
    }
}
