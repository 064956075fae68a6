package import WeirBase

import WeirTelemetry
import WeirTrace

/// What the recorded schedule says of any step, wherever the playhead is. Nothing is run for it:
/// the notes are read by pages.
extension ReplaySession {
    /// What a step was; nil when the trace has none of that number.
    package func facts(of step: Step) throws -> StepFacts? {
        // A trace that is still recorded may have grown: the session ends where the trace ended
        // when it was opened.
        guard step > 0, step <= lastStep, let page = try plan.pages.page(holding: step),
            let note = page.note(step)
        else { return nil }
        return try facts(note, in: page)
    }

    /// A note's facts. An access does not say at which time it was: its turn's beginning does,
    /// which is often in the same page.
    private func facts(_ note: StepNote, in page: SchedulePages.Page) throws -> StepFacts {
        assert(
            page.first <= note.step && note.step <= page.last,
            "step \(note.step) is in a page from \(page.first) to \(page.last)")
        var facts = StepFacts(
            step: note.step, kind: note.kind, subtask: note.subtask, turn: 0, port: note.port,
            count: note.count, time: note.time)
        switch note.kind {
        case .access, .publish:
            facts.turn = note.turn
            // A turn that waited long for a cell began some pages before.
            let begun = try page.note(note.turn) ?? plan.pages.note(note.turn)
            facts.time = begun?.time ?? 0
        case .rest, .void: break
        case .input, .timer, .completion, .continue, .idle, .end, .failure:
            facts.turn = note.step
        }
        return facts
    }

    /// The first step behind `after`, at most `through`, that `matches`. Nothing is run.
    package func firstStep(
        after: Step, through: Step = .max, where matches: (StepFacts) throws -> Bool
    ) throws -> Step? {
        var next = after.next
        let end = min(through, lastStep)
        // Page by page: within one a note is found by its index.
        while next <= end, let page = try plan.pages.page(holding: next) {
            while next <= min(end, page.last) {
                if let note = page.note(next), try matches(try facts(note, in: page)) {
                    return next
                }
                next = next.next
            }
        }
        return nil
    }

    /// The last step before `before`, at least `from`, that `matches`. Nothing is run.
    package func lastStep(
        before: Step, from: Step = 1, where matches: (StepFacts) throws -> Bool
    ) throws -> Step? {
        // Steps count from 1, and the numbers have no sign: nothing lies before the first.
        guard before > 1 else { return nil }
        var next = min(before.previous, lastStep)
        let end = max(1, from)
        while next >= end, let page = try plan.pages.page(holding: next) {
            while next >= max(end, page.first) {
                if let note = page.note(next), try matches(try facts(note, in: page)) {
                    return next
                }
                next = next.previous
            }
        }
        return nil
    }
}
