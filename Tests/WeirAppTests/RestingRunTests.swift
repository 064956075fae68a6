import Testing
import WeirBase
import WeirEngine
import WeirTelemetry

/// What a run notes while nothing happens in it.
@Suite struct RestingRunTests {
    @Test func `behind a rest point without a step in between there is no other`() throws {
        let pipeline = Pipeline("resting", parallelism: 1) { flow in
            _ = flow.read(
                "numbers", from: .generator { index, _ in (Int(index), Instant.distantPast) }
            )
            .map("double") { $0 &* 2 }
        }
        let planned = try pipeline.plan()
        let lanes = LaneSet(
            layout: LaneLayout(workers: 1, workerSlots: 1 << 10, sources: [0], executors: 0))
        let memory = MemoryRecording()
        let recorder = Recorder(
            lanes: lanes, logLanes: [], sites: LogSites(), consumers: [memory],
            onFailure: { _, _ in })
        var options = ParallelScheduler.Options(workers: 1)
        // Time for a hundred rest points.
        (options.restInterval, options.duration) = (2_000_000, 200_000_000)
        var setup = LiveRun.Setup(
            started: Instant(nanoseconds: 1_700_000_000_000_000_000), schedule: .parallel(options))
        (setup.connections.sources, setup.connections.storesInput) = ([nil], [false])
        setup.lanes = lanes
        var bind = BindOptions(seed: 1)
        // The second element is due in a day.
        bind.rate = 1.0 / 86_400
        let run = try LiveRun(planned, bind, setup)
        run.start()
        recorder.start()
        run.run()
        recorder.finish()
        run.finish()
        let scheduler = run.scheduler
        // A turn, the end, and a rest point behind each.
        #expect((2...4).contains(scheduler.stepCount), "\(scheduler.stepCount) steps")
    }
}
