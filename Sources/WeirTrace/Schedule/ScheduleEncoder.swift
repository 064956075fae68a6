import WeirBase
import WeirTelemetry

/// Turns stretches of a schedule into blocks, one behind the other.
///
/// `TraceWriter` owns one and gives it each batch of the recorder in order. It checks what the
/// recorder promises: steps without gaps, and ends only of turns that are open. After an error
/// it must not be used again. Owned by one thread.
final class ScheduleEncoder {
    private let zstd = Zstd()
    /// The next step, the open turns and the chain behind the blocks made so far.
    private(set) var state = ScheduleState()
    /// Kept between blocks for their room (186 against 130 ns a turn).
    private var columns = ScheduleColumns<ColumnWriter>.empty

    /// The block of a batch, which must go on where the one before it ended.
    func encode(_ batch: ScheduleBatch) throws(TraceError) -> [UInt8] {
        // The recorder closes its batches at a small part of this, and what comes out of lanes is
        // divided; the reader refuses more.
        precondition(
            max(batch.steps.count, batch.ends.count) <= ScheduleCodec.maximumEntries,
            "a batch of \(batch.steps.count) steps and \(batch.ends.count) ends")
        // A decoder refuses a head with more. Of a run there are a few, as each worker has one
        // turn at a time; of a trace that is rewritten its decoder has refused more already.
        assert(
            state.open.count <= ScheduleCodec.maximumOpen,
            "\(state.open.count) turns are open before step \(state.nextStep)")
        var writer = ByteWriter(reserving: 256 + batch.steps.count * 6)
        let first = state.nextStep
        writer.append(ScheduleCodec.version)
        writer.append(fixed: first.rawValue)
        writer.append(varint: UInt64(batch.steps.count))
        writer.append(varint: UInt64(batch.ends.count))
        writer.append(varint: UInt64(state.open.count))
        for turn in state.open {
            writer.append(varint: first.rawValue - turn.step.rawValue)
            writer.append(varint: UInt64(turn.subtask.rawValue))
        }
        writer.append(fixed: state.chain)
        // A local value: through the class every column would be guarded at each access (248
        // against 186 ns a turn).
        var block = BlockEncoder(state: state, columns: columns)
        // Nobody else may hold the columns while the block fills them, or each first write
        // would copy one.
        columns = .empty
        block.begin()
        try block.appendSteps(batch)
        try block.appendEnds(batch)
        let filled = block.columns.all
        block.check(batch, from: first)
        try Self.checkSize(filled, from: first)
        columns = block.columns
        state = block.state
        // After all steps and ends of the batch: with a rest point a batch holds all earlier
        // ends.
        if let rest = batch.steps.last(where: { $0.kind == .rest }) { state.rest(at: rest.step) }
        assert(state.isInOrder, "turns are open out of order before step \(state.nextStep)")
        ColumnSet.write(filled, to: &writer, zstd: zstd)
        state.chain = Self.chain(
            after: state.chain, from: first, steps: batch.steps.count, filled.map(\.bytes))
        writer.append(fixed: state.chain)
        return writer.bytes
    }

    /// Refuses columns that no reader would unpack. Nothing that a run notes comes near the bound,
    /// but what a lane file or a trace says might.
    private static func checkSize(
        _ columns: [ColumnWriter], from first: Step
    ) throws(TraceError) {
        let raw = columns.reduce(0) { $0 + $1.bytes.count }
        guard raw <= ColumnSet.maximumBytes else {
            throw TraceError(
                .operating,
                "the schedule from step \(first) on takes \(raw) bytes, and a block has room for "
                    + "\(ColumnSet.maximumBytes). It cannot be written")
        }
    }

    /// The chain's hash behind a block. Besides the columns it covers where the block begins and
    /// how many steps it has.
    static func chain(
        after before: UInt64, from first: Step, steps: Int, _ columns: [[UInt8]]
    ) -> UInt64 {
        var hash = StableHash(seed: before)
        hash.combine(first.rawValue)
        hash.combine(UInt64(steps))
        for column in columns { hash.combine(bytes: column) }
        return hash.value
    }
}

/// The columns of one block while they are filled.
private struct BlockEncoder {
    /// The step that is due, and the turns that are open.
    var state: ScheduleState
    var columns: ScheduleColumns<ColumnWriter>
    private var memories = SubtaskMemories()

    init(state: ScheduleState, columns: ScheduleColumns<ColumnWriter>) {
        self.state = state
        self.columns = columns
    }

    /// Makes the columns empty; their room stays. To be called when nobody else holds them.
    mutating func begin() { columns.removeAll() }

    /// Holds the columns of a whole block against what the decoder is going to demand of them.
    func check(_ batch: ScheduleBatch, from first: Step) {
        precondition(
            state.nextStep == first.later(by: UInt64(batch.steps.count)),
            "\(batch.steps.count) steps from \(first) on led to \(state.nextStep)")
        assert(
            columns.kind.bytes.count == batch.steps.count,
            "\(columns.kind.bytes.count) kinds were written for \(batch.steps.count) steps")
        assert(
            columns.duration.bytes.count == batch.ends.count,
            "\(columns.duration.bytes.count) durations were written for \(batch.ends.count) ends")
        assert(
            columns.samplePresence.bytes.count == (batch.ends.count + 7) / 8,
            "\(columns.samplePresence.bytes.count) bytes of eight bits tell which of "
                + "\(batch.ends.count) ends have a sample")
        assert(
            columns.sample.bytes.count.isMultiple(of: 8)
                && columns.sample.bytes.count <= 8 * batch.ends.count,
            "samples of \(columns.sample.bytes.count) bytes for \(batch.ends.count) ends")
        assert(
            columns.digest.bytes.count.isMultiple(of: 8),
            "digests of \(columns.digest.bytes.count) bytes cannot be of eight each")
    }

    /// Appends each step's values to the columns that its kind has.
    mutating func appendSteps(_ batch: ScheduleBatch) throws(TraceError) {
        var time: UInt64 = 0
        for note in batch.steps {
            guard note.step == state.nextStep else {
                // The schedule would not be the run's. No user can cause this, so they are
                // asked to report it.
                throw TraceError(
                    .operating,
                    "step \(note.step) was recorded where \(state.nextStep) was due: the "
                        + "recording cannot go on. Please report this")
            }
            columns.kind.append(byte: note.kind.rawValue)
            switch note.kind {
            case .input, .timer, .completion, .continue, .idle, .end, .failure:
                appendTurn(note, batch, time)
                time = UInt64(bitPattern: note.time.rawValue)
                state.open.append(OpenTurn(step: note.step, subtask: note.subtask))
            case .access:
                columns.subtask.append(UInt64(note.subtask.rawValue))
                columns.port.append(UInt64(note.port), after: memories[note.subtask].ports.1)
                memories[note.subtask].ports.1 = UInt64(note.port)
                try appendTurnReference(note, memories[note.subtask].turn)
            case .publish:
                try appendPublish(note, batch)
            case .rest:
                columns.time.append(UInt64(bitPattern: note.time.rawValue), after: time)
                time = UInt64(bitPattern: note.time.rawValue)
                columns.digest.append(fixed: note.digest)
                let markers = batch.words(of: note)
                columns.wordCount.append(UInt64(markers.count))
                for marker in markers { columns.word.append(marker) }
            case .void: break
            }
            state.nextStep = state.nextStep.next
        }
    }

    /// Appends what begins a turn: subtask, inlet, count, time, and the calls of a completion.
    private mutating func appendTurn(
        _ note: StepNote, _ batch: ScheduleBatch, _ time: UInt64
    ) {
        // Each value is written against the last one of its own kind, of the same subtask.
        let memory = memories[note.subtask]
        assert(
            memory.turn < note.step,
            "the turn of step \(note.step) comes behind that of \(memory.turn)")
        columns.subtask.append(UInt64(note.subtask.rawValue))
        columns.port.append(UInt64(note.port), after: memory.ports.0)
        memories[note.subtask].ports.0 = UInt64(note.port)
        columns.count.append(UInt64(note.count), after: memory.counts.0)
        memories[note.subtask].counts.0 = UInt64(note.count)
        columns.time.append(UInt64(bitPattern: note.time.rawValue), after: time)
        memories[note.subtask].turn = note.step
        guard note.kind == .completion else { return }
        let calls = batch.words(of: note)
        columns.wordCount.append(UInt64(calls.count))
        var last = memory.call
        for call in calls {
            columns.word.append(call, after: last)
            last = call
        }
        memories[note.subtask].call = last
    }

    /// Appends a publish. Its runs are short and stay as they are.
    private mutating func appendPublish(
        _ note: StepNote, _ batch: ScheduleBatch
    ) throws(TraceError) {
        let memory = memories[note.subtask]
        columns.subtask.append(UInt64(note.subtask.rawValue))
        columns.port.append(UInt64(note.port), after: memory.ports.2)
        columns.count.append(UInt64(note.count), after: memory.counts.1)
        memories[note.subtask].ports.2 = UInt64(note.port)
        memories[note.subtask].counts.1 = UInt64(note.count)
        try appendTurnReference(note, memory.turn)
        let runs = batch.words(of: note)
        columns.wordCount.append(UInt64(runs.count))
        for run in runs { columns.word.append(run) }
    }

    /// Appends which turn a step belongs to: 0 for the subtask's last turn in the block, else
    /// how many steps it lies back.
    private mutating func appendTurnReference(_ note: StepNote, _ last: Step) throws(TraceError) {
        guard note.turn >= 1, note.turn < note.step else {
            throw TraceError(
                .operating,
                "step \(note.step) was recorded as part of turn \(note.turn). "
                    + "Please report this")
        }
        columns.turn.append(
            note.turn == last ? 0 : note.step.rawValue - note.turn.rawValue)
    }

    /// Appends the ends in the order in which they were drained.
    mutating func appendEnds(_ batch: ScheduleBatch) throws(TraceError) {
        // Which of the last eight ends have a sample, the first in the lowest bit.
        var bits: UInt8 = 0
        // The ends may belong to turns of this batch or of earlier ones; by now all of them
        // are open.
        var open = OpenTurns(state.open)
        for (index, note) in batch.ends.enumerated() {
            guard let (offset, subtask) = open.close(step: note.step) else {
                throw TraceError(
                    .operating,
                    "the end of turn \(note.step) was recorded, which was not open. "
                        + "Please report this")
            }
            columns.end.append(UInt64(offset))
            columns.accesses.append(UInt64(note.accesses), after: memories[subtask].accesses)
            memories[subtask].accesses = UInt64(note.accesses)
            let emitted = batch.emitted(of: note)
            columns.emittedCount.append(
                UInt64(emitted.count), after: memories[subtask].emittedCount)
            memories[subtask].emittedCount = UInt64(emitted.count)
            for (outlet, count) in emitted.enumerated() {
                columns.emitted.append(
                    UInt64(count), after: memories[subtask][outlet: outlet])
                memories[subtask][outlet: outlet] = UInt64(count)
            }
            columns.duration.append(byte: DurationCode.code(note.duration))
            if let sample = note.sample {
                bits |= 1 << UInt8(index & 7)
                columns.sample.append(fixed: sample)
            }
            // Eight ends share a byte of presence bits; the last one may be partly filled.
            if index & 7 == 7 || index == batch.ends.count - 1 {
                columns.samplePresence.append(byte: bits)
                bits = 0
            }
        }
        let before = state.open.count
        state.open = open.remaining
        assert(
            state.open.count == before - batch.ends.count,
            "\(batch.ends.count) ends left \(state.open.count) of \(before) turns open")
    }
}

/// The open turns while ends are taken from among them.
///
/// An end nearly always belongs to one of the oldest turns. Closing it moves the few before it
/// up, and the beginning of the array is cut off only at the end.
struct OpenTurns {
    /// The turns in order of their steps; those before `start` have ended.
    private var turns: [OpenTurn]
    /// The turns before this index have ended.
    private var start = 0

    /// Takes the turns in order of their steps.
    init(_ turns: [OpenTurn]) {
        self.turns = turns
        assert(isInOrder, "of \(turns.count) open turns some are out of order")
    }

    /// Whether the turns that are still open are in order of their steps. Costs a walk over them.
    private var isInOrder: Bool {
        let open = turns[start...]
        return zip(open, open.dropFirst()).allSatisfy { $0.step < $1.step }
    }

    /// The turns that are still open, in order of their steps.
    var remaining: [OpenTurn] { Array(turns[start...]) }

    /// Takes out the turn that began at `step`, and gives its index among the open ones; nil
    /// where no such turn is open.
    mutating func close(step: Step) -> (offset: Int, subtask: SubtaskIndex)? {
        var index = start
        // A walk from the oldest on: it is nearly always among the first few.
        while index < turns.count, turns[index].step < step { index += 1 }
        guard index < turns.count, turns[index].step == step else { return nil }
        let offset = index - start
        return (offset, remove(at: offset).subtask)
    }

    /// Takes out the turn with an index among the open ones; nil when there are not so many.
    mutating func close(offset: Int) -> OpenTurn? {
        guard offset >= 0, offset < turns.count - start else { return nil }
        return remove(at: offset)
    }

    /// Moves the turns before it up by one, so that the open ones stay together and in order.
    private mutating func remove(at offset: Int) -> OpenTurn {
        assert(
            offset >= 0 && offset < turns.count - start,
            "turn \(offset) is taken from among \(turns.count - start)")
        let turn = turns[start + offset]
        var index = start + offset
        while index > start {
            turns[index] = turns[index - 1]
            index -= 1
        }
        start += 1
        // The last of the turns that moved lies before the first of those that stayed.
        assert(
            offset == 0 || start + offset == turns.count
                || turns[start + offset - 1].step < turns[start + offset].step,
            "the turns around that of step \(turn.step) are out of order once it has ended")
        return turn
    }
}
