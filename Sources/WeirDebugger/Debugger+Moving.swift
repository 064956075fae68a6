import WeirBase
import WeirReplay
import WeirTelemetry

extension Debugger {
    func step(_ count: UInt64) throws -> Answer {
        let (sum, overflow) = run.position.addingReportingOverflow(count)
        let goal = overflow ? run.lastStep : min(sum, run.lastStep)
        return try move(goal - run.position) {
            if run.position == run.lastStep { return [endOfTrace] }
            try go(to: goal)
            return goal < sum || overflow ? [endOfTrace] : []
        }
    }

    func reverseStep(_ count: UInt64) throws -> Answer {
        let goal = run.position > count ? run.position - count : 0
        return try move(distance(to: goal)) {
            let isClamped = count > run.position
            try go(to: goal)
            return isClamped ? [Self.startOfTrace] : []
        }
    }

    func next(_ count: UInt64) throws -> Answer {
        let subtask = try presentSubtask("next", instead: "step")
        var goal = run.position
        for _ in 0..<count {
            let found = try run.firstStep(after: goal, through: run.lastStep) {
                $0.kind.beginsTurn && $0.subtask == subtask
            }
            guard let found else { break }
            goal = found
        }
        guard goal > run.position else {
            throw CommandError(
                "\(name(of: subtask)) has no further turn in this trace", "'goto end' goes there")
        }
        return try move(goal - run.position) {
            try go(to: goal)
            return []
        }
    }

    func reverseNext(_ count: UInt64) throws -> Answer {
        let subtask = try presentSubtask("reverse-next", instead: "reverse-step")
        var goal = run.position
        for _ in 0..<count {
            let found = try run.lastStep(before: goal, from: 1) {
                $0.kind.beginsTurn && $0.subtask == subtask
            }
            guard let found else { break }
            goal = found
        }
        guard goal < run.position else {
            throw CommandError("\(name(of: subtask)) had no turn before this one")
        }
        return try move(distance(to: goal)) {
            try go(to: goal)
            return []
        }
    }

    func goto(_ place: Place) throws -> Answer {
        let step = try self.step(of: place)
        return try move(distance(to: step)) {
            try go(to: step)
            return []
        }
    }

    private var endOfTrace: String { "this is the end of the trace" }
    private static let startOfTrace = "this is the start, before the first step"

    private func presentSubtask(_ command: String, instead: String) throws -> UInt16 {
        guard let facts = try run.facts(of: run.position), facts.kind != .rest, facts.kind != .void
        else {
            throw CommandError(
                "step \(run.position) belongs to no subtask, so '\(command)' has no turn to follow",
                "'\(instead)' goes to the step beside it")
        }
        return facts.subtask
    }

    private func name(of subtask: UInt16) -> String {
        let names = run.subtaskNames
        return Int(subtask) < names.count
            ? PrintableText.escaped(names[Int(subtask)]) : "subtask \(subtask)"
    }

    // MARK: Places

    /// The step that a place means.
    package func step(of place: Place) throws -> UInt64 {
        let last = run.lastStep
        switch place {
        case .start: return 0
        case .end: return last
        case .step(let step):
            guard step <= last else {
                throw CommandError(
                    "there is no step \(step) in this run", "Give a step from 0 to \(last)")
            }
            return step
        case .percent(let percent):
            return min(last, UInt64((Double(last) * percent / 100).rounded(.down)))
        case .failure:
            guard let step = run.failureStep ?? (run.diedInTurns ? last : nil) else {
                throw CommandError("nothing failed in this run", "'goto end' goes to its end")
            }
            return min(step, last)
        case .elapsed(let duration): return try step(after: duration.wholeNanoseconds / 1_000)
        case .time(let instant):
            let (elapsed, overflow) = instant.nanoseconds
                .subtractingReportingOverflow(started.nanoseconds)
            return try step(after: overflow ? .max : elapsed / 1_000, written: instant)
        case .mark(let name):
            if let place = places.first(where: { $0.name == name }) { return place.step }
            if let mark = run.marks.first(where: { $0.name == name }) {
                return min(mark.lookStep, last)
            }
            let shown = PrintableText.escaped(name)
            throw CommandError(
                "there is no place \(shown)",
                Nearest.best(name, among: places.map(\.name) + ["start", "end", "failure"])
                    .map { "Did you mean \($0)?" } ?? "Give \(Place.forms)")
        }
    }

    /// The first step that reaches a time, microseconds since the start.
    private func step(after microseconds: Int64, written: Instant? = nil) throws -> UInt64 {
        let found = try run.firstStep(after: 0, through: run.lastStep) {
            $0.kind != .void && $0.time >= microseconds
        }
        if let found, microseconds >= 0 { return found }
        let last = try time(of: run.lastStep)
        let range: String
        if written != nil {
            let end = started + .microseconds(last)
            range = "\(started.rfc3339(digits: 6)) to \(end.rfc3339(digits: 6))"
        } else {
            range = "0s to \(ElapsedText.text(last).replacing(" ", with: ""))"
        }
        throw CommandError("the run has no step at that time", "Its steps lie from \(range)")
    }

    /// Microseconds since the start of the last step up to here that has a time.
    func time(of step: UInt64) throws -> Int64 {
        let timed = try run.lastStep(before: step + 1, from: 1) { $0.kind != .void }
        return try timed.flatMap { try run.facts(of: $0)?.time } ?? 0
    }

    // MARK: Arriving

    /// Says where the run stands now.
    func arrive(_ answer: inout Answer, _ notes: [String]) throws {
        let (position, last) = (run.position, run.lastStep)
        answer.member("step", .number(position))
        answer.member("last_step", .number(last))
        if !notes.isEmpty { answer.member("note", .text(notes.joined(separator: "; "))) }
        var line = "step \(position) of \(last)"
        if let facts = try run.facts(of: position) {
            let words = StepText(run)
            line += ": \(words.what(facts))"
            describe(facts, words, &answer)
        } else if position == 0 {
            line += ": before the first step"
        }
        answer.line(line)
        for note in notes { answer.line("  \(note)") }
        if position == last, run.diedInTurns {
            answer.line("  the run died behind this step, in the middle of a turn")
        }
        let marks = run.marks.filter { $0.step == position || $0.lookStep == position }
        for group in MarkGroup.groups(of: marks) { answer.line("  \(group.text)") }
        if !marks.isEmpty {
            answer.member("marks", .list(marks.map { Self.value($0) }))
        }
        for place in places where place.step == position {
            answer.line("  marked as \(PrintableText.escaped(place.name))")
        }
    }

    /// Members of an answer that say what a step was.
    func describe(_ facts: StepFacts, _ words: StepText, _ answer: inout Answer) {
        answer.member("kind", .text(facts.kind.name))
        answer.member("what", .text(words.what(facts)))
        answer.member("subtask", words.subtask(facts).map { .text($0) })
        if facts.turn > 0 { answer.member("turn", .number(facts.turn)) }
        answer.member("channel", (words.inlet(facts) ?? words.outlet(facts)).map { .text($0) })
        answer.member("cell", words.cell(facts).map { .text($0) })
        if facts.count > 0 { answer.member("count", .number(facts.count)) }
        if facts.kind != .void { answer.member("elapsed_us", .number(facts.time)) }
    }

    static func value(_ mark: Mark) -> AnswerValue {
        .members([
            "step": .number(mark.step), "kind": .text(mark.kind.rawValue),
            "name": .text(mark.name), "message": .text(mark.message),
            "access": mark.access.map { .number($0) },
            "operator": mark.element.map { .text($0.operatorName) },
            "element": mark.element.map { .number($0.number) },
        ])
    }
}
