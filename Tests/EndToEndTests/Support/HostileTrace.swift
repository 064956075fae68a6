import WeirBase
import WeirTelemetry
import WeirTrace

/// A trace whose names and texts hold what a terminal would obey, or another odd text.
enum HostileTrace {
    /// Clipboard write, title, clear, device control, C1, a status request, reversed text, reset.
    private static let evil =
        "evil\u{1B}]52;c;cm0=\u{07}\u{1B}]0;t\u{07}\u{1B}[2J\u{1B}P1$r\u{1B}\\\u{9B}31m\u{1B}[6n"
        + "\u{202E}\u{1B}c\r\n\u{8}\u{7F}"

    static func write(_ path: String, text evil: String = HostileTrace.evil) throws {
        var header = RunHeader(
            run: "0123456789abcdef0123456789abcdef", pipeline: "p" + evil, version: evil,
            plan: "00112233aabbccdd", seed: 1)
        header.workers = 1
        let stages = ["a" + evil, "b" + evil]
        header.subtasks = stages.map {
            SubtaskInfo(stage: $0, index: 0, inlets: [], outlets: [], source: nil)
        }
        header.edges = [EdgeInfo(from: stages[0], to: stages[1], capacity: 10, policy: "block")]
        let writer = try TraceWriter(path: path, header: header, overwrite: true)
        for tenth in 1...30 { try writer.consume(batch(tenth, stages, evil)) }
        try writer.finish(RunEnd(cause: "finished" + evil, steps: 30, turns: 0, events: 0))
    }

    private static func batch(
        _ tenth: Int, _ stages: [String], _ evil: String
    ) -> RecordBatch {
        var batch = RecordBatch()
        if tenth == 1 {
            batch.newSites = [
                LogSite(level: .warning, message: "w" + evil, file: evil, line: 1, fields: [evil])
            ]
        }
        let record = LogRecord(
            step: Step(tenth), index: 1, operatorIndex: 0, ordinal: 0, subtask: 0,
            time: RunTime(tenth * 100_000), site: 0, values: [.text(evil + "\(tenth)")])
        batch.logs = [LogBatch(worker: 0, records: [record], lost: 0)]
        batch.incidents = [
            Incident(
                step: Step(tenth), kind: .violation, name: "v" + evil, message: evil,
                time: RunTime(tenth * 100_000))
        ]
        let subtasks = stages.map { stage in
            var sample = SubtaskSample(stage: stage, subtask: 0)
            sample.recordsIn = UInt64(tenth) * 100
            sample.busy = UInt64(tenth) * 95_000_000
            return sample
        }
        let channel = ChannelSample(
            name: evil, from: stages[0], to: stages[1], depth: 10, capacity: 10, bytes: 0,
            dropped: 0)
        batch.metrics = [
            MetricSample(
                time: RunTime(tenth * 100_000), step: Step(tenth), subtasks: subtasks,
                channels: [channel], recorder: RecorderSample(bytes: 1))
        ]
        return batch
    }
}
