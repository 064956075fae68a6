import WeirBase
import WeirReplay

extension InfoTopic {
    static let stages = InfoTopic(
        "stages",
        help: [
            "stages       every subtask: turns, records, watermark, open turn"
        ],
        answer: { _, debugger, answer in debugger.infoStages(&answer) })
}

extension Debugger {
    fileprivate func infoStages(_ answer: inout Answer) {
        var table = TextTable(
            ["subtask", "turns", "in", "out", "watermark", "state"], numeric: [1, 2, 3])
        for subtask in run.subtasks {
            let state =
                subtask.openTurn.map { "in the turn of step \($0)" }
                ?? (subtask.isDone ? "done" : "between turns")
            table.row([
                subtask.name, "\(subtask.turns)", "\(subtask.recordsIn)", "\(subtask.recordsOut)",
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
                        "watermark": subtask.watermarkText.map { .text($0) },
                        "done": .flag(subtask.isDone),
                        "turn": subtask.openTurn.map { .number($0) },
                    ])
                }))
    }
}

extension SubtaskFacts {
    /// RFC 3339; nil before the first watermark, `end` after the last.
    fileprivate var watermarkText: String? {
        switch watermark {
        case .distantPast: nil
        case .distantFuture: "end"
        default: watermark.rfc3339(digits: 3)
        }
    }
}
