import Foundation
import WeirBase
import WeirEngine
import WeirTelemetry

@testable import Gallery
@testable import WeirApp

/// A run of `orders` in parallel, recorded to a file, with frames drawn of it while it went on.
struct RecordedLive {
    let folder: String
    var path: String { folder + "/t.mcap" }
    private(set) var live: FramesBySample

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "weir-live-\(UUID().uuidString)").path(percentEncoded: false)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var options = RunOptions(pipeline: orders)
        options.workers = 2
        options.rate = 2_000
        options.limit = 8_000
        options.seed = 11
        options.settings = ["slow": "reserve:100"]
        options.recording = .explicit(folder + "/t.mcap")
        options.outputs = [folder + "/out.jsonl"]
        let session = try RunSession(options)
        let connections = try Endpoints(options, session.planned).open()
        let header = try session.header(Endpoints(options, session.planned), connections)
        let feed = ScreenFeed(header)
        let drawn = Guarded(FramesBySample(header))
        // On the recorder's thread, at every batch with a sample: no sample goes undrawn.
        feed.setWake { [weak feed] in
            guard let feed else { return }
            drawn.withLock { $0.take(feed.take()) }
        }
        try Self.run(options, session, connections, header, feed)
        live = drawn.withLock(\.self)
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    /// What `weir run` does, without its signals and its summary.
    private static func run(
        _ options: RunOptions, _ session: RunSession, _ connections: LiveOutside.Connections,
        _ header: RunHeader, _ feed: ScreenFeed
    ) throws {
        let layout = LaneLayout(
            workers: options.workers, workerSlots: 1 << 14,
            sources: connections.storesInput.map { _ in .kibibytes(16) }, executors: 0)
        let recording = try RunRecording(
            options: options, header: header, layout: layout, workers: options.workers, feed: feed)
        var setup = LiveRun.Setup(
            started: header.started, schedule: .parallel(.init(workers: options.workers)))
        setup.connections = connections
        (setup.lanes, setup.logLanes) = (recording.lanes, recording.logLanes)
        setup.onIncident = { recording.recorder?.offer($0) }
        var bind = BindOptions(seed: options.seed)
        bind.limit = options.limit
        bind.rate = options.rate
        let run = try LiveRun(session.planned, bind, setup)
        recording.attach(run.execution)
        let watch = RunWatch(
            execution: run.execution, clock: run.outside.clock, recording: recording,
            header: header, showsLines: false, feed: feed)
        run.start()
        recording.start()
        watch.start()
        run.run()
        run.finish()
        watch.stop()
        _ = recording.finish(
            RunEnd(cause: "finished", steps: run.scheduler.stepCount, turns: 0, events: 0))
    }
}
