import WeirBase
import WeirReplay

extension DebuggerCommand {
    /// `assert EXPR`: says whether a condition holds where the run is. A failed one makes the
    /// exit code of a script.
    ///
    /// It moves nothing and stops nothing: a script goes on behind an assertion that failed,
    /// so that one run of it tells all that fail.
    static let assert = DebuggerCommand(
        .looking, "assert", short: ["a"],
        Help(
            "assert EXPR", "check a condition; exit code 1 if it fails",
            details: [
                "EXPR: numbers, texts (\"…\"), true, false, nil, step, depth(CHANNEL), cell NAME,",
                "stage[key] or stage.operator[key], with fields (.left) and elements ([0]), "
                    + "compared",
                "by == != < <= > >=, joined by and, or, not and parentheses.",
                "assert cell budget.left >= 0 and depth(match>reserve) < 100",
            ], explained: ["state", "expr"]),
        // Read as a condition: what could never be true or false is refused before a run is
        // asked.
        read: { text throws(CommandError) in try Expression.parse(&text) },
        obey: { expression, debugger in try debugger.assert(expression) },
        candidates: { request, debugger in debugger.valuesToOffer(for: request.word) })
}

extension Debugger {
    /// Evaluates the condition, and tells the values of its parts where it does not hold.
    fileprivate func assert(_ expression: Expression) throws -> Answer {
        // A name that means nothing anywhere is a mistake in the script, and no failed
        // assertion.
        try check(expression)
        let holds = try expression.holds(in: self)
        var answer = Answer("assert")
        let text = ShownText.line(expression.text)
        answer.line("\(holds ? "true" : "FALSE") at step \(run.position): \(text)")
        answer.member("step", .number(run.position))
        answer.member("expression", .text(expression.text))
        answer.member("holds", .flag(holds))
        // Only then does anybody want to know the values.
        if !holds {
            for (name, value) in try operands(of: expression) {
                answer.line("  \(name) is \(value)")
            }
        }
        answer.isAssertion = true
        answer.isFailedAssertion = !holds
        return answer
    }

    /// What the parts of an expression came to, for a reader who wonders why it is false.
    private func operands(of expression: Expression) throws -> [(name: String, value: String)] {
        var seen: [(String, String)] = []
        for (reference, column) in expression.states.prefix(DebuggerBounds.maximumOperands) {
            let value = try reference.value(in: self, at: column)
            let name = PrintableText.escaped(reference.text)
            // A state that is named twice is told once.
            if seen.contains(where: { $0.0 == name }) { continue }
            seen.append((name, ReflectedValue.text(value, limit: DebuggerBounds.maximumPartText)))
        }
        for (channel, _) in expression.channels.prefix(DebuggerBounds.maximumOperands) {
            let name = "depth(\(PrintableText.escaped(channel)))"
            seen.append((name, depth(of: channel).map { "\($0)" } ?? "nil"))
        }
        return seen
    }
}
