import Testing
import WeirBase
import WeirTelemetry

@testable import WeirReplay

/// The turns of a replay that are open, arrow by arrow.
@Suite struct OpenTurnsTests {
    private static func begun(_ step: Step, _ subtask: SubtaskIndex) -> ScheduledStep {
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

    @Test func `rule 25: a turn that was put off is open and not started`() {
        let turns = Self.putOff
        #expect(turns.step(of: 1) == 7 && turns.earliest == 7)
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

    @Test func `rule 25: a turn inside a cell is held behind it whatever is noted last`() {
        var turns = Self.inside
        #expect(turns.holder(of: 3) == 1 && turns.holder(of: 4) == nil)
        turns.leave(1)
        #expect(turns.holder(of: 3) == nil)
        let isHeld = turns.hold(1, isLastNoted: false)
        #expect(isHeld)
    }

    @Test func `rule 25: a turn is held behind its last noted publish`() {
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
        #expect(turns.earliest == 4 && turns.steps == [1: 7, 2: 4])
    }

    /// Arrows drawn from those that three turns and two cells allow.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func `whatever happens to turns, each has one state and a cell one turn inside`(seed: UInt64) {
        var random = SeededGenerator(seed: seed, stream: 0x09E4)
        var turns = OpenTurns()
        /// What the turn of each subtask is in, as the arrows of the diagram name it.
        var model: [SubtaskIndex: String] = [:]
        var inside: [SubtaskIndex: CellIndex] = [:]
        var begun: [SubtaskIndex: Step] = [:]
        var step: Step = 0
        for _ in 0..<40 {
            let subtask = SubtaskIndex(random.below(3))
            let cell = CellIndex(random.below(2))
            switch (random.below(7), model[subtask]) {
            case (0, nil):
                step = step.next
                turns.put(off: Self.begun(step, subtask))
                (model[subtask], begun[subtask]) = ("deferred", step)
            case (1, nil):
                step = step.next
                turns.start(subtask, step: step)
                (model[subtask], begun[subtask]) = ("running", step)
            case (1, "deferred"):
                turns.start(subtask, step: begun[subtask] ?? 0)
                model[subtask] = "running"
            case (2, "running") where !inside.values.contains(cell):
                turns.enter(subtask, cell: cell)
                (model[subtask], inside[subtask]) = ("inside", cell)
            case (3, "inside"):
                turns.leave(subtask)
                (model[subtask], inside[subtask]) = ("leaving", nil)
            case (4, "leaving"), (4, "running"):
                let isHeld = turns.hold(subtask, isLastNoted: true)
                #expect(isHeld)
                model[subtask] = "held"
            case (5, "running"), (5, "inside"), (5, "held"):
                turns.runOn(subtask)
                (model[subtask], inside[subtask]) = ("runningOn", nil)
            case (6, "running"), (6, "runningOn"):
                turns.end(subtask, step: begun[subtask] ?? 0)
                (model[subtask], begun[subtask]) = (nil, nil)
            default: break
            }
            turns.checkInvariants()
            #expect(turns.steps == begun)
            #expect(turns.started == model.filter { $0.value != "deferred" }.keys.sorted())
            for cell in [0, 1] as [CellIndex] {
                #expect(turns.holder(of: cell) == inside.first { $0.value == cell }?.key)
            }
        }
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
