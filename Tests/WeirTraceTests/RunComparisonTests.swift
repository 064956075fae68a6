import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

/// How two schedules differ: step by step, and by the names of turns and accesses behind that.
@Suite struct RunComparisonTests {
    /// A run of two subtasks and one cell, written step by step.
    private struct Run {
        var steps: [JoinedStep] = []

        /// A turn that takes and emits so many.
        mutating func turn(
            _ subtask: SubtaskIndex, _ count: UInt32, emits: UInt32 = 0, sample: UInt64? = nil
        ) {
            let step = Step(steps.count + 1)
            var note = StepNote(step: step, kind: .input)
            (note.subtask, note.count, note.turn) = (subtask, count, 0)
            note.time = RunTime(Int64(steps.count) * 7)
            steps.append(
                JoinedStep(
                    note: note, words: [],
                    end: EndNote(
                        step: step, accesses: 0, duration: 5, sample: sample, emitted: 0..<1),
                    emitted: [emits], time: note.time))
        }

        mutating func access(_ subtask: SubtaskIndex, in turn: Step) {
            var note = StepNote(step: Step(steps.count + 1), kind: .access)
            (note.subtask, note.turn) = (subtask, turn)
            steps.append(JoinedStep(note: note, words: [], end: nil, time: 0))
        }

        mutating func rest(_ digest: UInt64) {
            var note = StepNote(step: Step(steps.count + 1), kind: .rest)
            note.digest = digest
            steps.append(JoinedStep(note: note, words: [], end: nil, time: 0))
        }
    }

    private let header: RunHeader

    init() {
        var header = RunHeader(run: "", pipeline: "p", version: "1", plan: "0", seed: 1)
        header.subtasks = [
            SubtaskInfo(stage: "a", index: 0, inlets: [], outlets: [], source: nil),
            SubtaskInfo(stage: "b", index: 0, inlets: [], outlets: [], source: nil),
        ]
        header.cells = ["budget"]
        self.header = header
    }

    private func difference(
        _ a: Run, _ b: Run, comparesDigests: Bool = true
    ) throws -> RunDifference {
        var (left, right) = (a.steps[...], b.steps[...])
        return try #require(
            try RunComparison.difference(
                RunComparison(header), comparesDigests: comparesDigests,
                { left.popFirst() }, { right.popFirst() }))
    }

    private func isSameByName(_ found: RunDifference) -> Bool {
        found.subtasks.allSatisfy(\.isSame)
    }

    private func run(_ make: (inout Run) -> Void) -> Run {
        var run = Run()
        make(&run)
        return run
    }

    @Test func `a run is the same as itself, whenever its turns were taken`() throws {
        let a = run {
            $0.turn(0, 3, emits: 2); $0.access(0, in: 1); $0.rest(9)
        }
        var b = a
        for index in b.steps.indices { b.steps[index].note.time = 99 }
        let found = try difference(a, b)
        #expect(found.isSame && found.equalSteps == 3 && found.lastSteps == (3, 3))
        #expect(isSameByName(found) && found.cells[0].first == nil)
    }

    @Test func `the same turns in another order are told as order alone`() throws {
        let a = run {
            $0.turn(0, 3); $0.turn(1, 4); $0.turn(0, 5)
        }
        let b = run {
            $0.turn(0, 3); $0.turn(0, 5); $0.turn(1, 4)
        }
        let found = try difference(a, b)
        #expect(found.equalSteps == 1 && found.first?.a?.subtask == 1)
        #expect(found.first?.b?.subtask == 0 && !found.isFirstOfValue)
        #expect(isSameByName(found))
    }

    @Test func `a turn that took something else is named by its ordinal`() throws {
        let a = run {
            $0.turn(1, 1); $0.turn(0, 3); $0.turn(0, 5); $0.turn(0, 6)
        }
        let b = run {
            $0.turn(0, 3); $0.turn(1, 1); $0.turn(0, 4); $0.turn(0, 7)
        }
        let subtask = try difference(a, b).subtasks[0]
        #expect(subtask.othersTaken == 2 && subtask.othersGiven == 0)
        let first = try #require(subtask.first)
        #expect(first.ordinal == 2 && first.a.step == 3 && first.b.step == 3)
        #expect(first.a.count == 5 && first.b.count == 4)
    }

    @Test func `turns that only one run has are counted`() throws {
        let a = run {
            $0.turn(0, 3); $0.turn(0, 5)
        }
        let b = run { $0.turn(0, 3) }
        let found = try difference(a, b)
        #expect(found.first?.a?.step == 2 && found.first?.b == nil && found.equalSteps == 1)
        #expect(found.subtasks[0].turns == (2, 1) && !found.subtasks[0].isSame)
        #expect(found.lastSteps == (2, 1))
    }

    @Test(arguments: [1, 2])
    func `the same decision with another outcome is a difference of value`(kind: Int) throws {
        let a = run { $0.turn(0, 3, emits: 2, sample: 7) }
        let b = run { $0.turn(0, 3, emits: kind == 1 ? 1 : 2, sample: kind == 1 ? 7 : 8) }
        let found = try difference(a, b)
        #expect(found.isFirstOfValue && found.equalSteps == 0)
        #expect(found.subtasks[0].othersGiven == 1 && found.subtasks[0].othersTaken == 0)
        // Without a sample on one side there is nothing to hold it against.
        let c = run { $0.turn(0, 3, emits: 2) }
        let unsampled = try difference(a, c)
        #expect(unsampled.isSame)
    }

    @Test func `states at rest points are compared where digests mean the same`() throws {
        let (a, b) = (run { $0.rest(1) }, run { $0.rest(2) })
        #expect(try difference(a, b).isFirstOfValue)
        #expect(try difference(a, b, comparesDigests: false).isSame)
    }

    @Test func `the order of accesses to a cell is told by whose turns they were in`() throws {
        let a = run {
            $0.turn(0, 1); $0.turn(1, 1); $0.access(0, in: 1); $0.access(1, in: 2)
        }
        let b = run {
            $0.turn(0, 1); $0.turn(1, 1); $0.access(1, in: 2); $0.access(0, in: 1)
        }
        let cell = try difference(a, b).cells[0]
        #expect(cell.equal == 0 && cell.accesses == (2, 2))
        #expect(cell.first?.a == RunDifference.Access(step: 3, subtask: 0, turn: 1))
        #expect(cell.first?.b == RunDifference.Access(step: 3, subtask: 1, turn: 1))
        let fewer = run {
            $0.turn(0, 1); $0.turn(1, 1); $0.access(0, in: 1)
        }
        let missing = try difference(a, fewer).cells[0]
        #expect(missing.equal == 1 && missing.first?.b == nil && missing.first?.a?.step == 4)
    }

    @Test func `runs that go too far apart are compared as far as there is room`() throws {
        let count = TraceBounds.maximumComparedTurns
        let a = run { run in (0..<count / 2 + 10).forEach { _ in run.turn(0, 1) } }
        let b = run { run in (0..<count / 2 + 10).forEach { _ in run.turn(1, 1) } }
        let found = try difference(a, b)
        #expect(found.bound == Step(count / 2 + 1))
        #expect(found.subtasks[0].turns == (UInt64(count / 2 + 10), 0))
    }

    @Test func `a comparison that is told to stop gives nothing`() throws {
        let a = run { run in for _ in 0..<70_000 { run.turn(0, 1) } }
        var (left, right) = (a.steps[...], a.steps[...])
        let found = try RunComparison.difference(
            RunComparison(header), comparesDigests: true, { left.popFirst() },
            { right.popFirst() }
        ) { _ in false }
        #expect(found == nil)
    }

    /// Random schedules and swaps of neighbours in them: what a swap leaves as it was is the same.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `swapping neighbours of different subtasks changes the order alone`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var a = Run()
        for _ in 0..<60 {
            a.turn(SubtaskIndex(UInt16(random.next() % 2)), UInt32(random.next() % 9))
        }
        var turns = a.steps.map { ($0.note.subtask, $0.note.count) }
        for _ in 0..<30 {
            let index = Int(random.next() % 59)
            if turns[index].0 != turns[index + 1].0 { turns.swapAt(index, index + 1) }
        }
        var b = Run()
        for (subtask, count) in turns { b.turn(subtask, count) }
        let found = try difference(a, b)
        #expect(isSameByName(found), "seed \(seed)")
        let same = zip(a.steps, b.steps).prefix { $0.note == $1.note }.count
        #expect(found.equalSteps == UInt64(same), "seed \(seed)")
    }
}
