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

    /// One turn of the source, with its end, and then these steps.
    private static func batch(behindOneTurn steps: [StepNote]) -> ScheduleBatch {
        var input = StepNote(step: 1, kind: .input)
        input.count = 1
        var batch = ScheduleBatch()
        batch.steps = [input] + steps
        batch.ends = [EndNote(step: 1, accesses: 0, duration: 0, sample: nil, emitted: 0..<2)]
        // The element, and the watermark behind it on both edges.
        batch.emitted = [1, 2]
        return batch
    }

    /// A replay of a schedule, at its end.
    private static func replayed(
        _ schedule: RecordedSchedule, started: Instant = Instant(nanoseconds: 0)
    ) throws -> Rerun {
        let setup = Rerun.Setup(
            started: started, schedule: schedule,
            answers: RecordedOutside.Answers(
                nextInput: { _ in nil }, result: { _, _ in nil }))
        let rerun = try Rerun(try blocking.plan(), BindOptions(seed: 1), setup)
        rerun.scheduler.run(rerun.execution)
        return rerun
    }

    /// The first disagreement of a replay of one turn of the source and then these steps.
    private static func divergence(
        behindOneTurn steps: StepNote..., started: Instant = Instant(nanoseconds: 0)
    ) throws -> Divergence? {
        let schedule = RecordedSchedule([batch(behindOneTurn: steps)])
        return try replayed(schedule, started: started).notes.divergence
    }

    /// A turn of the source, or of another subtask, at step 2.
    private static func turn(
        _ kind: StepKind, step: Step = 2, subtask: SubtaskIndex = 0, count: UInt32 = 0,
        time: RunTime = .zero
    ) -> StepNote {
        var note = StepNote(step: step, kind: kind)
        (note.subtask, note.count, note.time) = (subtask, count, time)
        return note
    }

    @Test func `a turn of a kind that this build does not have is a divergence`() throws {
        let found = try #require(try Self.divergence(behindOneTurn: Self.turn(.continue)))
        #expect(found.step == 2)
        #expect(found.got == "this build has no such turns")
    }

    @Test(arguments: [StepKind.idle, .end, .failure])
    func `a source's turn of a subtask that reads channels is a divergence`(kind: StepKind) throws {
        let found = try #require(try Self.divergence(behindOneTurn: Self.turn(kind, subtask: 1)))
        #expect(found.got == "it is no source")
    }

    @Test(arguments: [0, 65_537, .max] as [UInt32])
    func `a turn of a source that takes more than any build would is a divergence`(
        count: UInt32
    ) throws {
        let turn = Self.turn(.input, count: count)
        let found = try #require(try Self.divergence(behindOneTurn: turn))
        #expect(found.expected == "a turn that takes \(count)")
    }

    @Test func `a turn of a subtask that has ended is a divergence`() throws {
        let found = try #require(
            try Self.divergence(
                behindOneTurn: Self.turn(.end), Self.turn(.input, step: 3, count: 1)))
        #expect(found.step == 3)
        #expect(found.got == "it has ended")
    }

    @Test(
        arguments: [
            (.max, 0), (.min, 0), (Int64.max / 1_000 + 1, 0), (Int64.max / 1_000, 808), (1, .max),
            (-1, .min),
        ] as [(Int64, Int64)], [StepKind.timer, .rest])
    func `a time that no instant has is a divergence`(
        of: (microseconds: Int64, startNanoseconds: Int64), kind: StepKind
    ) throws {
        let found = try #require(
            try Self.divergence(
                behindOneTurn: Self.turn(kind, time: RunTime(of.microseconds)),
                started: Instant(nanoseconds: of.startNanoseconds)))
        #expect(found.expected == "a time of \(of.microseconds) us after the start")
    }

    @Test(
        arguments: [(Int64.max / 1_000, 807), (Int64.min / 1_000, -808), (0, .max), (0, .min)]
            as [(Int64, Int64)])
    func `the last instants are times as any other`(
        microseconds: Int64, startNanoseconds: Int64
    ) throws {
        #expect(
            try Self.divergence(
                behindOneTurn: Self.turn(.timer, time: RunTime(microseconds)),
                started: Instant(nanoseconds: startNanoseconds))
                == nil)
    }

    @Test func `a schedule whose ends cannot be read on is run no further`() throws {
        var batches = [Self.batch(behindOneTurn: [Self.turn(.timer)])]
        batches[0].ends = []
        let schedule = RecordedSchedule(flights: [:], hasDigests: true) {
            guard let batch = batches.popLast() else { throw TraceError(.damaged, "no more") }
            return batch
        }
        let rerun = try Self.replayed(schedule)
        #expect(throws: TraceError.self) { try rerun.checkReading() }
        #expect(rerun.director.reached == 1, "the end of step 1 could not be read")
    }

    @Test(arguments: [ChannelIndex(0 as UInt16), 1, 2, .max])
    func `a publish as a step on an edge that blocks is a divergence`(outlet: ChannelIndex) throws {
        var publish = StepNote(step: 2, kind: .publish)
        (publish.turn, publish.port, publish.count) = (1, outlet.rawValue, 1)
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
        #expect(throws: TraceError.self) { try schedule.takeEnd(of: 2) }
    }

    @Test func `a schedule with a gap is damage`() throws {
        let schedule = RecordedSchedule([Self.page(1...2), Self.page(4...5)])
        let error = #expect(throws: TraceError.self) { try schedule.skip(through: 9) }
        #expect(error?.reason.contains("step 3 is missing") ?? false)
    }

    @Test func `ends of turns that were passed over are not kept`() throws {
        let schedule = RecordedSchedule([
            Self.page(1...2, ends: [1]), Self.page(3...4, ends: [2, 3]),
        ])
        try schedule.skip(through: 2)
        #expect(try schedule.takeEnd(of: 3) != nil)
        #expect(try schedule.takeEnd(of: 1) == nil && schedule.takeEnd(of: 2) == nil)
    }

    /// How many of these pages are read for the end of the first step, which none of them has.
    private static func pagesRead(
        _ count: Int, of steps: Int, restIn rest: Int? = nil
    ) throws -> Int {
        var read = 0
        let schedule = RecordedSchedule(flights: [:], hasDigests: true) {
            guard read < count else { return nil }
            let first = Step.first.advanced(by: read * steps)
            var page = page(first...first.advanced(by: steps - 1))
            if read == rest { page.steps[steps - 1].kind = .rest }
            read += 1
            return page
        }
        #expect(try schedule.takeEnd(of: 1) == nil)
        return read
    }

    @Test func `an end that is missing is looked for up to the next rest point`() throws {
        #expect(try Self.pagesRead(9, of: 4) == 9)
        #expect(try Self.pagesRead(9, of: 4, restIn: 5) == 6)
    }

    @Test func `an end that is missing is looked for among so many steps and no more`() throws {
        let size = RecordedSchedule.maximumAhead / 4
        #expect(try Self.pagesRead(9, of: size) == 4)
    }

    @Test func `an access outside any turn is a divergence`() throws {
        var access = StepNote(step: 2, kind: .access)
        (access.turn, access.port) = (1, 0)
        let found = try #require(try Self.divergence(behindOneTurn: access))
        #expect(found.expected == "an access to cell 0 in the turn of step 1")
    }
}
