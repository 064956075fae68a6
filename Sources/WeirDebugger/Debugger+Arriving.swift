import WeirBase
import WeirReplay
import WeirTelemetry

/// What is said of the position that a movement came to.
extension Debugger {
    /// Says where the run is now: the step in words, the notes of the movement, the incidents
    /// found at this step, and the bookmarks that name it.
    func arrive(_ answer: inout Answer, _ notes: [String]) throws {
        let (position, last) = (run.position, run.lastStep)
        answer.member("step", .number(position))
        answer.member("last_step", .number(last))
        if !notes.isEmpty { answer.member("note", .text(notes.joined(separator: "; "))) }
        var line = "step \(position) of \(last)"
        // The facts come from the recorded schedule, so that saying them runs nothing.
        if let facts = try run.facts(of: position) {
            let words = StepText(run)
            line += ": \(words.what(facts))"
            describe(facts, words, &answer)
        } else if position == 0 {
            line += ": before the first step"
        }
        answer.line(line)
        for note in notes { answer.line("  \(note)") }
        // Nothing can be run behind this step, so the failure itself cannot be shown.
        if position == last, run.diedInTurns {
            answer.line("  the run died behind this step, in the middle of a turn")
        }
        // Both at the turn in which it was found, and at the access that led to it.
        let incidents = run.incidents.filter { $0.step == position || $0.lookStep == position }
        for group in IncidentGroup.groups(of: incidents) { answer.line("  \(group.text)") }
        if !incidents.isEmpty {
            answer.member("marks", .list(incidents.map(\.answerValue)))
        }
        // A step may have several names.
        for bookmark in bookmarks.all where bookmark.step == position {
            answer.line("  marked as \(PrintableText.escaped(bookmark.name))")
        }
    }

    /// Adds the members of an answer that say what a step was. Those that a step has not are
    /// left out.
    func describe(_ facts: StepFacts, _ words: StepText, _ answer: inout Answer) {
        answer.member("kind", .text(facts.kind.name))
        answer.member("what", .text(words.what(facts)))
        answer.member("subtask", words.subtask(facts).map { .text($0) })
        // A rest point belongs to no turn.
        if facts.turn > 0 { answer.member("turn", .number(facts.turn)) }
        answer.member("channel", (words.inlet(facts) ?? words.outlet(facts)).map { .text($0) })
        answer.member("cell", words.cell(facts).map { .text($0) })
        if facts.count > 0 { answer.member("count", .number(facts.count)) }
        if facts.kind != .void { answer.member("elapsed_us", .number(facts.time)) }
    }
}
