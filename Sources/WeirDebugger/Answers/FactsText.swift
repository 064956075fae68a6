import WeirBase
import WeirReplay
import WeirTelemetry

// Facts of a replayed execution, as several commands show them: as a line, and for programs.

extension StateValue {
    /// `reserve[17] = Stock(onHand: 3)`, safe to show.
    func line(limit: Int) -> String {
        let name = PrintableText.escaped(name)
        let asOf = asOfTurn.map { " (as at the beginning of the turn of step \($0))" } ?? ""
        return "\(name) = \(ReflectedValue.text(value, limit: limit))\(asOf)"
    }

    var answerValue: AnswerValue {
        .members([
            "name": .text(name), "text": .text(ReflectedValue.raw(value)),
            "value": ReflectedValue.json(value), "as_of_turn": asOfTurn.map { .number($0) },
        ])
    }
}

extension QueueFacts {
    var answerValue: AnswerValue {
        .members([
            "channel": .text(channel), "waiting": .number(depth), "capacity": .number(capacity),
            "unpublished": .number(unpublished),
            "oldest": oldest.isEmpty ? nil : .list(oldest.map { .text($0) }),
        ])
    }
}

extension Mark {
    var answerValue: AnswerValue {
        .members([
            "step": .number(step), "kind": .text(kind.rawValue), "name": .text(name),
            "message": .text(message), "access": access.map { .number($0) },
            "operator": element.map { .text($0.operatorName) },
            "element": element.map { .number($0.number) },
        ])
    }
}

extension LogLineFacts {
    /// Message and fields: `stock_short order=8 item=17`.
    var text: String {
        fields.reduce(into: message) { $0 += " \($1.name)=\($1.value.text)" }
    }
}
