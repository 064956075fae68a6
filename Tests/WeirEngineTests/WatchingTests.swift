import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// What others see of a run while it goes on: what each turn is busy with, and for how long.
@Suite struct RunningTurnTests {
    @Test func `a turn is busy with what it last entered, and comes back to what was before`() {
        let turn = RunningTurn()
        #expect(turn.open == nil)
        turn.begin(step: 5, now: 700)
        var seen = [turn.open?.activity]
        turn.enterSource()
        seen.append(turn.open?.activity)
        let outer = turn.enter(operator: 2)
        let inner = turn.enter(operator: 3)
        seen.append(turn.open?.activity)
        turn.resume(inner)
        seen.append(turn.open?.activity)
        turn.resume(outer)
        seen.append(turn.open?.activity)
        turn.enterInvariants()
        seen.append(turn.open?.activity)
        #expect(
            seen == [.between, .source, .operator(3), .operator(2), .source, .invariants])
        #expect(turn.open?.step == 5 && turn.open?.since == 700)
        turn.end()
        #expect(turn.open == nil)
    }

    @Test func `waiting for a cell is no progress, all else is`() {
        let turn = RunningTurn()
        turn.begin(step: 1, now: 1)
        _ = turn.enter(operator: 3)
        let changes = turn.changes
        let before = turn.wait(forCell: 4)
        #expect(turn.open?.activity == .cell(4) && turn.changes == changes)
        turn.resumeBehindCell(before)
        #expect(turn.open?.activity == .operator(3) && turn.changes == changes)
        _ = turn.enter(operator: 3)
        #expect(turn.changes == changes + 1)
    }

    @Test func `an operator of any number is no cell`() {
        let turn = RunningTurn()
        turn.begin(step: 1, now: 1)
        _ = turn.enter(operator: 60_000)
        guard case .operator = turn.open?.activity else {
            Issue.record("\(String(describing: turn.open?.activity))")
            return
        }
    }
}

@Suite struct LongCallTests {
    /// A source, three subtasks behind it, and a cell.
    private func wide() throws -> HandExecution {
        try HandExecution(
            Pipeline("wide", parallelism: 3) { flow in
                _ = flow.sharedCell("cell", initial: 0)
                _ = flow.read("in", from: secondsOfTime).keyed { $0 }
                    .process("each", state: 0, emitting: Int.self) { _, _, _ in }
            })
    }

    @Test func `those that work come before those that wait, the longest first`() throws {
        let hand = try wide()
        let now = TickClock.nanoseconds()
        for (name, age) in [("in/0", 2), ("each/0", 9), ("each/1", 3), ("each/2", 8)] {
            hand[name].chain.running.begin(step: 1, now: now - UInt64(age) * 1_000_000_000)
        }
        for name in ["each/0", "each/2"] { _ = hand[name].chain.running.wait(forCell: 0) }
        let calls = hand.execution.longCalls(atLeast: 1_000_000_000)
        #expect(calls.map(\.subtask) == ["each/1", "in/0", "each/0", "each/2"])
        #expect(calls.suffix(2).allSatisfy { $0.activity == "waiting for cell cell" })
        #expect(calls.allSatisfy { $0.step == 1 && $0.nanoseconds >= 2_000_000_000 })
        // Only those that have gone on for so long.
        let longer = hand.execution.longCalls(atLeast: 7_000_000_000)
        #expect(longer.map(\.subtask) == ["each/0", "each/2"])
    }

    @Test func `a turn says in whose code it is`() throws {
        let said = Guarded<[String]>([])
        @Sendable func ask() {
            guard let now = TurnContext.currentActivity else { return }
            said.withLock { $0.append("\(now.subtask) \(now.step): \(now.activity)") }
        }
        let hand = try HandExecution(
            Pipeline("asked", parallelism: 1) { flow in
                let counts = flow.keyedState(by: Int.self, initial: 0)
                flow.invariant("any", on: counts) { _, _ in
                    ask()
                    return true
                }
                let numbers = Source<Int>.generator { index, _ in
                    if TurnContext.current?.subtask != nil { ask() }
                    return (Int(clamping: index), .second(0))
                }
                _ = flow.read("in", from: numbers)
                    .map("body") { number in
                        ask()
                        return number
                    }
                    .keyed { $0 }
                    .process("count", state: counts, emitting: Int.self) { _, _, _ in }
            })
        hand.take("body/0", count: 1)
        hand.take("count/0", count: 1)
        #expect(
            said.withLock { $0 } == [
                "body/0 1: in the code of its source", "body/0 1: in operator body",
                "count/0 2: checking invariants",
            ])
        #expect(TurnContext.currentActivity == nil)
    }

    @Test func `a condition over several states that takes long is named`() throws {
        let said = Guarded<[LongCall]>([])
        let asked = Guarded<Execution?>(nil)
        let hand = try HandExecution(
            Pipeline("checked", parallelism: 1) { flow in
                let (first, second) = (
                    flow.sharedCell("first", initial: 0), flow.sharedCell("second", initial: 0)
                )
                flow.invariant("fine", on: first, and: second) { _, _ in true }
                flow.invariant("asking", on: first, and: second) { _, _ in
                    // Until the clock has moved: a call of no length is none.
                    var calls: [LongCall] = []
                    while calls.isEmpty, let execution = asked.withLock({ $0 }) {
                        calls = execution.longCalls(atLeast: 0)
                    }
                    said.withLock { $0 += calls }
                    return true
                }
                _ = flow.read("in", from: secondsOfTime).map { $0 }
            })
        asked.withLock { $0 = hand.execution }
        #expect(hand.execution.checkAtRest() == [])
        let calls = said.withLock { $0 }
        #expect(calls.map(\.subtask) == ["invariant asking"])
        #expect(calls.map(\.activity) == ["checking the state at a rest point"])
        #expect(hand.execution.longCalls(atLeast: 0) == [])
        asked.withLock { $0 = nil }
    }

    @Test func `subtasks without room for their output are named`() throws {
        let hand = try wide()
        #expect(hand.execution.blockedSubtasks == [])
        for name in ["each/2", "in/0"] {
            hand[name].counters.enter(.backpressured, now: TickClock.nanoseconds())
        }
        #expect(hand.execution.blockedSubtasks == ["in/0", "each/2"])
    }

    @Test func `a run drains once it is to end, or all its sources have ended`() throws {
        let (told, ended) = (try wide(), try wide())
        #expect(!told.execution.isDraining && !ended.execution.isDraining)
        told.execution.end()
        #expect(told.execution.isDraining)
        ended.take("in/0", .end)
        #expect(ended.execution.isDraining && !ended.execution.isEnding)
    }
}

@Suite struct ViolationsTests {
    private func violation(_ name: String, _ step: Step) -> Violation {
        Violation(invariant: name, step: step, subtask: "a/0", lookStep: step)
    }

    @Test func `of each condition the earliest is kept and all are counted`() {
        var violations = Violations()
        for (name, step) in [("late", 9), ("early", 4), ("late", 7), ("early", 5)] {
            violations.keep(violation(name, Step(UInt64(step))))
        }
        #expect(violations.byInvariant.map(\.first.invariant) == ["early", "late"])
        #expect(violations.byInvariant.map(\.first.step) == [4, 7])
        #expect(violations.byInvariant.map(\.count) == [2, 2])
        #expect(violations.first.map(\.step) == [4, 5, 7, 9] && violations.count == 4)
    }

    @Test func `beyond a bound violations are counted and not kept`() {
        var violations = Violations()
        for step in 1...1_001 { violations.keep(violation("often", Step(UInt64(step)))) }
        #expect(violations.first.count == 1_000 && violations.count == 1_001)
    }

    @Test func `a condition on elements names the element by its number in the turn`() throws {
        let told = Guarded<[Incident.ElementReference?]>([])
        let hand = try HandExecution(
            Pipeline("numbered", parallelism: 1) { flow in
                _ = flow.read("in", from: secondsOfTime)
                    .invariant("not these") { $0 != 70 && $0 != 130 }
            },
            onIncident: { incident in told.withLock { $0.append(incident.element) } })
        // More than one slice each: what a turn takes goes on in several.
        for _ in 0..<2 { hand.take("in/0", count: 100) }
        #expect(told.withLock { $0.map { $0?.number } } == [71, 31])
        #expect(told.withLock { $0.map { $0?.operatorName } } == ["invariant1", "invariant1"])
    }
}
