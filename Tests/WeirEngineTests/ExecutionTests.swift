import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

@Suite struct ExecutionTests {
    private func execution() throws -> Execution {
        let pipeline = Pipeline("counts") { flow in
            let total = flow.sharedCell("total", initial: 0)
            flow.invariant("total stays small", on: total) { $0 < 50 }
            flow.read(
                "numbers",
                from: .generator { index, _ in
                    (Int(clamping: index), Instant(milliseconds: Int64(clamping: index)))
                }
            )
            .keyed { $0 % 5 }
            .process("add", state: 0, emitting: Int.self) { number, state, context in
                state += 1
                total.update { $0 += 1 }
                context.emit(number)
            }
            .write("rows") { "\($0)" }
        }
        var connections = LiveWorld.Connections()
        connections.sources = [nil]
        connections.storesInput = [false]
        connections.sinks = [Discarded()]
        let world = LiveWorld(
            started: 0, time: .virtual, connections: connections, lanes: nil, logLanes: [],
            onMark: { _ in })
        let planned = try pipeline.plan()
        var options = BindOptions(seed: 3)
        options.limit = 200
        return Execution(
            plan: planned.plan, parts: try planned.bind(options, world: world), world: world,
            scheduler: SimulatedScheduler(seed: 3, world: world), stopsOnViolation: true)
    }

    @Test func `of several causes to stop the one at the least step is kept`() throws {
        let execution = try execution()
        for step in [UInt64(9), 4, 7] {
            execution.stop(.violation(invariant: "of step \(step)"), step: step)
        }
        #expect(execution.stopCause?.step == 4)
        #expect(execution.stopCause?.cause == .violation(invariant: "of step 4"))
    }

    @Test func `a run that stops at a violation names the step where it began`() throws {
        let execution = try execution()
        execution.scheduler.run(execution)
        let violation = try #require(execution.violations.first.first)
        #expect(execution.violations.count == 1)
        #expect(execution.stopCause?.step == violation.step)
        #expect(violation.subtask.hasPrefix("add/"))
        #expect(!execution.isFinished)
    }
}

private final class Discarded: RowWriting {
    func write(_ rows: UnsafeRawBufferPointer) {}
    func close() {}
}
