import Testing
import WeirBase
import WeirMonitor
import WeirTelemetry

@testable import WeirApp

/// What a screen is told of a batch of records.
@Suite struct NewsDigestTests {
    /// The notices of a batch with one record of each statement, and with incidents.
    private func notices(_ sites: [(LogLevel, String)], _ incidents: [Incident] = []) -> [String] {
        var header = RunHeader(run: "0", pipeline: "p", version: "1", plan: "0", seed: 1)
        header.subtasks = [SubtaskInfo(stage: "a", index: 0, inlets: [], outlets: [], source: 0)]
        var batch = RecordBatch()
        batch.newSites = sites.map { level, message in
            LogSite(level: level, message: message, file: "a.swift", line: 1, fields: [])
        }
        let records = sites.indices.map { site in
            LogRecord(
                step: 1, index: 1, operatorIndex: 0, ordinal: UInt32(site), subtask: 0, time: 0,
                site: UInt32(site), values: [])
        }
        batch.logs = [LogBatch(worker: 0, records: records, lost: 0)]
        batch.incidents = incidents
        var digest = NewsDigest(header)
        var notices: [String] = []
        digest.take(batch) { event in
            if case .notice(let notice) = event {
                notices.append("\(notice.severity) \(notice.origin) \(notice.text)")
            }
        }
        return notices
    }

    @Test func `warnings and errors are notices, and lower levels are not`() {
        #expect(
            notices([(.info, "usual"), (.warning, "late"), (.error, "bad"), (.critical, "worse")])
                == ["warning a/0 late", "error a/0 bad", "error a/0 worse"])
    }

    @Test func `each record is a line, in the order in which it was recorded`() {
        var header = RunHeader(run: "0", pipeline: "p", version: "1", plan: "0", seed: 1)
        header.subtasks = [SubtaskInfo(stage: "a", index: 0, inlets: [], outlets: [], source: 0)]
        var batch = RecordBatch()
        batch.newSites = [
            LogSite(level: .debug, message: "m", file: "a.swift", line: 1, fields: ["n", "t"])
        ]
        let records = [(0, 0), (9, 0), (0, 1)].enumerated().map { number, about in
            LogRecord(
                step: Step(number), index: 1, operatorIndex: 0, ordinal: 0,
                subtask: SubtaskIndex(about.0), time: 0, site: UInt32(about.1),
                values: [.integer(Int64(number)), "x"])
        }
        batch.logs = [LogBatch(worker: 0, records: records, lost: 2)]
        var digest = NewsDigest(header)
        var told: [String] = []
        digest.take(batch) { event in
            guard case .logs(let lines, let lost) = event else { return }
            told += lines.map { "\($0.origin) \($0.level) \($0.text)" } + ["\(lost) lost"]
        }
        // A statement that nobody told of is a damaged trace's.
        #expect(told == ["a/0 debug m n=0 t=x", "run debug m n=1 t=x", "2 lost"])
    }

    @Test func `where nobody looks at lines only notices are given`() {
        var batch = RecordBatch()
        batch.newSites = [LogLevel.info, .warning].map {
            LogSite(level: $0, message: "\($0)", file: "a.swift", line: 1, fields: [])
        }
        let records = [0, 1, 0, 7].map { site in
            LogRecord(
                step: 1, index: 1, operatorIndex: 0, ordinal: 0, subtask: 0, time: 0, site: site,
                values: [])
        }
        batch.logs = [LogBatch(worker: 0, records: records, lost: 3)]
        let header = RunHeader(run: "0", pipeline: "p", version: "1", plan: "0", seed: 1)
        var digest = NewsDigest(header, givesLines: false)
        var told: [String] = []
        digest.take(batch) { event in
            guard case .notice(let notice) = event else { return told.append("another event") }
            told.append("\(notice.severity) \(notice.text)")
        }
        #expect(told == ["warning warning"])
    }

    @Test func `a violation that is logged as well is told once`() {
        let incident = Incident(
            step: 1, kind: .violation, name: "stock", message: "stock is -1", time: 0)
        let told = notices([(.error, "invariant_violated"), (.error, "bad")], [incident])
        #expect(told.count == 2 && told[0] == "error a/0 bad" && told[1].hasPrefix("violation "))
    }
}
