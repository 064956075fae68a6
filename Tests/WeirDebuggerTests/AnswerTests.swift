import Testing
import WeirBase
import WeirEngine
import WeirTelemetry

@testable import WeirDebugger
@testable import WeirReplay

/// What the commands that look around say, word by word and member by member.
@Suite struct AnswerTests {
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

    private func json(_ command: String) throws -> String {
        try #require(try debugger.execute(command)).json(command: "c")
    }

    @Test func `a history has a star at each write and the value behind each access`() throws {
        run.accesses = [
            StateAccess(step: 2, subtask: 2, turn: 1, isWrite: true, value: 4),
            StateAccess(step: 4, subtask: 0, turn: 3, isWrite: false, value: nil),
        ]
        let expected = [
            "step     subtask  turn  value after it",
            "   2  *  b/1         1  4",
            "   4     a/0         3  nothing",
        ]
        #expect(try lines("history cell budget") == expected)
        #expect(try lines("history cell budget 1").count == 2)
        #expect(
            try json("history cell budget")
                == #"{"command":"c","answer":"history","state":"cell budget","accesses":["#
                + #"{"step":2,"subtask":"b/1","turn":1,"write":true,"value":4},"#
                + #"{"step":4,"subtask":"a/0","turn":3,"write":false,"value":null}]}"# + "\n")
    }

    @Test func `a history without an access says up to which step`() throws {
        _ = try debugger.execute("goto 3")
        #expect(try lines("history cell budget") == ["cell budget was not touched up to step 3"])
    }

    @Test func `the books tell what every operator and channel did with what came`() throws {
        run.books.operators = [
            Books.Account(name: "a", taken: 1_900, handled: 1_890, dropped: 7, held: 3)
        ]
        run.books.channels = [
            Books.Account(name: "a/0>b/0", taken: 12, handled: 5, dropped: 4, held: 3)
        ]
        run.books.imbalances = ["a lost 2"]
        #expect(
            try lines("info books") == [
                "operator  taken  handled  dropped  held",
                "a         1,900    1,890        7     3",
                "",
                "channel  emitted  taken  dropped  held",
                "a/0>b/0       12      5        4     3",
                "does not balance: a lost 2",
            ])
        #expect(
            try json("info books")
                == #"{"command":"c","answer":"books","step":0,"operators":[{"operator":"a","#
                + #""taken":1900,"handled":1890,"dropped":7,"held":3}],"channels":[{"channel":"#
                + #""a/0>b/0","emitted":12,"taken":5,"dropped":4,"held":3}],"#
                + #""imbalances":["a lost 2"]}"# + "\n")
    }

    @Test func `what was dropped is told by stage and reason, with the sum for programs`() throws {
        #expect(try lines("info drops") == ["nothing was dropped"])
        run.books.drops = [
            Books.Drop(stage: "a", reason: .late, count: 1_200),
            Books.Drop(stage: "b", reason: .late, count: 3),
        ]
        let reason = DropReason.late.rawValue
        let found = try lines("info drops")
        #expect(found.count == 3 && found[1].hasPrefix("a      \(reason)"))
        #expect(found[1].hasSuffix(" 1,200") && found[2].hasSuffix("     3"))
        #expect(try json("info drops").contains(#""dropped":1203,"drops":[{"stage":"a""#))
    }

    @Test func `queues tell what waits, what has room and what is not published`() throws {
        _ = try debugger.execute("goto 2")
        run.unpublished = 4
        #expect(
            try lines("info queues") == [
                "channel  waiting  room  unpublished",
                "a/0>b/0        9    10            4",
                "a/0>b/1        0    10            0",
            ])
        #expect(
            try json("info queues").contains(
                #"{"channel":"a/0>b/0","waiting":9,"capacity":10,"unpublished":4}"#))
    }

    @Test func `a queue is printed with its oldest messages and how many more there are`() throws {
        _ = try debugger.execute("goto 2")
        (run.unpublished, run.oldest) = (4, ["one", "two"])
        #expect(
            try lines("print queue a/0>b/0") == [
                "a/0>b/0: 9 of 10 wait, 4 emitted and not published", "  one", "  two",
                "  and 7 more",
            ])
        #expect(try lines("print queue a>b").last == "a/0>b/1: 0 of 10 wait")
        _ = try debugger.execute("goto 1")
        run.unpublished = 0
        #expect(
            try lines("print queue a/0>b/0") == ["a/0>b/0: 2 of 10 wait", "  one", "  two"])
        #expect(
            try json("print queue a/0>b/0").hasSuffix(
                #""step":1,"queues":[{"channel":"a/0>b/0","waiting":2,"capacity":10,"#
                    + #""unpublished":0,"oldest":["one","two"]}]}"# + "\n"))
    }

    @Test func `a stage is in a turn, done, or between turns`() throws {
        run.done = ["b/0", "b/1"]
        #expect(
            try lines("info stages") == [
                "subtask  turns  in  out  watermark  state",
                "a/0          1   2    3  -          between turns",
                "b/0          1   2    3  -          done",
                "b/1          1   2    3  -          in the turn of step 2",
            ])
        #expect(
            try json("info stages").contains(
                #"{"subtask":"a/0","turns":1,"in":2,"out":3,"done":false},"#
                    + #"{"subtask":"b/0","turns":1,"in":2,"out":3,"done":true},"#
                    + #"{"subtask":"b/1","turns":1,"in":2,"out":3,"done":true,"turn":2}"#))
    }

    @Test func `states of all stages are a few of each, those of one stage all`() throws {
        run.keys = (1...7).map { "\($0)" }
        let all = try lines("info states")
        #expect(all.count == 7 && all[0] == "cell budget = Budget(left: 5)" && all[1] == "b[1] = 1")
        #expect(all[6] == "  and 2 more of b: 'info states b'")
        #expect(try json("info states").hasSuffix(#","omitted":2}"# + "\n"))
        #expect(try lines("info states b") == (1...7).map { "b[\($0)] = 1" })
        #expect(try lines("info states a") == ["a has no state at step 0"])
        run.keys = (1...1_001).map { "\($0)" }
        #expect(try lines("info states b").last == "  and 1 more of b: 'print state b[KEY]'")
    }

    @Test func `a state that an open turn holds says so to programs, too`() throws {
        _ = try debugger.execute("goto 4")
        #expect(
            try json("print state b[17]")
                == #"{"command":"c","answer":"state","step":4,"states":[{"name":"b[17]","#
                + #""text":"2","value":2,"as_of_turn":2}]}"# + "\n")
    }

    @Test func `a part of a state is shown under its own name`() throws {
        #expect(try lines("print state cell budget.left") == ["cell budget.left = 5"])
        #expect(
            try json("print state cell budget.left").contains(
                #"{"name":"cell budget.left","text":"5","value":5}"#))
    }

    @Test func `nothing to run and nothing open are said`() throws {
        run.couldRun = []
        #expect(try lines("info runnable") == ["nothing could run: every subtask has ended"])
        #expect(try lines("info threads") == ["no turn is open here"])
        #expect(try lines("info breaks") == ["there are no breaks: see 'help break'"])
        #expect(try lines("info marks") == ["nothing failed, and nothing was marked"])
    }

    @Test func `marks are listed in the order of their steps`() throws {
        for line in ["goto 7", "mark late", "goto 2", "mark early"] {
            _ = try debugger.execute(line)
        }
        #expect(
            try lines("info marks") == ["step 2  marked as early", "step 7  marked as late"])
        #expect(
            try json("info marks").contains(
                #""places":[{"step":7,"name":"late"},{"step":2,"name":"early"}]"#))
        #expect(try lines("goto 7") == ["step 7 of 9: a/0 reads 3 elements", "  marked as late"])
    }

    @Test func `where a run stands is told with time, part and open turns`() throws {
        _ = try debugger.execute("goto 3")
        #expect(
            try lines("when") == [
                "step 3 of 9: a/0 reads 3 elements",
                "  0.003000 s after the start, 2023-11-14T22:13:20.003000Z, 33% of the trace",
                "  b/1 is in the middle of the turn of step 2",
            ])
        #expect(
            try json("when")
                == #"{"command":"c","answer":"when","step":3,"last_step":9,"kind":"input","#
                + #""what":"a/0 reads 3 elements","subtask":"a/0","turn":3,"count":3,"#
                + #""elapsed_us":3000,"timestamp":"2023-11-14T22:13:20.003000000Z","#
                + #""open":[{"subtask":"b/1","turn":2}]}"# + "\n")
    }

    @Test func `an element says which turn took it, or that none did`() throws {
        #expect(
            try lines("print event a:4") == ["a:4 = e4", "  taken in the turn of step 3: 'goto 3'"])
        #expect(try lines("print event a:7") == ["a:7 = e7", "  no turn of this trace took it"])
        #expect(
            try json("print event a:4").hasSuffix(
                #""source":"a","index":4,"text":"e4","taken_at":3}"# + "\n"))
        #expect(try json("print event a:7").hasSuffix(#""index":7,"text":"e7"}"# + "\n"))
    }

    @Test(arguments: [
        ("1 < 2", "1 < 2 = true", "true"), ("step", "step = 0", "0"), ("2.5", "2.5 = 2.5", "2.5"),
        ("'x'", "'x' = \"x\"", "\"x\""), ("nil", "nil = nil", "null"),
        ("depth(a>b)", "depth(a>b) = 0", "0"),
    ])
    func `an expression is printed as what it comes to`(
        text: String, line: String, member: String
    ) throws {
        #expect(try lines("print \(text)") == [line])
        #expect(try json("print \(text)").hasSuffix("\"value\":\(member)}\n"))
    }

    @Test func `a last write tells programs the values on both sides and the step`() throws {
        _ = try debugger.execute("goto 6")
        let found = try json("last-write cell budget.left")
        #expect(
            found.hasSuffix(
                #""before":{"left":4},"after":{"left":3},"look":"goto 4"}"# + "\n"))
        #expect(found.contains(#""state":"cell budget","step":4,"kind":"access""#))
        #expect(
            try lines("last-write cell budget.left").last
                == "  note    the whole value is followed, not only a field of it")
    }

    @Test func `a state that was never written still has its first value`() throws {
        _ = try debugger.execute("goto 1")
        #expect(
            try lines("last-write cell budget") == [
                "cell budget was not written up to step 1", "  value   Budget(left: 5)",
            ])
        #expect(try json("last-write cell budget").hasSuffix(#""value":{"left":5}}"# + "\n"))
    }

    @Test func `logs tell where they come from and how many lie before them`() throws {
        run.lines = (1...4).map { LogLineFacts(Step($0), "line \($0)") }
        run.lines[3].subtask = ""
        _ = try debugger.execute("goto 4")
        #expect(
            try lines("logs 2") == [
                "step 3  info  a/0  line 3", "step 4  info  -  line 4",
                "(2 lines before these: 'logs 4')",
            ])
        #expect(
            try json("logs 2").hasSuffix(
                #""step":4,"logs":[{"step":3},{"step":4}],"before":2}"# + "\n"))
        #expect(try lines("logs /[12]$/ 1").last == "(1 line before these: 'logs 2')")
        #expect(try lines("logs /x/") == ["no log line up to step 4 matches /x/"])
        _ = try debugger.execute("goto 0")
        #expect(try lines("logs") == ["nothing was logged up to step 0"])
    }
}
