import Testing
import WeirBase
import WeirEngine
import WeirTelemetry

@testable import WeirDebugger
@testable import WeirReplay

/// At which steps a break stops, and at which it does not look.
@Suite struct StopRuleTests {
    //                              0  1  2  3  4  5  6  7  8  9
    private let run = SmallRun(
        left: [5, 5, 4, 4, 3, 3, 3, 3, -1, -1], waiting: [0, 2, 9, 9, 9, 1, 1, 10, 0, 0])
    private let debugger: Debugger

    init() {
        debugger = Debugger(run, started: Instant(nanoseconds: 0), nanoseconds: { 7 })
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

    @Test func `state changes at its subtask's steps, and a cell at its accesses`() {
        let touching = ArmedBreakpoint.Touching(subtasks: [2], cells: [5])
        for kind in [
            StepKind.input, .timer, .completion, .continue, .idle, .end, .failure, .access,
            .publish, .rest, .void,
        ] {
            func holds(_ subtask: SubtaskIndex, _ port: UInt16) -> Bool {
                touching.holds(
                    StepFacts(
                        step: 4, kind: kind, subtask: subtask, turn: 4, port: port, count: 0,
                        time: 0))
            }
            let isNobodys = kind == .rest || kind == .void
            #expect(holds(2, 0) == !isNobodys, "\(kind)")
            #expect(holds(0, 5) == (kind == .access), "\(kind)")
            #expect(!holds(0, 0), "\(kind)")
        }
    }

    @Test(arguments: [
        ("3 == step", true), ("step == 3 and 1 == 1", true), ("1 == 1 or step > 3", true),
        ("not (1 == 1 and 2 == step)", true), ("not cell a.b == 1", false), ("b[1] == 1", false),
        ("cell a.b == 1 and depth(a>b) == 1", false),
    ])
    func `a condition looks at the step wherever in it that is named`(text: String, looks: Bool)
        throws
    {
        #expect(try Expression(text).looksAtStep == looks)
    }

    @Test func `a queue's break says how much is there of how much`() throws {
        #expect(try lines("b queue a>b > 80%") == ["1: break queue a>b > 80%"])
        #expect(try lines("c").last == "  1: break queue a>b > 80%: a/0>b/0 holds 9 of 10")
        #expect(try lines("c").last == "  1: break queue a>b > 80%: a/0>b/0 holds 10 of 10")
    }

    @Test func `a queue above its level must fall below it first`() throws {
        #expect(try positions(["goto 3", "b queue a>b >= 9", "c"]) == [3, 3, 7])
        _ = try debugger.execute("delete")
        #expect(try positions(["goto 3", "b queue a/0>b/0 > 9", "c"]) == [3, 3, 7])
        _ = try debugger.execute("delete")
        #expect(try positions(["goto 3", "b queue a/0>b/0 > 10", "c"]) == [3, 3, 9])
        #expect(try lines("c").last == "  no break came: this is the end of the trace")
    }

    @Test func `a queue is that of any of the channels that are meant`() throws {
        run.waitingElsewhere = 4
        #expect(try positions(["b queue a/0>b/1 >= 4", "c"]) == [0, 9])
        _ = try debugger.execute("delete")
        run.waitingElsewhere = 0
        #expect(try positions(["goto 0", "b queue a/0>b/1 >= 4", "c"]) == [0, 0, 9])
    }

    @Test func `the depth between two stages is that of all their channels`() throws {
        run.waitingElsewhere = 4
        _ = try debugger.execute("goto 2")
        for (channel, depth) in [
            ("a>b", 13), ("a/0>b", 13), ("a/0>b/0", 9), ("a>b/1", 4), ("\"a > b\"", 13),
        ] {
            #expect(try lines("print depth(\(channel))").last?.hasSuffix("= \(depth)") == true)
        }
    }

    @Test(arguments: [
        ("a>b", ["a/0>b/0", "a/0>b/1"]), (" a > b ", ["a/0>b/0", "a/0>b/1"]),
        ("a/0>b/1", ["a/0>b/1"]), ("a>b/0", ["a/0>b/0"]), ("a", []), ("a>b>c", []), ("a>", []),
        (">b", []), ("b>a", []), ("a/1>b", []),
    ])
    func `a channel is named by both of its ends`(name: String, channels: [String]) {
        #expect(debugger.channels(named: name) == channels)
    }

    @Test(
        arguments: [
            ("a", [0]), ("b", [1, 2]), ("b/1", [2]), ("b/", []), ("", []), ("c", []), ("b/10", []),
        ] as [(String, Set<SubtaskIndex>)])
    func `a stage stands for its subtasks, and a subtask for itself`(
        name: String, subtasks: Set<SubtaskIndex>
    ) {
        #expect(debugger.subtasks(named: name) == subtasks)
    }

    @Test func `a break that is not there is refused with those that are`() throws {
        for line in ["b stage=a", "b invariant", "b log /x/", "delete 2"] {
            _ = try debugger.execute(line)
        }
        let error = #expect(throws: CommandError.self) { try debugger.execute("delete 2") }
        #expect(error?.sentence == "there is no break 2. There are: 1, 3.")
        #expect(try lines("info breaks") == ["1: break stage=a", "3: break log /x/"])
    }

    @Test func `what a break names is asked for before it is set`() throws {
        let wrong = [
            ("b when cell budge.left == 1", 7), ("b when depth(a>c) == 1", 7),
            ("b stage=a when b[1] == 1 and cell x.y == 1", 29),
            ("assert step == 1 and c[1] == 1", 21),
        ]
        for (line, column) in wrong {
            let error = #expect(throws: CommandError.self) { try debugger.execute(line) }
            #expect(error?.column == column, "\(line)")
        }
        for line in ["b stage=c", "b stage=b/7", "watch c[1]", "watch cell x", "b queue a>c > 3"] {
            #expect(throws: CommandError.self, "\(line)") { try debugger.execute(line) }
        }
        #expect(debugger.breaks.isEmpty)
    }

    @Test func `a watch on what is too deep to be compared says so`() throws {
        func nested(_ depth: Int) -> Any { depth == 0 ? 7 : [nested(depth - 1)] }
        run.entry = nested(DebuggerBounds.maximumValueDepth)
        #expect(try lines("watch b[17]") == ["1: watch b[17]"])
        run.entry = nested(DebuggerBounds.maximumValueDepth + 1)
        #expect(
            try lines("watch b[17]") == [
                "2: watch b[17]",
                "it is too large or too deep to be compared as a whole: a change far inside may go "
                    + "unnoticed. Watch a part of it",
            ])
        // What is not there yet can be watched for.
        #expect(try lines("watch b[99]") == ["3: watch b[99]"])
    }

    @Test func `a watch tells what was and what came`() throws {
        _ = try debugger.execute("watch cell budget")
        #expect(
            try lines("c").last == "  1: watch cell budget: Budget(left: 5) became Budget(left: 4)")
        #expect(
            try lines("c").last == "  1: watch cell budget: Budget(left: 4) became Budget(left: 3)")
    }

    @Test(arguments: [
        ("b queue a>b > 100%", true), ("b queue a>b > 100.5%", false), ("b queue a>b > 101", true),
        ("b queue a>b > 999999999999999", true), ("b queue a>b > 1000000000000000", false),
        ("b queue a>b > 1..5", false), ("b queue a>b < 5", false), ("b queue \"a>b\" > 5", true),
        ("b stage = a", true), ("b stage  a", true), ("b queue > 5", false),
        ("b stage=", false), ("b log //", false), ("b log /x/ y", false),
        ("b invariant \"never below\"", true), ("b invariant never", false), ("b when", false),
    ])
    func `a break is read, or refused`(line: String, isSet: Bool) {
        #expect(((try? debugger.execute(line)) != nil) == isSet)
    }

    @Test(arguments: [
        ("\"never below\"", "never below"), ("\"", "\""), ("\"\"", ""), ("\"a", "\"a"),
        ("a\"", "a\""),
    ])
    func `the name of an invariant may stand between quotes, which come in pairs`(
        written: String, name: String
    ) throws {
        run.invariantNames = ["never below", "\"", "", "\"a", "a\""]
        _ = try debugger.execute("b invariant \(written)")
        guard case .condition(.invariant(let read)) = debugger.breaks.all[0].kind else { return }
        #expect(read == name)
    }

    @Test func `a break on a line stops behind this step, and back before it`() throws {
        run.lines = [3, 5, 5, 7].map { LogLineFacts($0, "late") }
        _ = try debugger.execute("b log /late/")
        #expect(try positions(["goto 5", "c", "goto 5", "rc"]) == [5, 7, 5, 3])
        #expect(try positions(["goto 4", "c", "goto 6", "rc"]) == [4, 5, 6, 5])
        #expect(try positions(["goto 0", "rc", "goto 1", "rc"]) == [0, 0, 1, 0])
    }

    @Test func `violations at both ends of the way are not on it`() throws {
        let names = [2: "early", 5: "late"]
        run.incidents = names.keys.sorted().map { step in
            Incident(
                step: Step(step), kind: .violation, name: "never below", message: "", time: 0)
        }
        _ = try debugger.execute("b invariant")
        #expect(try positions(["goto 2", "c", "c", "goto 5", "rc", "rc"]) == [2, 5, 9, 5, 2, 0])
        #expect(try positions(["goto 1", "c", "goto 3", "rc"]) == [1, 2, 3, 2])
    }

    @Test func `a way back through many stretches finds the last stop before it`() throws {
        let run = SmallRun(left: [Int](repeating: 1, count: 4_002))
        let debugger = Debugger(run, started: Instant(nanoseconds: 0), nanoseconds: { 7 })
        for step in [2, 900, 1_400] as [Step] { run.kindsOfFirst[step] = .timer }
        _ = try debugger.execute("b stage=a when step == 3 or step == 901 or step == 1401")
        _ = try debugger.execute("goto 4000")
        var found: [Step] = []
        for _ in 0..<4 {
            _ = try debugger.execute("rc")
            found.append(run.position)
        }
        #expect(found == [1_401, 901, 3, 0])
    }
}
