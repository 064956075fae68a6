import Foundation
import Testing
import Weir
import WeirBase
import WeirTelemetry

@testable import WeirEngine
@testable import WeirReplay
@testable import WeirTrace

/// What a replica that begins at a snapshot has to know of what was before it, and what a turn
/// does that goes on behind the end of its trace.
@Suite struct RestoredTests {
    /// One source that calls somebody for each of its numbers.
    private static let calling = Pipeline("calling") { flow in
        _ = flow.read(
            "numbers", from: .generator { index, _ in (Int(index), Instant(milliseconds: 0)) }
        )
        .callAsync(
            "ask", emitting: Int.self, timeout: .seconds(1), call: { _, _ in nil },
            complete: { _, _, _ in })
    }

    /// A source whose edge drops what finds no room.
    private static let dropping = Pipeline("dropping", parallelism: 1) { flow in
        _ = flow.read(
            "numbers", from: .generator { index, _ in (Int(index), Instant(milliseconds: 0)) }
        )
        .over(EdgeOptions(bounds: ChannelBounds(messages: 3), policy: .dropOldest))
        .keyed { $0 }
        .process("count", state: 0, emitting: Int.self) { _, count, _ in count += 1 }
    }

    /// A turn that makes one number, one that calls for it, and one that takes the answer.
    private static var calls: RecordBatch {
        var input = StepNote(step: 1, kind: .input)
        input.count = 1
        var calling = StepNote(step: 2, kind: .input)
        (calling.subtask, calling.count) = (1, 2)
        var completion = StepNote(step: 3, kind: .completion)
        (completion.subtask, completion.count) = (1, 1)
        completion.words = 0..<1
        var batch = RecordBatch()
        batch.schedule.words = [1]
        batch.schedule.steps = [input, calling, completion]
        batch.schedule.emitted = [2]
        batch.schedule.ends = [1, 2, 3].map {
            EndNote(
                step: $0, accesses: 0, duration: 0, sample: nil, emitted: $0 == 1 ? 0..<1 : 1..<1)
        }
        batch.results = [CallResult(subtask: 1, call: 1, bytes: [])]
        return batch
    }

    /// A trace of these records of a pipeline, for as long as `body` looks at it.
    private static func withTrace(
        of pipeline: Pipeline, _ batch: RecordBatch, _ body: (Trace) throws -> Void
    ) throws {
        let path = NSTemporaryDirectory() + "weir-restored-\(UUID().uuidString).mcap"
        defer { unlink(path) }
        var header = try shipped("overdrawn").header
        (header.pipeline, header.version, header.settings) = (pipeline.name, pipeline.version, [:])
        header.plan = try pipeline.plan(
            parallelism: header.parallelism, seed: header.seed, started: header.started
        ).plan.hash.hexadecimal
        let writer = try TraceWriter(path: path, header: header, overwrite: false)
        try writer.consume(batch)
        try writer.finish(nil, rewriting: Rewriting(hasDied: true, lost: ""))
        try body(try Trace.open(path: path))
    }

    @Test func `a replica that begins behind a call knows that it was made`() throws {
        try Self.withTrace(of: Self.calling, Self.calls) { trace in
            let session = try ReplaySession(trace, Self.calling, ReplaySession.Options())
            try session.go(to: 2)
            let snapshot = try #require(session.replica.snapshot())
            #expect(snapshot.step == 2 && snapshot.madeCalls == [1: 1])
            let behind = try Replica(session.plan, from: snapshot)
            #expect(behind.position == 2)
            try behind.run(through: 3)
            #expect(behind.notes.divergence == nil && behind.position == 3)
            #expect(behind.notes.begunTurns == 3 && behind.notes.comparedTurns == 3)
        }
    }

    @Test func `what a turn would publish behind the end of its trace stays with it`() throws {
        var input = StepNote(step: 1, kind: .input)
        input.count = 1
        var batch = ScheduleBatch()
        batch.steps = [input]
        let setup = Rerun.Setup(
            started: Instant(nanoseconds: 0), schedule: RecordedSchedule([batch]),
            answers: RecordedOutside.Answers(
                nextInput: { _ in nil }, result: { _, _ in nil }))
        let rerun = try Rerun(try Self.dropping.plan(), BindOptions(seed: 1), setup)
        var ranOn: [Step] = []
        rerun.director.onRunningOn = { ranOn.append($0) }
        rerun.scheduler.run(rerun.execution)
        #expect(rerun.notes.divergence == nil && ranOn == [1] && rerun.director.reached == 1)
        #expect(rerun.director.inFlight.isEmpty)
        let outlet = try #require(rerun.execution.subtasks[0].outlets.first)
        #expect(outlet.unpublishedCount > 0 && outlet.channel?.depth == 0)
    }

    @Test func `a turn in flight that nobody needs is not begun`() throws {
        var input = StepNote(step: 1, kind: .input)
        input.count = 1
        var batch = ScheduleBatch()
        batch.steps = [input]
        let setup = Rerun.Setup(
            started: Instant(nanoseconds: 0), schedule: RecordedSchedule([batch]),
            answers: RecordedOutside.Answers(
                nextInput: { _ in nil }, result: { _, _ in nil }))
        let rerun = try Rerun(try Self.dropping.plan(), BindOptions(seed: 1), setup)
        rerun.scheduler.run(rerun.execution)
        #expect(rerun.director.inFlight.map(\.step) == [1] && rerun.notes.begunTurns == 0)
        #expect(rerun.director.inFlightSubtasks.isEmpty, "it was not started")
        #expect(rerun.director.earliestOpenTurn == 1)
    }
}
