import WeirBase
import WeirTelemetry

/// What the lanes of a dead run hold beyond its trace file.
struct RecoveredTail: Sendable {
    /// Steps behind the file's last one, voids among them, and ends that the file does not
    /// have.
    var schedule = ScheduleBatch()
    /// Blocks behind the file's, source by source.
    var inputs: [InputBlock] = []
    /// Results of calls that the file does not have.
    var results: [CallResult] = []
    /// Turns that had begun and not ended.
    var inFlight: [TurnInFlight] = []
    /// How many of the steps are voids: numbers that were taken and never noted.
    var voids = 0
}

extension Trace {
    /// Looks at the lanes beside a trace without an end, and merges what they hold behind the
    /// file. Trouble with the lanes is never thrown: the file is a trace without them too.
    static func recover(
        _ store: TraceStore, _ header: RunHeader
    ) throws(TraceError) -> (Recovery, RecoveredTail) {
        let path = MappedLanes.path(beside: store.file.path)
        let found: MappedLanes.Found
        do throws(TraceError) {
            found = try MappedLanes.find(path: path)
        } catch {
            // Trouble with the lanes is no damage of the trace.
            return (.lanesUnusable(error.description), RecoveredTail())
        }
        switch found {
        case .missing: return (.lanesMissing, RecoveredTail())
        case .recording: return (.recording, RecoveredTail())
        case .left(let mapped):
            guard mapped.run == header.run else {
                return (
                    .lanesUnusable("\(path) belongs to another run"), RecoveredTail()
                )
            }
            var merge = LaneMerge(lanes: mapped.lanes, header: header)
            merge.collect()
            merge.mergeSteps(behind: try lastState(store))
            try merge.mergeInputs { source throws(TraceError) in
                try LaneMerge.blockCount(of: source, in: store)
            }
            try merge.mergeResults { wanted throws(TraceError) in
                try LaneMerge.held(wanted, in: store)
            }
            // The lanes live in the mapping, which goes with the last use of `mapped`.
            let tail = withExtendedLifetime(mapped) { merge.tail }
            return (
                .lanes(
                    steps: tail.schedule.steps.count, ends: tail.schedule.ends.count,
                    voids: tail.voids),
                tail
            )
        }
    }

    /// The state of the schedule before its last block in the file.
    static func stateBeforeLastBlock(_ store: TraceStore) throws(TraceError) -> ScheduleState {
        guard let channel = store.channel(.schedule),
            let (chunkIndex, _) = store.chunk(before: .max, holding: channel)
        else { return ScheduleState() }
        var cursor = MessageCursor(store, .schedule, from: chunkIndex)
        var state = ScheduleState()
        while let block = try cursor.message() {
            state = try cursor.located { () throws(MalformedBytes) in
                var reader = ByteReader(block)
                return try ScheduleDecoder.head(&reader).state
            }
        }
        return state
    }

    /// The schedule's state at the end of the file, from its last block alone.
    static func lastState(_ store: TraceStore) throws(TraceError) -> ScheduleState {
        guard let channel = store.channel(.schedule),
            let (chunkIndex, _) = store.chunk(before: .max, holding: channel)
        else { return ScheduleState() }
        var cursor = MessageCursor(store, .schedule, from: chunkIndex)
        let decoder = ScheduleDecoder(startingAnywhere: ())
        while let block = try cursor.message() {
            _ = try cursor.located { () throws(MalformedBytes) in try decoder.decode(block) }
        }
        return decoder.state ?? ScheduleState()
    }
}

/// Counts the turns without an end while steps are merged: a schedule can say only so many.
private struct UnendedTurns {
    private let ended: Set<Step>
    private var count: Int

    init(_ state: ScheduleState, _ ends: [EndNote]) {
        let ended = Set(ends.map(\.step))
        self.ended = ended
        count = state.open.count { !ended.contains($0.step) }
    }

    /// Whether the schedule can go on with a step.
    mutating func admits(_ note: StepNote) -> Bool {
        // At a rest point no turn is open.
        if note.kind == .rest { count = 0 }
        guard note.kind.beginsTurn, !ended.contains(note.step) else { return true }
        count += 1
        return count <= ScheduleCodec.maximumOpen
    }
}

/// Merges the lanes that a dead run left behind its trace (rules 22 to 25 of the protocol).
///
/// The protocol is: `collect` once; then `mergeSteps`, `mergeInputs` and `mergeResults`, each
/// with what the file holds already; then `tail` is the answer. The lanes may still hold
/// notes that the file has too, because a lane is given back only after its chunk was
/// written.
///
/// The notes come from a file that anybody may have written: whatever cannot be ends the
/// merge there, and what stands before it is kept. Used by one thread.
struct LaneMerge {
    let lanes: LaneSet
    let header: RunHeader
    private(set) var tail = RecoveredTail()
    /// All steps and ends of the lanes, in no order between lanes.
    private var found = ScheduleBatch()

    init(lanes: LaneSet, header: RunHeader) {
        self.lanes = lanes
        self.header = header
    }

    /// Takes all notes out of the lanes, among them those that the file has already.
    mutating func collect() {
        precondition(
            found.isEmpty && tail.inputs.isEmpty && tail.results.isEmpty,
            "the lanes would be collected twice, behind \(found.steps.count) steps of theirs")
        lanes.rewindToTails()
        for lane in [lanes.rest] + lanes.workers {
            while let note = lane.peek() {
                if note.kind == LaneNote.turnEnd {
                    found.append(end: note)
                } else if found.append(step: note) == nil {
                    // No worker wrote what is neither an end nor a step. Nothing behind it is
                    // believed.
                    break
                }
                lane.advance(past: note)
            }
        }
        // What waits in a lane lies in its ring all at once. More bytes than the ring has would be
        // the same ones again and again.
        for lane in lanes.readers {
            var room = lane.dataCapacity
            while let note = lane.notes.peek(), let block = lane.input(of: note) {
                room -= block.bytes?.count ?? 0
                if room < 0 { break }
                tail.inputs.append(block)
                lane.notes.advance(past: note)
            }
        }
        for lane in lanes.executors {
            var room = lane.dataCapacity
            while let note = lane.notes.peek(), let result = lane.result(of: note) {
                room -= result.bytes.count
                if room < 0 { break }
                tail.results.append(result)
                lane.notes.advance(past: note)
            }
        }
    }

    /// Puts the steps behind the file's last one in order.
    ///
    /// A number without a note did nothing and becomes a void (rule 24). Each thread that
    /// takes numbers, the workers and the one of rest points, leaves at most one. Behind more
    /// nothing is believed.
    mutating func mergeSteps(behind state: ScheduleState) {
        precondition(
            tail.schedule.isEmpty,
            "the steps would be merged twice, behind \(tail.schedule.steps.count) of theirs")
        assert(state.isInOrder, "turns are open out of order before step \(state.nextStep)")
        var expected = state.nextStep
        var voidsLeft = lanes.workers.count + 1
        var open = state.open
        var unended = UnendedTurns(state, found.ends)
        for var note in found.steps.sorted(by: { $0.step < $1.step }) where note.step >= expected {
            guard expected.distance(to: note.step) <= voidsLeft, isPlausible(note),
                unended.admits(note)
            else { break }
            while expected < note.step {
                tail.schedule.steps.append(StepNote(step: expected, kind: .void))
                tail.voids += 1
                voidsLeft -= 1
                expected = expected.next
            }
            assert(voidsLeft >= 0, "step \(note.step) is believed behind too many missing ones")
            let words = found.words[note.words]
            // A note's words are a range of its batch, and it changes batches here.
            note.words = tail.schedule.words.count..<tail.schedule.words.count + words.count
            tail.schedule.words.append(contentsOf: words)
            tail.schedule.steps.append(note)
            if note.kind.beginsTurn {
                open.append(OpenTurn(step: note.step, subtask: note.subtask))
            }
            expected = expected.next
        }
        // A replay counts the steps and does not look at their numbers.
        assert(
            state.nextStep.distance(to: expected) == tail.schedule.steps.count,
            "\(tail.schedule.steps.count) steps go from \(state.nextStep) to before \(expected)")
        mergeEnds(&open)
        findTurnsInFlight(open)
    }

    /// Whether a step can be part of this run: its subtask exists, and its turn began before it.
    private func isPlausible(_ note: StepNote) -> Bool {
        switch note.kind {
        case .rest, .void: return true
        case .access, .publish:
            if note.turn < 1 || note.turn >= note.step { return false }
        case .input, .timer, .completion, .continue, .idle, .end, .failure: break
        }
        return header.subtasks.isEmpty || note.subtask.isWithin(header.subtasks)
    }

    /// Adds the ends of open turns, and leaves those without one in `open`.
    private mutating func mergeEnds(_ open: inout [OpenTurn]) {
        var turns = OpenTurns(open)
        for var note in found.ends.sorted(by: { $0.step < $1.step }) {
            // An end that the file holds already, or whose beginning was not believed.
            guard turns.close(step: note.step) != nil else { continue }
            let emitted = found.emitted[note.emitted]
            let start = tail.schedule.emitted.count
            note.emitted = start..<start + emitted.count
            tail.schedule.emitted.append(contentsOf: emitted)
            tail.schedule.ends.append(note)
        }
        // No end is taken without its turn: a forged one would close what never began.
        assert(
            turns.remaining.count + tail.schedule.ends.count == open.count,
            "\(tail.schedule.ends.count) ends left \(turns.remaining.count) of \(open.count) turns")
        open = turns.remaining
    }

    /// Finds which open turns were truly in flight (rule 25): those that are their subtask's
    /// last, as it has one turn at a time, and are not followed by a rest point, at which no
    /// turn is open.
    private mutating func findTurnsInFlight(_ open: [OpenTurn]) {
        let steps = tail.schedule.steps
        let rest = steps.last { $0.kind == .rest }?.step ?? 0
        var last: [SubtaskIndex: Step] = [:]
        for turn in open { last[turn.subtask] = turn.step }
        for note in steps where note.kind.beginsTurn { last[note.subtask] = note.step }
        tail.inFlight = open.compactMap { turn in
            guard turn.step > rest, last[turn.subtask] == turn.step else { return nil }
            return TurnInFlight(step: turn.step, subtask: turn.subtask)
        }
        assert(
            Set(tail.inFlight.map(\.subtask)).count == tail.inFlight.count,
            "of \(tail.inFlight.count) turns in flight two are of one subtask")
    }

    /// Keeps the blocks behind the `count` of blocks that the file holds of their source.
    mutating func mergeInputs(
        behind count: (UInt16) throws(TraceError) -> UInt64
    ) throws(TraceError) {
        // In the order of sources and not of hashes, so that recovery always gives the same
        // bytes.
        let candidates = Dictionary(grouping: tail.inputs, by: \.source)
        tail.inputs = []
        for (source, blocks) in candidates.sorted(by: { $0.key < $1.key }) {
            guard header.sources.isEmpty || Int(source) < header.sources.count else { continue }
            var next = try count(source)
            for block in blocks where block.index == next {
                tail.inputs.append(block)
                next += 1
            }
        }
    }

    /// How many blocks of a source the file holds: walks back from the end to its last
    /// message.
    fileprivate static func blockCount(
        of source: UInt16, in store: TraceStore
    ) throws(TraceError) -> UInt64 {
        guard let channel = store.channel(.input) else { return 0 }
        let zstd = Zstd()
        var chunkIndex = Int.max
        while let (found, entry) = store.chunk(before: chunkIndex, holding: channel) {
            assert(found < chunkIndex, "the walk to the file's beginning stays at chunk \(found)")
            chunkIndex = found
            let chunk = try McapChunk(entry, of: store.file, zstd: zstd)
            for message in chunk.messages.reversed() where message.channel == channel {
                do throws(MalformedBytes) {
                    let data = chunk.data(of: message)
                    guard try InputCodec.source(of: data) == source else { continue }
                    if let last = try InputCodec.decode(data).last { return last.index + 1 }
                } catch {
                    throw .damaged(chunk.offset, error.reason)
                }
            }
        }
        return 0
    }

    /// Names a call of a run: calls are numbered for each subtask.
    struct CallKey: Hashable {
        var subtask: SubtaskIndex
        var call: UInt64

        init(_ result: CallResult) {
            subtask = result.subtask
            call = result.call
        }
    }

    /// The calls whose results are in the lanes.
    var calls: Set<CallKey> { Set(tail.results.map { CallKey($0) }) }

    /// Keeps the results that the file does not hold yet; `held` tells which of some calls it
    /// holds.
    mutating func mergeResults(
        behind held: (Set<CallKey>) throws(TraceError) -> Set<CallKey>
    ) throws(TraceError) {
        if tail.results.isEmpty { return }
        var doubles = try held(calls)
        // The set also refuses a result that is in the lanes twice.
        tail.results.removeAll { !doubles.insert(CallKey($0)).inserted }
        assert(
            calls.count == tail.results.count,
            "\(tail.results.count) results were kept of \(calls.count) calls")
    }

    /// Which of these calls have their results in the file. Reads all of them.
    fileprivate static func held(
        _ wanted: Set<CallKey>, in store: TraceStore
    ) throws(TraceError) -> Set<CallKey> {
        var held: Set<CallKey> = []
        var cursor = MessageCursor(store, .journal)
        while let message = try cursor.message() {
            let results = try cursor.located { () throws(MalformedBytes) in
                try InputCodec.decodeResults(message)
            }
            held.formUnion(results.map { CallKey($0) }.filter(wanted.contains))
        }
        return held
    }
}
