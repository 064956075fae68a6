import Testing
import Weir
import WeirEngine
import WeirTelemetry

@testable import WeirReplay

/// What a replay does with answers that its own calls do not ask for.
@Suite struct RecordedOutsideTests {
    /// One source that calls somebody for each of its numbers.
    private static let calling = Pipeline("calling") { flow in
        _ = flow.read(
            "numbers", from: .generator { index, _ in (Int(index), Instant(milliseconds: 0)) }
        )
        .callAsync(
            "ask", emitting: Int.self, timeout: .seconds(1), call: { _, _ in nil },
            complete: { _, _, _ in })
    }

    /// A turn that takes one number, and one that takes the answer of `call`.
    private static func schedule(answering call: UInt64) -> RecordedSchedule {
        var batch = ScheduleBatch()
        var input = StepNote(step: 1, kind: .input)
        input.count = 1
        var completion = StepNote(step: 2, kind: .completion)
        completion.count = 1
        completion.words = 0..<1
        batch.words = [call]
        batch.steps = [input, completion]
        batch.ends = [1, 2].map {
            EndNote(step: $0, accesses: 0, duration: 0, sample: nil, emitted: 0..<0)
        }
        return RecordedSchedule([batch])
    }

    private static func divergence(answering call: UInt64) throws -> Divergence? {
        let setup = Rerun.Setup(
            started: 0, schedule: schedule(answering: call),
            answers: RecordedOutside.Answers(
                nextInput: { _ in nil }, result: { _, call in call == 1 ? [] : nil }))
        let rerun = try Rerun(try calling.plan(), BindOptions(seed: 1), setup)
        rerun.scheduler.run(rerun.execution)
        return rerun.notes.divergence
    }

    @Test func `an answer to a call that was made is taken`() throws {
        #expect(try Self.divergence(answering: 1) == nil)
    }

    @Test func `an answer to a call that was never made is a divergence`() throws {
        let found = try #require(try Self.divergence(answering: 7))
        #expect(found.step == 2)
        #expect(found.expected == "the answer of call 7")
        #expect(found.got == "the last call made was 1")
    }
}
