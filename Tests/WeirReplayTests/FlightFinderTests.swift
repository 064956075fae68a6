import Testing
import WeirBase
import WeirTelemetry

@testable import WeirReplay

/// Which turns of a schedule were in flight when its run died.
@Suite struct FlightFinderTests {
    private static func turn(_ step: Step, of subtask: SubtaskIndex) -> StepNote {
        var note = StepNote(step: step, kind: .input)
        (note.subtask, note.count) = (subtask, 1)
        return note
    }

    private static func inside(_ turn: Step, _ step: Step, _ kind: StepKind) -> StepNote {
        var note = StepNote(step: step, kind: kind)
        note.turn = turn
        return note
    }

    private static func batch(_ steps: [StepNote], ends: [Step] = []) -> ScheduleBatch {
        var batch = ScheduleBatch()
        batch.steps = steps
        batch.ends = ends.map {
            EndNote(step: $0, accesses: 0, duration: 0, sample: nil, emitted: 0..<0)
        }
        return batch
    }

    private static func flights(_ steps: [StepNote], ends: [Step] = []) -> [Step: Step] {
        FlightFinder.flights(in: [batch(steps, ends: ends)])
    }

    @Test func `a turn in flight stands at the last of its accesses and publishes`() {
        let turn = Self.turn(1, of: 0)
        #expect(Self.flights([turn]) == [1: 0])
        let access = Self.inside(1, 2, .access)
        #expect(Self.flights([turn, access]) == [1: 2])
        #expect(Self.flights([turn, access, Self.inside(1, 3, .access)]) == [1: 3])
        #expect(Self.flights([turn, access, Self.inside(1, 3, .publish)]) == [1: 3])
    }

    @Test func `no turn before a rest point is in flight`() {
        let steps = [
            Self.turn(1, of: 0), Self.turn(2, of: 1), StepNote(step: 3, kind: .rest),
        ]
        #expect(Self.flights(steps) == [:])
        #expect(Self.flights(steps + [Self.turn(4, of: 1)]) == [4: 0])
    }

    @Test func `a turn that another one of its subtask follows is not in flight`() {
        let steps = [Self.turn(1, of: 0), Self.turn(2, of: 1), Self.turn(3, of: 0)]
        #expect(Self.flights(steps) == [2: 0, 3: 0])
    }

    @Test func `a void ends no turn, and an end note its own alone`() {
        let steps = [Self.turn(1, of: 0), StepNote(step: 2, kind: .void), Self.turn(3, of: 1)]
        #expect(Self.flights(steps) == [1: 0, 3: 0])
        #expect(Self.flights(steps, ends: [3]) == [1: 0])
    }

    @Test func `an end may lie in a later batch than its turn`() {
        let batches = [Self.batch([Self.turn(1, of: 0)]), Self.batch([], ends: [1])]
        #expect(FlightFinder.flights(in: batches) == [:])
    }

    @Test func `a schedule knows where its turns in flight stand`() throws {
        let steps = [
            Self.turn(1, of: 0), Self.inside(1, 2, .access), Self.turn(3, of: 1),
            Self.turn(4, of: 2),
        ]
        let schedule = RecordedSchedule([Self.batch(steps, ends: [4])])
        #expect(schedule.isInFlight(1) && schedule.isInFlight(3) && !schedule.isInFlight(4))
        #expect(schedule.lastAccess(of: 1) == 2)
        #expect(schedule.lastAccess(of: 3) == nil && schedule.lastAccess(of: 4) == nil)
        #expect(try schedule.takeEnd(of: 4) != nil)
        #expect(try schedule.takeEnd(of: 4) == nil, "an end is given once")
    }

    @Test func `nothing is read for the end of a turn in flight`() throws {
        var read = 0
        let schedule = RecordedSchedule(flights: [1: 0], hasDigests: true) {
            read += 1
            return nil
        }
        #expect(try schedule.takeEnd(of: 1) == nil)
        #expect(read == 0)
    }

    @Test func `a schedule gives each step once, with the numbers behind it`() throws {
        var completion = StepNote(step: 2, kind: .completion)
        completion.words = 0..<2
        var first = Self.batch([Self.turn(1, of: 0), completion])
        first.words = [7, 9]
        let schedule = RecordedSchedule([first, Self.batch([]), Self.batch([Self.turn(3, of: 0)])])
        var steps: [Step] = []
        while let next = try schedule.peek() {
            steps.append(next.note.step)
            #expect(next.words == (next.note.step == 2 ? [7, 9] : []))
            schedule.advance()
        }
        #expect(steps == [1, 2, 3])
    }
}
