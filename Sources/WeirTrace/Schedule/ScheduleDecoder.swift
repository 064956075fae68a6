import WeirBase
import WeirTelemetry

/// Reads blocks of the schedule, one behind the other, and holds them against the chain.
///
/// The cursors, salvage and recovery each own one. Give it the blocks of a trace in order. After
/// an error it must not be used again. No block makes it trap or allocate more than a bound.
/// Owned by one thread.
final class ScheduleDecoder {
    private let zstd = Zstd()
    /// What is open behind the block read last; nil before the first block of one that begins
    /// anywhere.
    private(set) var state: ScheduleState?
    /// The stored bytes of each column of the block read last.
    private(set) var storedBytes: [ByteCount] = []

    /// A decoder of a whole schedule, from step 1 on.
    init() { state = ScheduleState() }

    /// A decoder that begins with whichever block it is given first, and believes what that block
    /// says of the ones before it.
    init(startingAnywhere: Void) { state = nil }

    /// What a block says about itself in front of its columns.
    struct Head: Equatable {
        /// The form of the block, one of the two that are read.
        var version: UInt8
        /// How many steps and ends its columns hold.
        var steps: Int
        var ends: Int
        var state: ScheduleState
    }

    /// Reads a block's head: its first step, its counts, and what was open before it.
    static func head(_ reader: inout ByteReader) throws(MalformedBytes) -> Head {
        let version = try reader.byte()
        guard
            version == ScheduleCodec.version || version == ScheduleCodec.versionWithoutMarkers
        else {
            throw reader.failure("a schedule block of version \(version)")
        }
        var state = ScheduleState()
        state.nextStep = Step(try reader.fixed(UInt64.self))
        // Steps are 48 bits wide in a lane. This bound is far above that, and keeps every sum
        // below from overflowing.
        guard state.nextStep >= 1, state.nextStep.rawValue < 1 << 60 else {
            throw reader.failure("first step \(state.nextStep)")
        }
        let steps = try reader.varint(as: Int.self, atMost: ScheduleCodec.maximumEntries)
        let ends = try reader.varint(as: Int.self, atMost: ScheduleCodec.maximumEntries)
        let open = try reader.varint(as: Int.self, atMost: ScheduleCodec.maximumOpen)
        for _ in 0..<open {
            // Open turns are named by how far they lie before the block, oldest first.
            let back = try reader.varint()
            let subtask = SubtaskIndex(try reader.varint(as: UInt16.self))
            guard back >= 1, back < state.nextStep.rawValue else {
                throw reader.failure("an open turn outside the schedule")
            }
            let step = Step(state.nextStep.rawValue - back)
            guard (state.open.last?.step ?? 0) < step else {
                throw reader.failure("open turns out of order")
            }
            state.open.append(OpenTurn(step: step, subtask: subtask))
        }
        state.chain = try reader.fixed()
        return Head(version: version, steps: steps, ends: ends, state: state)
    }

    /// The batch of the next block.
    ///
    /// - Throws: an error when a step is missing before it, when the chain is broken, or when
    ///   anything in it cannot be.
    func decode(_ block: ArraySlice<UInt8>) throws(MalformedBytes) -> ScheduleBatch {
        var reader = ByteReader(block)
        let head = try Self.head(&reader)
        // A reader that knows what came before compares all of it. One that begins here
        // believes the head.
        if let known = state {
            guard head.state.nextStep == known.nextStep else {
                throw reader.failure(
                    "step \(known.nextStep) is missing: the next block begins with "
                        + "\(head.state.nextStep)")
            }
            guard head.state == known else { throw Self.brokenChain(known.nextStep) }
        }
        // The columns and their chain are checked as bytes, before anything in them is believed.
        let raw = try ColumnSet.read(
            ScheduleCodec.columnNames, from: &reader, zstd: zstd, stored: &storedBytes)
        let chainAfter = try reader.fixed(UInt64.self)
        guard reader.isAtEnd else { throw reader.failure("bytes behind a schedule block") }
        let chain = ScheduleEncoder.chain(
            after: head.state.chain, from: head.state.nextStep, steps: head.steps,
            raw.map(\.allBytes))
        guard chain == chainAfter else { throw Self.brokenChain(head.state.nextStep) }
        var decoder = BlockDecoder(
            columns: ScheduleColumns(raw), state: head.state,
            hasMarkers: head.version != ScheduleCodec.versionWithoutMarkers)
        decoder.state.chain = chain
        try decoder.readSteps(head.steps)
        try decoder.readEnds(head.ends)
        if let rest = decoder.batch.steps.last(where: { $0.kind == .rest }) {
            decoder.state.rest(at: rest.step)
        }
        // The next block's head must be able to say them all.
        guard decoder.state.open.count <= ScheduleCodec.maximumOpen else {
            throw reader.failure("\(decoder.state.open.count) turns are open at once")
        }
        for column in decoder.columns.all { try column.finish() }
        decoder.check(head)
        state = decoder.state
        return decoder.batch
    }

    /// The chain does not fit: something in this block or in one before it was changed.
    private static func brokenChain(_ step: Step) -> MalformedBytes {
        MalformedBytes(offset: 0, reason: "the schedule's chain is broken at step \(step)")
    }
}

/// The columns of one block while they are read: `BlockEncoder` in reverse. It is a value of its
/// own for speed, for the reason given at `ScheduleEncoder.encode`.
private struct BlockDecoder {
    var columns: ScheduleColumns<ColumnReader>
    /// The schedule as far as it was read: the step that is due, and the turns that are open.
    var state: ScheduleState
    /// What was read so far.
    private(set) var batch = ScheduleBatch()
    private var memories = SubtaskMemories()
    /// Whether rest points have markers, which blocks of the first version lack.
    private let hasMarkers: Bool

    init(columns: ScheduleColumns<ColumnReader>, state: ScheduleState, hasMarkers: Bool) {
        self.columns = columns
        self.state = state
        self.hasMarkers = hasMarkers
    }

    /// Holds what was read against the block's head. No file can break it: what does not fit has
    /// ended the reading before.
    func check(_ head: ScheduleDecoder.Head) {
        precondition(
            state.nextStep == head.state.nextStep.later(by: UInt64(head.steps)),
            "\(head.steps) steps from \(head.state.nextStep) on led to \(state.nextStep)")
        assert(
            batch.steps.count == head.steps && batch.ends.count == head.ends,
            "a block of \(head.steps) steps and \(head.ends) ends became \(batch.steps.count) "
                + "and \(batch.ends.count)")
        assert(
            (batch.steps.last?.words.upperBound ?? 0) <= batch.words.count,
            "the last step has words beyond the \(batch.words.count) of its block")
        assert(
            (batch.ends.last?.emitted.upperBound ?? 0) == batch.emitted.count,
            "of \(batch.emitted.count) counts some belong to no end")
        assert(state.isInOrder, "turns are open out of order before step \(state.nextStep)")
    }

    /// Reads the steps, which takes each column exactly as far as the writer filled it.
    mutating func readSteps(_ count: Int) throws(MalformedBytes) {
        // Each step has one byte in this column, so no claim reserves more than the column
        // holds.
        guard columns.kind.count == count else {
            throw columns.kind.failure("\(columns.kind.count) kinds for \(count) steps")
        }
        batch.steps.reserveCapacity(count)
        // Times are differences along the steps of all subtasks, as time goes on for all
        // alike.
        var time: UInt64 = 0
        for _ in 0..<count {
            let raw = try columns.kind.byte()
            guard let kind = StepKind(rawValue: raw) else {
                throw columns.kind.failure("a step of kind \(raw)")
            }
            var note = StepNote(step: state.nextStep, kind: kind)
            switch kind {
            case .input, .timer, .completion, .continue, .idle, .end, .failure:
                try readTurn(&note)
                time = try columns.time.next(after: time)
                note.time = RunTime(Int64(bitPattern: time))
                state.open.append(OpenTurn(step: note.step, subtask: note.subtask))
            case .access:
                note.subtask = SubtaskIndex(try columns.subtask.next(as: UInt16.self))
                note.port = try columns.port.next(
                    after: memories[note.subtask].ports.1, as: UInt16.self)
                memories[note.subtask].ports.1 = UInt64(note.port)
                note.turn = try turnReference(note, memories[note.subtask].turn)
            case .publish:
                try readPublish(&note)
            case .rest:
                time = try columns.time.next(after: time)
                note.time = RunTime(Int64(bitPattern: time))
                note.digest = try columns.digest.fixed()
                if hasMarkers { note.words = try readWords() }
            case .void: break
            }
            batch.steps.append(note)
            state.nextStep = state.nextStep.next
        }
    }

    /// Reads what begins a turn: subtask, inlet, count, and the calls of a completion.
    private mutating func readTurn(_ note: inout StepNote) throws(MalformedBytes) {
        note.subtask = SubtaskIndex(try columns.subtask.next(as: UInt16.self))
        // Each value is read against the last one of its own kind: a turn's count predicts
        // the next turn's count and not that of a publish.
        let memory = memories[note.subtask]
        assert(
            memory.turn < note.step,
            "the turn of step \(note.step) comes behind that of \(memory.turn)")
        note.port = try columns.port.next(after: memory.ports.0, as: UInt16.self)
        note.count = try columns.count.next(after: memory.counts.0, as: UInt32.self)
        memories[note.subtask].ports.0 = UInt64(note.port)
        memories[note.subtask].counts.0 = UInt64(note.count)
        memories[note.subtask].turn = note.step
        guard note.kind == .completion else { return }
        let count = try columns.wordCount.next(as: Int.self)
        guard count <= columns.word.remaining else { throw columns.word.failure("ends early") }
        let start = batch.words.count
        var call = memory.call
        for _ in 0..<count {
            call = try columns.word.next(after: call)
            batch.words.append(call)
        }
        memories[note.subtask].call = call
        note.words = start..<batch.words.count
    }

    /// Reads a publish: the outlet, how many messages were offered, and the runs of what became
    /// of them.
    private mutating func readPublish(_ note: inout StepNote) throws(MalformedBytes) {
        note.subtask = SubtaskIndex(try columns.subtask.next(as: UInt16.self))
        let memory = memories[note.subtask]
        note.port = try columns.port.next(after: memory.ports.2, as: UInt16.self)
        note.count = try columns.count.next(after: memory.counts.1, as: UInt32.self)
        memories[note.subtask].ports.2 = UInt64(note.port)
        memories[note.subtask].counts.1 = UInt64(note.count)
        note.turn = try turnReference(note, memory.turn)
        note.words = try readWords()
    }

    /// Reads a count and so many numbers as they are.
    private mutating func readWords() throws(MalformedBytes) -> Range<Int> {
        let count = try columns.wordCount.next(as: Int.self)
        // A word takes at least a byte, so that no claim reads or reserves beyond the column.
        guard count <= columns.word.remaining else { throw columns.word.failure("ends early") }
        let start = batch.words.count
        for _ in 0..<count { batch.words.append(try columns.word.next()) }
        return start..<batch.words.count
    }

    /// The turn that an access or a publish belongs to: 0 for the subtask's last one in the
    /// block, else how many steps it lies back.
    private mutating func turnReference(
        _ note: StepNote, _ last: Step
    ) throws(MalformedBytes) -> Step {
        let back = try columns.turn.next()
        assert(last < note.step, "step \(note.step) would belong to the later turn \(last)")
        if back == 0 && last != 0 { return last }
        guard back >= 1, back < note.step.rawValue else {
            throw columns.turn.failure("step \(note.step) belongs to no turn")
        }
        return Step(note.step.rawValue - back)
    }

    /// Reads the ends. Each names its turn by its index among those that are open by then.
    mutating func readEnds(_ count: Int) throws(MalformedBytes) {
        guard columns.duration.count == count else {
            throw columns.duration.failure("\(columns.duration.count) durations for \(count) ends")
        }
        batch.ends.reserveCapacity(count)
        var open = OpenTurns(state.open)
        var bits: UInt8 = 0
        for index in 0..<count {
            let offset = try columns.end.next(as: Int.self)
            guard let turn = open.close(offset: offset) else {
                throw columns.end.failure("the end of a turn that is not open")
            }
            assert(turn.step < state.nextStep, "turn \(turn.step) ends before it has begun")
            let memory = memories[turn.subtask]
            let accesses = try columns.accesses.next(after: memory.accesses, as: UInt32.self)
            let outlets = try columns.emittedCount.next(after: memory.emittedCount, as: Int.self)
            guard outlets <= columns.emitted.remaining else {
                throw columns.emitted.failure("ends early")
            }
            memories[turn.subtask].accesses = UInt64(accesses)
            memories[turn.subtask].emittedCount = UInt64(outlets)
            let start = batch.emitted.count
            for outlet in 0..<outlets {
                let emitted = try columns.emitted.next(
                    after: memories[turn.subtask][outlet: outlet], as: UInt32.self)
                memories[turn.subtask][outlet: outlet] = UInt64(emitted)
                batch.emitted.append(emitted)
            }
            let code = try columns.duration.byte()
            guard let duration = DurationCode.duration(code) else {
                throw columns.duration.failure("code \(code)")
            }
            // One bit an end tells whether it has a sample, as few turns do.
            if index & 7 == 0 { bits = try columns.samplePresence.byte() }
            let sample = bits >> UInt8(index & 7) & 1 == 1 ? try columns.sample.fixed() : nil
            batch.ends.append(
                EndNote(
                    step: turn.step, accesses: accesses, duration: duration, sample: sample,
                    emitted: start..<batch.emitted.count))
        }
        state.open = open.remaining
    }
}
