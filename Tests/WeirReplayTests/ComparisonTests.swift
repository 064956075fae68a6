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

    /// A comparison with a trace that has these incidents alone, and what the replay found.
    private func compared(
        recorded: [Incident], found: [Incident], _ body: (IncidentComparison) -> Void
    ) throws {
        var isGiven = false
        try withRewritten(shipped("overdrawn")) { batch in
            batch.incidents = isGiven ? [] : recorded
            isGiven = true
        } _: { trace in
            let comparison = try IncidentComparison(trace, wide: [])
            for incident in found { comparison.take(incident) }
            body(comparison)
        }
    }

    @Test func `violations and failures that were found again are counted each`() throws {
        var failure = violation("b", at: 4)
        failure.kind = .failure
        let all = [violation("a", at: 2), violation("a", at: 3), failure]
        try compared(recorded: all, found: all) { comparison in
            #expect(comparison.divergence(through: 9) == nil)
            #expect(comparison.matchedViolations == 2 && comparison.matchedFailures == 1)
            #expect(!comparison.isPartial)
        }
    }

    @Test func `a violation that is found more often than it was recorded is a difference`() throws
    {
        let one = violation("a", at: 2)
        try compared(recorded: [one], found: [one, one]) { comparison in
            #expect(comparison.divergence(through: 9)?.expected == "nothing")
            #expect(comparison.matchedViolations == 1)
        }
    }

    @Test func `an incident is the same in kind, words, access and element`() throws {
        var whole = violation("a", at: 2)
        whole.access = 3
        whole.element = Incident.ElementReference(operatorName: "check", number: 4)
        var others = [whole, whole, whole, whole]
        others[0].kind = .failure
        others[1].message = "another"
        others[2].access = 4
        others[3].element?.number = 5
        for other in others {
            try compared(recorded: [whole], found: [other]) { comparison in
                #expect(comparison.divergence(through: 9)?.step == 2)
            }
        }
        // A trace that did not say where in its turn it was has it as well.
        try compared(recorded: [violation("a", at: 2)], found: [whole]) { comparison in
            #expect(comparison.divergence(through: 9) == nil)
        }
    }

    @Test func `of several differences that at the least step is told, up to the last step`() throws
    {
        let recorded = [violation("late", at: 8), violation("early", at: 5)]
        try compared(recorded: recorded, found: [violation("new", at: 6)]) { comparison in
            #expect(comparison.divergence(through: 9)?.subtask == "early")
            #expect(comparison.divergence(through: 5)?.step == 5)
            // What was found counts however far the replay came; what is missing does not.
            #expect(comparison.divergence(through: 4)?.subtask == "new")
        }
    }

    @Test func `the same violation with other words is one difference`() throws {
        var other = violation("a", at: 5)
        (other.message, other.element) = (
            "a fails on 7", Incident.ElementReference(operatorName: "check", number: 2)
        )
        try compared(recorded: [violation("a", at: 5)], found: [other]) { comparison in
            let found = comparison.divergence(through: 9)
            #expect(found?.expected == "a fails")
            #expect(found?.got == "a fails on 7, element 2 of its turn")
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
