import WeirBase
import WeirReplay
import WeirTelemetry

// Facts of a replayed execution as several commands show them: as a line for people, and as a
// value for programs. The replay gives numbers and names; the words are made here.

extension StateValue {
    /// The state on one line, safe to show: `reserve[17] = Stock(onHand: 3)`.
    ///
    /// In the middle of a turn its state is the turn's own, and cannot be seen. The value is
    /// then the one of before, and the line says so.
    func line(limit: Int) -> String {
        let name = PrintableText.escaped(name)
        // The replay tells at which turn's beginning it looked, where it could not look at
        // now.
        let asOf = asOfTurn.map { " (as at the beginning of the turn of step \($0))" } ?? ""
        return "\(name) = \(ReflectedValue.text(value, limit: limit))\(asOf)"
    }

    /// The state with its whole text and its parts. Text and parts are both there, because
    /// some values have one of them only.
    var answerValue: AnswerValue {
        .members([
            "name": .text(name), "text": .text(ReflectedValue.raw(value)),
            "value": ReflectedValue.json(value), "as_of_turn": asOfTurn.map { .number($0) },
        ])
    }
}

extension QueueFacts {
    /// The channel with what waits in it.
    var answerValue: AnswerValue {
        .members([
            "channel": .text(channel), "waiting": .number(depth), "capacity": .number(capacity),
            "unpublished": .number(unpublished),
            "oldest": oldest.isEmpty ? nil : .list(oldest.map { .text($0) }),
        ])
    }
}

extension Incident {
    /// The incident, with the step, the access and the element at which it was found.
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
    /// The message and its fields as a person reads them: `stock_short order=8 item=17`. Not
    /// yet safe to show.
    var text: String {
        fields.reduce(into: message) { $0 += " \($1.name)=\($1.value.text)" }
    }
}
