package import WeirBase
import WeirEngine
package import WeirReplay
import WeirTelemetry

/// Obeys the commands of the debugger on a run. Owned by one thread.
///
/// What it says depends on the run and the commands alone, but for the effort of each movement,
/// which an answer keeps apart.
package final class Debugger {
    /// Breaks at most; each is looked at on the way.
    static let mostBreaks = 100
    /// Places that can be named.
    static let mostMarks = 1_000

    let run: any ReplayedExecution
    let started: Instant
    private let nanoseconds: () -> UInt64

    private(set) var breaks: [Breakpoint] = []
    private var lastBreak = 0
    private(set) var places: [(name: String, step: UInt64)] = []
    private var history: PlaceHistory
    /// The movement under way: where it began and how far it goes at most.
    private var journey: (from: UInt64, total: UInt64)?

    /// Asked on a long way; false ends it where it is.
    package var onProgress: ((_ done: UInt64, _ total: UInt64) -> Bool)?

    /// A debugger of a run that began at `started`; `nanoseconds` is a clock for what movements
    /// cost.
    package init(
        _ run: any ReplayedExecution, started: Instant, nanoseconds: @escaping () -> UInt64
    ) {
        self.run = run
        self.started = started
        self.nanoseconds = nanoseconds
        history = PlaceHistory(at: run.position)
        run.onProgress = { [unowned self] done, total in report(done, total) }
    }

    /// Obeys one line; nil for an empty one and for a comment.
    ///
    /// - Throws: `CommandError`, `Divergence` where the replay disagrees with its trace, and what
    ///   the run throws.
    package func execute(_ line: String) throws -> Answer? {
        try CommandParser.parse(line).map(obey)
    }

    /// Whether an empty line after this one does it once more.
    package static func isRepeatable(_ line: String) -> Bool {
        ((try? CommandParser.parse(line)) ?? nil)?.isRepeatable ?? false
    }

    /// Goes to a place and says what is there, as `goto` does.
    package func open(at place: Place?) throws -> Answer {
        let hasFailed = run.failureStep != nil || run.diedInTurns
        let place = place ?? (hasFailed ? .failure : .end)
        let answer = try obey(.goto(place))
        history = PlaceHistory(at: run.position)
        return answer
    }

    private func obey(_ command: DebuggerCommand) throws -> Answer {
        switch command {
        case .step(let count): try step(count)
        case .reverseStep(let count): try reverseStep(count)
        case .next(let count): try next(count)
        case .reverseNext(let count): try reverseNext(count)
        case .goto(let place): try goto(place)
        case .continue(let count): try resume(count)
        case .reverseContinue(let count): try reverseResume(count)
        case .break(let condition): try add(.condition(condition))
        case .watch(let state): try add(.watch(state))
        case .delete(let number): try delete(number)
        case .info(let topic, let stage): try info(topic, stage)
        case .printState(let state): try print(state)
        case .printQueue(let channel): try print(queue: channel)
        case .printEvent(let source, let index): try print(event: index, of: source)
        case .printValue(let expression): try print(expression)
        case .lastWrite(let state): try lastWrite(state)
        case .history(let state, let count): try history(state, count)
        case .when: try when()
        case .logs(let pattern, let count): try logs(pattern, count)
        case .mark(let name): try mark(name)
        case .back: try travel(-1)
        case .forward: try travel(1)
        case .assert(let expression): try assert(expression)
        case .help(let topic): try HelpText.answer(topic)
        case .quit: quit()
        }
    }

    private func quit() -> Answer {
        var answer = Answer("quit")
        answer.isQuit = true
        return answer
    }

    // MARK: Movements

    /// Does a movement, and says where it came to. `body` gives what is to be said before that.
    func move(_ total: UInt64, _ body: () throws -> [String]) throws -> Answer {
        var answer = Answer("moved")
        let (origin, begin) = (run.position, nanoseconds())
        journey = (origin, max(1, total))
        stepsRun = 0
        defer { journey = nil }
        var notes: [String] = []
        do {
            notes = try body()
        } catch is ReplayInterrupted {
            answer.isInterrupted = true
            notes = ["interrupted"]
        }
        if let divergence = run.divergence { throw divergence }
        history.visit(run.position)
        try arrive(&answer, notes)
        answer.cost(Answer.Effort(steps: stepsRun, nanoseconds: nanoseconds() &- begin))
        return answer
    }

    /// Steps that the movement under way has run so far.
    private var stepsRun: UInt64 = 0

    /// Runs to a step as part of a movement.
    func go(to step: UInt64) throws {
        let travel = try run.go(to: step)
        stepsRun &+= travel.stepsRun
        if travel.isInterrupted { throw ReplayInterrupted(step: step) }
    }

    /// Runs forward to the first candidate that passes.
    func search(
        through limit: UInt64, _ candidates: (StepFacts) throws -> Bool, _ test: () throws -> Bool
    ) throws -> UInt64? {
        let origin = run.position
        defer { stepsRun &+= run.position >= origin ? run.position - origin : 0 }
        return try run.search(through: limit, candidates: candidates) {
            let begin = journey?.from ?? origin
            let position = run.position
            if !report(position > begin ? position - begin : begin - position, 0) {
                throw ReplayInterrupted(step: position)
            }
            return try test()
        }
    }

    private func report(_ done: UInt64, _ total: UInt64) -> Bool {
        guard let onProgress else { return true }
        guard let journey else { return onProgress(done, max(1, total)) }
        return onProgress(min(done, journey.total), journey.total)
    }

    private func travel(_ offset: Int) throws -> Answer {
        guard let place = history.neighbour(offset) else {
            throw CommandError(
                offset < 0
                    ? "there is no place before this one" : "there is no place after this one",
                offset < 0 ? "Only movements of this session are known" : "Go 'back' first")
        }
        let answer = try move(distance(to: place)) {
            // What the movement records is already part of the history.
            history.move(offset)
            try go(to: place)
            return []
        }
        return answer
    }

    func distance(to step: UInt64) -> UInt64 {
        step > run.position ? step - run.position : step
    }

    // MARK: Breaks and marks

    private func add(_ kind: Breakpoint.Kind) throws -> Answer {
        guard breaks.count < Self.mostBreaks else {
            throw CommandError(
                "there are \(Self.mostBreaks) breaks already", "Delete one with 'delete N'")
        }
        try check(kind)
        lastBreak += 1
        let point = Breakpoint(number: lastBreak, kind)
        breaks.append(point)
        var answer = Answer("break")
        answer.line("\(point.number): \(point.text)")
        answer.member("number", .number(point.number))
        answer.member("text", .text(point.text))
        return answer
    }

    private func delete(_ number: Int?) throws -> Answer {
        var answer = Answer("deleted")
        let gone = breaks.filter { number == nil || $0.number == number }
        if let number, gone.isEmpty {
            let numbers = breaks.map { "\($0.number)" }.joined(separator: ", ")
            throw CommandError(
                "there is no break \(number)",
                breaks.isEmpty ? "There are none" : "There are: \(numbers)")
        }
        breaks.removeAll { point in gone.contains { $0.number == point.number } }
        if gone.isEmpty { answer.line("there are no breaks") }
        for point in gone { answer.line("deleted \(point.number): \(point.text)") }
        answer.member("numbers", .list(gone.map { .number($0.number) }))
        return answer
    }

    /// Counts a stop of a break.
    func hit(_ number: Int) {
        for place in breaks.indices where breaks[place].number == number { breaks[place].hit() }
    }

    private func mark(_ name: String) throws -> Answer {
        places.removeAll { $0.name == name }
        guard places.count < Self.mostMarks else {
            throw CommandError("\(Self.mostMarks) places are marked already")
        }
        places.append((name, run.position))
        var answer = Answer("mark")
        let shown = PrintableText.escaped(name)
        answer.line("marked step \(run.position) as \(shown): 'goto \(shown)' comes here again")
        answer.member("name", .text(name))
        answer.member("step", .number(run.position))
        return answer
    }

    private func assert(_ expression: Expression) throws -> Answer {
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
        for (reference, column) in expression.states.prefix(8) {
            let value = try reference.value(in: self, at: column)
            let name = PrintableText.escaped(reference.text)
            if seen.contains(where: { $0.0 == name }) { continue }
            seen.append((name, ReflectedValue.text(value, limit: 200)))
        }
        for (channel, _) in expression.channels.prefix(8) {
            let name = "depth(\(PrintableText.escaped(channel)))"
            seen.append((name, depth(of: channel).map { "\($0)" } ?? "nil"))
        }
        return seen
    }
}
