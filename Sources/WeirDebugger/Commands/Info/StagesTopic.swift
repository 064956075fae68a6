import WeirBase
import WeirReplay

extension InfoTopic {
    /// `info stages`: what every subtask has done up to here.
    ///
    /// It answers which subtask is how far, and which of them is in the middle of a turn.
    static let stages = InfoTopic(
        "stages",
        help: [
            "stages       every subtask: turns, records, watermark, open turn"
        ],
        answer: { _, debugger, answer in debugger.infoStages(&answer) })
}

extension Debugger {
    /// Lists the subtasks with their totals, their watermark, and the turn they are in.
    fileprivate func infoStages(_ answer: inout Answer) {
        var table = TextTable(
            ["subtask", "turns", "in", "out", "watermark", "state"], numeric: [1, 2, 3])
        for subtask in run.subtasks {
            // A subtask is in a turn, or between two, or has seen the end of everything that
            // comes to it.
            let state =
                subtask.openTurn.map { "in the turn of step \($0)" }
                ?? (subtask.isDone ? "done" : "between turns")
            table.row([
                subtask.name, "\(subtask.turns)", "\(subtask.recordsIn)", "\(subtask.recordsOut)",
                // Before the first watermark there is nothing to show.
                subtask.watermarkText ?? "-", state,
            ])
        }
        for line in table.lines { answer.line(line) }
        answer.member(
            "stages",
            .list(
                run.subtasks.map { subtask in
                    .members([
                        "subtask": .text(subtask.name), "turns": .number(subtask.turns),
                        "in": .number(subtask.recordsIn), "out": .number(subtask.recordsOut),
                        // Members without a value are left out of the object.
                        "watermark": subtask.watermarkText.map { .text($0) },
                        "done": .flag(subtask.isDone),
                        "turn": subtask.openTurn.map { .number($0) },
                    ])
                }))
    }
}

extension SubtaskFacts {
    /// The watermark as RFC 3339; nil before the first one, and `end` behind the last.
    fileprivate var watermarkText: String? {
        switch watermark {
        case .distantPast: nil
        case .distantFuture: "end"
        default: watermark.rfc3339(digits: 3)
        }
    }
}
