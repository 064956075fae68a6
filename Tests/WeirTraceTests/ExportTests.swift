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
            return text.split(separator: "\n").map(String.init)
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
            try $0.exportSchedule(filter: ExportFilter(from: .microseconds(24)), output: $1)
        }
        #expect(late.count == 2)
    }

    @Test func `the schedule is a line a step`() throws {
        let lines = try lines { try $0.exportSchedule(output: $1) }
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
        let lines = try lines(batches) { try $0.exportSchedule(output: $1) }
        #expect(
            lines[4].hasSuffix(
                #""kind":"publish","turn":4,"count":40,"accepted":32,"dropped":7,"evicted":2}"#))
    }

    @Test func `every turn is a span`() throws {
        let lines = try lines { try $0.exportSpans(output: $1) }
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
        for line in lines {
            #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any])
        }
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
            try #require(step.count < TurnJoiner.maximumHeld + 3000)
        }
        #expect(given.first == 1)
        try joiner.finish { given.append($0.note.step) }
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
                        trace, .schedule, filter: ExportFilter(), output: $0)
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
