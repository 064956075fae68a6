import WeirBase
import WeirReplay

extension DebuggerCommand {
    static let when = DebuggerCommand(
        .looking, "when", short: ["w"],
        Help("when", "say where this is: step, time, turn, subtask"),
        obey: { debugger in try debugger.when() })
}

extension Debugger {
    fileprivate func when() throws -> Answer {
        var answer = Answer("when")
        let (position, last) = (run.position, run.lastStep)
        let elapsed = try time(of: position)
        let clock = (started + .microseconds(elapsed)).rfc3339(digits: 6)
        try arrive(&answer, [])
        let percent = last == 0 ? 100 : Int(Double(position) * 100 / Double(last))
        answer.line(
            "  \(ElapsedText.text(elapsed)) after the start, \(clock), \(percent)% of the trace")
        answer.member("timestamp", .text((started + .microseconds(elapsed)).rfc3339()))
        addOpenTurns(to: &answer)
        return answer
    }

    private func addOpenTurns(to answer: inout Answer) {
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
