import WeirBase
import WeirReplay

extension DebuggerCommand {
    /// `when`: says where the run is: step, time, turn and subtask.
    ///
    /// It is also what a person types to see the present step again, so it costs next to
    /// nothing: the facts are those of the recorded schedule.
    static let when = DebuggerCommand(
        .looking, "when", short: ["w"],
        Help("when", "say where this is: step, time, turn, subtask"),
        obey: { debugger in try debugger.when() })
}

extension Debugger {
    /// Says what a movement to here would say, and the time of the step on both clocks.
    fileprivate func when() throws -> Answer {
        var answer = Answer("when")
        let (position, last) = (run.position, run.lastStep)
        // A rest point and an access have times too, but a void has none: then it is that of
        // the step before.
        let elapsed = try time(of: position)
        let clock = elapsed.instant(after: started).rfc3339(digits: 6)
        // The same words as behind a movement, so that nobody has to learn two.
        try arrive(&answer, [])
        // A run without any step is at its end.
        let percent = last == 0 ? 100 : Int(Double(position.count) * 100 / Double(last.count))
        answer.line(
            "  \(ElapsedText.text(elapsed)) after the start, \(clock), \(percent)% of the trace")
        answer.member("timestamp", .text(elapsed.instant(after: started).rfc3339()))
        addOpenTurns(to: &answer)
        return answer
    }

    /// Says which subtasks are in the middle of a turn, if any are.
    private func addOpenTurns(to answer: inout Answer) {
        // Turns that began before this step and end behind it.
        let open = run.subtasks.filter { $0.openTurn != nil }
        for subtask in open {
            answer.line(
                "  \(PrintableText.escaped(subtask.name)) is in the middle of the turn of step "
                    + "\(subtask.openTurn ?? 0)")
        }
        guard !open.isEmpty else { return }
        answer.member(
            "open",
            .list(
                open.map {
                    .members([
                        "subtask": .text($0.name), "turn": $0.openTurn.map { .number($0) },
                    ])
                }))
    }
}
