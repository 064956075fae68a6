import Testing
import WeirBase
import WeirEngine
import WeirTelemetry

@testable import WeirDebugger
@testable import WeirReplay

@Suite struct DebuggerTests {
    //                              0  1  2  3  4  5  6  7  8  9
    private let run = SmallRun(
        left: [5, 5, 4, 4, 3, 3, 3, 3, -1, -1], waiting: [0, 2, 9, 9, 9, 1, 1, 10, 0, 0])
    private let debugger: Debugger

    init() {
        debugger = Debugger(
            run, started: Instant(nanoseconds: 1_700_000_000_000_000_000), nanoseconds: { 7 })
    }

    private func text(_ line: String) throws -> String {
        try #require(try debugger.execute(line)).text(showsEffort: false)
    }

    /// Where each command leaves the run.
    private func positions(_ lines: [String]) throws -> [Step] {
        try lines.map { line in
            _ = try debugger.execute(line)
            return run.position
        }
    }

    @Test func `movements go where they say, and stop at the ends`() throws {
        let lines = [
            "step", "s 2", "next", "rn 2", "rs", "s", "s 99", "rs 99", "goto 3", "goto 50%",
        ]
        #expect(try positions(lines) == [1, 3, 5, 1, 0, 1, 9, 0, 3, 4])
        #expect(
            try positions(["goto 7ms", "goto 2023-11-14T22:13:20.002Z", "goto end"]) == [7, 2, 9])
        #expect(try text("step").contains("end of the trace"))
        #expect(try text("goto start").contains("before the first step"))
    }

    @Test func `turns that follow each other are gone through one by one`() throws {
        for step in 1...9 as ClosedRange<Step> { run.kindsOfFirst[step] = .input }
        #expect(try positions(["goto 6", "rn", "rn 2", "n", "n 2"]) == [6, 5, 3, 4, 6])
    }

    @Test func `an access is no turn to go to`() throws {
        run.kindsOfFirst = [4: .access, 6: .access]
        #expect(try positions(["goto 3", "n", "goto 4", "n", "rn"]) == [3, 5, 4, 5, 3])
    }

    @Test func `a step back to the start says so, and another one does not`() throws {
        _ = try debugger.execute("goto 5")
        #expect(try !text("rs 2").contains("the start"))
        #expect(try text("rs 4").contains("the start"))
    }

    @Test func `a step says who did what in which turn`() throws {
        #expect(
            try text("goto 4")
                == "step 4 of 9: b/1 accesses cell budget in the turn of step 2\n")
        #expect(try text("step") == "step 5 of 9: a/0 reads 3 elements\n")
    }

    @Test func `places are gone through as in a browser`() throws {
        let lines = ["goto 3", "goto 7", "back", "back", "forward", "goto 2", "back", "forward"]
        #expect(try positions(lines) == [3, 7, 3, 0, 3, 2, 3, 2])
        #expect(throws: CommandError.self) { try debugger.execute("forward") }
    }

    @Test func `marks are places`() throws {
        #expect(try positions(["goto 5", "mark my place", "goto 1", "goto my place"])[3] == 5)
        #expect(try text("info marks") == "step 5  marked as my place\n")
        let error = #expect(throws: CommandError.self) { try debugger.execute("goto my plac") }
        #expect(error?.advice == "Did you mean my place?")
    }

    @Test func `marks that say the same are one line, at the step to look at`() throws {
        let broken = { step, access in
            Incident(
                step: step, kind: .violation, name: "never below", message: "never below (b/1)",
                time: 0, access: access,
                element: Incident.ElementReference(operatorName: "check", number: 3))
        }
        run.incidents = [broken(2, 4), broken(6, nil), broken(8, nil)]
        let line = try text("info marks")
        #expect(
            line.hasPrefix("step 4  violation: never below (b/1), on element 3 that check took"))
        #expect(line.hasSuffix(" in the turn of step 2 (3 times, the last at step 8)\n"))
        #expect(
            try positions(["goto never below", "b invariant", "goto start", "c", "c", "rc"])
                == [4, 4, 0, 4, 6, 4])
    }

    @Test func `a watermark says which input holds it back`() throws {
        let point = Instant(nanoseconds: 1_700_000_000_000_000_000)
        func input(
            _ channel: String, _ seconds: Int64, sent: Int64, _ state: WatermarkFacts.Input.State,
            depth: Int = 0
        ) -> WatermarkFacts.Input {
            WatermarkFacts.Input(
                channel: channel, watermark: point + .seconds(seconds), state: state,
                sent: point + .seconds(sent), depth: depth)
        }
        run.watermarks = [
            WatermarkFacts(subtask: "a/0", watermark: point + .seconds(9), inputs: []),
            WatermarkFacts(
                subtask: "b/0", watermark: point + .seconds(1),
                inputs: [
                    input("a/0>b/0", 1, sent: 9, .active, depth: 4),
                    input("c/0>b/0", 0, sent: 0, .idle),
                    input("d/0>b/0", 7, sent: 7, .active),
                ]),
            WatermarkFacts(
                subtask: "b/1", watermark: .distantFuture,
                inputs: [input("a/0>b/1", 0, sent: 0, .ended)]),
        ]
        #expect(
            try text("info watermarks") == """
                subtask  watermark                 held back by
                a/0      2023-11-14T22:13:29.000Z  the times of its own input
                b/0      2023-11-14T22:13:21.000Z  a/0>b/0, 2023-11-14T22:13:29.000Z is behind 4 messages that wait (1 idle)
                b/1      the end                   -

                """)
        #expect(
            try text("info watermarks b/0") == """
                b/0 is at 2023-11-14T22:13:21.000Z
                  a/0>b/0 is at 2023-11-14T22:13:21.000Z; 2023-11-14T22:13:29.000Z is behind 4 messages that wait  <- holds it back
                  c/0>b/0 is idle and holds nothing back; it was at 2023-11-14T22:13:20.000Z
                  d/0>b/0 is at 2023-11-14T22:13:27.000Z

                """)
        let error = #expect(throws: CommandError.self) {
            try debugger.execute("info watermarks bb")
        }
        #expect(error?.message == "there is no stage bb")
    }

    @Test func `a watch stops where the value changes, forward and back the same`() throws {
        _ = try debugger.execute("watch cell budget.left")
        #expect(try positions(["c", "c", "c", "c"]) == [2, 4, 8, 9])
        #expect(try positions(["rc", "rc", "rc", "rc"]) == [8, 4, 2, 0])
        #expect(try text("c").contains("1: watch cell budget.left: 5 became 4"))
        #expect(try positions(["goto start", "c 3", "rc 2"]) == [0, 8, 2])
    }

    @Test func `a level that is to be exceeded is not reached by its own number`() {
        typealias Level = BreakCondition.QueueLevel
        let above = Level(isPercent: false, value: 3, includesIt: false)
        let from = Level(isPercent: false, value: 3, includesIt: true)
        #expect(!above.isReached(depth: 3, capacity: 4) && above.isReached(depth: 4, capacity: 4))
        #expect(from.isReached(depth: 3, capacity: 4) && !from.isReached(depth: 2, capacity: 4))
    }

    @Test func `a stage's name stands for its own channels and not for those that begin with it`() {
        let run = SmallRun(left: [9, 9])
        run.channelNames = ["a/0>b/0", "ab/0>b/0", "a/1>b/0", "a/0>bc/0"]
        let debugger = Debugger(run, started: Instant(nanoseconds: 0), nanoseconds: { 7 })
        #expect(debugger.channels(named: "a>b") == ["a/0>b/0", "a/1>b/0"])
        #expect(debugger.channels(named: "a/0>b") == ["a/0>b/0"])
    }

    @Test func `a condition stops where it comes to hold, and not while it holds`() throws {
        _ = try debugger.execute("break when cell budget.left < 5")
        #expect(try positions(["c", "c", "rc"]) == [2, 9, 2])
        _ = try debugger.execute("delete")
        _ = try debugger.execute("b queue a>b > 80%")
        #expect(
            try positions(["goto start", "c", "c", "c", "rc", "rc", "rc"]) == [0, 2, 7, 9, 7, 2, 0])
    }

    @Test func `a stage with a condition stops at each of its turns where it holds`() throws {
        _ = try debugger.execute("break stage=a when cell budget.left == 3")
        #expect(try positions(["c", "c", "c", "rc 2"]) == [5, 7, 9, 5])
    }

    @Test func `an invariant and a log line stop where they were recorded`() throws {
        run.incidents = [
            Incident(step: 8, kind: .violation, name: "never below", message: "left -1", time: 0)
        ]
        run.lines = [LogLineFacts(3, "late order=1"), LogLineFacts(7, "late order=2")]
        _ = try debugger.execute("break invariant")
        _ = try debugger.execute("break log /late/")
        #expect(try positions(["c", "c", "c"]) == [3, 7, 8])
        #expect(try text("rc").contains("2: break log /late/: late order=2"))
        #expect(try text("goto failure").contains("violation: never below: left -1"))
        #expect(try text("info breaks").contains("1: break invariant, stopped 1 time\n"))
    }

    @Test func `an operator's failure stops as a violation does`() throws {
        run.incidents = [
            Incident(step: 4, kind: .failure, name: "reserve", message: "no stock", time: 0),
            Incident(step: 6, kind: .bookmark, name: "look here", message: "", time: 0),
        ]
        _ = try debugger.execute("break invariant")
        #expect(try positions(["c", "c", "rc"]) == [4, 9, 4])
    }

    @Test func `a failure that only the replay comes upon stops as well`() throws {
        _ = try debugger.execute("break invariant")
        // Nobody knows of it before the run is on its way.
        debugger.onProgress = { [run] _, _ in
            run.incidents = [
                Incident(step: 4, kind: .failure, name: "reserve", message: "no stock", time: 0)
            ]
            return true
        }
        #expect(try positions(["c"]) == [4])
    }

    @Test func `a turn of a watched subtask goes on at its accesses`() {
        let touching = ArmedBreakpoint.Touching(subtasks: [2], cells: [5])
        func facts(_ kind: StepKind, _ subtask: SubtaskIndex, port: UInt16) -> StepFacts {
            StepFacts(
                step: 4, kind: kind, subtask: subtask, turn: 4, port: port, count: 0, time: 0)
        }
        #expect(touching.holds(facts(.access, 2, port: 1)))
        #expect(touching.holds(facts(.access, 0, port: 5)))
        #expect(!touching.holds(facts(.access, 0, port: 1)))
        #expect(touching.holds(facts(.input, 2, port: 0)))
    }

    // A search back looks at the steps in stretches, the first of which has 512.
    @Test(arguments: [511, 512, 513])
    func `a run back stops at the edge of a stretch as well`(distance: Int) throws {
        var left = [Int](repeating: 1, count: 702)
        left[700 - distance] = 0
        let run = SmallRun(left: left)
        run.kindsOfFirst[Step(700 - distance)] = .access
        let debugger = Debugger(run, started: Instant(nanoseconds: 0), nanoseconds: { 7 })
        _ = try debugger.execute("goto 700")
        _ = try debugger.execute("break when cell budget.left == 0")
        _ = try debugger.execute("rc")
        #expect(run.position == Step(700 - distance))
    }

    @Test func `the last log lines are shown in their order`() throws {
        run.lines = (1...7).map { LogLineFacts(Step($0), "line \($0)") }
        _ = try debugger.execute("goto 9")
        let shown = try text("logs 3").split(separator: "\n").prefix(3)
        #expect(shown.compactMap { $0.split(separator: " ").last } == ["5", "6", "7"])
        #expect(try text("logs 3").contains("(4 lines before these"))
    }

    @Test func `without breaks a run goes to its ends and says so`() throws {
        #expect(try text("continue").contains("no breaks: this is the end"))
        #expect(try text("reverse-continue").contains("no breaks: this is the start"))
    }

    @Test func `the last write says what the step was and the value before and after`() throws {
        _ = try debugger.execute("goto 6")
        #expect(
            try text("last-write cell budget") == """
                cell budget was last written at step 4: b/1 accesses cell budget in the turn of \
                step 2
                  before  Budget(left: 4)
                  after   Budget(left: 3)
                  look    goto 4

                """)
        #expect(run.position == 6)
    }

    @Test func `state in the middle of a turn says as of when`() throws {
        _ = try debugger.execute("goto 4")
        #expect(
            try text("print state b[17]")
                == "b[17] = 2 (as at the beginning of the turn of step 2)\n")
    }

    @Test(arguments: [
        ("goto 10", "from 0 to 9"), ("goto 10ms", "0s to 0.009000s"), ("goto failure", "goto end"),
        ("goto nowhere", "a mark"), ("print state b[18]", "b[17]"), ("print state c[1]", "a, b"),
        ("print state cell budge", "Did you mean budget?"), ("print budget", "cell budget"),
        ("print queue a>c", "Did you mean"), ("print event b:1", "There are: a"),
        ("print event a:9", "a:0"), ("break stage=c", "a, b"), ("break invariant x", "never below"),
        ("next", "'step'"), ("delete 3", "none"), ("back", "this session"),
    ])
    func `what is not there is refused with what is`(line: String, advice: String) {
        let error = #expect(throws: CommandError.self) { try debugger.execute(line) }
        #expect(error?.sentence.contains(advice) == true, "\(error?.sentence ?? "")")
    }

    @Test func `no control sequence reaches a line`() throws {
        let evil = "\u{1B}]0;x\u{7}\u{202E}"
        run.cellNames = [evil]
        run.stageNames = ["a", "b", evil]
        run.subtaskNames[0] = evil + "/0"
        run.channelNames[0] = evil + ">b/0"
        run.keys = [evil]
        run.incidents = [Incident(step: 1, kind: .violation, name: evil, message: evil, time: 0)]
        run.lines = [LogLineFacts(1, evil)]
        let lines = [
            "step", "when", "info stages", "info states", "info queues", "info runnable",
            "info threads", "info marks", "logs", "print queue \(evil)>b/0", "mark \(evil)",
            "goto \(evil)", "break log /\(evil)/", "break stage=\(evil)", "info breaks", "c", "rc",
            "print cell `\(evil)`", "last-write cell `\(evil)`", "print state b[\"\(evil)\"]",
            "assert cell `\(evil)`.left == 77", "print event a:0", "logs /\(evil)\(evil)/",
        ]
        for line in lines {
            let answer = try #require(try debugger.execute(line), "\(line)")
            for text in [answer.text(showsEffort: true), answer.json(command: line)] {
                let unsafe = text.unicodeScalars.filter { $0.value < 0x20 && $0 != "\n" }
                #expect(unsafe.isEmpty, "\(line)")
            }
            #expect(!answer.text(showsEffort: true).unicodeScalars.contains("\u{202E}"), "\(line)")
        }
        for line in [
            "goto x\(evil)", "print x\(evil)", evil, "info \(evil)", "print queue \(evil)",
        ] {
            let error = #expect(throws: CommandError.self) { try debugger.execute(line) }
            let shown = (error?.sentence ?? "") + (error?.underlined(line) ?? "")
            #expect(shown.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" }, "\(line)")
        }
    }

    @Test func `progress that says no ends a movement where it is`() throws {
        debugger.onProgress = { done, _ in done < 4 }
        let answer = try #require(try debugger.execute("goto 8"))
        #expect(answer.isInterrupted)
        #expect(run.position == 4)
        debugger.onProgress = { _, _ in false }
        _ = try debugger.execute("break when step == 9")
        #expect(try debugger.execute("c")?.isInterrupted == true)
        #expect(run.position == 5)
    }

    @Test func `a replay that disagrees says so at each movement beyond`() throws {
        run.divergenceStep = 6
        #expect(throws: Divergence.self) { try debugger.execute("goto 8") }
        #expect(try positions(["goto 3"]) == [3])
    }

    @Test func `a run that died in a turn failed at its end`() throws {
        run.diedInTurns = true
        #expect(try debugger.open(at: nil).text(showsEffort: false).contains("the run died behind"))
        #expect(try positions(["goto 3", "goto failure"]) == [3, 9])
    }

    @Test func `an assertion says what its parts are when it is false`() throws {
        let good = try #require(try debugger.execute("assert cell budget.left == 5"))
        #expect(good.isAssertion && !good.isFailedAssertion)
        let bad = try #require(try debugger.execute("assert cell budget.left < depth(a>b)"))
        #expect(bad.isFailedAssertion)
        #expect(
            bad.text(showsEffort: false) == """
                FALSE at step 0: cell budget.left < depth(a>b)
                  cell budget.left is 5
                  depth(a>b) is 0

                """)
    }

    @Test func `effort stands apart in both forms`() throws {
        let answer = try #require(try debugger.execute("goto 4"))
        #expect(answer.text(showsEffort: true).contains("; ran 4 steps again in 0 ms\n"))
        #expect(!answer.text(showsEffort: false).contains("again"))
        #expect(
            answer.json(command: "goto 4").hasSuffix(
                "\"elapsed_us\":4000,\"steps_run\":4,\"duration_ns\":0}\n"))
    }

    @Test(arguments: [
        ("st", ["step"]), ("re", ["reverse-step", "reverse-next", "reverse-continue"]),
        ("info s", ["stages", "states"]), ("goto f", ["failure"]), ("print st", ["state", "step"]),
        ("print state b", ["b["]), ("print state b[", ["b[17]"]), ("watch cell b", ["budget"]),
        ("break st", ["stage=a", "stage=b"]), ("print queue a", ["a>b", "a/0>b/0", "a/0>b/1"]),
        ("print event ", ["a:"]), ("help wh", ["when"]), ("nonsense x", []), ("goto 3 ", []),
    ])
    func `a word is completed by what can stand there`(line: String, candidates: [String]) {
        #expect(debugger.completions(of: line).candidates == candidates)
    }

    @Test func `completion asks for no more entries than it offers`() {
        run.keys = (0..<400).map { "k\($0)" }
        let (_, candidates) = debugger.completions(of: "print state b[k39")
        #expect(candidates == ["b[k39]"] + (390..<400).map { "b[k\($0)]" })
        #expect(run.largestLimit <= 50)
    }
}
