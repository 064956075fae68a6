import Foundation
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

@Suite struct ExportTests {
    private func lines(
        _ batches: [RecordBatch] = Fixture.batches,
        _ export: (Trace, @escaping ExportOutput) throws -> Void
    ) throws -> [String] {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path, batches)
            var bytes: [UInt8] = []
            let trace = try Trace.open(path: path)
            try withoutActuallyEscaping({ bytes.append(contentsOf: $0) }) { try export(trace, $0) }
            let text = String(decoding: bytes, as: UTF8.self)
            let lines = text.split(separator: "\n").map(String.init)
            for line in lines {
                // Whatever a test looks for in a line, all of them are JSON.
                let object = try? JSONSerialization.jsonObject(with: Data(line.utf8))
                #expect(object is [String: Any], "\(line)")
            }
            return lines
        }
    }

    @Test func `logs are lines in the order of the run with keys in order`() throws {
        let lines = try lines { try $0.exportLogs(output: $1) }
        let tail = #""trace_id":"0123456789abcdef0123456789abcdef""#
        let head = #""run":"0123456789abcdef0123456789abcdef","pipeline":"orders""#
        #expect(
            lines == [
                #"{"timestamp":"2026-09-21T14:13:20.000014001Z","level":"info","#
                    + #""message":"order_reserved","logger":"parse",\#(head),"stage":"parse","#
                    + #""subtask":0,"step":1,"seq":1,\#(tail),"span_id":"0000000000000001","#
                    + #""source":"Orders.swift:118","fields":{"order":5,"left":-1}}"#,
                #"{"timestamp":"2026-09-21T14:13:20.000014001Z","level":"info","#
                    + #""message":"order_reserved","logger":"enrich",\#(head),"stage":"enrich","#
                    + #""subtask":0,"step":2,"seq":2,\#(tail),"span_id":"0000000000000002","#
                    + #""source":"Orders.swift:118","fields":{"order":5,"left":-1}}"#,
                #"{"timestamp":"2026-09-21T14:13:20.000020001Z","level":"warning","#
                    + #""message":"late","logger":"totals",\#(head),"stage":"totals","#
                    + #""subtask":0,"step":7,"seq":3,\#(tail),"span_id":"0000000000000007","#
                    + #""source":"Orders.swift:7","fields":{"why":"später"}}"#,
            ])
    }

    @Test func `rule 27: workers' streams are merged by step and by place within the turn`() throws
    {
        var batches = Fixture.batches
        batches[0].logs = [
            LogBatch(
                worker: 0,
                records: [
                    Fixture.record(step: 3, index: 2), Fixture.record(step: 3, index: 1),
                    Fixture.record(step: 9),
                ], lost: 0),
            LogBatch(
                worker: 1, records: [Fixture.record(step: 1), Fixture.record(step: 4)], lost: 0),
        ]
        batches[1].logs = [
            LogBatch(worker: 1, records: [Fixture.record(step: 5)], lost: 0),
            LogBatch(worker: 0, records: [Fixture.record(step: 9, operatorIndex: 1)], lost: 0),
        ]
        try withFolder { folder in
            try Fixture.write(folder + "/run.mcap", batches)
            let merge = try LogMerge(Trace.open(path: folder + "/run.mcap"))
            var found: [[UInt64]] = []
            while let (record, seq) = try merge.next() {
                found.append([
                    record.step.rawValue, UInt64(record.index), UInt64(record.operatorIndex), seq,
                ])
            }
            #expect(
                found == [
                    [1, 1, 0, 1], [3, 1, 0, 2], [3, 2, 0, 3], [4, 1, 0, 4], [5, 1, 0, 5],
                    [9, 1, 0, 6], [9, 1, 1, 7],
                ])
        }
    }

    @Test func `rule 27: records of a turn are in order, whichever message each is in`() throws {
        var batches = Fixture.batches
        batches[0].logs = [
            LogBatch(worker: 0, records: [Fixture.record(step: 9, index: 2)], lost: 0)
        ]
        batches[1].logs = [
            LogBatch(worker: 0, records: [Fixture.record(step: 9, index: 1)], lost: 0)
        ]
        try withFolder { folder in
            try Fixture.write(folder + "/run.mcap", batches)
            let merge = try LogMerge(Trace.open(path: folder + "/run.mcap"))
            var indexes: [UInt32] = []
            while let (record, _) = try merge.next() { indexes.append(record.index) }
            #expect(indexes == [1, 2])
        }
    }

    @Test func `a filter leaves lines out and keeps their rank`() throws {
        let warnings = try lines {
            try $0.exportLogs(filter: ExportFilter(level: .warning), output: $1)
        }
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains(#""seq":3"#) == true)
        let enrich = try lines {
            try $0.exportLogs(filter: ExportFilter(stage: "enrich"), output: $1)
        }
        #expect(enrich.count == 1)
        let late = try lines {
            try ScheduleSignal.write(
                $0, filter: ExportFilter(from: .microseconds(24)), output: $1)
        }
        #expect(late.count == 2)
    }

    @Test func `the ends of a stretch of time belong to it`() throws {
        // Turns and a rest point stand at 10, 12, 14, 20 to 24 and 31 microseconds.
        for (from, to, count) in [(20, 24, 5), (21, 23, 3), (31, 31, 1), (25, 30, 0)] {
            let filter = ExportFilter(from: .microseconds(from), to: .microseconds(to))
            let lines = try lines { try ScheduleSignal.write($0, filter: filter, output: $1) }
            #expect(lines.count == count, "\(from) to \(to)")
        }
    }

    @Test func `an access and a publish have the time of their turn`() throws {
        var batch = ScheduleBatch()
        Fixture.turn(&batch, step: 1, subtask: 0, time: 10)
        Fixture.turn(&batch, step: 2, subtask: 1, time: 20)
        var access = StepNote(step: 3, kind: .access)
        (access.subtask, access.turn) = (0, 1)
        batch.steps.append(access)
        batch.steps.append(StepNote(step: 4, kind: .void))
        var joiner = TurnJoiner()
        var times: [RunTime] = []
        try joiner.add(batch) { times.append($0.time) }
        joiner.checkInvariants()
        #expect(times == [10, 20, 10, 10])
    }

    @Test func `a histogram's buckets count what is at most so long`() throws {
        var subtask = SubtaskSample(stage: "parse", subtask: 0)
        var latency = LatencySample(hop: "queue")
        (latency.sum, latency.counts) = (1_000, [0, 2, 1, 3, 140, 4])
        subtask.latencies = [latency]
        var sample = Fixture.metric
        sample.subtasks = [subtask]
        var batch = RecordBatch()
        batch.metrics = [sample]
        let lines = try lines([batch]) { try $0.exportMetrics(output: $1) }
        let line = try #require(lines.first { $0.contains("weir_hop_latency_seconds") })
        #expect(
            line.contains(
                #""count":9,"sum":1e-06,"buckets":[{"le":1.28e-07,"count":2},"#
                    + #"{"le":1.6e-07,"count":5}]"#), "\(line)")
    }

    @Test func `what was due after the sample is not old`() {
        var subtask = SubtaskSample(stage: "read", subtask: 0)
        for (since, seconds) in [(400, 0.0006), (1_000, 0), (1_001, 0), (.max, 0), (.min, 0)]
            as [(Int64, Double)]
        {
            subtask.lagSince = RunTime(since)
            let values = MetricExporter.values(of: subtask, at: 1_000)
            let age = values.first { $0.name == "weir_source_lag_seconds" }
            #expect(age?.number == seconds, "\(since)")
        }
    }

    /// The lines of an export that follows the trace batch by batch, and those of the whole trace.
    private func followed(
        _ batches: [RecordBatch], _ signal: any ExportSignal.Type
    ) throws -> (pieces: [Int], lines: [String], whole: [String]) {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            let writer = try TraceWriter(path: path, header: Fixture.header, overwrite: false)
            let trace = try Trace.open(path: path)
            var (bytes, whole): ([UInt8], [UInt8]) = ([], [])
            var pieces: [Int] = []
            func lines(_ bytes: [UInt8]) -> [String] {
                String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
            }
            try withoutActuallyEscaping({ bytes.append(contentsOf: $0) }) { output in
                let export = FollowedExport(trace, signal, filter: ExportFilter(), output: output)
                for batch in batches {
                    try writer.consume(batch)
                    try trace.refresh()
                    try export.advance()
                    pieces.append(lines(bytes).count)
                }
                try export.finish(ScheduleBatch())
            }
            try writer.finish(Fixture.end)
            try withoutActuallyEscaping({ whole.append(contentsOf: $0) }) { output in
                let finished = try Trace.open(path: path)
                try signal.write(finished, filter: ExportFilter(), output: output)
            }
            return (pieces, lines(bytes), lines(whole))
        }
    }

    @Test func `what follows a trace writes what the finished trace gives`() throws {
        for signal in ExportSignals.all {
            let found = try followed(Fixture.batches, signal)
            #expect(found.lines == found.whole, "\(signal.name)")
            #expect(!found.lines.isEmpty, "\(signal.name)")
        }
    }

    @Test func `a log record waits for the turns before its own`() throws {
        var batches = Fixture.batches
        // The turn of step 1 ends with the second batch and logs once more there.
        let end = try #require(batches[0].schedule.ends.first)
        batches[0].schedule.ends.removeFirst()
        batches[1].schedule.ends.append(end)
        let start = batches[1].schedule.emitted.count
        batches[1].schedule.emitted += [128, 128]
        batches[1].schedule.ends[batches[1].schedule.ends.count - 1].emitted = start..<start + 2
        batches[1].logs.append(
            LogBatch(
                worker: 0, records: [Fixture.record(step: 1, index: 2, subtask: 0)], lost: 0))
        let found = try followed(batches, LogSignal.self)
        #expect(found.lines == found.whole)
        #expect(found.lines.count == 4)
        #expect(found.pieces[0] == 0)
    }

    @Test func `records behind a turn that never ends are given out beyond a bound`() throws {
        var settling = SettlingLogs()
        var batch = RecordBatch()
        Fixture.turn(&batch.schedule, step: 1, subtask: 0, time: 0)
        batch.schedule.ends = []
        batch.newSites = Fixture.sites
        batch.logs = [
            LogBatch(
                worker: 0,
                records: (1...TraceBounds.maximumHeldRecords).map {
                    Fixture.record(step: Step($0), values: [])
                }, lost: 0)
        ]
        var given: [Step] = []
        try settling.take(batch) { record, _, _ in given.append(record.step) }
        #expect(given.isEmpty)
        var more = RecordBatch()
        more.logs = [LogBatch(worker: 0, records: [Fixture.record(step: 1)], lost: 0)]
        try settling.take(more) { record, _, _ in given.append(record.step) }
        #expect(given.count == TraceBounds.maximumHeldRecords / 2)
        #expect(given.starts(with: [1, 1, 2, 3]))
    }

    @Test func `the schedule is a line a step`() throws {
        let lines = try lines { try ScheduleSignal.write($0, filter: ExportFilter(), output: $1) }
        let time = #""timestamp":"2026-09-21T14:13:20.0000"#
        #expect(lines.count == 12)
        #expect(
            lines[0] == #"{"step":1,\#(time)10000Z","stage":"parse","subtask":0,"kind":"input","#
                + #""count":256,"emitted":256,"duration_ns":5000}"#)
        #expect(
            lines[2] == #"{"step":3,\#(time)14000Z","stage":"enrich","subtask":0,"#
                + #""kind":"access","turn":2,"cell":"stock"}"#)
        #expect(lines[11] == #"{"step":12,\#(time)31000Z","kind":"rest"}"#)
    }

    @Test func `a publish says what was accepted, dropped and evicted`() throws {
        var batches = Fixture.batches
        // One control message, 30 accepted, 7 dropped, 2 accepted while others were evicted.
        batches[1].schedule.words.append(contentsOf: [1, 0x5E, 0x87, 0xC2])
        batches[1].schedule.steps[0].words = 5..<9
        let lines = try lines(batches) {
            try ScheduleSignal.write($0, filter: ExportFilter(), output: $1)
        }
        #expect(
            lines[4].hasSuffix(
                #""kind":"publish","turn":4,"count":40,"accepted":32,"dropped":7,"evicted":2}"#))
    }

    @Test func `every turn is a span`() throws {
        let lines = try lines { try SpanSignal.write($0, filter: ExportFilter(), output: $1) }
        #expect(lines.count == 8)
        #expect(
            lines[1] == #"{"start":"2026-09-21T14:13:20.000014000Z","#
                + #""end":"2026-09-21T14:13:20.000021000Z","name":"enrich","kind":"internal","#
                + #""status":"ok","trace_id":"0123456789abcdef0123456789abcdef","#
                + #""span_id":"0000000000000002","pipeline":"orders","stage":"enrich","#
                + #""subtask":0,"step":2,"fields":{"kind":"input","#
                + #""inlet":"parse/0>enrich/0","count":256,"emitted":0}}"#)
    }

    @Test func `every metric of a sample is a line`() throws {
        let lines = try lines { try $0.exportMetrics(output: $1) }
        #expect(
            lines.first == #"{"timestamp":"2026-09-21T14:13:20.000025000Z","#
                + #""name":"weir_records_in_total","type":"counter","unit":"records","#
                + #""value":100,"labels":{"pipeline":"orders","stage":"parse","subtask":"0"}}"#)
        #expect(lines.contains { $0.contains(#""weir_busy_seconds_total""#) })
        #expect(lines.contains { $0.contains(#""weir_channel_depth""#) })
    }

    @Test func `a turn that never ends holds back a bounded number of steps`() throws {
        var joiner = TurnJoiner()
        var given: [Step] = []
        var step: Step = 1
        while given.isEmpty {
            var batch = ScheduleBatch()
            for _ in 0..<1000 {
                Fixture.turn(&batch, step: step, subtask: 0, time: 0)
                step = step.next
            }
            if step == 1001 { batch.ends.removeFirst() }
            try joiner.add(batch) { given.append($0.note.step) }
            joiner.checkInvariants()
            try #require(step.count < TraceBounds.maximumHeldSteps + 3000)
        }
        #expect(given.first == 1)
        try joiner.finish { given.append($0.note.step) }
        joiner.checkInvariants()
        #expect(given == Array(1..<step))
    }

    @Test func `steps of lanes that do not go on behind the file are not exported`() throws {
        for first in [Step(12), 14] {
            try withFolder { folder in
                let path = folder + "/run.mcap"
                try Fixture.write(path, end: nil)
                var text = ""
                var tail = ScheduleBatch()
                Fixture.turn(&tail, step: first, subtask: 0, time: 90)
                Fixture.turn(&tail, step: first.next, subtask: 0, time: 91)
                let trace = try Trace.open(path: path)
                try withoutActuallyEscaping({ text += String(decoding: $0, as: UTF8.self) }) {
                    let export = FollowedExport(
                        trace, ScheduleSignal.self, filter: ExportFilter(), output: $0)
                    try export.advance()
                    try export.finish(tail)
                }
                let lines = text.split(separator: "\n")
                let steps = lines.compactMap { $0.firstMatch(of: /"step":([0-9]+)/)?.1 }
                // Of the first tail the step 13 goes on; behind the gap of the other nothing does.
                let expected = first == 12 ? 13 : 12
                #expect(steps == (1...expected).map { "\($0)" })
            }
        }
    }
}
