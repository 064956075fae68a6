import WeirBase
import WeirEngine
import WeirTelemetry

@testable import WeirReplay

/// A run of a few steps whose state is a table: step `n` of `left` is `left[n]`.
final class SmallRun: ReplayedExecution {
    struct Budget { var left: Int }

    /// What the cell holds behind each step, from 0.
    let left: [Int]
    /// Messages in the one channel behind each step.
    let waiting: [Int]
    var cellNames = ["budget"]
    var stageNames = ["a", "b"]
    var subtaskNames = ["a/0", "b/0", "b/1"]
    var channelNames = ["a/0>b/0", "a/0>b/1"]
    var sourceNames = ["a"]
    var invariantNames = ["never below"]
    var incidents: [Incident] = []
    var lines: [LogLineFacts] = []
    var keys = ["17"]
    /// What each key has; nil for the length of its name.
    var entry: Any?
    /// Steps that are another thing of a/0 than their number says: a turn of it, an access, or a
    /// step of no turn.
    var kindsOfFirst: [Step: StepKind] = [:]
    /// The most entries that anybody asked for at once.
    private(set) var largestLimit = 0
    var divergenceStep: Step?
    var diedInTurns = false
    private(set) var position: Step = 0
    private(set) var stepsRun: Int = 0
    var onProgress: ((Int, Int) -> Bool)?

    init(left: [Int], waiting: [Int] = []) {
        self.left = left
        self.waiting = waiting.isEmpty ? left.map { _ in 0 } : waiting
    }

    var lastStep: Step { Step(left.count - 1) }
    var divergence: Divergence? {
        guard let divergenceStep, position >= divergenceStep else { return nil }
        return Divergence(step: divergenceStep, subtask: "a/0", expected: "1", got: "2")
    }
    var failureStep: Step? { incidents.first { $0.kind == .violation }?.step }

    func go(to step: Step) throws -> Travel {
        let from = position
        let goal = min(step, lastStep, divergenceStep ?? .max)
        var reached = goal < from ? 0 : from
        var isInterrupted = false
        while reached < goal, !isInterrupted {
            reached = reached.next
            stepsRun += 1
            isInterrupted = onProgress.map { !$0(reached.count, goal.count) } ?? false
        }
        position = reached
        return Travel(
            from: from, to: position,
            stepsRun: (position >= from ? from : .start).distance(to: position),
            nanoseconds: 0, isInterrupted: isInterrupted)
    }

    /// Odd steps begin turns of a/0, the others are accesses of b/1 in the turn of step 2.
    func facts(of step: Step) throws -> StepFacts? {
        guard step > 0, step <= lastStep else { return nil }
        if let kind = kindsOfFirst[step] {
            return StepFacts(
                step: step, kind: kind, subtask: 0,
                turn: kind == .rest || kind == .void ? 0 : step, port: 0,
                count: kind == .rest || kind == .void ? 0 : 3, time: RunTime(step.count * 1_000))
        }
        let isTurn = !step.isMultiple(of: 2)
        return StepFacts(
            step: step, kind: isTurn ? .input : .access, subtask: isTurn ? 0 : 2,
            turn: isTurn ? step : 2, port: 0, count: isTurn ? 3 : 0,
            time: RunTime(step.count * 1_000)
        )
    }

    func firstStep(
        after: Step, through: Step, where matches: (StepFacts) throws -> Bool
    ) throws -> Step? {
        guard after < min(through, lastStep) else { return nil }
        for step in after.next...min(through, lastStep) {
            if let facts = try facts(of: step), try matches(facts) { return step }
        }
        return nil
    }

    func lastStep(
        before: Step, from: Step, where matches: (StepFacts) throws -> Bool
    ) throws -> Step? {
        for step in (0..<before).reversed() where step >= from {
            if let facts = try facts(of: step), try matches(facts) { return step }
        }
        return nil
    }

    func search(
        through limit: Step, candidates: (StepFacts) throws -> Bool, test: () throws -> Bool
    ) throws -> Step? {
        while let next = try firstStep(after: position, through: limit, where: candidates) {
            if try go(to: next).isInterrupted { throw ReplayInterrupted(step: next) }
            if divergence != nil { return nil }
            if try test() { return next }
        }
        _ = try go(to: limit)
        return nil
    }

    /// What a history of the cell has.
    var accesses: [StateAccess] = []

    func history(of state: StateID, limit: Int) throws -> [StateAccess] {
        Array(accesses.suffix(limit))
    }

    func lastWrite(_ state: StateID) throws -> Step? {
        (1...max(1, position.count)).last { left[$0] != left[$0 - 1] }.map { Step($0) }
    }

    var cells: [StateValue] {
        cellNames.enumerated().map { index, name in
            StateValue(
                id: .cell(CellIndex(index)), name: "cell \(name)",
                value: Budget(left: left[position.count]))
        }
    }

    func states(
        behind step: Step, of subtask: SubtaskIndex?, limit: Int
    ) throws -> (values: [StateValue], omitted: Int)? {
        let cells = [
            StateValue(
                id: .cell(0), name: "cell \(cellNames[0])", value: Budget(left: left[step.count]))
        ]
        guard subtask == 2 else { return (cells, 0) }
        let (entries, omitted) = try states(of: "b", named: "", limit: limit)
        return (cells + entries, omitted)
    }

    func states(
        of stage: String?, named prefix: String, limit: Int
    ) throws -> (entries: [StateValue], omitted: Int) {
        largestLimit = max(largestLimit, limit)
        guard stage == nil || stage == "b" else { return ([], 0) }
        let all = keys.map { key in
            StateValue(
                id: .entry(subtask: 2, operator: "b", key: key), name: "b[\(key)]",
                value: entry ?? key.count, asOfTurn: position > 2 ? 2 : nil)
        }
        .filter { $0.name.hasPrefix(prefix) }
        return (Array(all.prefix(limit)), max(0, all.count - limit))
    }

    func find(_ name: String) throws -> [StateValue] {
        (cells + (try states(of: nil, named: "", limit: .max)).entries).filter { $0.name == name }
    }

    /// Messages in each of the other channels.
    var waitingElsewhere = 0
    /// Of the first channel: messages that were emitted and not published, and the oldest ones.
    var unpublished = 0
    var oldest = ["m\u{1B}[2J"]

    func queues(messages limit: Int) -> [QueueFacts] {
        channelNames.enumerated().map { index, name in
            QueueFacts(
                channel: name, depth: index == 0 ? waiting[position.count] : waitingElsewhere,
                capacity: 10,
                unpublished: index == 0 ? unpublished : 0,
                oldest: limit > 0 && index == 0 ? oldest : [])
        }
    }

    var subtasks: [SubtaskFacts] {
        subtaskNames.map {
            SubtaskFacts(
                name: $0, turns: 1, recordsIn: 2, recordsOut: 3, watermark: watermark,
                isDone: done.contains($0),
                openTurn: $0 == "b/1" ? 2 : nil)
        }
    }
    var watermark = Instant.distantPast
    /// The subtasks that have ended.
    var done: Set<String> = []
    var watermarks: [WatermarkFacts] = []
    var books = Books()
    var couldRun = [RunnableFacts(subtask: "a/0", work: .read)]
    func runnable() throws -> [RunnableFacts] { couldRun }
    var openTurns: [OpenTurnFacts] = []

    func event(source: String, index: UInt64) throws -> (text: String, step: Step?)? {
        index < 9 ? ("e\(index)", index < 6 ? Step(1 + index / 3 * 2) : nil) : nil
    }

    func logLines(through: Step, _ body: (LogLineFacts) throws -> Bool) throws {
        for line in lines where line.step <= through { if try !body(line) { return } }
    }
}

extension LogLineFacts {
    /// A line as a test writes it.
    init(_ step: Step, _ text: String) {
        self.init(step: step, level: .info, subtask: "a/0", message: text, fields: []) {
            "{\"step\":\(step)}"
        }
    }
}
