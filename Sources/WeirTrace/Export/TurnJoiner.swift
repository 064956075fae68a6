import WeirBase
package import WeirTelemetry

/// A step with the end of its turn, where that is known.
package struct JoinedStep: Equatable, Sendable {
    package var note: StepNote
    /// The call numbers of a completion or the runs of a publish.
    package var words: [UInt64]
    package var end: EndNote?
    /// Messages emitted per outlet.
    package var emitted: [UInt32] = []
    /// Microseconds since the run's start: an access's or a publish's is that of its turn.
    package var time: Int64
}

/// Joins steps with the ends of their turns, which come later; gives them in order of steps.
///
/// A turn without an end holds back what comes after it, up to a bound: then it is given without.
package struct TurnJoiner {
    /// Steps held back at most, about 10 MB.
    static let maximumHeld = 1 << 16

    private var held: [JoinedStep] = []
    private var start = 0
    private var times: [UInt16: Int64] = [:]

    package init() {}

    /// Takes a batch and gives what is complete to `body`.
    package mutating func add(
        _ batch: ScheduleBatch, _ body: (JoinedStep) throws -> Void
    ) throws {
        for note in batch.steps {
            var time = note.time
            switch note.kind {
            case .input, .timer, .completion, .continue, .idle, .end, .failure:
                times[note.subtask] = time
            case .access, .publish: time = times[note.subtask] ?? 0
            case .rest: break
            case .void: time = held.last?.time ?? 0
            }
            held.append(JoinedStep(note: note, words: Array(batch.words(of: note)), time: time))
        }
        for end in batch.ends {
            guard let place = place(of: end.step) else { continue }
            held[place].end = end
            held[place].emitted = Array(batch.emitted(of: end))
        }
        try give(all: false, body)
    }

    /// Gives what is left, ended or not.
    package mutating func finish(_ body: (JoinedStep) throws -> Void) throws {
        try give(all: true, body)
    }

    /// Steps have no gaps: a step's place follows from the first one's number.
    private func place(of step: UInt64) -> Int? {
        guard start < held.count, step >= held[start].note.step else { return nil }
        let offset = step - held[start].note.step
        guard offset < UInt64(held.count - start) else { return nil }
        return start + Int(offset)
    }

    private mutating func give(all: Bool, _ body: (JoinedStep) throws -> Void) throws {
        while start < held.count {
            let isWaiting = held[start].note.kind.beginsTurn && held[start].end == nil
            if isWaiting, !all, held.count - start <= Self.maximumHeld { break }
            try body(held[start])
            start += 1
        }
        // Moving what is left costs less than it saves once half of the room is free.
        if start * 2 >= held.count {
            held.removeFirst(start)
            start = 0
        }
    }
}
