import WeirBase
import WeirTelemetry

/// Reads blocks of the schedule, one behind the other, and holds them against the chain.
///
/// No block makes it trap or allocate more than a bound. Owned by one thread.
final class ScheduleDecoder {
    private let zstd = Zstd()
    private(set) var state: ScheduleState?
    /// Stored bytes by column of the block read last.
    private(set) var storedBytes: [Int] = []
    private var columns: [ColumnReader] = []

    /// A decoder of a whole schedule, from step 1 on.
    init() { state = ScheduleState() }

    /// A decoder that begins with whichever block it is given first, and believes what that block
    /// says of the ones before it.
    init(startingAnywhere: Void) { state = nil }

    /// What a block says about itself before its columns are looked at.
    struct Head: Equatable {
        var steps: Int
        var ends: Int
        var state: ScheduleState
    }

    /// The first step of a block and what was open before it.
    static func head(_ reader: inout ByteReader) throws(MalformedBytes) -> Head {
        let version = try reader.byte()
        guard version == ScheduleCodec.version else {
            throw reader.failure("a schedule block of version \(version)")
        }
        var state = ScheduleState()
        state.nextStep = try reader.fixed()
        // Steps are 48 bits wide in a lane; the bound keeps every sum below from overflowing.
        guard state.nextStep >= 1, state.nextStep < 1 << 60 else {
            throw reader.failure("first step \(state.nextStep)")
        }
        let steps = try reader.varint(as: Int.self, atMost: ScheduleCodec.maximumEntries)
        let ends = try reader.varint(as: Int.self, atMost: ScheduleCodec.maximumEntries)
        let open = try reader.varint(as: Int.self, atMost: ScheduleCodec.maximumOpen)
        for _ in 0..<open {
            let back = try reader.varint()
            let subtask = try reader.varint(as: UInt16.self)
            guard back >= 1, back < state.nextStep else {
                throw reader.failure("an open turn outside the schedule")
            }
            let step = state.nextStep - back
            guard (state.open.last?.step ?? 0) < step else {
                throw reader.failure("open turns out of order")
            }
            state.open.append(OpenTurn(step: step, subtask: subtask))
        }
        state.chain = try reader.fixed()
        return Head(steps: steps, ends: ends, state: state)
    }

    /// The batch of a block.
    func decode(_ block: ArraySlice<UInt8>) throws(MalformedBytes) -> ScheduleBatch {
        var reader = ByteReader(block)
        let head = try Self.head(&reader)
        if let known = state {
            guard head.state.nextStep == known.nextStep else {
                throw reader.failure(
                    "step \(known.nextStep) is missing: the next block begins with "
                        + "\(head.state.nextStep)")
            }
            guard head.state == known else { throw Self.brokenChain(known.nextStep) }
        }
        let raw = try ColumnSet.read(
            ScheduleCodec.columnNames, from: &reader, zstd: zstd, stored: &storedBytes)
        let chainAfter = try reader.fixed(UInt64.self)
        guard reader.isAtEnd else { throw reader.failure("bytes behind a schedule block") }
        let chain = ScheduleEncoder.chain(
            head.state.chain, head.state.nextStep, head.steps, raw.map(\.allBytes))
        guard chain == chainAfter else { throw Self.brokenChain(head.state.nextStep) }
        columns = raw
        defer { columns = [] }
        var next = head.state
        next.chain = chain
        var batch = ScheduleBatch()
        var memories = SubtaskMemories()
        try readSteps(head.steps, &batch, &next, &memories)
        try readEnds(head.ends, &batch, &next, &memories)
        if let rest = batch.steps.last(where: { $0.kind == .rest }) { next.rest(at: rest.step) }
        guard next.open.count <= ScheduleCodec.maximumOpen else {
            throw reader.failure("\(next.open.count) turns are open at once")
        }
        for column in columns { try column.finish() }
        state = next
        return batch
    }

    private static func brokenChain(_ step: UInt64) -> MalformedBytes {
        MalformedBytes(offset: 0, reason: "the schedule's chain is broken at step \(step)")
    }

    private subscript(column: ScheduleCodec.Column) -> ColumnReader {
        @inline(__always) get { columns[column.rawValue] }
        @inline(__always) _modify { yield &columns[column.rawValue] }
    }

    private func readSteps(
        _ count: Int, _ batch: inout ScheduleBatch, _ state: inout ScheduleState,
        _ memories: inout SubtaskMemories
    ) throws(MalformedBytes) {
        // One byte a step at least: no claim reserves more than the column's size.
        guard self[.kind].count == count else {
            throw self[.kind].failure("\(self[.kind].count) kinds for \(count) steps")
        }
        batch.steps.reserveCapacity(count)
        var time: UInt64 = 0
        for _ in 0..<count {
            let raw = try self[.kind].byte()
            guard let kind = StepKind(rawValue: raw) else {
                throw self[.kind].failure("a step of kind \(raw)")
            }
            var note = StepNote(step: state.nextStep, kind: kind)
            switch kind {
            case .input, .timer, .completion, .continue, .idle, .end, .failure:
                try readTurn(&note, &batch, &memories)
                time = try self[.time].next(after: time)
                note.time = Int64(bitPattern: time)
                state.open.append(OpenTurn(step: note.step, subtask: note.subtask))
            case .access:
                note.subtask = try self[.subtask].next(as: UInt16.self)
                note.port = try self[.port].next(
                    after: memories[note.subtask].ports.1, as: UInt16.self)
                memories[note.subtask].ports.1 = UInt64(note.port)
                note.turn = try turnReference(note, memories[note.subtask].turn)
            case .publish:
                try readPublish(&note, &batch, &memories)
            case .rest:
                time = try self[.time].next(after: time)
                note.time = Int64(bitPattern: time)
                note.digest = try self[.digest].fixed()
            case .void: break
            }
            batch.steps.append(note)
            state.nextStep += 1
        }
    }

    private func readTurn(
        _ note: inout StepNote, _ batch: inout ScheduleBatch, _ memories: inout SubtaskMemories
    ) throws(MalformedBytes) {
        note.subtask = try self[.subtask].next(as: UInt16.self)
        let memory = memories[note.subtask]
        note.port = try self[.port].next(after: memory.ports.0, as: UInt16.self)
        note.count = try self[.count].next(after: memory.counts.0, as: UInt32.self)
        memories[note.subtask].ports.0 = UInt64(note.port)
        memories[note.subtask].counts.0 = UInt64(note.count)
        memories[note.subtask].turn = note.step
        guard note.kind == .completion else { return }
        let count = try self[.wordCount].next(as: Int.self)
        guard count <= self[.word].remaining else { throw self[.word].failure("ends early") }
        let start = batch.words.count
        var call = memory.call
        for _ in 0..<count {
            call = try self[.word].next(after: call)
            batch.words.append(call)
        }
        memories[note.subtask].call = call
        note.words = start..<batch.words.count
    }

    private func readPublish(
        _ note: inout StepNote, _ batch: inout ScheduleBatch, _ memories: inout SubtaskMemories
    ) throws(MalformedBytes) {
        note.subtask = try self[.subtask].next(as: UInt16.self)
        let memory = memories[note.subtask]
        note.port = try self[.port].next(after: memory.ports.2, as: UInt16.self)
        note.count = try self[.count].next(after: memory.counts.1, as: UInt32.self)
        memories[note.subtask].ports.2 = UInt64(note.port)
        memories[note.subtask].counts.1 = UInt64(note.count)
        note.turn = try turnReference(note, memory.turn)
        let count = try self[.wordCount].next(as: Int.self)
        guard count <= self[.word].remaining else { throw self[.word].failure("ends early") }
        let start = batch.words.count
        for _ in 0..<count { batch.words.append(try self[.word].next()) }
        note.words = start..<batch.words.count
    }

    private func turnReference(
        _ note: StepNote, _ last: UInt64
    ) throws(MalformedBytes) -> UInt64 {
        let back = try self[.turn].next()
        if back == 0 && last != 0 { return last }
        guard back >= 1, back < note.step else {
            throw self[.turn].failure("step \(note.step) belongs to no turn")
        }
        return note.step - back
    }

    private func readEnds(
        _ count: Int, _ batch: inout ScheduleBatch, _ state: inout ScheduleState,
        _ memories: inout SubtaskMemories
    ) throws(MalformedBytes) {
        guard self[.duration].count == count else {
            throw self[.duration].failure("\(self[.duration].count) durations for \(count) ends")
        }
        batch.ends.reserveCapacity(count)
        var open = OpenTurns(state.open)
        var bits: UInt8 = 0
        for index in 0..<count {
            let place = try self[.end].next(as: Int.self)
            guard let turn = open.close(place: place) else {
                throw self[.end].failure("the end of a turn that is not open")
            }
            let memory = memories[turn.subtask]
            let accesses = try self[.accesses].next(after: memory.accesses, as: UInt32.self)
            let outlets = try self[.emittedCount].next(after: memory.emittedCount, as: Int.self)
            guard outlets <= self[.emitted].remaining else {
                throw self[.emitted].failure("ends early")
            }
            memories[turn.subtask].accesses = UInt64(accesses)
            memories[turn.subtask].emittedCount = UInt64(outlets)
            let start = batch.emitted.count
            for outlet in 0..<outlets {
                let emitted = try self[.emitted].next(
                    after: memories[turn.subtask][outlet: outlet], as: UInt32.self)
                memories[turn.subtask][outlet: outlet] = UInt64(emitted)
                batch.emitted.append(emitted)
            }
            let code = try self[.duration].byte()
            guard let duration = DurationCode.duration(code) else {
                throw self[.duration].failure("code \(code)")
            }
            if index & 7 == 0 { bits = try self[.samplePresence].byte() }
            let sample = bits >> UInt8(index & 7) & 1 == 1 ? try self[.sample].fixed() : nil
            batch.ends.append(
                EndNote(
                    step: turn.step, accesses: accesses, duration: duration, sample: sample,
                    emitted: start..<batch.emitted.count))
        }
        state.open = open.remaining
    }
}
