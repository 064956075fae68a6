import WeirBase
import WeirReplay
import WeirTelemetry

/// What is here: nothing of this moves the run.
extension Debugger {
    /// Entries of keyed state that are listed: of each of all stages, and of one alone.
    private static let fewStates = 5
    private static let mostStates = 1_000
    /// Messages of a queue that are shown.
    private static let mostMessages = 20

    func when() throws -> Answer {
        var answer = Answer("when")
        let (position, last) = (run.position, run.lastStep)
        let elapsed = try time(of: position)
        let clock = (started + .microseconds(elapsed)).rfc3339(digits: 6)
        try arrive(&answer, [])
        let percent = last == 0 ? 100 : Int(Double(position) * 100 / Double(last))
        answer.line(
            "  \(ElapsedText.text(elapsed)) after the start, \(clock), \(percent)% of the trace")
        answer.member("timestamp", .text((started + .microseconds(elapsed)).rfc3339()))
        let open = run.subtasks.filter { $0.openTurn != nil }
        for subtask in open {
            answer.line(
                "  \(PrintableText.escaped(subtask.name)) is in the middle of the turn of step "
                    + "\(subtask.openTurn ?? 0)")
        }
        if !open.isEmpty {
            answer.member(
                "open",
                .list(
                    open.map {
                        .members([
                            "subtask": .text($0.name), "turn": $0.openTurn.map { .number($0) },
                        ])
                    }))
        }
        return answer
    }

    // MARK: info

    func info(_ topic: DebuggerCommand.Topic, _ stage: String?) throws -> Answer {
        var answer = Answer(topic.rawValue)
        if topic != .breaks { answer.member("step", .number(run.position)) }
        switch topic {
        case .stages: infoStages(&answer)
        case .states: try infoStates(&answer, stage)
        case .queues: infoQueues(&answer)
        case .runnable: try infoRunnable(&answer)
        case .threads: infoThreads(&answer)
        case .breaks: infoBreaks(&answer)
        case .marks: infoMarks(&answer)
        case .drops: infoDrops(&answer)
        case .books: infoBooks(&answer)
        case .watermarks: try infoWatermarks(&answer, stage)
        }
        return answer
    }

    private func infoStages(_ answer: inout Answer) {
        var table = TextTable(
            ["subtask", "turns", "in", "out", "watermark", "state"], numeric: [1, 2, 3])
        for subtask in run.subtasks {
            let state =
                subtask.openTurn.map { "in the turn of step \($0)" }
                ?? (subtask.isDone ? "done" : "between turns")
            table.row([
                subtask.name, "\(subtask.turns)", "\(subtask.recordsIn)", "\(subtask.recordsOut)",
                WatermarkText.short(subtask.watermark) ?? "-", state,
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
                        "watermark": WatermarkText.short(subtask.watermark).map { .text($0) },
                        "done": .flag(subtask.isDone),
                        "turn": subtask.openTurn.map { .number($0) },
                    ])
                }))
    }

    private func infoStates(_ answer: inout Answer, _ stage: String?) throws {
        var states: [StateValue] = []
        var omitted = 0
        if let stage {
            guard run.stageNames.contains(stage) else { throw unknownStage(stage, at: nil) }
        } else {
            states = run.cells
            for state in states { answer.line(Self.line(state, limit: 160)) }
        }
        let limit = stage == nil ? Self.fewStates : Self.mostStates
        for name in stage.map({ [$0] }) ?? run.stageNames {
            let (entries, more) = try run.states(of: name, limit: limit)
            for state in entries { answer.line(Self.line(state, limit: 160)) }
            states += entries
            omitted += more
            let shown = PrintableText.escaped(name)
            if more > 0 {
                answer.line(
                    "  and \(more) more of \(shown): "
                        + (stage == nil ? "'info states \(shown)'" : "'print state \(shown)[KEY]'"))
            }
        }
        if states.isEmpty {
            answer.line(
                stage.map { "\(PrintableText.escaped($0)) has no state at step \(run.position)" }
                    ?? "there is no state at step \(run.position)")
        }
        answer.member("states", .list(states.map { Self.value($0) }))
        answer.member("omitted", .number(omitted))
    }

    private func infoQueues(_ answer: inout Answer) {
        let queues = run.queues(messages: 0)
        var table = TextTable(["channel", "waiting", "room", "unpublished"], numeric: [1, 2, 3])
        for queue in queues {
            table.row([
                queue.channel, "\(queue.depth)", "\(queue.capacity)", "\(queue.unpublished)",
            ])
        }
        for line in table.lines { answer.line(line) }
        answer.member("queues", .list(queues.map { Self.value($0) }))
    }

    private func infoRunnable(_ answer: inout Answer) throws {
        let runnable = try run.runnable()
        if runnable.isEmpty { answer.line("nothing could run: every subtask has ended") }
        var table = TextTable(["subtask", "could take"])
        for choice in runnable { table.row([choice.subtask, choice.text]) }
        if !runnable.isEmpty { for line in table.lines { answer.line(line) } }
        answer.member(
            "runnable",
            .list(
                runnable.map {
                    .members(["subtask": .text($0.subtask), "what": .text($0.text)])
                }))
    }

    private func infoThreads(_ answer: inout Answer) {
        let turns = run.openTurns
        if turns.isEmpty { answer.line("no turn is open here") }
        for turn in turns {
            answer.line(
                "\(PrintableText.escaped(turn.subtask)): "
                    + PrintableText.escaped(turn.text, limit: 400))
        }
        answer.member(
            "threads",
            .list(turns.map { .members(["subtask": .text($0.subtask), "state": .text($0.text)]) }))
    }

    private func infoBreaks(_ answer: inout Answer) {
        if breaks.isEmpty { answer.line("there are no breaks: see 'help break'") }
        for point in breaks {
            let hits = point.hits == 0 ? "" : ", stopped \(counted(point.hits, "time"))"
            answer.line("\(point.number): \(point.text)\(hits)")
        }
        answer.member(
            "breaks",
            .list(
                breaks.map {
                    .members([
                        "number": .number($0.number), "text": .text($0.text),
                        "hits": .number($0.hits),
                    ])
                }))
    }

    private func infoMarks(_ answer: inout Answer) {
        let marks = run.marks
        for group in MarkGroup.groups(of: marks) {
            answer.line("step \(group.mark.lookStep)  \(group.text)")
        }
        for place in places.sorted(by: { $0.step < $1.step }) {
            answer.line("step \(place.step)  marked as \(PrintableText.escaped(place.name))")
        }
        if marks.isEmpty, places.isEmpty { answer.line("nothing failed, and nothing was marked") }
        answer.member("marks", .list(marks.map { Self.value($0) }))
        answer.member(
            "places",
            .list(
                places.map { .members(["step": .number($0.step), "name": .text($0.name)]) }))
    }

    // MARK: print

    func print(_ reference: StateReference) throws -> Answer {
        try check(reference, at: nil)
        let found = try states(of: reference)
        guard !found.isEmpty else { throw try notHere(reference) }
        var answer = Answer("state")
        answer.member("step", .number(run.position))
        for (state, path) in found {
            var state = state
            let part = try FieldPath.follow(path, from: state.value)
            state.name += path.map(\.text).joined()
            state.value = part as Any
            answer.line(Self.line(state, limit: ReflectedValue.longestText))
        }
        answer.member(
            "states",
            .list(
                try found.map { state, path in
                    var state = state
                    state.value = try FieldPath.follow(path, from: state.value) as Any
                    state.name += path.map(\.text).joined()
                    return Self.value(state)
                }))
        return answer
    }

    /// The states that a reference means here, with the ways that are left.
    private func states(
        of reference: StateReference
    ) throws -> [(StateValue, [StateReference.Part])] {
        for candidate in reference.candidates {
            let found = try run.find(candidate.name)
            if !found.isEmpty { return found.map { ($0, candidate.path) } }
        }
        return []
    }

    func print(queue channel: String) throws -> Answer {
        let names = channels(named: channel)
        guard !names.isEmpty else { throw unknownChannel(channel, at: nil) }
        var answer = Answer("queue")
        answer.member("step", .number(run.position))
        let queues = run.queues(messages: Self.mostMessages)
            .filter { names.contains($0.channel) }
        for queue in queues {
            let unpublished =
                queue.unpublished == 0 ? "" : ", \(queue.unpublished) emitted and not published"
            answer.line(
                "\(PrintableText.escaped(queue.channel)): \(queue.depth) of \(queue.capacity) wait"
                    + unpublished)
            for message in queue.oldest {
                answer.line("  \(PrintableText.escaped(message, limit: 400))")
            }
            if queue.depth > queue.oldest.count, !queue.oldest.isEmpty {
                answer.line("  and \(queue.depth - queue.oldest.count) more")
            }
        }
        answer.member("queues", .list(queues.map { Self.value($0) }))
        return answer
    }

    func print(event index: UInt64, of source: String) throws -> Answer {
        guard run.sourceNames.contains(source) else {
            throw CommandError(
                "there is no source \(PrintableText.escaped(source))",
                Nearest.advice(source, among: run.sourceNames, or: "See 'info stages'"))
        }
        let shown = PrintableText.escaped(source)
        guard let (text, step) = try run.event(source: source, index: index) else {
            throw CommandError(
                "source \(shown) has no element \(index)", "The first one is \(shown):0")
        }
        var answer = Answer("event")
        answer.line("\(shown):\(index) = \(PrintableText.escaped(text, limit: 2_000))")
        answer.line(
            step.map { "  taken in the turn of step \($0): 'goto \($0)'" }
                ?? "  no turn of this trace took it")
        answer.member("source", .text(source))
        answer.member("index", .number(index))
        answer.member("text", .text(text))
        answer.member("taken_at", step.map { .number($0) })
        return answer
    }

    func print(_ expression: Expression) throws -> Answer {
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
            (text, member) = ("\"\(PrintableText.escaped(string, limit: 2_000))\"", .text(string))
        case .flag(let flag): (text, member) = ("\(flag)", .flag(flag))
        case .nothing: (text, member) = ("nil", .nothing)
        case .whole(let description, _):
            (text, member) = (PrintableText.escaped(description, limit: 2_000), .text(description))
        }
        answer.line("\(PrintableText.escaped(expression.text, limit: 400)) = \(text)")
        answer.member("expression", .text(expression.text))
        answer.member("value", member)
        return answer
    }

    // MARK: Lines and values

    static func line(_ state: StateValue, limit: Int) -> String {
        let name = PrintableText.escaped(state.name)
        let asOf = state.asOfTurn.map { " (as at the beginning of the turn of step \($0))" } ?? ""
        return "\(name) = \(ReflectedValue.text(state.value, limit: limit))\(asOf)"
    }

    static func value(_ state: StateValue) -> AnswerValue {
        .members([
            "name": .text(state.name), "text": .text(ReflectedValue.raw(state.value)),
            "value": ReflectedValue.json(state.value),
            "as_of_turn": state.asOfTurn.map { .number($0) },
        ])
    }

    static func value(_ queue: QueueFacts) -> AnswerValue {
        .members([
            "channel": .text(queue.channel), "waiting": .number(queue.depth),
            "capacity": .number(queue.capacity), "unpublished": .number(queue.unpublished),
            "oldest": queue.oldest.isEmpty ? nil : .list(queue.oldest.map { .text($0) }),
        ])
    }
}
