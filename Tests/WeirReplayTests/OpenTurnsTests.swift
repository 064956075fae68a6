import Testing
import WeirTelemetry

@testable import WeirReplay

/// The turns of a replay that are open, arrow by arrow.
@Suite struct OpenTurnsTests {
    private static func begun(_ step: UInt64, _ subtask: UInt16) -> ScheduledStep {
        var note = StepNote(step: step, kind: .input)
        note.subtask = subtask
        return ScheduledStep(note: note, words: [])
    }

    /// Turns of subtask 1, begun at step 7 and put off.
    private static var putOff: OpenTurns {
        var turns = OpenTurns()
        turns.put(off: begun(7, 1))
        return turns
    }

    private static var running: OpenTurns {
        var turns = putOff
        turns.start(1, step: 7)
        return turns
    }

    private static var inside: OpenTurns {
        var turns = running
        turns.enter(1, cell: 3)
        return turns
    }

    @Test func `a turn that was put off is open and not started`() {
        let turns = Self.putOff
        #expect(turns.step(of: 1) == 7 && turns.least == 7)
        #expect(turns.startedStep(of: 1) == nil && turns.started.isEmpty)
        #expect(turns.deferred(1)?.note.step == 7)
    }

    @Test func `a turn that was started goes on until it ends`() {
        var turns = Self.running
        #expect(turns.startedStep(of: 1) == 7 && turns.started == [1])
        #expect(turns.deferred(1) == nil)
        let isHeld = turns.hold(1, isLastNoted: false)
        #expect(!isHeld)
        turns.end(1, step: 7)
        #expect(turns.isEmpty)
    }

    @Test func `a turn inside a cell is held behind it whatever is noted last`() {
        var turns = Self.inside
        #expect(turns.holder(of: 3) == 1 && turns.holder(of: 4) == nil)
        turns.leave(1)
        #expect(turns.holder(of: 3) == nil)
        let isHeld = turns.hold(1, isLastNoted: false)
        #expect(isHeld)
    }

    @Test func `a turn is held behind its last noted publish`() {
        var turns = Self.running
        let isHeld = turns.hold(1, isLastNoted: true)
        #expect(isHeld)
    }

    @Test func `a turn that runs on is held nowhere and inside no cell`() {
        var turns = Self.inside
        turns.runOn(1)
        #expect(turns.isRunningOn(1) && turns.holder(of: 3) == nil)
        let isHeld = turns.hold(1, isLastNoted: true)
        #expect(!isHeld)
        turns.end(1, step: 7)
        #expect(turns.isEmpty)
    }

    @Test func `the least step is that of the turn that began first, started or not`() {
        var turns = Self.running
        turns.put(off: Self.begun(4, 2))
        #expect(turns.least == 4 && turns.steps == [1: 7, 2: 4])
    }

    // What no schedule can ask for ends the process where it is asked.

    @Test func `a second turn of a subtask cannot begin`() async {
        await #expect(processExitsWith: .failure) {
            var turns = Self.running
            turns.start(1, step: 9)
        }
        await #expect(processExitsWith: .failure) {
            var turns = Self.running
            turns.put(off: Self.begun(9, 1))
        }
    }

    @Test func `two turns cannot be inside one cell`() async {
        await #expect(processExitsWith: .failure) {
            var turns = Self.inside
            turns.start(2, step: 9)
            turns.enter(2, cell: 3)
        }
    }

    @Test func `a turn that is not inside a cell cannot leave it`() async {
        await #expect(processExitsWith: .failure) {
            var turns = Self.running
            turns.leave(1)
        }
    }

    @Test func `a turn that is held cannot end, and none ends at another's step`() async {
        await #expect(processExitsWith: .failure) {
            var turns = Self.running
            _ = turns.hold(1, isLastNoted: true)
            turns.end(1, step: 7)
        }
        await #expect(processExitsWith: .failure) {
            var turns = Self.running
            turns.end(1, step: 8)
        }
    }
}
