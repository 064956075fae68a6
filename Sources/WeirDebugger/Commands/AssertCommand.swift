import WeirBase
import WeirReplay

extension DebuggerCommand {
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
        read: { text throws(CommandError) in try Expression.parse(&text) },
        obey: { expression, debugger in try debugger.assert(expression) },
        candidates: { place, debugger in debugger.valuesToOffer(for: place.word) })
}

extension Debugger {
    /// Parts of an expression whose values are told, of each kind.
    private static let mostOperands = 8

    fileprivate func assert(_ expression: Expression) throws -> Answer {
        try check(expression)
        let holds = try expression.holds(in: self)
        var answer = Answer("assert")
        let text = PrintableText.escaped(expression.text, limit: 400)
        answer.line("\(holds ? "true" : "FALSE") at step \(run.position): \(text)")
        answer.member("step", .number(run.position))
        answer.member("expression", .text(expression.text))
        answer.member("holds", .flag(holds))
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
        for (reference, column) in expression.states.prefix(Self.mostOperands) {
            let value = try reference.value(in: self, at: column)
            let name = PrintableText.escaped(reference.text)
            if seen.contains(where: { $0.0 == name }) { continue }
            seen.append((name, ReflectedValue.text(value, limit: 200)))
        }
        for (channel, _) in expression.channels.prefix(Self.mostOperands) {
            let name = "depth(\(PrintableText.escaped(channel)))"
            seen.append((name, depth(of: channel).map { "\($0)" } ?? "nil"))
        }
        return seen
    }
}
