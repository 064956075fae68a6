import WeirBase
import WeirReplay
import WeirTelemetry

/// Who wrote what, and what was logged. The run stands afterwards where it stood before.
extension Debugger {
    func lastWrite(_ reference: StateReference) throws -> Answer {
        try check(reference, at: nil)
        guard let (state, path) = try reference.state(in: self, at: nil) else {
            throw try notHere(reference)
        }
        let name = PrintableText.escaped(state.name)
        var answer = Answer("last-write")
        answer.member("state", .text(state.name))
        let origin = run.position
        guard let step = try run.lastWrite(state.id), let facts = try run.facts(of: step) else {
            answer.line("\(name) was not written up to step \(origin)")
            answer.line("  value   \(ReflectedValue.text(state.value, limit: 400))")
            answer.member("value", ReflectedValue.json(state.value))
            return answer
        }
        let words = StepText(run)
        let before = try value(of: state, before: step, back: origin)
        answer.line("\(name) was last written at step \(step): \(words.what(facts))")
        answer.line("  before  \(before.map { ReflectedValue.text($0, limit: 400) } ?? "nothing")")
        answer.line("  after   \(ReflectedValue.text(state.value, limit: 400))")
        answer.line("  look    goto \(step)")
        answer.member("step", .number(step))
        describe(facts, words, &answer)
        answer.member("before", before.map { ReflectedValue.json($0) } ?? .nothing)
        answer.member("after", ReflectedValue.json(state.value))
        answer.member("look", .text("goto \(step)"))
        if !path.isEmpty {
            answer.line("  note    the whole value is followed, not only a field of it")
        }
        return answer
    }

    /// The last accesses of a cell, or turns of the subtask that owns an entry.
    func history(_ reference: StateReference, _ count: Int) throws -> Answer {
        try check(reference, at: nil)
        guard let (state, _) = try reference.state(in: self, at: nil) else {
            throw try notHere(reference)
        }
        var answer = Answer("history")
        answer.member("state", .text(state.name))
        let words = StepText(run)
        let found = try run.history(of: state.id, limit: count)
        var table = TextTable(
            ["step", "", "subtask", "turn", "value after it"], numeric: [0, 3])
        for access in found {
            table.row(
                [
                    "\(access.step)", access.isWrite ? "*" : "",
                    words.subtask(number: access.subtask), "\(access.turn)",
                    access.value.map { ReflectedValue.text($0, limit: 200) } ?? "nothing",
                ], limit: 200)
        }
        if found.isEmpty {
            answer.line(
                "\(PrintableText.escaped(state.name)) was not touched up to step \(run.position)")
        }
        for line in table.lines where !found.isEmpty { answer.line(line) }
        answer.member(
            "accesses",
            .list(
                found.map { access in
                    .members([
                        "step": .number(access.step),
                        "subtask": .text(words.subtask(number: access.subtask)),
                        "turn": .number(access.turn), "write": .flag(access.isWrite),
                        "value": access.value.map { ReflectedValue.json($0) } ?? .nothing,
                    ])
                }))
        return answer
    }

    /// The value of a state before a step; nil when there was none.
    private func value(
        of state: StateValue, before step: UInt64, back origin: UInt64
    ) throws -> Any? {
        try go(to: step - 1)
        let found = try run.find(state.name).first { $0.id == state.id }
        try go(to: origin)
        return found?.value
    }

    func logs(_ pattern: LogPattern?, _ count: Int) throws -> Answer {
        // A ring of the last ones: a run has more lines than memory.
        var lines: [LogLineFacts] = []
        var place = 0
        var total = 0
        try run.logLines(through: run.position) { line in
            if let pattern, try !pattern.matches(line.text) { return true }
            total += 1
            if lines.count < count {
                lines.append(line)
            } else {
                lines[place] = line
                place = (place + 1) % count
            }
            return true
        }
        let ordered = Array(lines[place...] + lines[..<place])
        var answer = Answer("logs")
        answer.member("step", .number(run.position))
        if ordered.isEmpty {
            answer.line(
                pattern.map { "no log line up to step \(run.position) matches \($0.described)" }
                    ?? "nothing was logged up to step \(run.position)")
        }
        for line in ordered {
            let who = line.subtask.isEmpty ? "-" : PrintableText.escaped(line.subtask)
            answer.line(
                "step \(line.step)  \(line.level.name)  \(who)  "
                    + PrintableText.escaped(line.text, limit: 1_000))
        }
        if total > ordered.count {
            let before = counted(total - ordered.count, "line")
            answer.line("(\(before) before these: 'logs \(min(total, CommandParser.mostLogs))')")
        }
        answer.member("logs", .list(try ordered.map { .raw(try $0.json()) }))
        answer.member("before", .number(total - ordered.count))
        return answer
    }
}
