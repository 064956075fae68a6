import Foundation
import Testing
import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTrace

@testable import WeirApp

/// What a screen shows while a run goes on is what it shows of the run's trace afterwards.
@Suite struct LiveEqualsTraceTests {
    private static var header: RunHeader {
        var header = RunHeader(
            run: "0123456789abcdef0123456789abcdef", pipeline: "p", version: "1",
            plan: "00112233aabbccdd", seed: 1)
        header.workers = 2
        header.subtasks = ["read", "work", "write"].enumerated().map { index, stage in
            SubtaskInfo(
                stage: stage, index: 0, inlets: [], outlets: [], source: index == 0 ? 0 : nil)
        }
        header.edges = [
            EdgeInfo(from: "read", to: "work", capacity: 100, policy: "block"),
            EdgeInfo(from: "work", to: "write", capacity: 100, policy: "block"),
        ]
        return header
    }

    private static func sample(_ tenth: Int64, _ random: inout SeededGenerator) -> MetricSample {
        let subtasks = ["read", "work", "write"].map { stage in
            var sample = SubtaskSample(stage: stage, subtask: 0)
            sample.recordsIn = UInt64(tenth) * 1_000 + random.next() % 100
            sample.recordsOut = sample.recordsIn
            sample.busy = UInt64(tenth) * 60_000_000
            sample.backpressured = UInt64(tenth) * 20_000_000
            (sample.waiting, sample.idle) = (UInt64(tenth) * 5_000_000, UInt64(tenth) * 15_000_000)
            sample.watermarkLag = Int64(random.next() % 1_000_000_000)
            return sample
        }
        let channels = [("read", "work"), ("work", "write")].map { from, to in
            ChannelSample(
                name: "\(from)/0>\(to)/0", from: from, to: to, depth: random.next() % 101,
                capacity: 100, bytes: 0, dropped: 0)
        }
        return MetricSample(
            time: .milliseconds(tenth * 100), step: Step(tenth * 50), subtasks: subtasks,
            channels: channels, recorder: RecorderSample(bytes: ByteCount(tenth * 900)))
    }

    /// What the recorder would hand over: logs of two workers in pieces, a sample, incidents.
    private static func batch(_ tenth: Int64, _ random: inout SeededGenerator) -> RecordBatch {
        var batch = RecordBatch()
        if tenth == 1 {
            batch.newSites = [
                LogSite(level: .warning, message: "late", file: "a.swift", line: 1, fields: ["n"]),
                LogSite(level: .info, message: "usual", file: "a.swift", line: 2, fields: []),
                LogSite(level: .error, message: "bad", file: "a.swift", line: 3, fields: []),
            ]
        }
        for piece in 0..<4 {
            let records = (0..<3).map { number in
                LogRecord(
                    step: Step(tenth * 50 + Int64(number)), index: 1, operatorIndex: 0,
                    ordinal: 0, subtask: SubtaskIndex(random.next() % 3),
                    time: .milliseconds(tenth * 100 - 50),
                    site: UInt32(random.next() % 3), values: [.integer(Int64(number))])
            }
            batch.logs.append(LogBatch(worker: UInt16(piece % 2), records: records, lost: 0))
        }
        batch.metrics = [sample(tenth, &random)]
        if tenth % 7 == 0 {
            batch.incidents = [
                Incident(
                    step: Step(tenth * 50), kind: .violation, name: "sum",
                    message: "sum does not hold", time: .microseconds(tenth * 100_000 - 10))
            ]
        }
        return batch
    }

    @Test func `frames at the samples are equal live and from the trace`() throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "weir-live-\(UUID().uuidString)").path(percentEncoded: false)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/t.mcap"
        let writer = try TraceWriter(path: path, header: Self.header, overwrite: false)
        let feed = ScreenFeed(Self.header)
        feed.takesRecordedBatches()
        var live = FramesBySample(Self.header)
        var random = SeededGenerator(seed: 7)
        for tenth: Int64 in 1...120 {
            let batch = Self.batch(tenth, &random)
            try writer.consume(batch)
            feed.consume(batch)
            // What a run offers besides must not show twice.
            for sample in batch.metrics { feed.offer(sample) }
            for incident in batch.incidents { feed.offer(incident) }
            live.take(feed.take())
        }
        try writer.finish(RunEnd(cause: "finished", steps: 6_000, turns: 0, events: 0))

        let again = try FramesBySample(of: Trace.open(path: path))
        #expect(live.frames.count == 120)
        let difference = live.difference(from: again)
        #expect(difference == nil, "\(difference ?? "")")
        try expectPast(of: path, is: live)
    }

    /// A playhead that goes back finds what was shown live at each sample but the last.
    private func expectPast(of path: String, is live: FramesBySample) throws {
        var past = try FramesBySample.past(of: Trace.open(path: path)).belowTheHead
        // Where two samples came at once, the later one was drawn.
        past.keep(live.frames.keys)
        #expect(past.frames.count == live.frames.count - 1)
        var shown = live.belowTheHead
        shown.keep(past.frames.keys)
        let difference = past.difference(from: shown)
        #expect(difference == nil, "\(difference ?? "")")
    }

    @Test func `a playhead in the past of a parallel run shows what was shown live`() throws {
        let run = try RecordedLive()
        defer { run.remove() }
        try expectPast(of: run.path, is: run.live)
    }

    @Test func `frames of a parallel run are those that its trace gives`() throws {
        let run = try RecordedLive()
        defer { run.remove() }
        let again = try FramesBySample(of: Trace.open(path: run.path))
        #expect(run.live.frames.count >= 10)
        let difference = run.live.difference(from: again)
        #expect(difference == nil, "\(difference ?? "")")
    }

    @Test func `a frame's counters are those that the export of its run prints`() throws {
        let run = try RecordedLive()
        defer { run.remove() }
        let trace = try Trace.open(path: run.path)
        let exported = try ExportedMetrics(trace)
        let stages = RunFacts(header: trace.header, tracePath: nil).stages
        #expect(run.live.frames.count >= 10)
        for (time, frame) in run.live.frames.sorted(by: { $0.key < $1.key }) {
            let figures = try #require(frame.figures)
            let instant = time.instant(after: trace.header.started)
            let sample = try #require(exported.samples[instant.rfc3339(digits: 9)])
            let overview = try #require(frame.texts.first)
            // The sign at the chosen row is left out.
            let rows = String(overview.map { $0 == "▶" ? " " : $0 }).split(separator: "\n")
            #expect(sample["weir_recorder_bytes_total"] == Double(figures.recorder.bytes.rawValue))
            for (totals, stage) in zip(figures.stages, stages) {
                #expect(sample["weir_records_in_total \(stage)"] == Double(totals.recordsIn))
                #expect(sample["weir_records_out_total \(stage)"] == Double(totals.recordsOut))
                #expect(sample["weir_errors_total \(stage)"] == Double(totals.errors))
                let busy = sample["weir_busy_seconds_total \(stage)"] ?? -1
                #expect(abs(busy - Double(totals.times.busy) / 1e9) < 1e-6)
                // Before the second sample there is no table.
                guard totals.capacity > 0, time > run.live.frames.keys.min() ?? .start else {
                    continue
                }
                #expect(sample["depth \(stage)"] == Double(totals.depth))
                #expect(
                    rows.contains {
                        $0.contains(" \(stage) ")
                            && $0.contains(" \(totals.depth)/\(totals.capacity) ")
                    }, "\(stage) \(totals.depth)/\(totals.capacity) in\n\(overview)")
            }
        }
    }
}
