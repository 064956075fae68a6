import Testing
import WeirBase
import WeirEngine
import WeirTelemetry

@testable import WeirDebugger
@testable import WeirReplay

/// The lists that the debugger gives, and what of them it leaves out.
@Suite struct TopicTests {
    private let run = SmallRun(left: [5, 5, 4])
    private let debugger: Debugger

    init() {
        debugger = Debugger(run, started: Instant(nanoseconds: 0), nanoseconds: { 7 })
    }

    private func lines(_ command: String) throws -> [String] {
        try #require(try debugger.execute(command)).lines
    }

    private func json(_ command: String) throws -> String {
        try #require(try debugger.execute(command)).json(command: "c")
    }

    @Test func `a list is named by its topic, and has its step where it depends on that`() throws {
        for topic in InfoTopic.all {
            let step = topic.name == "breaks" ? "" : #""step":0,"#
            #expect(
                try json("info \(topic.name)").hasPrefix(
                    #"{"command":"c","answer":"\#(topic.name)",\#(step)"#))
        }
    }

    @Test(arguments: [
        ("info s", "'s' can be stages, states", "Write more of it"),
        ("info b", "'b' can be breaks, books", "Write more of it"),
        (
            "info zzz", "there is no topic 'zzz'",
            "There are: stages, states, queues, runnable, threads, breaks, marks, drops, books, "
                + "watermarks"
        ),
        ("info queus", "there is no topic 'queus'", "Did you mean queues?"),
        ("info queues a", "this is more than the command takes", ""),
    ])
    func `a topic that is none, or several, is refused with what there is`(
        line: String, message: String, advice: String
    ) {
        let error = #expect(throws: CommandError.self) { try debugger.execute(line) }
        #expect(error?.message == message && error?.advice == advice)
    }

    @Test func `marks have for programs what they have`() throws {
        run.incidents = [
            Incident(step: 1, kind: .bookmark, name: "look", message: "", time: 0),
            Incident(step: 2, kind: .failure, name: "ship", message: "m", time: 0),
        ]
        #expect(try lines("info marks") == ["step 1  mark: look", "step 2  failure: ship: m"])
        #expect(
            try json("info marks")
                == #"{"command":"c","answer":"marks","step":0,"marks":[{"step":1,"kind":"#
                + #""mark","name":"look","message":""},{"step":2,"kind":"failure","name":"#
                + #""ship","message":"m"}],"places":[]}"# + "\n")
    }

    @Test func `what could run and what is open are lists of names and words`() throws {
        run.openTurns = [OpenTurnFacts(subtask: "b/1", turn: 2, next: .access(cell: "budget"))]
        #expect(
            try json("info runnable").hasSuffix(
                #""runnable":[{"subtask":"a/0","what":"source"}]}"# + "\n"))
        #expect(
            try json("info threads").hasSuffix(
                #""threads":[{"subtask":"b/1","state":"in the turn of step 2, waits to access "#
                    + #"cell budget"}]}"# + "\n"))
        #expect(try lines("info runnable") == ["subtask  could take", "a/0      source"])
    }

    @Test func `breaks have for programs their numbers, texts and hits`() throws {
        for line in ["b stage=a", "b invariant", "c"] { _ = try debugger.execute(line) }
        #expect(
            try json("info breaks").hasSuffix(
                #""breaks":[{"number":1,"text":"break stage=a","hits":1},"#
                    + #"{"number":2,"text":"break invariant","hits":0}]}"# + "\n"))
        #expect(
            try json("b log /x/")
                == #"{"command":"c","answer":"break","number":3,"text":"break log /x/"}"# + "\n")
    }

    @Test func `a list of states is the cells and then those of each stage`() throws {
        run.keys = ["1", "2"]
        #expect(
            try lines("info states") == ["cell budget = Budget(left: 5)", "b[1] = 1", "b[2] = 1"])
        #expect(
            try json("info states")
                == #"{"command":"c","answer":"states","step":0,"states":[{"name":"cell budget","#
                + #""text":"Budget(left: 5)","value":{"left":5}},{"name":"b[1]","text":"1","#
                + #""value":1},{"name":"b[2]","text":"1","value":1}],"omitted":0}"# + "\n")
        #expect(try json("info states b").contains(#""states":[{"name":"b[1]""#))
        (run.keys, run.cellNames) = ([], [])
        #expect(try lines("info states") == ["there is no state at step 0"])
        #expect(throws: CommandError.self) { try debugger.execute("info states b/1") }
    }

    @Test func `as many states are listed as the bound says`() throws {
        for (command, bound) in [
            ("info states", DebuggerBounds.maximumStatesOfEach),
            ("info states b", DebuggerBounds.maximumStatesOfOne),
        ] {
            let cells = command == "info states" ? 1 : 0
            run.keys = (0..<bound).map { "\($0)" }
            #expect(try lines(command).count == cells + bound)
            run.keys.append("more")
            #expect(try lines(command).count == cells + bound + 1)
            #expect(try json(command).hasSuffix(#","omitted":1}"# + "\n"))
        }
    }

    // MARK: Watermarks

    private static let point = Instant(nanoseconds: 1_700_000_000_000_000_000)

    private static func input(
        _ channel: String, _ seconds: Int64, _ state: WatermarkFacts.Input.State = .active,
        sent: Int64? = nil
    ) -> WatermarkFacts.Input {
        WatermarkFacts.Input(
            channel: channel, watermark: point + .seconds(seconds), state: state,
            sent: point + .seconds(sent ?? seconds), depth: 3)
    }

    @Test(
        arguments: [
            ([input("x", 1)], "x"),
            ([input("x", 1), input("y", 0)], "y"), ([input("x", 1), input("y", 1)], "x"),
            (
                [input("x", 1, sent: 2)],
                "x, 2023-11-14T22:13:22.000Z is behind 3 messages that wait"
            ),
            ([input("x", 1), input("y", 0, .idle), input("z", 0, .idle)], "x (2 idle)"),
            ([input("x", 1), input("y", 0, .ended)], "x"),
            ([input("x", 0, .ended), input("y", 0, .ended)], "-"),
            (
                [input("x", 0, .ended), input("y", 0, .idle)],
                "nothing: every input is idle or ended"
            ),
            ([], "the times of its own input"),
        ] as [([WatermarkFacts.Input], String)])
    func `a watermark is held back by its least active input`(
        inputs: [WatermarkFacts.Input], reason: String
    ) throws {
        run.watermarks = [WatermarkFacts(subtask: "b/0", watermark: Self.point, inputs: inputs)]
        #expect(
            try lines("info watermarks").last == "b/0      2023-11-14T22:13:20.000Z  \(reason)")
        run.watermarks[0].watermark = .distantFuture
        #expect(try lines("info watermarks").last == "b/0      the end    -")
        run.watermarks[0].watermark = .distantPast
        #expect(try lines("info watermarks").last?.hasPrefix("b/0      before any time  ") == true)
    }

    @Test func `of one subtask each input is told, and the arrow stands at what holds it back`()
        throws
    {
        run.watermarks = [
            WatermarkFacts(subtask: "a/0", watermark: .distantPast, inputs: []),
            WatermarkFacts(
                subtask: "b/0", watermark: .distantFuture, inputs: [Self.input("x", 1)]),
            WatermarkFacts(
                subtask: "b/1", watermark: Self.point,
                inputs: [Self.input("y", 0, .ended), Self.input("z", 0, sent: 2)]),
            WatermarkFacts(subtask: "bb/0", watermark: Self.point, inputs: []),
        ]
        #expect(
            try lines("info watermarks a") == [
                "a/0 is at before any time", "  by the times of its own input",
            ])
        #expect(
            try lines("info watermarks b") == [
                "b/0 is at the end", "  x is at 2023-11-14T22:13:21.000Z",
                "b/1 is at 2023-11-14T22:13:20.000Z", "  y has ended",
                "  z is at 2023-11-14T22:13:20.000Z; 2023-11-14T22:13:22.000Z is behind 3 "
                    + "messages that wait  <- holds it back",
            ])
        #expect(
            try json("info watermarks b/1").hasSuffix(
                #""watermarks":[{"subtask":"b/1","watermark":"2023-11-14T22:13:20.000Z","#
                    + #""holder":"z","inputs":[{"channel":"y","watermark":"#
                    + #""2023-11-14T22:13:20.000Z","state":"ended","sent":"#
                    + #""2023-11-14T22:13:20.000Z","depth":3},{"channel":"z","watermark":"#
                    + #""2023-11-14T22:13:20.000Z","state":"active","sent":"#
                    + #""2023-11-14T22:13:22.000Z","depth":3}]}],"omitted":0}"# + "\n"))
    }

    @Test func `so many watermarks are listed, and the others are counted`() throws {
        let maximum = DebuggerBounds.maximumListedSubtasks
        run.watermarks = (0..<maximum).map {
            WatermarkFacts(subtask: "b/\($0)", watermark: Self.point, inputs: [])
        }
        #expect(try lines("info watermarks").count == maximum + 1)
        run.watermarks.append(WatermarkFacts(subtask: "c/0", watermark: Self.point, inputs: []))
        #expect(try lines("info watermarks").count == maximum + 2)
        #expect(try lines("info watermarks").last == "  and 1 more: 'info watermarks STAGE'")
        #expect(try json("info watermarks").hasSuffix(#","omitted":1}"# + "\n"))
    }

    @Test func `help ends with how to go on from here`() throws {
        let all = try lines("help")
        let groups = DebuggerCommand.Group.allCases.count
        try #require(all.count == CommandTable.all.count + groups + 4)
        #expect(
            all.suffix(4) == [
                "",
                "A beginning that fits one command is enough. 'help COMMAND' says more; 'help",
                "place', 'help state' and 'help expr' say how those are written.",
                "New here? Try: when, info states, last-write cell NAME, reverse-step, back.",
            ])
        for command in CommandTable.all {
            let short = command.short.first.map { " (\($0))" } ?? ""
            let row = all.first { $0.hasPrefix("  \(command.help.usage) ") }
            #expect(row?.hasSuffix("\(command.help.summary)\(short)") == true)
            let one = try lines("help \(command.name)")
            let details = command.help.details.map { "  \($0)" }
            #expect(Array(one.dropFirst().prefix(details.count)) == details)
        }
    }
}
