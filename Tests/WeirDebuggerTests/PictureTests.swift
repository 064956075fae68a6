import Testing
import WeirBase
import WeirEngine
import WeirTelemetry

@testable import WeirDebugger
@testable import WeirReplay

/// What a screen is given of a step.
@Suite struct PictureTests {
    //                              0  1  2  3  4  5  6  7  8  9
    private let run = SmallRun(
        left: [5, 5, 4, 4, 3, 3, 3, 3, -1, -1], waiting: [0, 2, 9, 9, 9, 1, 1, 10, 0, 0])
    private let debugger: Debugger

    init() {
        debugger = Debugger(run, started: Instant(nanoseconds: 0), nanoseconds: { 7 })
    }

    private func picture(at step: Step, columns: Int = 4) throws -> ReplayPicture {
        _ = try debugger.execute("goto \(step)")
        return try debugger.picture(columns: columns)
    }

    @Test func `a picture says what the step was and whose`() throws {
        let picture = try picture(at: 4)
        #expect(picture.step == 4 && picture.lastStep == 9)
        #expect(picture.what.contains("b/1 accesses cell budget"))
        #expect(picture.subtask == 2)
        #expect(picture.time == 4_000)
        let start = try self.picture(at: 0)
        #expect(start.what == "before the first step" && start.subtask == nil)
        #expect(start.replayed?.states.allSatisfy { !$0.isChanged } == true)
    }

    @Test func `the columns lie around the step, and within the run at its ends`() throws {
        #expect(try picture(at: 5).lanes.first == 3)
        #expect(try picture(at: 5).lanes.columns.map(\.kind) == [.input, .access, .input, .access])
        #expect(try picture(at: 5).lanes.columns.map(\.turn) == [3, 2, 5, 2])
        #expect(try picture(at: 0).lanes.first == 1)
        #expect(try picture(at: 9).lanes.first == 6)
        #expect(try picture(at: 9, columns: 100).lanes.columns.count == 9)
        #expect(try picture(at: 9, columns: 0).lanes.columns.isEmpty)
        #expect(try picture(at: 9, columns: -1).lanes.columns.isEmpty)
    }

    @Test func `a large plan has lanes for those alone that do something`() throws {
        let all = try picture(at: 5).lanes.subtasks.map(\.name)
        #expect(all == run.subtaskNames)
        run.subtaskNames += (0..<40).map { "c/\($0)" }
        #expect(try picture(at: 5).lanes.subtasks.map(\.name) == ["a/0", "b/1"])
    }

    @Test func `what the step changed comes first, with what was before`() throws {
        let changed = try #require(try picture(at: 8).replayed?.states.first)
        #expect(changed.name == "cell budget" && changed.isChanged)
        #expect(changed.before == "Budget(left: 3)" && changed.after == "Budget(left: -1)")
        let states = try #require(try picture(at: 6).replayed?.states)
        #expect(states.map(\.isChanged) == [false, false])
        #expect(states.map(\.name) == ["cell budget", "b[17]"])
    }

    @Test func `of very many entries some are shown and the others counted`() throws {
        run.keys = (0..<2_000).map { "\($0)" }
        let replayed = try #require(try picture(at: 4).replayed)
        #expect(replayed.states.count == DebuggerBounds.maximumPictureStates)
        #expect(replayed.states.count + replayed.omittedStates == 2_001)
        #expect(run.largestLimit == DebuggerBounds.maximumComparedStates)
    }

    @Test func `the queues of the subtask come first, then those that hold something`() throws {
        run.channelNames = ["a/0>b/0", "a/0>b/1"]
        run.waitingElsewhere = 3
        #expect(try picture(at: 4).replayed?.queues.map(\.channel) == ["a/0>b/1", "a/0>b/0"])
        let full = try #require(try picture(at: 7).replayed?.queues.first)
        #expect(full.depth == 10 && full.capacity == 10 && full.oldest == ["m\\u{1B}[2J"])
        run.channelNames = (0..<100).map { "x/0>y/\($0)" }
        let replayed = try #require(try picture(at: 4).replayed)
        #expect(replayed.queues.count == DebuggerBounds.maximumPictureQueues)
        #expect(replayed.queues.count + replayed.omittedQueues == 100)
    }

    @Test func `the recorded choice is marked among those that could be next`() throws {
        run.couldRun = [
            RunnableFacts(subtask: "a/0", work: .read),
            RunnableFacts(subtask: "b/0", work: .turn(.timer)),
        ]
        // Step 5 is a turn of a/0, step 6 an access of b/1 in its open turn.
        #expect(try picture(at: 4).replayed?.choices.map(\.isRecorded) == [true, false])
        run.openTurns = [
            OpenTurnFacts(subtask: "b/1", turn: 2, next: .access(cell: "budget"))
        ]
        let choices = try #require(try picture(at: 5).replayed?.choices)
        #expect(choices.map(\.isRecorded) == [true, false, false])
        #expect(choices[0].what.contains("waits to access cell budget"))
        #expect(try picture(at: 9).replayed?.choices.contains(where: \.isRecorded) == false)
    }

    @Test func `violations, bookmarks and a died run are marks of their step`() throws {
        run.incidents = [
            Incident(step: 7, kind: .violation, name: "never below", message: "m", time: 0)
        ]
        _ = try debugger.execute("goto 7")
        _ = try debugger.execute("mark here")
        let texts = try debugger.picture(columns: 2).incidents
        #expect(texts.count == 2 && texts[0].contains("violation") && texts[1].contains("here"))
        #expect(try debugger.picture(columns: 2).failure == 7)
        run.diedInTurns = true
        #expect(try picture(at: 9).incidents.first?.contains("died behind this step") == true)
    }

    @Test func `a picture of the schedule alone runs nothing`() throws {
        let before = run.stepsRun
        let sketch = try debugger.picture(of: 8, columns: 4, isReplayed: false)
        #expect(sketch.step == 8 && sketch.replayed == nil && sketch.lanes.columns.count == 4)
        #expect(run.stepsRun == before && run.position == 0)
    }

    @Test func `breaks come with how often they stopped`() throws {
        _ = try debugger.execute("break stage=a")
        _ = try debugger.execute("continue")
        let found = try debugger.picture(columns: 2).breaks
        #expect(found == [.init(number: 1, text: "break stage=a", hits: 1)])
    }

    @Test func `a long way is announced before it is gone, and a short one is not`() throws {
        let long = SmallRun(left: (0..<600).map { $0 })
        let debugger = Debugger(long, started: Instant(nanoseconds: 0), nanoseconds: { 7 })
        var announced: [Step] = []
        debugger.onDeparture = { announced.append($0) }
        _ = try debugger.execute("goto 500")
        _ = try debugger.execute("goto 510")
        #expect(announced == [500])
    }

    // MARK: Writes

    @Test func `the cause of a failure is the write that the failing access found`() throws {
        run.incidents = [
            Incident(step: 8, kind: .violation, name: "never below", message: "m", time: 0)
        ]
        let answer = try #require(try debugger.execute("goto cause"))
        #expect(run.position == 4)
        #expect(answer.text(showsEffort: false).contains("the failing access at step 8"))
    }

    @Test func `a failure at no access, or none at all, has no cause to go to`() throws {
        #expect(throws: CommandError.self) { try debugger.execute("goto cause") }
        run.incidents = [
            Incident(step: 7, kind: .violation, name: "never below", message: "m", time: 0)
        ]
        let error = #expect(throws: CommandError.self) { try debugger.execute("goto cause") }
        #expect(error?.advice.contains("last-write") == true && run.position == 0)
    }

    @Test func `the writes of a value are gone to in both directions`() throws {
        _ = try debugger.execute("goto 9")
        var found: [Step] = []
        for command in ["pw", "pw", "previous-write", "nw", "next-write"] {
            _ = try debugger.execute("\(command) cell budget")
            found.append(run.position)
        }
        #expect(found == [8, 4, 2, 4, 8])
    }

    @Test func `where nothing was written before or after, it stays and says so`() throws {
        _ = try debugger.execute("goto 1")
        let before = try #require(try debugger.execute("pw cell budget"))
        #expect(before.text(showsEffort: false).contains("was not written before this"))
        #expect(run.position == 1)
        _ = try debugger.execute("goto 8")
        let after = try #require(try debugger.execute("nw cell budget"))
        #expect(after.text(showsEffort: false).contains("is not written after this"))
        #expect(run.position == 8)
        #expect(throws: CommandError.self) { try debugger.execute("pw cell nothing") }
        _ = try debugger.execute("goto start")
        let start = try #require(try debugger.execute("pw cell budget"))
        #expect(start.text(showsEffort: false).contains("this is the start"))
    }
}
