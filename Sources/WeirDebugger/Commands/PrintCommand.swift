import WeirBase
import WeirReplay

extension DebuggerCommand {
    /// `print WHAT`: shows one thing where the run is.
    ///
    /// It moves nothing. State that an open turn holds is shown as it was at the beginning of
    /// that turn, and says so; finding it costs a second replay of the steps before it.
    static let print = DebuggerCommand(
        .looking, "print", short: ["p"],
        Help(
            "print WHAT", "show one thing",
            details: [
                "print state reserve[17]       state of a key; also 'print state cell budget'",
                "print queue match>reserve     messages that wait, oldest first",
                "print event orders:8812       an element of a source, and the turn that took it",
                "print EXPR                    what an expression comes to, such as cell "
                    + "budget.left",
            ], explained: ["what"]),
        read: { text throws(CommandError) in try PrintedThing.read(&text) },
        obey: { thing, debugger in try debugger.print(thing) },
        candidates: { request, debugger in
            // A closure, as finding the keys of a stage costs something and is not always
            // wanted.
            let values = { debugger.valuesToOffer(for: request.word) }
            switch request.first {
            case "": return ["state", "queue", "event"] + values()
            case "queue": return debugger.channelsToOffer
            case "event": return debugger.run.sourceNames.map { "\($0):" }
            default: return values()
            }
        })
}

/// What `print` shows: a piece of state, a queue, an element of a source, or a value.
enum PrintedThing: Equatable {
    case state(StateReference)
    /// A channel by its name, or all channels between two stages.
    case queue(String)
    /// An element by its source and its index there, from 0.
    case event(source: String, index: UInt64)
    /// Anything else that an expression can say.
    case value(Expression)

    /// Reads what follows `print`. A word that is none of the three kinds begins an
    /// expression.
    fileprivate static func read(_ text: inout CommandText) throws(CommandError) -> PrintedThing {
        text.skipSpace()
        let start = text.position
        let word = text.word()
        switch word {
        case "":
            throw CommandError(
                "print wants to know what", "Write state, queue, event or an expression",
                at: start)
        case "state": return .state(try text.state())
        case "queue":
            text.skipSpace()
            let column = text.position
            let name = text.rest()
            guard !name.isEmpty else {
                throw CommandError(
                    "the name of a channel is missing", "See 'info queues'", at: column)
            }
            return .queue(name)
        case "event": return try event(&text)
        default:
            // No keyword, so the word is the beginning of the expression and is read again.
            text.rewind(to: start)
            return .value(try Expression.value(&text))
        }
    }

    /// Reads `SOURCE:INDEX`. The index is behind the last colon, as the name of a source may
    /// have some.
    private static func event(_ text: inout CommandText) throws(CommandError) -> PrintedThing {
        text.skipSpace()
        let column = text.position
        let word = text.rest()
        // The source's name may hold colons itself; the index never does.
        guard let colon = word.lastIndex(of: ":"),
            let index = UInt64(word[word.index(after: colon)...]), colon > word.startIndex
        else {
            // The source is there, and what was asked for is beyond its end.
            throw CommandError(
                "an event is a source and an index", "Write: print event orders:8812", at: column)
        }
        return .event(source: String(word[..<colon]), index: index)
    }
}

extension Debugger {
    /// Shows the thing. Nothing is moved, but an element is searched for from the source's
    /// beginning.
    fileprivate func print(_ thing: PrintedThing) throws -> Answer {
        switch thing {
        case .state(let reference): try print(reference)
        case .queue(let channel): try print(queue: channel)
        case .event(let source, let index): try print(event: index, of: source)
        case .value(let expression): try print(expression)
        }
    }

    /// Shows every state that the reference means here: a key may be known to several
    /// operators.
    private func print(_ reference: StateReference) throws -> Answer {
        try check(reference, at: nil)
        let found = try states(of: reference)
        guard !found.isEmpty else { throw try notHere(reference) }
        var answer = Answer("state")
        answer.member("step", .number(run.position))
        for (state, path) in found {
            var state = state
            // The whole state was found by its name; only the part that was asked for is
            // shown.
            let part = try FieldPath.follow(path, from: state.value)
            // The name of the whole becomes that of the part that is shown.
            state.name += path.map(\.text).joined()
            state.value = part as Any
            answer.line(state.line(limit: DebuggerBounds.maximumValueText))
        }
        answer.member(
            "states",
            .list(
                try found.map { state, path in
                    var state = state
                    state.value = try FieldPath.follow(path, from: state.value) as Any
                    state.name += path.map(\.text).joined()
                    return state.answerValue
                }))
        return answer
    }

    /// The states that a reference means here, each with the way that is left from it.
    ///
    /// Unlike a condition, `print` takes several: it shows them all.
    private func states(
        of reference: StateReference
    ) throws -> [(StateValue, [StateReference.Part])] {
        // The first reading that finds anything counts: an operator's state before a field of
        // one.
        for candidate in reference.candidates {
            let found = try run.find(candidate.name)
            if !found.isEmpty { return found.map { ($0, candidate.path) } }
        }
        return []
    }

    /// Shows how many messages wait in a channel, or between two stages, and the oldest of
    /// them.
    ///
    /// In a replay messages arrive when they are made, so that more than the capacity can
    /// wait.
    private func print(queue channel: String) throws -> Answer {
        // One channel, or all between two stages.
        let names = channels(named: channel)
        guard !names.isEmpty else { throw unknownChannel(channel, at: nil) }
        var answer = Answer("queue")
        answer.member("step", .number(run.position))
        // The replay makes texts of messages for every channel; a few of each are cheap.
        let queues = run.queues(messages: DebuggerBounds.maximumShownMessages)
            .filter { names.contains($0.channel) }
        for queue in queues {
            // Left out where there are none, as is usual.
            let unpublished =
                queue.unpublished == 0 ? "" : ", \(queue.unpublished) emitted and not published"
            answer.line(
                "\(PrintableText.escaped(queue.channel)): \(queue.depth) of \(queue.capacity) wait"
                    + unpublished)
            for message in queue.oldest {
                answer.line("  \(ShownText.line(message))")
            }
            // Where no message can be shown at all, their number has been said already.
            if queue.depth > queue.oldest.count, !queue.oldest.isEmpty {
                answer.line("  and \(queue.depth - queue.oldest.count) more")
            }
        }
        answer.member("queues", .list(queues.map(\.answerValue)))
        return answer
    }

    /// Shows an element of a source and which turn took it.
    ///
    /// Elements of files are found by reading the recorded input from its beginning;
    /// generators make any element at once.
    private func print(event index: UInt64, of source: String) throws -> Answer {
        guard run.sourceNames.contains(source) else {
            throw CommandError(
                "there is no source \(PrintableText.escaped(source))",
                Nearest.advice(source, among: run.sourceNames, or: "See 'info stages'"))
        }
        let shown = PrintableText.escaped(source)
        // An element exists if the source made it, even when the run ended before a turn took
        // it.
        guard let (text, step) = try run.event(source: source, index: index) else {
            throw CommandError(
                "source \(shown) has no element \(index)", "The first one is \(shown):0")
        }
        var answer = Answer("event")
        answer.line("\(shown):\(index) = \(ShownText.value(text))")
        answer.line(
            step.map { "  taken in the turn of step \($0): 'goto \($0)'" }
                ?? "  no turn of this trace took it")
        answer.member("source", .text(source))
        answer.member("index", .number(index))
        answer.member("text", .text(text))
        // Left out where no turn took it.
        answer.member("taken_at", step.map { .number($0) })
        return answer
    }

    /// Shows what an expression comes to. A piece of state alone is shown in full.
    private func print(_ expression: Expression) throws -> Answer {
        // A state alone is shown with all its parts, which the value of an expression does
        // not have.
        if case .state(let reference) = expression.root.form { return try print(reference) }
        try check(expression)
        let value = try expression.value(expression.root, self)
        var answer = Answer("value")
        answer.member("step", .number(run.position))
        let text: String
        let member: AnswerValue
        switch value {
        case .integer(let integer): (text, member) = ("\(integer)", .integer(integer))
        case .real(let real): (text, member) = ("\(real)", .real(real))
        case .text(let string):
            // For people it is in quotes and safe to show, for programs it is as it is.
            (text, member) = ("\"\(ShownText.value(string))\"", .text(string))
        case .flag(let flag): (text, member) = ("\(flag)", .flag(flag))
        case .nothing: (text, member) = ("nil", .nothing)
        // A value with parts is its description here; `print state` shows the parts.
        case .whole(let description, _, _):
            (text, member) = (ShownText.value(description), .text(description))
        }
        answer.line("\(ShownText.line(expression.text)) = \(text)")
        answer.member("expression", .text(expression.text))
        answer.member("value", member)
        return answer
    }
}
