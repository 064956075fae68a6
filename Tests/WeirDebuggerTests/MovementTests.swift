import Testing
import WeirBase
import WeirEngine
import WeirTelemetry

@testable import WeirDebugger
@testable import WeirReplay

/// Where breaks stop, where places lie, and what is remembered of both.
@Suite struct MovementTests {
    //                              0  1  2  3  4  5  6  7  8  9
    private let run = SmallRun(
        left: [5, 5, 4, 4, 3, 3, 3, 3, -1, -1], waiting: [0, 2, 9, 9, 9, 1, 1, 10, 0, 0])
    private let debugger: Debugger

    init() {
        debugger = Debugger(
            run, started: Instant(nanoseconds: 1_700_000_000_000_000_000), nanoseconds: { 7 })
    }

    private func lines(_ command: String) throws -> [String] {
        try #require(try debugger.execute(command)).lines
    }

    /// Where each command leaves the run.
    private func positions(_ lines: [String]) throws -> [Step] {
        try lines.map { line in
            _ = try debugger.execute(line)
            return run.position
        }
    }

    private func violation(_ step: Step, _ name: String = "never below") -> Incident {
        Incident(step: step, kind: .violation, name: name, message: "", time: 0)
    }

    // MARK: Breaks

    @Test func `only the stop that was asked for counts as one`() throws {
        _ = try debugger.execute("watch cell budget.left")
        #expect(try positions(["c 3"]) == [8])
        #expect(try lines("info breaks") == ["1: watch cell budget.left, stopped 1 time"])
        #expect(try positions(["rc"]) == [4])
        #expect(try lines("info breaks") == ["1: watch cell budget.left, stopped 2 times"])
    }

    @Test func `each break that a step stops is named there`() throws {
        for line in ["watch cell budget.left", "b when cell budget.left < 0", "b stage=b/0"] {
            _ = try debugger.execute(line)
        }
        _ = try debugger.execute("goto 5")
        #expect(
            try lines("c").dropFirst() == [
                "  1: watch cell budget.left: 3 became -1",
                "  2: break when cell budget.left < 0",
            ])
    }

    @Test func `a stage's break stops at the turns of its own subtasks`() throws {
        run.kindsOfFirst = [2: .input, 6: .timer]
        _ = try debugger.execute("b stage=b")
        // Of b there are accesses alone, which begin no turn.
        #expect(
            try positions(["c", "delete", "b stage=a/0", "goto 0", "c", "c", "c", "rc"]) == [
                9, 9, 9, 0, 1, 2, 3, 2,
            ])
    }

    @Test func `the nearest line of the log stops, on either side`() throws {
        run.lines = (1...8).map { LogLineFacts(Step($0), $0.isMultiple(of: 2) ? "late" : "x") }
        _ = try debugger.execute("b log /late/")
        #expect(try positions(["goto 4", "c", "c", "rc", "rc", "rc"]) == [4, 6, 8, 6, 4, 2])
        #expect(
            try lines("rc") == [
                "step 0 of 9: before the first step", "  no break came: this is the start",
            ])
    }

    @Test func `an invariant's break stops at its own violations alone`() throws {
        run.invariantNames = ["never below", "never above"]
        run.incidents = [violation(3, "never above"), violation(5)]
        _ = try debugger.execute("b invariant never below")
        #expect(try positions(["c", "c", "rc", "rc"]) == [5, 9, 5, 0])
    }

    @Test func `a break on an invariant that only the trace knows can be set`() throws {
        run.incidents = [violation(3, "of another build")]
        #expect(
            try lines("b invariant of another build") == ["1: break invariant of another build"])
    }

    @Test func `a violation that the replay finds on its way stops before a later break`() throws {
        _ = try debugger.execute("break invariant")
        _ = try debugger.execute("b when step == 8")
        debugger.onProgress = { [run, violation] done, _ in
            guard done >= 7 else { return true }
            run.incidents = [violation(2, "never below"), violation(6, "never below")]
            return true
        }
        #expect(try positions(["goto 2", "c", "c", "rc", "rc"]) == [2, 6, 8, 6, 2])
    }

    @Test(arguments: [511, 512, 513])
    func `a violation at the edge of a stretch is found on the way back`(distance: Int) throws {
        let run = SmallRun(left: [Int](repeating: 1, count: 702))
        let debugger = Debugger(run, started: Instant(nanoseconds: 0), nanoseconds: { 7 })
        _ = try debugger.execute("goto 700")
        _ = try debugger.execute("break invariant")
        debugger.onProgress = { [violation] _, _ in
            run.incidents = [violation(Step(700 - distance), "never below")]
            return true
        }
        _ = try debugger.execute("rc")
        #expect(run.position == Step(700 - distance))
    }

    @Test func `a count beyond the last break ends at the end`() throws {
        _ = try debugger.execute("watch cell budget.left")
        #expect(try lines("c 9").last == "  no break came: this is the end of the trace")
        #expect(try lines("rc 9").last == "  no break came: this is the start")
    }

    @Test func `breaks that go are told, one or all`() throws {
        for line in ["b stage=a", "b invariant", "b log /late/"] { _ = try debugger.execute(line) }
        #expect(try lines("delete 2") == ["deleted 2: break invariant"])
        #expect(
            try debugger.execute("d")?.json(command: "d")
                == #"{"command":"d","answer":"deleted","numbers":[1,3]}"# + "\n")
        #expect(try lines("delete") == ["there are no breaks"])
    }

    @Test(arguments: [
        ("b queue a>b > 90%", "break queue a>b > 90%"), ("b queue a>b>=3", "break queue a>b >= 3"),
        ("b queue a>b > 2.5", "break queue a>b > 2.5"),
        ("b stage=a when step > 3", "break stage=a when step > 3"),
        ("b log /a\\/b/", "break log /a/b/"), ("b when  step == 3 ", "break when step == 3"),
        ("watch b[17]", "watch b[17]"),
        ("b invariant \"never below\"", "break invariant never below"),
    ])
    func `a break says what it stops at`(line: String, text: String) throws {
        #expect(try lines(line) == ["1: \(text)"])
        #expect(debugger.breaks.all[0].text == text)
    }

    @Test func `a queue is at its level by part or by number`() {
        typealias Level = BreakCondition.QueueLevel
        let part = Level(isPercent: true, value: 50, includesIt: true)
        #expect(part.isReached(depth: 5, capacity: 10) && !part.isReached(depth: 4, capacity: 10))
        #expect(!part.isReached(depth: 0, capacity: 0) && part.isReached(depth: 1, capacity: 0))
    }

    @Test func `what can change a queue are the steps of both of its ends`() throws {
        let touching = debugger.touching(states: [], channels: ["a/0>b/1"])
        #expect(touching.subtasks == [0, 2] && touching.cells.isEmpty)
        #expect(debugger.touching(states: [], channels: ["a>b"]).subtasks == [0, 1, 2])
        let states = try Expression("cell budget.left == b[17].x").states.map(\.reference)
        let both = debugger.touching(states: states, channels: [])
        #expect(both.cells == [0] && both.subtasks == [1, 2])
    }

    @Test(arguments: [
        ("step == 3", true), ("not step == 3", true), ("1 == 1 and step == 3", true),
        ("step > 3 or 1 == 1", true), ("cell a.b == 1", false), ("depth(a>b) == 1", false),
    ])
    func `a condition on the step is looked at everywhere`(text: String, looks: Bool) throws {
        #expect(try Expression(text).looksAtStep == looks)
    }

    // MARK: Places

    @Test(
        arguments: [
            ("0s", 1), ("1ms", 1), ("1.001ms", 2), ("9ms", 9), ("50%", 4), ("99.9%", 8),
            ("100%", 9),
            ("0%", 0), ("2023-11-14T22:13:20.0045Z", 5), ("start", 0), ("end", 9),
        ] as [(String, Step)])
    func `a place is the step at it or the first behind it`(location: String, step: Step) throws {
        #expect(try debugger.step(of: TracePosition(location)) == step)
    }

    @Test(arguments: [
        (
            "2023-11-14T22:13:19Z",
            "Its steps lie from 2023-11-14T22:13:20.000000Z to 2023-11-14T22:13:20.009000Z"
        ),
        (
            "2023-11-14T22:13:20.0091Z",
            "Its steps lie from 2023-11-14T22:13:20.000000Z to 2023-11-14T22:13:20.009000Z"
        ),
        ("9.1ms", "Its steps lie from 0s to 0.009000s"),
    ])
    func `a time at which there is no step is told with the times of all`(
        location: String, advice: String
    ) throws {
        let position = try TracePosition(location)
        let error = #expect(throws: CommandError.self) { try debugger.step(of: position) }
        #expect(error?.advice == advice)
    }

    @Test func `a void has the time of the step before it, and no time leads to it`() throws {
        run.kindsOfFirst = [3: .void, 9: .void]
        #expect(try debugger.time(of: 3) == 2_000 && debugger.time(of: 0) == 0)
        #expect(try debugger.step(of: .elapsed(.microseconds(2_500))) == 4)
        #expect(throws: CommandError.self) {
            try debugger.step(of: .elapsed(.microseconds(8_500)))
        }
    }

    @Test func `a name is a mark of this session before it is an incident`() throws {
        run.incidents = [
            Incident(step: 3, kind: .violation, name: "here", message: "", time: 0, access: 4),
            violation(6, "here"),
        ]
        #expect(try debugger.step(of: .named("here")) == 4)
        _ = try positions(["goto 7", "mark here"])
        #expect(try debugger.step(of: .named("here")) == 7)
        #expect(try debugger.step(of: .failure) == 3)
    }

    @Test func `a run is opened where it failed, or else at its end, and nothing lies before`()
        throws
    {
        _ = try debugger.open(at: nil)
        #expect(run.position == 9)
        run.incidents = [violation(6)]
        _ = try debugger.open(at: nil)
        #expect(run.position == 6)
        _ = try debugger.open(at: .step(2))
        #expect(run.position == 2)
        #expect(throws: CommandError.self) { try debugger.execute("back") }
    }

    @Test func `places that were left are gone through by their neighbours`() {
        var history = PositionHistory(at: 4)
        for step in [7, 7, 2] as [Step] { history.visit(step) }
        #expect(history.neighbour(-1) == 7 && history.neighbour(-2) == 4)
        #expect(history.neighbour(1) == nil && history.neighbour(-3) == nil)
        history.move(-2)
        #expect(history.neighbour(1) == 7 && history.neighbour(2) == 2)
        history.visit(9)
        #expect(history.neighbour(1) == nil && history.neighbour(-1) == 4)
    }

    @Test func `a place without a subtask has no turn to follow`() throws {
        for kind in [StepKind.rest, .void] {
            run.kindsOfFirst = [5: kind]
            _ = try debugger.execute("goto 5")
            for command in ["next", "reverse-next"] {
                let error = #expect(throws: CommandError.self) { try debugger.execute(command) }
                #expect(error?.message.contains("'\(command)'") == true)
            }
        }
    }

    @Test func `a subtask without a further turn stays where it is`() throws {
        _ = try debugger.execute("goto 9")
        let error = #expect(throws: CommandError.self) { try debugger.execute("n") }
        #expect(error?.message == "a/0 has no further turn in this trace")
        _ = try debugger.execute("goto 1")
        #expect(throws: CommandError.self) { try debugger.execute("rn") }
        #expect(run.position == 1)
        // With fewer turns left than asked for, the last of them is the goal.
        #expect(try positions(["n 99", "rn 99"]) == [9, 1])
    }

    // MARK: Progress

    @Test func `progress is counted over the whole of a movement`() throws {
        var told: [(done: Int, total: Int)] = []
        debugger.onProgress = {
            told.append(($0, $1)); return true
        }
        _ = try debugger.execute("goto 2")
        _ = try debugger.execute("b stage=a")
        told = []
        _ = try debugger.execute("c 3")
        #expect(told.allSatisfy { $0.total == 7 && $0.done <= 7 })
        #expect(told.last?.done == 5)
    }

    @Test func `an interrupted movement says so and is a place to come back to`() throws {
        debugger.onProgress = { done, _ in done < 4 }
        let answer = try #require(try debugger.execute("goto 8"))
        #expect(answer.lines.last == "  interrupted")
        debugger.onProgress = nil
        #expect(try positions(["goto 6", "back", "back"]) == [6, 4, 0])
    }

    @Test func `the effort of a movement is all that it ran, and no more`() throws {
        func steps(_ command: String) throws -> Int? {
            try debugger.execute(command)?.effort?.steps
        }
        #expect(try steps("goto 4") == 4)
        #expect(try steps("s") == 1)
        _ = try debugger.execute("watch cell budget.left")
        #expect(try steps("c") == 3)
        #expect(try steps("goto 0") == 0 && steps("when") == nil)
    }
}
