import Foundation
import Glibc
import Synchronization
import Testing
import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTerminal
import WeirTrace

@testable import WeirApp

/// What a screen shows while a run goes on is what it shows of the run's trace afterwards.
@Suite struct LiveEqualsTraceTests {
    /// Draws a frame at every sample, by the sample's time.
    private struct Frames {
        private var model: OverviewModel
        private(set) var texts: [Int64: String] = [:]

        init(_ header: RunHeader) {
            model = OverviewModel(
                facts: RunFacts(command: "run", header: header, tracePath: "t.mcap"),
                size: CanvasSize(width: 160, height: 48),
                theme: Theme(symbols: .unicode, hasColor: true))
        }

        mutating func take(_ news: ScreenNews) {
            for message in news.messages {
                if case .ended = message { continue }
                _ = model.update(message)
            }
            guard let sample = news.samples.last else { return }
            _ = model.update(.tick(now: sample.time))
            let canvas = OverviewView.view(model)
            texts[sample.time] = canvas.text + canvas.styleText
        }
    }

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
            sample.watermarkLag = Int64(random.next() % 1_000_000_000)
            return sample
        }
        let channels = [("read", "work"), ("work", "write")].map { from, to in
            ChannelSample(
                name: "\(from)/0>\(to)/0", from: from, to: to, depth: random.next() % 101,
                capacity: 100, bytes: 0, dropped: 0)
        }
        return MetricSample(
            time: tenth * 100_000, step: UInt64(tenth) * 50, subtasks: subtasks,
            channels: channels, recorder: RecorderSample(bytes: UInt64(tenth) * 900))
    }

    /// What the recorder would hand over: logs of two workers in pieces, a sample, marks.
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
                    step: UInt64(tenth) * 50 + UInt64(number), index: 1, operatorIndex: 0,
                    ordinal: 0, subtask: UInt16(random.next() % 3), time: tenth * 100_000 - 50_000,
                    site: UInt32(random.next() % 3), values: [.integer(Int64(number))])
            }
            batch.logs.append(LogBatch(worker: UInt16(piece % 2), records: records, lost: 0))
        }
        batch.metrics = [sample(tenth, &random)]
        if tenth % 7 == 0 {
            batch.marks = [
                Mark(
                    step: UInt64(tenth) * 50, kind: .violation, name: "sum",
                    message: "sum does not hold", time: tenth * 100_000 - 10)
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
        var live = Frames(Self.header)
        var random = SeededGenerator(seed: 7)
        for tenth: Int64 in 1...120 {
            let batch = Self.batch(tenth, &random)
            try writer.consume(batch)
            feed.consume(batch)
            // What a run offers besides must not show twice.
            for sample in batch.metrics { feed.offer(sample) }
            for mark in batch.marks { feed.offer(mark) }
            live.take(feed.take())
        }
        try writer.finish(RunEnd(cause: "finished", steps: 6_000, turns: 0, events: 0))

        let trace = try Trace.open(path: path)
        let cursor = trace.telemetry()
        var digest = NewsDigest(trace.header)
        var again = Frames(trace.header)
        while let batch = try cursor.next() {
            var news = ScreenNews()
            digest.take(
                batch, sample: { news.samples.append($0) }, notice: { news.notices.append($0) })
            again.take(news)
        }
        #expect(live.texts.count == 120)
        #expect(Set(live.texts.keys) == Set(again.texts.keys))
        for (time, frame) in live.texts.sorted(by: { $0.key < $1.key })
        where again.texts[time] != frame {
            Issue.record("at \(time) µs:\nlive\n\(frame)\ntrace\n\(again.texts[time] ?? "")")
            return
        }
    }

    @Test func `a sample's counters are those that the export prints`() throws {
        var random = SeededGenerator(seed: 3)
        let sample = Self.sample(9, &random)
        let printed = Mutex<[UInt8]>([])
        var exporter = MetricExporter(header: Self.header) { bytes in
            printed.withLock { $0.append(contentsOf: bytes) }
        }
        try exporter.write(sample)
        try exporter.finish()
        var sums: [String: Double] = [:]
        for line in printed.withLock(\.self).split(separator: 0x0A) {
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
            let labels = object["labels"] as? [String: String] ?? [:]
            let number = (object["value"] as? NSNumber)?.doubleValue ?? -1
            sums["\(object["name"] ?? "") \(labels["stage"] ?? labels["channel"] ?? "")"] = number
        }
        let frame = SampleFrame(sample, names: ["read", "work", "write"])
        for (number, stage) in ["read", "work", "write"].enumerated() {
            let totals = frame.stages[number]
            #expect(sums["weir_records_in_total \(stage)"] == Double(totals.recordsIn))
            #expect(sums["weir_records_out_total \(stage)"] == Double(totals.recordsOut))
            #expect(sums["weir_busy_seconds_total \(stage)"] == Double(totals.busy) / 1e9)
        }
        #expect(sums["weir_channel_depth read/0>work/0"] == Double(frame.stages[1].depth))
        #expect(sums["weir_recorder_bytes_total "] == Double(frame.recorder.bytes))
    }
}
