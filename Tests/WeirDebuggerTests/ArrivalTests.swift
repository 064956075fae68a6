import Testing
import WeirBase
import WeirEngine
import WeirTelemetry

@testable import WeirDebugger
@testable import WeirReplay

/// What a movement says of the step that it came to, for people and for programs.
@Suite struct ArrivalTests {
    //                              0  1  2  3  4  5  6  7  8  9
    private let run = SmallRun(left: [5, 5, 4, 4, 3, 3, 3, 3, -1, -1])
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

    @Test(
        arguments: [
            (
                .publish,
                #""kind":"publish","what":"a/0 publishes 3 messages on a/0>b/0 in the "#
                    + #"turn of step 5","subtask":"a/0","turn":5,"channel":"a/0>b/0","count":3"#
            ),
            (
                .access,
                #""kind":"access","what":"a/0 accesses cell budget in the turn of step "#
                    + #"5","subtask":"a/0","turn":5,"cell":"budget","count":3"#
            ),
            (
                .timer,
                #""kind":"timer","what":"a/0 fires its timers","subtask":"a/0","turn":5,"count":3"#
            ),
            (.rest, #""kind":"rest","what":"a rest point: no turn is open""#),
        ] as [(StepKind, String)])
    func `a step has for programs what its kind has, and nothing else`(
        kind: StepKind, members: String
    ) throws {
        run.kindsOfFirst = [5: kind]
        #expect(
            try json("goto 5")
                == #"{"command":"c","answer":"moved","step":5,"last_step":9,"#
                + members + #","elapsed_us":5000,"steps_run":5,"duration_ns":0}"# + "\n")
    }

    @Test func `a void is at no time`() throws {
        run.kindsOfFirst = [5: .void]
        #expect(
            try json("goto 5")
                == #"{"command":"c","answer":"moved","step":5,"last_step":9,"kind":"void","#
                + #""what":"a number without a step: the run died before it did anything","#
                + #""steps_run":5,"duration_ns":0}"# + "\n")
    }

    @Test func `before the first step there is nothing to say of a step`() throws {
        #expect(try lines("goto 0") == ["step 0 of 9: before the first step"])
        #expect(
            try json("goto 0")
                == #"{"command":"c","answer":"moved","step":0,"last_step":9,"steps_run":0,"#
                + #""duration_ns":0}"# + "\n")
    }

    @Test func `notes of a movement are lines, and one member`() throws {
        for line in ["watch cell budget.left", "b when cell budget.left < 0", "goto 5"] {
            _ = try debugger.execute(line)
        }
        #expect(
            try json("c").contains(
                #""note":"1: watch cell budget.left: 3 became -1; 2: break when cell budget.left "#
                    + #"< 0""#))
        #expect(try !json("goto 3").contains(#""note""#))
    }

    @Test func `an incident is told at its turn and at its access, and between them not`() throws {
        let incident = Incident(
            step: 2, kind: .violation, name: "never", message: "", time: 0, access: 4)
        run.incidents = [incident]
        let line = "  violation: never, in the turn of step 2"
        let member =
            #""marks":[{"step":2,"kind":"violation","name":"never","message":"","access":4}]"#
        for (step, isTold) in [(1, false), (2, true), (3, false), (4, true), (5, false)] {
            #expect(try lines("goto \(step)").contains(line) == isTold, "step \(step)")
            #expect(try json("goto \(step)").contains(member) == isTold, "step \(step)")
        }
    }

    @Test func `that a run died is told at its last step alone`() throws {
        let line = "  the run died behind this step, in the middle of a turn"
        #expect(try !lines("goto 9").contains(line))
        run.diedInTurns = true
        #expect(try lines("goto 9").contains(line))
        #expect(try !lines("goto 8").contains(line))
    }

    @Test func `a movement that comes to an end by its own count does not say so`() throws {
        let end = "  this is the end of the trace"
        let start = "  this is the start, before the first step"
        _ = try debugger.execute("goto 7")
        #expect(try lines("s 2").last != end)
        #expect(try lines("s").last == end)
        #expect(try lines("rs 9").last != start)
        #expect(try lines("rs").last == start)
        _ = try debugger.execute("goto 7")
        #expect(try lines("s 3").last == end)
        #expect(try lines("rs 10").last == start)
    }

    @Test func `the part of a trace is that of its steps`() throws {
        for (step, part) in [(0, "0%"), (1, "11%"), (8, "88%"), (9, "100%")] {
            _ = try debugger.execute("goto \(step)")
            #expect(try lines("when")[1].hasSuffix(", \(part) of the trace"))
        }
        let empty = Debugger(
            SmallRun(left: [1]), started: Instant(nanoseconds: 0), nanoseconds: { 7 })
        let said = try #require(try empty.execute("when")).lines
        #expect(said[1].hasSuffix(", 100% of the trace"))
    }

    @Test(
        arguments: [
            ("goto 8", 6), ("goto 1", 1), ("s 3", 3), ("s 99", 7), ("rs", 1), ("n", 1), ("rn", 1),
            ("c", 7), ("rc", 2), ("goto 2", 1), ("b stage=a/0; c", 7), ("b stage=a/0; rc", 2),
        ] as [(String, Int)])
    func `a movement tells how long its way is at most`(command: String, total: Int) throws {
        _ = try debugger.execute("goto 2")
        run.kindsOfFirst = [2: .input]
        var totals: Set<Int> = []
        debugger.onProgress = { _, total in
            totals.insert(total); return true
        }
        // One that goes nowhere has nothing to tell.
        for line in command.split(separator: ";") { _ = try debugger.execute(String(line)) }
        if command == "goto 2" { totals.insert(1) }
        #expect(totals == [total] || totals.isEmpty && run.position < 2)
    }

    @Test func `a place that is marked is told with how to come back`() throws {
        _ = try debugger.execute("goto 4")
        #expect(try lines("mark here") == ["marked step 4 as here: 'goto here' comes here again"])
        #expect(
            try json("mark there")
                == #"{"command":"c","answer":"mark","name":"there","step":4}"# + "\n")
        #expect(try lines("goto 4").suffix(2) == ["  marked as here", "  marked as there"])
        #expect(try lines("goto 5").count == 1)
    }
}
