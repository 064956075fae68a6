import Testing
import WeirBase
import WeirEngine
import WeirTelemetry

@testable import WeirDebugger
@testable import WeirReplay

/// The words and the columns in which facts are shown.
@Suite struct WordsTests {
    private static func facts(
        _ kind: StepKind, _ subtask: SubtaskIndex, port: UInt16 = 0, count: UInt32 = 2
    ) -> StepFacts {
        StepFacts(
            step: 4, kind: kind, subtask: subtask, turn: 3, port: port, count: count, time: 0)
    }

    @Test(
        arguments: [
            (.input, 0, 0, "a/0 reads 2 elements"),
            (.input, 2, 1, "b/1 takes 2 messages from c/0>b/1"),
            (.timer, 0, 0, "a/0 fires its timers"),
            (.completion, 1, 0, "b/0 takes 2 completed calls"),
            (.continue, 1, 0, "b/0 goes on with its turn"),
            (.idle, 0, 0, "a/0 is told that its source is idle"),
            (.end, 0, 0, "a/0 comes to its end"),
            (.end, 2, 0, "b/1 sees the end of a/0>b/1"),
            (.failure, 0, 0, "a/0 is told of a failure"),
            (.access, 2, 1, "b/1 accesses cell stock in the turn of step 3"),
            (.access, 2, 7, "b/1 accesses cell cell 7 in the turn of step 3"),
            (.publish, 0, 1, "a/0 publishes 2 messages on a/0>b/1 in the turn of step 3"),
            (.publish, 0, 5, "a/0 publishes 2 messages on outlet 5 in the turn of step 3"),
            (.rest, 0, 0, "a rest point: no turn is open"),
            (.void, 0, 0, "a number without a step: the run died before it did anything"),
            (.timer, 9, 0, "subtask 9 fires its timers"),
        ] as [(StepKind, SubtaskIndex, UInt16, String)])
    func `a step is said in words`(
        kind: StepKind, subtask: SubtaskIndex, port: UInt16, words: String
    ) {
        let run = SmallRun(left: [1])
        run.cellNames = ["budget", "stock"]
        run.channelNames = ["a/0>b/0", "a/0>b/1", "c/0>b/1"]
        #expect(StepText(run).what(Self.facts(kind, subtask, port: port)) == words)
    }

    @Test func `a step has a subtask, a cell and channels only where it takes them`() {
        let run = SmallRun(left: [1])
        let words = StepText(run)
        for kind in [StepKind.rest, .void] { #expect(words.subtask(Self.facts(kind, 0)) == nil) }
        #expect(words.cell(Self.facts(.input, 0)) == nil)
        #expect(words.cell(Self.facts(.access, 0)) == "budget")
        #expect(words.inlet(Self.facts(.publish, 1)) == nil)
        #expect(words.inlet(Self.facts(.input, 1)) == "a/0>b/0")
        #expect(words.outlet(Self.facts(.input, 0)) == nil)
        #expect(words.outlet(Self.facts(.publish, 0, port: 1)) == "a/0>b/1")
    }

    @Test(
        arguments: [
            (0, "0.000000 s"), (1, "0.000001 s"), (1_234_567, "1.234567 s"),
            (61_000_050, "61.000050 s"), (-1_500_000, "-1.500000 s"),
        ] as [(RunTime, String)])
    func `a time since the start has all its digits`(time: RunTime, text: String) {
        #expect(ElapsedText.text(time) == text)
    }

    @Test func `columns are as wide as their widest cells, numbers to the right`() {
        var table = TextTable(["name", "n", "what"], numeric: [1])
        table.row(["a", "1,000", "x"])
        table.row(["longer", "2", "y z"])
        table.row([String(repeating: "b", count: 9), "3", ""], limit: 8)
        #expect(
            table.lines == [
                "name           n  what",
                "a          1,000  x",
                "longer         2  y z",
                "bbbbbbbb…      3  ",
            ])
    }

    private static func incident(
        _ step: Step, _ kind: Incident.Kind = .violation, _ name: String = "never",
        message: String = "", access: Step? = nil
    ) -> Incident {
        Incident(
            step: step, kind: kind, name: name, message: message, time: 0, access: access)
    }

    private static func texts(_ incidents: [Incident]) -> [String] {
        IncidentGroup.groups(of: incidents).map(\.text)
    }

    @Test func `an incident is said with its name once, its message and its turn`() {
        #expect(Self.texts([Self.incident(3)]) == ["violation: never"])
        #expect(Self.texts([Self.incident(3, message: "left -1")]) == ["violation: never: left -1"])
        #expect(
            Self.texts([Self.incident(3, message: "it never is")]) == ["violation: it never is"])
        #expect(
            Self.texts([Self.incident(3, .failure, access: 5)])
                == ["failure: never, in the turn of step 3"])
        #expect(Self.texts([Self.incident(3, access: 3)]) == ["violation: never"])
    }

    @Test func `incidents of one kind and name are one group, marks of a person are not`() {
        let same = [Self.incident(3), Self.incident(5), Self.incident(9)]
        #expect(Self.texts(same) == ["violation: never (3 times, the last at step 9)"])
        #expect(Self.texts([same[0], same[0]]) == ["violation: never (2 times)"])
        #expect(
            Self.texts([same[0], Self.incident(4, .failure), Self.incident(6, .violation, "other")])
                == ["violation: never", "failure: never", "violation: other"])
        let bookmarks = [Self.incident(3, .bookmark), Self.incident(5, .bookmark)]
        #expect(Self.texts(bookmarks) == ["mark: never", "mark: never"])
    }

    @Test func `an incident has for programs what it has`() {
        var incident = Self.incident(3, message: "m", access: 5)
        incident.element = Incident.ElementReference(operatorName: "check", number: 2)
        var answer = Answer("x")
        answer.member("v", .list([incident.answerValue, Self.incident(4).answerValue]))
        #expect(
            answer.json(command: "c")
                == #"{"command":"c","answer":"x","v":[{"step":3,"kind":"violation","name":"never","#
                + #""message":"m","access":5,"operator":"check","element":2},"#
                + #"{"step":4,"kind":"violation","name":"never","message":""}]}"# + "\n")
    }

    @Test func `effort is told in milliseconds, then in seconds, where there is any`() {
        func text(_ steps: Int, _ nanoseconds: UInt64) -> String {
            var answer = Answer("x")
            answer.line("done")
            answer.cost(Answer.Effort(steps: steps, nanoseconds: nanoseconds))
            return answer.text(showsEffort: true)
        }
        #expect(text(1, 0) == "done; ran 1 step again in 0 ms\n")
        #expect(text(2, 1_500_000) == "done; ran 2 steps again in 2 ms\n")
        #expect(text(0, 500_000) == "done\n")
        #expect(text(0, 500_001) == "done; ran 0 steps again in 1 ms\n")
        #expect(text(2, 9_999_000_000) == "done; ran 2 steps again in 9999 ms\n")
        #expect(text(2, 10_000_000_000) == "done; ran 2 steps again in 10 s\n")
        #expect(text(2, 12_900_000_000) == "done; ran 2 steps again in 12 s\n")
        var answer = Answer("x")
        for _ in 0..<2 { answer.cost(Answer.Effort(steps: 2, nanoseconds: 3_000_000)) }
        #expect(answer.text(showsEffort: true) == "ran 4 steps again in 6 ms\n")
    }

    @Test func `a value is written to a depth and a number of parts, and no further`() {
        func nested(_ depth: Int) -> Any { depth == 0 ? 7 : [nested(depth - 1)] }
        let maximum = DebuggerBounds.maximumValueDepth
        #expect(ReflectedValue.raw(nested(maximum)).contains("7"))
        #expect(ReflectedValue.raw(nested(maximum + 1)).contains("…"))
        let room = DebuggerBounds.maximumShownParts
        #expect(!ReflectedValue.shown(Array(1..<room)).isCut)
        #expect(ReflectedValue.shown(Array(0...room)).isCut)
        #expect(ReflectedValue.compared(Array(0...room)).isWhole)
        #expect(!ReflectedValue.compared(Array(0...DebuggerBounds.maximumComparedParts)).isWhole)
    }

    @Test func `help lists each command in its group, in columns`() throws {
        let debugger = Debugger(
            SmallRun(left: [1]), started: Instant(nanoseconds: 0), nanoseconds: { 0 })
        let lines = try #require(try debugger.execute("help")).lines
        #expect(lines[0] == "Moving" && lines[1] == "  step [N]              go N steps on (1) (s)")
        let groups = DebuggerCommand.Group.allCases.map(\.rawValue)
        #expect(lines.filter { groups.contains($0) } == groups)
        #expect(
            try #require(try debugger.execute("help step")).lines.last == "  short: s")
        #expect(
            try #require(try debugger.execute("help back")).json(command: "c")
                == #"{"command":"c","answer":"help","commands":[{"name":"back","usage":"back","#
                + #""summary":"go where the last movement came from"}]}"# + "\n")
    }
}
