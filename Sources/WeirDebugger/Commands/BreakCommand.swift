import WeirBase
import WeirReplay

extension DebuggerCommand {
    /// `break WHAT`: has `continue` stop somewhere.
    ///
    /// It moves nothing. What it names must exist in the run, so that a break on a misspelt
    /// stage is refused and does not stay silent for ever. Conditions are looked at behind a
    /// step, and a break on one stops where it *comes to* hold; where it holds already, it
    /// must first cease to.
    static let `break` = DebuggerCommand(
        .stopping, "break", short: ["b"],
        Help(
            "break WHAT", "have 'continue' stop somewhere",
            details: [
                "break stage=NAME [when EXPR]  a turn of the stage, or of one subtask (reserve/1)",
                "break when EXPR               the condition comes to hold",
                "break invariant [NAME]        an invariant fails",
                "break log /REGEX/             a turn logs a matching line",
                "break queue CHANNEL > 90%     a queue fills beyond a part, or a number of "
                    + "messages",
                "For EXPR see 'help assert'.",
            ]),
        read: { text throws(CommandError) in try BreakCondition.read(&text) },
        obey: { condition, debugger in try debugger.add(.condition(condition)) },
        candidates: { request, debugger in
            // What each form begins with; the channels, the word `when` and values follow
            // behind it.
            if request.isFirst {
                return ["invariant", "log", "queue", "when"]
                    + debugger.run.stageNames.map { "stage=\($0)" }
            }
            if request.first == "queue" { return debugger.channelsToOffer }
            if request.first.hasPrefix("stage"), request.before.count == 2 { return ["when"] }
            return debugger.valuesToOffer(for: request.word)
        })
}

extension BreakCondition {
    /// What may follow `break`, as advice.
    private static let forms =
        "Write stage=NAME, when EXPR, invariant [NAME], log /REGEX/ or queue CHANNEL > 90%"

    /// Reads what follows `break`: a word that says which form it is, and the rest of that
    /// form.
    fileprivate static func read(_ text: inout CommandText) throws(CommandError) -> BreakCondition {
        text.skipSpace()
        let column = text.position
        // Letters only, so that `stage=NAME` is read as `stage` and the rest.
        let word = text.take { $0.isLetter }
        switch word {
        case "stage": return try stage(&text)
        // `if` is what gdb has there.
        case "when", "if": return .condition(try Expression.parse(&text))
        case "invariant":
            // Invariants are named by whole sentences, so everything that is left is the
            // name.
            let name = text.rest()
            return .invariant(name.isEmpty ? nil : unquoted(name))
        case "log", "logs": return .log(try text.pattern())
        case "queue": return try queue(&text)
        case "":
            throw CommandError("break wants to know where", forms, at: column)
        default:
            throw CommandError(
                "'\(ShownText.word(word))' is nothing to break at",
                Nearest.best(word, among: ["stage", "when", "invariant", "log", "queue"])
                    .map { "Did you mean \($0)?" } ?? forms, at: column)
        }
    }

    /// Reads `stage=NAME [when EXPR]`. The equals sign may be left out or have spaces around
    /// it.
    private static func stage(_ text: inout CommandText) throws(CommandError) -> BreakCondition {
        text.skipSpace()
        _ = text.take("=")
        text.skipSpace()
        let column = text.position
        // A stage's name may have spaces in it; then it is quoted.
        let isQuoted = text.next == "`" || text.next == "\""
        let name: String
        // Within quotes everything up to the closing one is the name.
        if isQuoted, let quote = text.next {
            name = try text.quoted(quote)
        } else {
            name = text.word()
        }
        guard !name.isEmpty else {
            throw CommandError(
                "the name of a stage is missing", "Write: break stage=NAME", at: column)
        }
        text.skipSpace()
        let wordColumn = text.position
        let word = text.word()
        if word.isEmpty { return .stage(name, when: nil) }
        guard word == "when" || word == "if" else {
            throw CommandError(
                "a condition begins with 'when'", "Write: break stage=NAME when EXPR",
                at: wordColumn)
        }
        return .stage(name, when: try Expression.parse(&text))
    }

    /// Reads `queue CHANNEL > LEVEL`, where the level is a number of messages or a part of
    /// the capacity.
    private static func queue(_ text: inout CommandText) throws(CommandError) -> BreakCondition {
        text.skipSpace()
        let column = text.position
        let all = text.rest()
        // The comparison is the last one of the text: the name of a channel holds a `>`
        // itself.
        guard let match = all.wholeMatch(of: /(.+?)\s*(>=|>)\s*([0-9.]+)\s*(%?)/)?.output else {
            throw CommandError(
                "a queue is compared with a level", "Write: break queue parse>enrich > 90%",
                at: column)
        }
        // No queue is so long, and below it a level is exact and can be written as a whole
        // number.
        guard let value = Double(match.3), value.isFinite, value < 1e15,
            match.4.isEmpty || value <= 100
        else {
            throw CommandError(
                "\(match.3)\(match.4) is no level of a queue", "Give 0% to 100%, or a number",
                at: column)
        }
        let level = BreakCondition.QueueLevel(
            isPercent: !match.4.isEmpty, value: value, includesIt: match.2 == ">=")
        return .queue(unquoted(String(match.1)), level)
    }

    /// A name without the quotes around it, if it has any.
    private static func unquoted(_ text: String) -> String {
        let isQuoted = text.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"")
        return isQuoted ? String(text.dropFirst().dropLast()) : text
    }
}
