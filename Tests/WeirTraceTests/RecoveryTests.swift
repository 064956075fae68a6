import Foundation
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

/// A run that was killed: a file without an end, and lanes beside it.
@Suite struct RecoveryTests {
    /// Writes the first batch of the fixture (steps 1–4, 4 open) and then lets `note` write into
    /// lanes that nobody drains.
    private func killed(
        _ folder: String, run: String = Fixture.run, _ note: (LaneSet) -> Void
    ) throws -> String {
        let path = folder + "/run.mcap"
        try Fixture.write(path, [Fixture.batches[0]], end: nil)
        let lanes = try MappedLanes.create(
            path: MappedLanes.path(beside: path), run: run, layout: LaneFileTests.layout)
        withExtendedLifetime(lanes) { note(lanes.lanes) }
        return path
    }

    private func turn(_ lane: NoteLane, step: Step, subtask: SubtaskIndex, time: RunTime = 50) {
        lane.reserve(1)
        lane.noteTurn(step: step, kind: .input, subtask: subtask, inlet: 0, count: 1, time: time)
    }

    private func end(_ lane: NoteLane, step: Step, emitted: [UInt32] = []) {
        lane.reserve(NoteLane.endSlots(outlets: emitted.count))
        let used = emitted.withUnsafeBufferPointer {
            lane.noteEnd(step: step, accesses: 0, duration: 4, sample: nil, emitted: $0)
        }
        lane.release(NoteLane.endSlots(outlets: emitted.count) - used)
    }

    private func tail(_ trace: Trace) throws -> ScheduleBatch {
        let cursor = trace.schedule()
        var last = ScheduleBatch()
        while let batch = try cursor.next() { last = batch }
        return last
    }

    @Test func `rule 23: steps of the lanes go on behind the file and doubles are left out`() throws
    {
        try withFolder { folder in
            let path = try killed(folder) { lanes in
                turn(lanes.workers[0], step: 1, subtask: 0)
                end(lanes.workers[0], step: 1, emitted: [128, 128])
                turn(lanes.workers[1], step: 5, subtask: 1)
                end(lanes.workers[1], step: 5, emitted: [7])
                end(lanes.workers[0], step: 4)
                turn(lanes.workers[0], step: 6, subtask: 2)
            }
            let trace = try Trace.open(path: path)
            #expect(trace.recovery == .lanes(steps: 2, ends: 2, voids: 0))
            #expect(!trace.isComplete && !trace.isRecording)
            let tail = try tail(trace)
            #expect(tail.steps.map(\.step) == [5, 6])
            #expect(tail.ends.map(\.step) == [4, 5])
            #expect(tail.ends.map { Array(tail.emitted(of: $0)) } == [[], [7]])
            #expect(trace.turnsInFlight == [TurnInFlight(step: 6, subtask: 2)])
            #expect(try trace.lastStep() == 6)
        }
    }

    @Test func `rule 24: a number without a note is void`() throws {
        try withFolder { folder in
            let path = try killed(folder) { lanes in
                turn(lanes.workers[0], step: 6, subtask: 0)
                turn(lanes.workers[1], step: 8, subtask: 1)
            }
            let trace = try Trace.open(path: path)
            let kinds = try tail(trace).steps.map(\.kind)
            #expect(kinds == [.void, .input, .void, .input])
            #expect(trace.recovery == .lanes(steps: 4, ends: 0, voids: 2))
        }
    }

    @Test func `rule 24: more voids than threads are not believed`() throws {
        try withFolder { folder in
            let path = try killed(folder) { lanes in
                turn(lanes.workers[0], step: 5, subtask: 0)
                turn(lanes.workers[1], step: Step(1 << 47), subtask: 1)
            }
            let trace = try Trace.open(path: path)
            #expect(try tail(trace).steps.map(\.step) == [5])
        }
    }

    @Test func `rule 24: each worker and the thread of rest points may leave one void`() throws {
        // Two workers: three numbers may be missing, and not four.
        for (step, isBelieved) in [(8, true), (9, false)] as [(Step, Bool)] {
            try withFolder { folder in
                let path = try killed(folder) { turn($0.workers[0], step: step, subtask: 0) }
                let trace = try Trace.open(path: path)
                #expect(try trace.lastStep() == (isBelieved ? step : 4), "\(step)")
            }
        }
    }

    @Test func `a step that cannot be part of the run ends what is believed`() throws {
        func access(_ lane: NoteLane, step: Step, turn: Step) {
            lane.reserve(1)
            lane.noteAccess(step: step, turn: turn, subtask: 1, cell: 0)
        }
        for (name, last, note) in [
            ("of its own turn", 5, { access($0, step: 6, turn: 6) }),
            ("of a turn that comes", 5, { access($0, step: 6, turn: 7) }),
            ("of no turn", 5, { access($0, step: 6, turn: 0) }),
            ("of the turn before", 6, { access($0, step: 6, turn: 5) }),
            ("of no subtask", 5, { turn($0, step: 6, subtask: 4) }),
            ("of the last subtask", 6, { turn($0, step: 6, subtask: 3) }),
        ] as [(String, Step, (NoteLane) -> Void)] {
            try withFolder { folder in
                let path = try killed(folder) { lanes in
                    turn(lanes.workers[0], step: 5, subtask: 1)
                    note(lanes.workers[0])
                }
                #expect(try Trace.open(path: path).lastStep() == last, "\(name)")
            }
        }
    }

    @Test func `input of the lanes is believed up to a gap`() throws {
        try withFolder { folder in
            let path = try killed(folder) { lanes in
                for index in [2, 4, 5] as [UInt64] {
                    _ = [1].withUnsafeBytes {
                        lanes.readers[0].note(
                            input: .bytes, source: 0, index: index, offset: 0, bytes: $0,
                            isStored: true, time: 9, isCancelled: { true })
                    }
                }
            }
            let inputs = try Contents(Trace.open(path: path)).inputs
            #expect(inputs.map(\.index) == [0, 1, 2])
        }
    }

    @Test func `rule 25: a turn before a rest point or before another turn is not in flight`()
        throws
    {
        try withFolder { folder in
            let path = try killed(folder) { lanes in
                turn(lanes.workers[0], step: 5, subtask: 0)
                lanes.rest.reserve(1)
                lanes.rest.noteRest(step: 6, time: 60, digest: 1, markers: [])
                turn(lanes.workers[1], step: 7, subtask: 1)
                turn(lanes.workers[1], step: 8, subtask: 1)
            }
            let trace = try Trace.open(path: path)
            #expect(trace.turnsInFlight == [TurnInFlight(step: 8, subtask: 1)])
        }
    }

    @Test func `input and results go on by index`() throws {
        try withFolder { folder in
            let path = try killed(folder) { lanes in
                for index in 1...3 {
                    let bytes = Array("block \(index)".utf8)
                    _ = bytes.withUnsafeBytes {
                        lanes.readers[0].note(
                            input: .bytes, source: 0, index: UInt64(index), offset: 0, bytes: $0,
                            isStored: true, time: 9, isCancelled: { true })
                    }
                }
                _ = lanes.executors[0].note(
                    result: 9, subtask: 2, bytes: [4, 2], isCancelled: { true })
            }
            let trace = try Trace.open(path: path)
            let cursor = trace.inputs(source: 0)
            var texts: [String] = []
            while let block = try cursor.next() {
                texts.append(String(decoding: block.bytes ?? [], as: UTF8.self))
            }
            // Block 1 is in the file already.
            #expect(texts == ["one\n", "two\n", "block 2", "block 3"])
            #expect(try trace.results().next() == CallResult(subtask: 2, call: 9, bytes: [4, 2]))
        }
    }

    @Test func `without its lanes a trace ends with the file and says so`() throws {
        try withFolder { folder in
            let path = try killed(folder) { turn($0.workers[0], step: 5, subtask: 0) }
            try FileManager.default.removeItem(atPath: path + ".lanes")
            let trace = try Trace.open(path: path)
            #expect(trace.recovery == .lanesMissing)
            #expect(try tail(trace) == Fixture.schedules[0])
            #expect(trace.turnsInFlight.isEmpty)
        }
    }

    @Test func `rule 29: lanes of another run or of nobody are not used`() throws {
        try withFolder { folder in
            let other = String(repeating: "f", count: 32)
            let path = try killed(folder, run: other) { turn($0.workers[0], step: 5, subtask: 0) }
            guard case .lanesUnusable = try Trace.open(path: path).recovery else {
                Issue.record("the lanes of another run were used")
                return
            }
            try Data("garbage".utf8).write(to: URL(fileURLWithPath: path + ".lanes"))
            guard case .lanesUnusable = try Trace.open(path: path).recovery else {
                Issue.record("garbage was used")
                return
            }
        }
    }

    @Test func `garbage in the lanes never traps`() throws {
        try withFolder { folder in
            let path = try killed(folder) { lanes in
                for step in Step(5)..<40 {
                    turn(
                        lanes.workers[step.count % 2], step: step,
                        subtask: SubtaskIndex(step.count % 3))
                    end(lanes.workers[step.count % 2], step: step, emitted: [1, 2, 3])
                }
            }
            let whole = try Data(contentsOf: URL(fileURLWithPath: path + ".lanes"))
            var generator = SeededGenerator(seed: 5)
            for _ in 0..<300 {
                var bytes = whole
                for _ in 0..<20 {
                    let index = 4096 + Int(generator.next() % UInt64(bytes.count - 4096))
                    bytes[index] = UInt8(truncatingIfNeeded: generator.next())
                }
                try bytes.write(to: URL(fileURLWithPath: path + ".lanes"))
                let trace = try Trace.open(path: path)
                let steps = try tail(trace).steps
                let first = steps.first?.step ?? 1
                #expect(steps.map(\.step) == Array(first..<first.advanced(by: steps.count)))
            }
        }
    }

    @Test func `while its recorder lives a trace is being recorded`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path, [Fixture.batches[0]], end: nil)
            let lanes = try MappedLanes.create(
                path: path + ".lanes", run: Fixture.run, layout: LaneFileTests.layout)
            let trace = try Trace.open(path: path)
            #expect(trace.isRecording)
            #expect(trace.recovery == .recording)
            let error = #expect(throws: TraceError.self) {
                try Trace.recover(path: path, to: folder + "/new.mcap")
            }
            #expect(error?.code == .usage)
            withExtendedLifetime(lanes) {}
        }
    }

    @Test func `a recovered file holds what the dead run's trace and lanes held`() throws {
        try withFolder { folder in
            let path = try killed(folder) { lanes in
                turn(lanes.workers[0], step: 5, subtask: 0)
            }
            let before = try Trace.open(path: path)
            let output = folder + "/new.mcap"
            let rewritten = try Trace.recover(path: path, to: output)
            // Of the one block in the file the telemetry may have been lost.
            var expected = Trace.Rewritten(steps: 5, lastLogged: 2, hasDied: true)
            expected.telemetryKnownBefore = 1
            #expect(rewritten == expected)
            let after = try Trace.open(path: output)
            let inFlight = before.turnsInFlight
            let note = Rewriting(
                hasDied: true, lost: "", telemetryKnownBefore: 1, inFlight: inFlight)
            #expect(after.recovery == .rewritten(note))
            #expect(after.isClosed && !after.isComplete)
            #expect(after.turnsInFlight == before.turnsInFlight)
            #expect(!after.turnsInFlight.isEmpty)
            #expect(try Contents(after) == Contents(before))
            _ = try after.verify()
        }
    }
}
