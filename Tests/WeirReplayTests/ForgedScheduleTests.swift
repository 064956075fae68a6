import Testing
import Weir
import WeirBase
import WeirEngine
import WeirTelemetry
import WeirTrace

@testable import WeirReplay

/// What a replay says of schedules that no run of its plan can have had.
@Suite struct ForgedScheduleTests {
    /// A source that hands its numbers over an edge that blocks.
    private static let blocking = Pipeline("blocking", parallelism: 2) { flow in
        _ = flow.read(
            "numbers", from: .generator { index, _ in (Int(index), Instant(milliseconds: 0)) }
        )
        .keyed { $0 }
        .process("count", state: 0, emitting: Int.self) { _, count, _ in count += 1 }
    }

    /// The first disagreement of a replay of one turn of the source and then `step`.
    private static func divergence(behindOneTurn step: StepNote) throws -> Divergence? {
        var input = StepNote(step: 1, kind: .input)
        input.count = 1
        var batch = ScheduleBatch()
        batch.steps = [input, step]
        batch.ends = [EndNote(step: 1, accesses: 0, duration: 0, sample: nil, emitted: 0..<2)]
        // The element, and the watermark behind it on both edges.
        batch.emitted = [1, 2]
        let setup = Rerun.Setup(
            started: 0, schedule: RecordedSchedule([batch]),
            answers: RecordedOutside.Answers(
                nextInput: { _ in nil }, result: { _, _ in nil }))
        let rerun = try Rerun(try blocking.plan(), BindOptions(seed: 1), setup)
        rerun.scheduler.run(rerun.execution)
        return rerun.notes.divergence
    }

    @Test(arguments: [UInt16(0), 1, 2, .max])
    func `a publish as a step on an edge that blocks is a divergence`(outlet: UInt16) throws {
        var publish = StepNote(step: 2, kind: .publish)
        (publish.turn, publish.port, publish.count) = (1, outlet, 1)
        let found = try #require(try Self.divergence(behindOneTurn: publish))
        #expect(found.step == 2)
        #expect(found.expected == "a publish on outlet \(outlet) as a step")
    }

    @Test func `a turn of a subtask that the plan does not have is a divergence`() throws {
        var input = StepNote(step: 2, kind: .input)
        (input.subtask, input.count) = (3, 1)
        let found = try #require(try Self.divergence(behindOneTurn: input))
        #expect(found.subtask == "subtask 3")
    }

    /// A stretch of a schedule as a page of a file has it, in which nothing happens.
    private static func page(_ steps: ClosedRange<Step>, ends: [Step] = []) -> ScheduleBatch {
        var batch = ScheduleBatch()
        batch.steps = steps.map { StepNote(step: $0, kind: .void) }
        batch.ends = ends.map {
            EndNote(step: $0, accesses: 0, duration: 0, sample: nil, emitted: 0..<0)
        }
        return batch
    }

    @Test(arguments: [1, 2] as [Step])
    func `a schedule that goes back is damage`(step: Step) throws {
        let schedule = RecordedSchedule([Self.page(1...2), Self.page(step...3)])
        #expect(throws: TraceError.self) { try schedule.skip(through: 9) }
    }

    @Test func `a turn that ends twice is damage`() throws {
        let schedule = RecordedSchedule([
            Self.page(1...2, ends: [1]), Self.page(3...4, ends: [1]),
        ])
        #expect(throws: TraceError.self) { try schedule.skip(through: 9) }
    }

    @Test func `an access outside any turn is a divergence`() throws {
        var access = StepNote(step: 2, kind: .access)
        (access.turn, access.port) = (1, 0)
        let found = try #require(try Self.divergence(behindOneTurn: access))
        #expect(found.expected == "an access to cell 0 in the turn of step 1")
    }
}
