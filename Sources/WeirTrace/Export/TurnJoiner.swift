package import WeirBase
package import WeirTelemetry

/// A step with the end of its turn, where that is known.
package struct JoinedStep: Equatable, Sendable {
    /// The step. Its ranges of words are those of its batch; use `words` instead.
    package var note: StepNote
    /// The call numbers of a completion, the runs of a publish, or the markers of a rest point.
    package var words: [UInt64]
    /// How the turn ended that began here; nil for other steps, and for a turn without an end.
    package var end: EndNote?
    /// The messages that the turn emitted, by outlet.
    package var emitted: [UInt32] = []
    /// When it was. An access and a publish have the time of their turn.
    package var time: RunTime
}

/// Joins steps with the ends of their turns, which come later, and gives them in order of steps.
///
/// The protocol is: `add` each batch of a schedule in order, and `finish` once at the end. A
/// turn without an end holds back everything behind it, up to a bound; then it is given without
/// its end. A value without a lock.
package struct TurnJoiner {
    /// Steps without gaps in their numbers. Those before `start` were given.
    private var held: [JoinedStep] = []
    /// The index in `held` of the first step that was not given.
    private var start = 0
    /// The step that is due behind those that were taken.
    private(set) var nextStep: Step = 1
    /// The time of each subtask's newest turn.
    private var times: [SubtaskIndex: RunTime] = [:]

    package init() {}

    /// Walks the steps that are held back: no gaps, and the first of them waits for its end.
    func checkInvariants() {
        precondition(start <= held.count, "\(start) of \(held.count) steps were given")
        let waiting = held[start...]
        for (earlier, later) in zip(waiting, waiting.dropFirst()) {
            precondition(
                earlier.note.step.next == later.note.step,
                "step \(later.note.step) is held behind \(earlier.note.step)")
        }
        precondition(
            waiting.last.map { $0.note.step.next == nextStep } ?? true,
            "step \(nextStep) is due behind \(waiting.last?.note.step ?? 0)")
        precondition(
            waiting.first.map { $0.note.kind.beginsTurn && $0.end == nil } ?? true,
            "step \(waiting.first?.note.step ?? 0) is held and waits for nothing")
        precondition(
            waiting.count <= TraceBounds.maximumHeldSteps, "\(waiting.count) steps are held")
    }

    /// Takes a batch and gives everything that is complete by it to `body`.
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
            // A void has no time of its own and takes that of the step before it.
            case .void: time = held.last?.time ?? 0
            }
            held.append(JoinedStep(note: note, words: Array(batch.words(of: note)), time: time))
            nextStep = note.step.later(by: 1)
        }
        for end in batch.ends {
            // A turn that was given without its end, or that began before this stretch.
            guard let index = index(of: end.step) else { continue }
            held[index].end = end
            held[index].emitted = Array(batch.emitted(of: end))
        }
        try give(all: false, body)
    }

    /// Gives what is left, ended or not.
    package mutating func finish(_ body: (JoinedStep) throws -> Void) throws {
        try give(all: true, body)
    }

    /// The index in `held` of a step. Steps have no gaps, so it follows from the first one's
    /// number.
    private func index(of step: Step) -> Int? {
        guard start < held.count, step >= held[start].note.step else { return nil }
        let offset = held[start].note.step.distance(to: step)
        guard offset < held.count - start else { return nil }
        return start + offset
    }

    /// Gives the steps from the oldest on, up to the first turn that still waits for its end.
    private mutating func give(all: Bool, _ body: (JoinedStep) throws -> Void) throws {
        while start < held.count {
            let isWaiting = held[start].note.kind.beginsTurn && held[start].end == nil
            if isWaiting, !all, held.count - start <= TraceBounds.maximumHeldSteps { break }
            try body(held[start])
            start += 1
        }
        assert(
            held.count - start <= (all ? 0 : TraceBounds.maximumHeldSteps),
            "\(held.count - start) steps are held back, more than a turn without end may hold")
        // Moving what is left costs less than it saves once half of the room is free.
        if start * 2 >= held.count {
            held.removeFirst(start)
            start = 0
        }
    }
}
