import Testing
import WeirBase
import WeirEngine
import WeirTelemetry
import WeirTrace

@testable import Gallery
@testable import WeirReplay

/// Where the state of a replay may be cut.
@Suite struct CutRuleTests {
    private func overdrawn() throws -> Trace {
        let project = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try Trace.open(path: "/\(project)/traces/orders/overdrawn.mcap")
    }

    /// For each step of a schedule whether a turn is open behind it: begun, and with steps to come.
    private func openTurns(_ trace: Trace) throws -> [Bool] {
        var begun: [Step: Step] = [:]
        var lastStep: Step = 0
        try trace.forEachSchedule { batch in
            for note in batch.steps {
                lastStep = max(lastStep, note.step)
                if note.kind.beginsTurn { begun[note.step] = note.step }
                if note.kind == .access || note.kind == .publish, begun[note.turn] != nil {
                    begun[note.turn] = note.step
                }
            }
        }
        var isOpen = [Bool](repeating: false, count: lastStep.count + 1)
        for (first, last) in begun {
            for step in first..<last { isOpen[step.count] = true }
        }
        return isOpen
    }

    @Test func `rule 20: a replay is cut where no turn is open and nowhere else`() throws {
        let trace = try overdrawn()
        let planned = try orders.plan(
            settings: trace.header.settings, parallelism: trace.header.parallelism,
            seed: trace.header.seed, started: trace.header.started)
        let replica = try Replica(ReplicaPlan(trace, planned, paths: [:]), from: nil)
        let isOpen = try openTurns(trace)
        var cuts = 0
        for step in 1..<Step(isOpen.count) {
            try replica.run(through: step)
            let snapshot = replica.snapshot()
            #expect((snapshot == nil) == isOpen[step.count], "step \(step)")
            if snapshot != nil { cuts += 1 }
        }
        #expect(cuts > 0 && cuts < isOpen.count - 1, "all steps are alike: the test says nothing")
    }
}
