import Foundation
import Synchronization
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

/// The recorder between real lanes and a real file.
@Suite struct RecorderTests {
    private static func note(_ lanes: LaneSet, steps: Step) {
        for step in 1...steps {
            let lane = lanes.workers[step.count % 2]
            lane.reserve(1 + NoteLane.endSlots(outlets: 1))
            lane.noteTurn(
                step: step, kind: .input, subtask: SubtaskIndex(step.count % 4), inlet: 0, count: 3,
                time: RunTime(step.count * 2))
            let used = [UInt32(step.count % 3)].withUnsafeBufferPointer {
                lane.noteEnd(step: step, accesses: 0, duration: 2, sample: nil, emitted: $0)
            }
            lane.release(NoteLane.endSlots(outlets: 1) - used)
        }
    }

    private static func recorder(
        _ lanes: LaneSet, _ writer: TraceWriter, _ failures: FailureCount
    ) -> Recorder {
        Recorder(
            lanes: lanes, logLanes: [], sites: LogSites(), consumers: [writer],
            onFailure: { _, _ in failures.add() })
    }

    final class FailureCount: Sendable {
        private let count = Atomic<Int>(0)
        func add() { count.wrappingAdd(1, ordering: .relaxed) }
        var value: Int { count.load(ordering: .relaxed) }
    }

    @Test func `ten thousand turns go through small lanes into the file`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            let lanes = try MappedLanes.create(
                path: path + ".lanes", run: Fixture.run, layout: LaneFileTests.layout)
            let writer = try TraceWriter(path: path, header: Fixture.header, overwrite: false)
            let failures = FailureCount()
            let recorder = Self.recorder(lanes.lanes, writer, failures)
            recorder.start()
            Self.note(lanes.lanes, steps: 10_000)
            recorder.finish()
            try writer.finish(Fixture.end)
            try lanes.remove()
            let trace = try Trace.open(path: path)
            let sizes = try trace.verify()
            #expect(failures.value == 0)
            #expect(sizes.steps == 10_000 && sizes.ends == 10_000)
            #expect(trace.recovery == .notNeeded)
        }
    }

    @Test func `what the recorder had not drained is recovered after a kill`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            do {
                let lanes = try MappedLanes.create(
                    path: path + ".lanes", run: Fixture.run, layout: LaneFileTests.layout)
                let writer = try TraceWriter(path: path, header: Fixture.header, overwrite: false)
                let recorder = Self.recorder(lanes.lanes, writer, FailureCount())
                recorder.start()
                Self.note(lanes.lanes, steps: 1000)
                recorder.finish()
                // Nobody drains what comes now, and nobody closes the file.
                lanes.lanes.workers[0].reserve(1)
                lanes.lanes.workers[0].noteTurn(
                    step: 1002, kind: .input, subtask: 1, inlet: 0, count: 1, time: 9)
            }
            let trace = try Trace.open(path: path)
            #expect(trace.recovery == .lanes(steps: 2, ends: 0, voids: 1))
            #expect(trace.turnsInFlight == [TurnInFlight(step: 1002, subtask: 1)])
            #expect(try trace.lastStep() == 1002)
            #expect(try trace.sizes().steps == 1002)
        }
    }
}
