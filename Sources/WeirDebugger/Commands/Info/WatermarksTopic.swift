import WeirBase
import WeirReplay

extension InfoTopic {
    /// `info watermarks [STAGE]`: how far event time has come, and which input holds it back.
    ///
    /// It answers why a window is still open, and why an element was late. A subtask's
    /// watermark is the least of its active inputs'. The input that is at this watermark
    /// holds the subtask back, and is named.
    static let watermarks = InfoTopic(
        "watermarks",
        help: [
            "watermarks [S]  how far event time has come, and which input holds it back;",
            "             with a stage, or a subtask, each of its inputs",
        ], takesStage: true,
        answer: { stage, debugger, answer in try debugger.infoWatermarks(stage, &answer) })
}

/// How far event time has come here, and what holds it back: why a window is open, why an element
/// was late.
extension Debugger {
    /// Lists all subtasks in a line each, or those of a stage, or one, with each of their
    /// inputs.
    fileprivate func infoWatermarks(_ name: String?, _ answer: inout Answer) throws {
        var facts = run.watermarks
        if let name {
            // A stage stands for all of its subtasks.
            facts = facts.filter { $0.subtask == name || $0.subtask.hasPrefix("\(name)/") }
            guard !facts.isEmpty else { throw unknownStage(name, at: nil) }
        }
        // Those behind the bound are told by their number.
        let omitted = max(0, facts.count - DebuggerBounds.maximumListedSubtasks)
        facts.removeLast(omitted)
        let lines = name == nil ? Self.overview(facts) : facts.flatMap { Self.inputs($0) }
        for line in lines { answer.line(line) }
        if omitted > 0 { answer.line("  and \(omitted) more: 'info watermarks STAGE'") }
        answer.member("watermarks", .list(facts.map { Self.value($0) }))
        answer.member("omitted", .number(omitted))
    }

    /// One line for each subtask: its watermark, and what holds it back.
    private static func overview(_ facts: [WatermarkFacts]) -> [String] {
        var table = TextTable(["subtask", "watermark", "held back by"], numeric: [])
        for subtask in facts {
            table.row([subtask.subtask, text(subtask.watermark), reason(subtask)])
        }
        return table.lines
    }

    /// Why a subtask's watermark is where it is.
    private static func reason(_ subtask: WatermarkFacts) -> String {
        // The end of time is held back by nothing.
        if subtask.watermark == .distantFuture { return "-" }
        if subtask.inputs.isEmpty { return "the times of its own input" }
        guard let holder = subtask.holder else {
            // Idle inputs hold nothing back, and ended ones neither. Then the watermark stays
            // where it is.
            let isOver = subtask.inputs.allSatisfy { $0.state == .ended }
            return isOver ? "-" : "nothing: every input is idle or ended"
        }
        // An idle input is told, as it may be the one that somebody looks for.
        let others = subtask.inputs.filter { $0.state == .idle }.count
        return holder.channel
            // The holder has sent a newer watermark, which waits behind elements.
            + (holder.sent > holder.watermark ? ", \(behind(holder))" : "")
            + (others > 0 ? " (\(others) idle)" : "")
    }

    /// Says that an input's newer watermark waits in the queue behind messages.
    private static func behind(_ input: WatermarkFacts.Input) -> String {
        "\(text(input.sent)) is behind \(input.depth) messages that wait"
    }

    /// A subtask's inputs, a line each, with an arrow at the one that holds its watermark
    /// back.
    private static func inputs(_ subtask: WatermarkFacts) -> [String] {
        var lines = ["\(PrintableText.escaped(subtask.subtask)) is at \(text(subtask.watermark))"]
        if subtask.inputs.isEmpty { lines.append("  by the times of its own input") }
        let holder = subtask.holder
        for input in subtask.inputs {
            var line = "  \(PrintableText.escaped(input.channel)) "
            switch input.state {
            case .ended: line += "has ended"
            case .idle: line += "is idle and holds nothing back; it was at \(text(input.watermark))"
            case .active: line += "is at \(text(input.watermark))"
            }
            if input.state == .active, input.sent > input.watermark { line += "; \(behind(input))" }
            // The arrow that a reader looks for.
            if input == holder, subtask.watermark != .distantFuture { line += "  <- holds it back" }
            lines.append(line)
        }
        return lines
    }

    /// A watermark as RFC 3339, or in words at the two ends of time.
    private static func text(_ watermark: Instant) -> String {
        switch watermark {
        case .distantPast: "before any time"
        case .distantFuture: "the end"
        default: watermark.rfc3339(digits: 3)
        }
    }

    /// A subtask's watermarks for programs.
    private static func value(_ subtask: WatermarkFacts) -> AnswerValue {
        .members([
            "subtask": .text(subtask.subtask), "watermark": .text(text(subtask.watermark)),
            "holder": subtask.holder.map { .text($0.channel) },
            "inputs": .list(
                subtask.inputs.map {
                    .members([
                        "channel": .text($0.channel), "watermark": .text(text($0.watermark)),
                        "state": .text($0.state.rawValue), "sent": .text(text($0.sent)),
                        "depth": .number($0.depth),
                    ])
                }),
        ])
    }
}
