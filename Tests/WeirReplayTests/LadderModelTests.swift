import Testing
import WeirBase
import WeirTelemetry
import WeirTrace

@testable import WeirEngine
@testable import WeirReplay

/// The snapshots and pages of a replay beside lists.
@Suite struct LadderModelTests {
    private func trace() throws -> Trace {
        let project = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try Trace.open(path: "/\(project)/traces/orders/overdrawn.mcap")
    }

    /// A snapshot of a step that takes about so many incidents' bytes.
    private func snapshot(_ step: Step, incidents: Int, _ trace: Trace) -> ReplaySnapshot {
        let incident = Incident(step: step, kind: .violation, name: "n", message: "m", time: 0)
        return ReplaySnapshot(
            step: step, turns: 0,
            execution: ExecutionSnapshot(
                subtasks: [], channels: [], cells: [], wideWatch: WideWatch(),
                violations: Violations()),
            inputs: RecordedInputs(trace: trace, paths: [:]),
            results: RecordedResults(trace: trace),
            incidents: Array(repeating: incident, count: incidents),
            madeCalls: [:], compared: 0)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `a ladder has its snapshots in order and within its bytes, nearest ones found`(
        seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: seed, stream: 0x1ADD)
        let trace = try trace()
        let incident = MemoryLayout<Incident>.stride
        var ladder = SnapshotLadder(maximumBytes: ByteCount(incident * (20 + random.below(200))))
        for _ in 0..<300 {
            let step = Step(random.below(1_000))
            let playhead = Step(random.below(1_000))
            ladder.insert(snapshot(step, incidents: 1 + random.below(9), trace), playhead: playhead)
            ladder.checkInvariants()
            let asked = Step(random.below(1_000))
            let expected = ladder.snapshots.last { $0.step <= asked }
            #expect(ladder.nearest(through: asked)?.step == expected?.step)
            let distance = 1 + random.below(200)
            let isLacking = (expected?.step ?? .start).distance(to: asked) >= distance
            #expect(ladder.lacks(before: asked, within: distance) == isLacking)
        }
    }

    @Test func `a snapshot larger than the bound is kept alone`() throws {
        let trace = try trace()
        var ladder = SnapshotLadder(maximumBytes: 1)
        for step in [9, 3, 7] as [Step] {
            ladder.insert(snapshot(step, incidents: 4, trace), playhead: 7)
            ladder.checkInvariants()
            #expect(ladder.snapshots.count == 1)
        }
    }

    @Test func `snapshots stand closer together the nearer they are to the playhead`() throws {
        let trace = try trace()
        var ladder = SnapshotLadder(maximumBytes: 20 * snapshot(1, incidents: 1, trace).bytes)
        for step in 1...200 as ClosedRange<Step> {
            ladder.insert(snapshot(step, incidents: 1, trace), playhead: 200)
        }
        let near = ladder.snapshots.count { $0.step > 150 }
        let far = ladder.snapshots.count { $0.step <= 100 }
        #expect(near > far && far > 0 && ladder.snapshots.last?.step == 200)
    }

    @Test(
        arguments: [
            // The gap that a snapshot's going leaves counts by its distance from the playhead.
            ([10, 20, 30, 40], 40, [20, 30, 40]), ([10, 20, 30, 40], 10, [10, 20, 30]),
            ([10, 20, 21, 40], 40, [10, 21, 40]), ([10, 20, 39, 40], 30, [10, 20, 39]),
        ] as [([Step], Step, [Step])])
    func `the snapshot that is missed least goes first`(
        steps: [Step], playhead: Step, kept: [Step]
    ) throws {
        let trace = try trace()
        var ladder = SnapshotLadder(maximumBytes: 3 * snapshot(1, incidents: 1, trace).bytes)
        for step in steps {
            ladder.insert(snapshot(step, incidents: 1, trace), playhead: playhead)
        }
        #expect(ladder.snapshots.map(\.step) == kept)
    }

    @Test func `a step that has a snapshot gets no second one`() throws {
        let trace = try trace()
        var ladder = SnapshotLadder(maximumBytes: .mebibytes(1))
        for incidents in [1, 2, 3] {
            ladder.insert(snapshot(5, incidents: incidents, trace), playhead: 0)
        }
        ladder.checkInvariants()
        #expect(ladder.snapshots.map(\.step) == [5])
    }

    @Test func `pages hold each step of a schedule once, in whatever order they are asked for`()
        throws
    {
        let trace = try trace()
        var notes: [Step: StepNote] = [:]
        try trace.forEachSchedule { batch in
            for note in batch.steps { notes[note.step] = note }
        }
        let last = try #require(notes.keys.max())
        let pages = SchedulePages(trace)
        var random = SeededGenerator(seed: 4)
        for _ in 0..<400 {
            let step = Step(random.below(last.count + 3))
            let found = try pages.note(step)
            #expect(found?.step == notes[step]?.step && found?.kind == notes[step]?.kind)
            pages.checkInvariants()
        }
    }
}
