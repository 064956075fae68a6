import Testing
import WeirBase
import WeirEngine

@testable import Gallery
@testable import WeirReplay

/// What is named where several parts of the state differ.
@Suite struct SuspicionsTests {
    private let execution: Execution
    private let names: [String]
    private let session: ReplaySession
    /// The first cell's index among the parts.
    private let cell: Int

    init() throws {
        session = try ReplaySession(shipped("overdrawn"), orders, ReplaySession.Options())
        execution = session.replica.execution
        names = execution.partNames
        cell = execution.subtasks.count
        try #require(cell > 3 && !execution.cells.isEmpty)
    }

    private func found(
        _ suspicions: Suspicions, _ parts: [Int], at step: Step = 90
    ) -> Divergence {
        suspicions.divergence(in: parts, at: step, expected: "1", got: "2", execution)
    }

    private func sample(of part: Int, at step: Step) -> Divergence {
        Divergence(
            step: step, agreed: 0, subtask: names[part], expected: "values 1", got: "values 2")
    }

    @Test func `the subtask that stands first in the plan is named`() {
        #expect(found(Suspicions(), [2, 1, 3]).subtask == names[1])
        #expect(found(Suspicions(), [2]).subtask == names[2])
    }

    @Test func `a cell that nobody touched is named where nothing else differs`() {
        #expect(found(Suspicions(), [cell]).subtask == names[cell])
        #expect(found(Suspicions(), [cell, 2]).subtask == names[2])
    }

    @Test func `a cell is named before those that stand behind all who touched it`() {
        var suspicions = Suspicions()
        suspicions.accessed(0, by: 2)
        suspicions.accessed(0, by: 1)
        let touched = "\(names[cell]) (touched by \(names[1]), \(names[2]))"
        #expect(found(suspicions, [cell]).subtask == touched)
        #expect(found(suspicions, [3, cell]).subtask == touched)
        #expect(found(suspicions, [2, cell]).subtask == names[2], "it touched the cell itself")
        #expect(found(suspicions, [0, cell]).subtask == names[0], "it stands before them")
    }

    @Test func `what touched a cell before the state agreed is forgotten`() {
        var suspicions = Suspicions()
        suspicions.accessed(0, by: 1)
        suspicions.agree(at: 40)
        #expect(suspicions.agreedRest == 40 && suspicions.comparedRests == 1)
        let divergence = found(suspicions, [cell])
        #expect(divergence.subtask == names[cell])
        #expect(divergence.agreed == 40 && divergence.step == 90)
    }

    @Test func `a sample tells the turn of what differs`() {
        var suspicions = Suspicions()
        #expect(suspicions.isEmpty)
        suspicions.suspect(2, sample(of: 2, at: 64))
        #expect(!suspicions.isEmpty)
        #expect(found(suspicions, [2, 3]) == sample(of: 2, at: 64))
        // It differs too, although its few bits in the digest do not.
        #expect(found(suspicions, [3]) == sample(of: 2, at: 64))
        // A part before it has no sample: it differs since before the sample.
        let first = found(suspicions, [1])
        #expect(first.subtask == names[1] && first.step == 64)
    }

    @Test func `a difference is told unless a part before it was suspected`() {
        var suspicions = Suspicions()
        #expect(suspicions.sole(before: nil, in: execution) == nil)
        suspicions.suspect(2, sample(of: 2, at: 64))
        suspicions.suspect(3, sample(of: 3, at: 9))
        #expect(suspicions.sole(before: nil, in: execution)?.step == 64)
        for (part, isBefore) in [(1, true), (2, false), (3, false)] {
            let told = suspicions.sole(before: sample(of: part, at: 90), in: execution)
            #expect((told == nil) == isBefore, "\(names[part])")
        }
    }
}
