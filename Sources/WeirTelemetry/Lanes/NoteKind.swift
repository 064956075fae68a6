package import WeirBase

/// The kinds of notes in a lane that are no steps. They share one space of numbers with
/// `StepKind`.
///
/// This file knows how each kind of note is packed into the three words of its first slot and
/// the further ones: the functions of `NoteLane` pack, those of `ScheduleBatch` unpack.
package enum LaneNote {
    /// The end of a turn; its number is the turn's step.
    package static let turnEnd: UInt8 = 32
    /// An input block; its number is the block's index.
    package static let inputBlock: UInt8 = 33
    /// A call's result; its number is the call's.
    package static let callResult: UInt8 = 34
}

extension NoteLane {
    /// Notes the beginning of a turn without further words. Takes one slot.
    @inline(__always)
    package func noteTurn(
        step: Step, kind: StepKind, subtask: SubtaskIndex, inlet: ChannelIndex, count: UInt32,
        time: RunTime
    ) {
        note(
            kind: kind.rawValue, number: step.rawValue,
            UInt64(subtask.rawValue) | UInt64(inlet.rawValue) << 16 | UInt64(count) << 32,
            UInt64(bitPattern: time.rawValue))
    }

    /// Notes the beginning of a completion turn with the numbers of the calls that it takes.
    ///
    /// The numbers, and not only how many: the order in which calls were answered is known
    /// from nowhere else (rule 13). Returns the slots taken.
    package func noteCompletion(step: Step, subtask: SubtaskIndex, calls: [UInt64], time: RunTime)
        -> Int
    {
        calls.withUnsafeBufferPointer { words in
            note(
                kind: StepKind.completion.rawValue, number: step.rawValue,
                UInt64(subtask.rawValue) | UInt64(calls.count) << 32,
                UInt64(bitPattern: time.rawValue),
                more: words)
        }
    }

    /// Notes an access to a shared cell; takes one slot. Called inside the cell's lock (rule
    /// 31).
    @inline(__always)
    package func noteAccess(step: Step, turn: Step, subtask: SubtaskIndex, cell: CellIndex) {
        note(
            kind: StepKind.access.rawValue, number: step.rawValue,
            UInt64(subtask.rawValue) | UInt64(cell.rawValue) << 16, turn.rawValue)
    }

    /// Notes a publish to an edge that may drop, with its runs packed eight to a word. Called
    /// inside the edge's lock (rule 7); returns the slots taken.
    package func notePublish(
        step: Step, turn: Step, subtask: SubtaskIndex, outlet: ChannelIndex, count: Int,
        runs: [UInt8]
    ) -> Int {
        var words = [UInt64](repeating: 0, count: 1 + (runs.count + 7) / 8)
        // The last word may be partly filled, so the count goes along.
        words[0] = UInt64(runs.count)
        for (index, run) in runs.enumerated() {
            words[1 + index / 8] |= UInt64(run) << (8 * UInt64(index % 8))
        }
        return words.withUnsafeBufferPointer { words in
            note(
                kind: StepKind.publish.rawValue, number: step.rawValue,
                UInt64(subtask.rawValue) | UInt64(outlet.rawValue) << 16 | UInt64(count) << 32,
                turn.rawValue,
                more: words)
        }
    }

    /// The slots that the note of a rest point with so many markers takes.
    package static func restSlots(markers: Int) -> Int {
        markers == 0 ? 1 : 1 + extraSlots(words: 1 + (markers + 3) / 4)
    }

    /// Notes a rest point with its markers, four to a word.
    package func noteRest(step: Step, time: RunTime, digest: UInt64, markers: [UInt16]) {
        guard !markers.isEmpty else {
            note(
                kind: StepKind.rest.rawValue, number: step.rawValue,
                UInt64(bitPattern: time.rawValue),
                digest)
            return
        }
        var words = [UInt64](repeating: 0, count: 1 + (markers.count + 3) / 4)
        words[0] = UInt64(markers.count)
        for (index, marker) in markers.enumerated() {
            words[1 + index / 4] |= UInt64(marker) << (16 * UInt64(index % 4))
        }
        words.withUnsafeBufferPointer { words in
            _ = note(
                kind: StepKind.rest.rawValue, number: step.rawValue,
                UInt64(bitPattern: time.rawValue),
                digest,
                more: words)
        }
    }

    /// The maximum number of slots that the end note of a turn with so many outlets takes.
    @inline(__always)
    package static func endSlots(outlets: Int) -> Int {
        // One word for the sample. The first outlet's count is in the first slot, the others
        // come two to a word.
        1 + extraSlots(words: 1 + outlets / 2)
    }

    /// Notes the end of a turn; returns how many slots it took.
    ///
    /// The usual turn has one outlet and no sample, and takes a single slot without
    /// allocating anything.
    @inline(__always)
    package func noteEnd(
        step: Step, accesses: UInt32, duration: UInt32, sample: UInt64?,
        emitted: UnsafeBufferPointer<UInt32>
    ) -> Int {
        let second = UInt64(duration) | UInt64(accesses) << 32
        var third = UInt64(UInt16(truncatingIfNeeded: emitted.count))
        if !emitted.isEmpty { third |= UInt64(emitted[0]) << 32 }
        if sample == nil && emitted.count <= 1 {
            note(kind: LaneNote.turnEnd, number: step.rawValue, second, third)
            return 1
        }
        return withUnsafeTemporaryAllocation(
            of: UInt64.self, capacity: 2 + emitted.count / 2
        ) { words in
            var count = 0
            if let sample {
                // This bit says that the first further word is the sample.
                third |= 1 << 16
                words[0] = sample
                count = 1
            }
            var index = 1
            while index < emitted.count {
                let upper = index + 1 < emitted.count ? UInt64(emitted[index + 1]) : 0
                words[count] = UInt64(emitted[index]) | upper << 32
                count += 1
                index += 2
            }
            return note(
                kind: LaneNote.turnEnd, number: step.rawValue, second, third,
                more: UnsafeBufferPointer(rebasing: words[0..<count]))
        }
    }
}

extension ScheduleBatch {
    /// Adds a step's note as it is in a lane, and gives its kind; nil when the note is no
    /// step.
    ///
    /// The note may come from a file that somebody altered, so every count is held against
    /// the words that there are.
    package mutating func append(step note: RawNote) -> StepKind? {
        guard let kind = StepKind(rawValue: note.kind) else { return nil }
        var step = StepNote(step: note.step, kind: kind)
        switch kind {
        case .input, .timer, .continue, .idle, .end, .failure, .completion:
            step.subtask = SubtaskIndex(UInt16(truncatingIfNeeded: note.second))
            step.port = UInt16(truncatingIfNeeded: note.second >> 16)
            step.count = UInt32(truncatingIfNeeded: note.second >> 32)
            step.time = RunTime(Int64(bitPattern: note.third))
            if kind == .completion {
                let start = words.count
                words.append(contentsOf: note.more.prefix(Int(step.count)))
                step.words = start..<words.count
            }
        case .access:
            step.subtask = SubtaskIndex(UInt16(truncatingIfNeeded: note.second))
            step.port = UInt16(truncatingIfNeeded: note.second >> 16)
            step.turn = Step(note.third)
        case .publish:
            step.subtask = SubtaskIndex(UInt16(truncatingIfNeeded: note.second))
            step.port = UInt16(truncatingIfNeeded: note.second >> 16)
            step.count = UInt32(truncatingIfNeeded: note.second >> 32)
            step.turn = Step(note.third)
            let start = words.count
            let runs = Int(min(note.more.first ?? 0, UInt64(max(0, note.more.count - 1)) * 8))
            for index in 0..<runs {
                words.append(note.more[1 + index / 8] >> (8 * UInt64(index % 8)) & 0xFF)
            }
            step.words = start..<words.count
        case .rest:
            step.time = RunTime(Int64(bitPattern: note.second))
            step.digest = note.third
            let start = words.count
            let markers = Int(min(note.more.first ?? 0, UInt64(max(0, note.more.count - 1)) * 4))
            for index in 0..<markers {
                words.append(note.more[1 + index / 4] >> (16 * UInt64(index % 4)) & 0xFFFF)
            }
            step.words = start..<words.count
        case .void:
            break
        }
        steps.append(step)
        return kind
    }

    /// Adds the end of a turn as it is in a lane.
    package mutating func append(end note: RawNote) {
        let count = Int(note.third & 0xFFFF)
        var words = note.more[...]
        let sample = note.third >> 16 & 1 == 1 ? words.popFirst() : nil
        let start = emitted.count
        if count > 0 { emitted.append(UInt32(truncatingIfNeeded: note.third >> 32)) }
        var index = 1
        while index < count, let word = words.popFirst() {
            emitted.append(UInt32(truncatingIfNeeded: word))
            if index + 1 < count { emitted.append(UInt32(truncatingIfNeeded: word >> 32)) }
            index += 2
        }
        ends.append(
            EndNote(
                step: note.step, accesses: UInt32(truncatingIfNeeded: note.second >> 32),
                duration: UInt32(truncatingIfNeeded: note.second), sample: sample,
                emitted: start..<emitted.count))
    }
}
