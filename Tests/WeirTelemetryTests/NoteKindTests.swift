import Testing
import WeirBase
import WeirTelemetry

/// Every kind of note, written by the engine's calls and read by the recorder's.
@Suite struct NoteKindTests {
    private let test = TestLane()

    private var batch: ScheduleBatch { ScheduleBatch(test.drain()) }

    @Test(arguments: StepKind.allCases.filter { $0.beginsTurn && $0 != .completion })
    func `the beginning of a turn`(kind: StepKind) {
        test.lane.reserve(1)
        test.lane.noteTurn(
            step: 88_009, kind: kind, subtask: .max, inlet: 7, count: .max, time: -5)
        var expected = StepNote(step: 88_009, kind: kind)
        expected.subtask = .max
        expected.port = 7
        expected.count = .max
        expected.time = -5
        #expect(batch.steps == [expected])
    }

    @Test(arguments: [0, 1, 3, 4, 60])
    func `rule 13: a completion keeps its call numbers`(count: Int) throws {
        let calls = (0..<UInt64(count)).map { UInt64.max - $0 }
        test.lane.reserve(1 + NoteLane.extraSlots(words: count))
        _ = test.lane.noteCompletion(step: 4, subtask: 3, calls: calls, time: 9)
        let batch = batch
        let step = try #require(batch.steps.first)
        #expect(step.kind == .completion)
        #expect(step.count == UInt32(count))
        #expect(step.time == 9)
        #expect(Array(batch.words(of: step)) == calls)
    }

    @Test func `an access`() {
        test.lane.reserve(1)
        test.lane.noteAccess(step: 6, turn: 5, subtask: 2, cell: 65_535)
        var expected = StepNote(step: 6, kind: .access)
        expected.turn = 5
        expected.subtask = 2
        expected.port = 65_535
        #expect(batch.steps == [expected])
    }

    @Test(arguments: [0, 1, 7, 8, 9, 256])
    func `rule 8: a publish keeps its runs`(count: Int) throws {
        let runs = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 255) }
        test.lane.reserve(NoteLane.maximumNoteSlots)
        let slots = test.lane.notePublish(
            step: 9, turn: 8, subtask: 1, outlet: 2, count: 256, runs: runs)
        test.lane.release(NoteLane.maximumNoteSlots - slots)
        let batch = batch
        let step = try #require(batch.steps.first)
        #expect(step.kind == .publish)
        #expect((step.turn, step.subtask, step.port) == (8, 1, 2))
        #expect(step.count == 256)
        #expect(batch.words(of: step).map { UInt8(truncatingIfNeeded: $0) } == runs)
    }

    @Test func `a rest point`() {
        test.lane.reserve(1)
        test.lane.noteRest(step: 12, time: .max, digest: .max, markers: [])
        var expected = StepNote(step: 12, kind: .rest)
        expected.time = .max
        expected.digest = .max
        #expect(batch.steps == [expected])
    }

    @Test(arguments: [1, 3, 4, 5, 64])
    func `a rest point keeps its markers and fits its room`(count: Int) throws {
        let markers = (0..<UInt16(count)).map { .max - $0 }
        let room = NoteLane.restSlots(markers: count)
        test.lane.reserve(room)
        test.lane.noteRest(step: 12, time: 5, digest: 6, markers: markers)
        #expect(!test.lane.tryReserve(test.lane.capacity - room + 1))
        let batch = batch
        let step = try #require(batch.steps.first)
        #expect([step.digest, UInt64(step.time.rawValue)] == [6, 5])
        #expect(batch.words(of: step).map { UInt16(truncatingIfNeeded: $0) } == markers)
    }

    @Test(arguments: [0, 1, 2, 3, 4, 9, 130], [nil, 0, UInt64.max])
    func `the end of a turn keeps what it emitted and fits its room`(
        outlets: Int, sample: UInt64?
    ) throws {
        let emitted = (0..<UInt32(outlets)).map { UInt32.max - $0 }
        let room = NoteLane.endSlots(outlets: outlets)
        test.lane.reserve(room)
        let taken = emitted.withUnsafeBufferPointer {
            test.lane.noteEnd(step: 3, accesses: 11, duration: .max, sample: sample, emitted: $0)
        }
        #expect(taken <= room)
        let batch = batch
        let end = try #require(batch.ends.first)
        #expect(end.step == 3)
        #expect(end.accesses == 11)
        #expect(end.duration == .max)
        #expect(end.sample == sample)
        #expect(Array(batch.emitted(of: end)) == emitted)
    }

    @Test func `a note that is no step is refused`() {
        var batch = ScheduleBatch()
        for kind in [0, 12, LaneNote.turnEnd, LaneNote.inputBlock, 255] as [UInt8] {
            let note = RawNote(kind: kind, slots: 1, number: 1, second: 0, third: 0)
            #expect(batch.append(step: note) == nil)
        }
        #expect(batch.isEmpty)
    }

    @Test func `an emptied batch has nothing left of what was in it`() {
        var batch = ScheduleBatch()
        batch.steps = [StepNote(step: 1, kind: .timer)]
        batch.ends = [EndNote(step: 1, accesses: 0, duration: 0, sample: nil, emitted: 0..<1)]
        (batch.words, batch.emitted) = ([1], [2])
        batch.removeAll()
        #expect(batch.isEmpty && batch.words.isEmpty && batch.emitted.isEmpty)
    }

    @Test func `counts beyond a note's words are cut to them`() throws {
        var batch = ScheduleBatch()
        _ = batch.append(
            step: RawNote(
                kind: StepKind.publish.rawValue, slots: 2, number: 1, second: .max, third: 0,
                more: [.max, 1, 2]))
        _ = batch.append(
            step: RawNote(
                kind: StepKind.completion.rawValue, slots: 1, number: 2, second: .max, third: 0))
        _ = batch.append(
            step: RawNote(
                kind: StepKind.rest.rawValue, slots: 2, number: 3, second: 0, third: 0,
                more: [.max, 1, 2]))
        batch.append(
            end: RawNote(kind: LaneNote.turnEnd, slots: 1, number: 2, second: 0, third: .max))
        #expect(batch.steps.map { batch.words(of: $0).count } == [16, 0, 8])
        #expect(batch.emitted(of: try #require(batch.ends.first)).count == 1)
    }
}
