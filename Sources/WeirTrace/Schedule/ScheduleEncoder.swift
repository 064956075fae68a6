import WeirBase
import WeirTelemetry

/// Turns stretches of a schedule into blocks, one behind the other. Owned by one thread.
final class ScheduleEncoder {
    private let zstd = Zstd()
    private(set) var state = ScheduleState()
    /// Kept between blocks for their room (186 against 130 ns a turn).
    private var columns = ScheduleColumns<ColumnWriter>.empty

    /// The block of a batch, which must go on where the one before it ended.
    func encode(_ batch: ScheduleBatch) throws(TraceError) -> [UInt8] {
        precondition(
            max(batch.steps.count, batch.ends.count) <= ScheduleCodec.maximumEntries,
            "a batch of \(batch.steps.count) steps and \(batch.ends.count) ends")
        var writer = ByteWriter(reserving: 256 + batch.steps.count * 6)
        let first = state.nextStep
        writer.append(ScheduleCodec.version)
        writer.append(fixed: first)
        writer.append(varint: UInt64(batch.steps.count))
        writer.append(varint: UInt64(batch.ends.count))
        writer.append(varint: UInt64(state.open.count))
        for turn in state.open {
            writer.append(varint: first - turn.step)
            writer.append(varint: UInt64(turn.subtask))
        }
        writer.append(fixed: state.chain)
        // A local value: through the class every column would be guarded at each access (248
        // against 186 ns a turn).
        var block = BlockEncoder(state: state, columns: columns)
        columns = .empty
        block.begin()
        try block.appendSteps(batch)
        try block.appendEnds(batch)
        let filled = block.columns.all
        columns = block.columns
        state = block.state
        if let rest = batch.steps.last(where: { $0.kind == .rest }) { state.rest(at: rest.step) }
        ColumnSet.write(filled, to: &writer, zstd: zstd)
        state.chain = Self.chain(
            after: state.chain, from: first, steps: batch.steps.count, filled.map(\.bytes))
        writer.append(fixed: state.chain)
        return writer.bytes
    }

    static func chain(
        after before: UInt64, from first: UInt64, steps: Int, _ columns: [[UInt8]]
    ) -> UInt64 {
        var hash = StableHash(seed: before)
        hash.combine(first)
        hash.combine(UInt64(steps))
        for column in columns { hash.combine(bytes: column) }
        return hash.value
    }
}

/// The columns of one block while they are filled.
private struct BlockEncoder {
    var state: ScheduleState
    var columns: ScheduleColumns<ColumnWriter>
    private var memories = SubtaskMemories()

    init(state: ScheduleState, columns: ScheduleColumns<ColumnWriter>) {
        self.state = state
        self.columns = columns
    }

    /// Makes the columns empty; their room stays. To be called when nobody else holds them.
    mutating func begin() { columns.removeAll() }

    mutating func appendSteps(_ batch: ScheduleBatch) throws(TraceError) {
        var time: UInt64 = 0
        for note in batch.steps {
            guard note.step == state.nextStep else {
                throw TraceError(
                    .operating,
                    "step \(note.step) was recorded where \(state.nextStep) was due: the "
                        + "recording cannot go on. Please report this")
            }
            columns.kind.append(byte: note.kind.rawValue)
            switch note.kind {
            case .input, .timer, .completion, .continue, .idle, .end, .failure:
                appendTurn(note, batch, time)
                time = UInt64(bitPattern: note.time)
                state.open.append(OpenTurn(step: note.step, subtask: note.subtask))
            case .access:
                columns.subtask.append(UInt64(note.subtask))
                columns.port.append(UInt64(note.port), after: memories[note.subtask].ports.1)
                memories[note.subtask].ports.1 = UInt64(note.port)
                try appendTurnReference(note, memories[note.subtask].turn)
            case .publish:
                try appendPublish(note, batch)
            case .rest:
                columns.time.append(UInt64(bitPattern: note.time), after: time)
                time = UInt64(bitPattern: note.time)
                columns.digest.append(fixed: note.digest)
                let markers = batch.words(of: note)
                columns.wordCount.append(UInt64(markers.count))
                for marker in markers { columns.word.append(marker) }
            case .void: break
            }
            state.nextStep += 1
        }
    }

    private mutating func appendTurn(
        _ note: StepNote, _ batch: ScheduleBatch, _ time: UInt64
    ) {
        let memory = memories[note.subtask]
        columns.subtask.append(UInt64(note.subtask))
        columns.port.append(UInt64(note.port), after: memory.ports.0)
        memories[note.subtask].ports.0 = UInt64(note.port)
        columns.count.append(UInt64(note.count), after: memory.counts.0)
        memories[note.subtask].counts.0 = UInt64(note.count)
        columns.time.append(UInt64(bitPattern: note.time), after: time)
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

    private mutating func appendPublish(
        _ note: StepNote, _ batch: ScheduleBatch
    ) throws(TraceError) {
        let memory = memories[note.subtask]
        columns.subtask.append(UInt64(note.subtask))
        columns.port.append(UInt64(note.port), after: memory.ports.2)
        columns.count.append(UInt64(note.count), after: memory.counts.1)
        memories[note.subtask].ports.2 = UInt64(note.port)
        memories[note.subtask].counts.1 = UInt64(note.count)
        try appendTurnReference(note, memory.turn)
        let runs = batch.words(of: note)
        columns.wordCount.append(UInt64(runs.count))
        for run in runs { columns.word.append(run) }
    }

    /// 0 for the subtask's last turn in the block, else how far back the turn lies.
    private mutating func appendTurnReference(_ note: StepNote, _ last: UInt64) throws(TraceError) {
        guard note.turn >= 1, note.turn < note.step else {
            throw TraceError(
                .operating,
                "step \(note.step) was recorded as part of turn \(note.turn). "
                    + "Please report this")
        }
        columns.turn.append(note.turn == last ? 0 : note.step - note.turn)
    }

    mutating func appendEnds(_ batch: ScheduleBatch) throws(TraceError) {
        var bits: UInt8 = 0
        var open = OpenTurns(state.open)
        for (index, note) in batch.ends.enumerated() {
            guard let (place, subtask) = open.close(step: note.step) else {
                throw TraceError(
                    .operating,
                    "the end of turn \(note.step) was recorded, which was not open. "
                        + "Please report this")
            }
            columns.end.append(UInt64(place))
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
            if index & 7 == 7 || index == batch.ends.count - 1 {
                columns.samplePresence.append(byte: bits)
                bits = 0
            }
        }
        state.open = open.remaining
    }
}

/// The open turns while ends are taken from among them.
///
/// A turn that ends is nearly always one of the oldest: closing it moves the few before it.
struct OpenTurns {
    private var turns: [OpenTurn]
    private var start = 0

    init(_ turns: [OpenTurn]) { self.turns = turns }

    var remaining: [OpenTurn] { Array(turns[start...]) }

    /// Takes out the turn that began at `step`; its place from the oldest on, or nil.
    mutating func close(step: UInt64) -> (place: Int, subtask: UInt16)? {
        var index = start
        while index < turns.count, turns[index].step < step { index += 1 }
        guard index < turns.count, turns[index].step == step else { return nil }
        let place = index - start
        return (place, remove(at: place).subtask)
    }

    /// Takes out the turn at a place; nil when there are not so many.
    mutating func close(place: Int) -> OpenTurn? {
        guard place >= 0, place < turns.count - start else { return nil }
        return remove(at: place)
    }

    private mutating func remove(at place: Int) -> OpenTurn {
        let turn = turns[start + place]
        var index = start + place
        while index > start {
            turns[index] = turns[index - 1]
            index -= 1
        }
        start += 1
        return turn
    }
}
