import Testing
import Weir
import WeirBase
import WeirTelemetry
import WeirTrace

@testable import WeirEngine
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

    /// A turn that makes one number, one that calls for it, and one that takes the answer of
    /// `call`.
    private static func schedule(answering call: UInt64) -> RecordedSchedule {
        var batch = ScheduleBatch()
        var input = StepNote(step: 1, kind: .input)
        input.count = 1
        // The number and the watermark behind it.
        var calling = StepNote(step: 2, kind: .input)
        (calling.subtask, calling.count) = (1, 2)
        var completion = StepNote(step: 3, kind: .completion)
        (completion.subtask, completion.count) = (1, 1)
        completion.words = 0..<1
        batch.words = [call]
        batch.steps = [input, calling, completion]
        batch.emitted = [2]
        batch.ends = [1, 2, 3].map {
            EndNote(
                step: $0, accesses: 0, duration: 0, sample: nil, emitted: $0 == 1 ? 0..<1 : 1..<1)
        }
        return RecordedSchedule([batch])
    }

    private static func divergence(answering call: UInt64) throws -> Divergence? {
        let setup = Rerun.Setup(
            started: Instant(nanoseconds: 0), schedule: schedule(answering: call),
            answers: RecordedOutside.Answers(
                nextInput: { _ in nil }, result: { _, call in call == 1 ? [] : nil }))
        let rerun = try Rerun(try calling.plan(), BindOptions(seed: 1), setup)
        rerun.scheduler.run(rerun.execution)
        return rerun.notes.divergence
    }

    @Test func `an answer to a call that was made is taken`() throws {
        #expect(try Self.divergence(answering: 1) == nil)
    }

    @Test(arguments: [2, 7] as [UInt64])
    func `an answer to a call that was never made is a divergence`(call: UInt64) throws {
        let found = try #require(try Self.divergence(answering: call))
        #expect(found.step == 3)
        #expect(found.expected == "the answer of call \(call)")
        #expect(found.got == "the last call made was 1")
    }

    private static func result(
        _ subtask: SubtaskIndex, _ call: UInt64, count: Int = 1
    ) -> CallResult {
        CallResult(
            subtask: subtask, call: call,
            bytes: [UInt8](repeating: UInt8(subtask.rawValue), count: count))
    }

    @Test func `an answer is that of its own subtask, however large its number is`() throws {
        var ahead = ResultsAhead()
        try ahead.keep(Self.result(1, 0))
        #expect(!ahead.has(subtask: 0, call: 1 << 48))
        try ahead.keep(Self.result(0, 1 << 48))
        #expect(ahead.take(subtask: 1, call: 0) == [1])
        #expect(ahead.take(subtask: 0, call: 1 << 48) == [0])
        #expect(ahead.take(subtask: 0, call: 1 << 48) == nil, "it is given once")
    }

    @Test func `answers that nobody takes are kept up to a bound`() throws {
        var ahead = ResultsAhead(maximumBytes: 1_000)
        // The second one of a call takes the place of the first.
        for call in [1, 2, 2, 3] as [UInt64] {
            try ahead.keep(Self.result(0, call, count: 300))
        }
        #expect(throws: TraceError.self) { try ahead.keep(Self.result(0, 4)) }
        #expect(ahead.take(subtask: 0, call: 1)?.count == 300)
        try ahead.keep(Self.result(0, 4))
    }

    private static func block(_ index: UInt64) -> InputBlock {
        let bytes = Array("\(index)\n".utf8)
        return InputBlock(
            source: 0, index: index, kind: .bytes, offset: index * 2, length: 2,
            hash: StableHash.of("\(index)\n"), time: 0, bytes: bytes)
    }

    @Test func `a recorded input gives nothing more once it was cancelled`() throws {
        let outside = RecordedOutside(
            started: Instant(nanoseconds: 0),
            answers: RecordedOutside.Answers(
                nextInput: { _ in Self.block(0) }, result: { _, _ in nil }),
            onUnmade: { _ in })
        let feed = try outside.input(of: SourcePlan(index: 0, name: "lines", readsBytes: true))
        #expect(feed.next()?.index == 0)
        feed.cancel()
        #expect(feed.next() == nil)
    }

    @Test func `recorded input and a copy of it are read on apart from each other`() throws {
        var isGiven = false
        let change = { (batch: inout RecordBatch) in
            if !isGiven { batch.inputs = (0..<3).map { Self.block($0) } }
            isGiven = true
        }
        try withRewritten(shipped("overdrawn"), change) { trace in
            let inputs = RecordedInputs(trace: trace, paths: [:])
            _ = try inputs.next(of: 0)
            let copy = inputs.copy()
            let read = [
                try copy.next(of: 0), try inputs.next(of: 0), try copy.next(of: 0),
                try copy.next(of: 0),
            ]
            #expect(read.map { $0?.index } == [1, 1, 2, nil])
        }
    }
}
