import Testing
import WeirBase
import WeirTelemetry
import WeirTrace

@testable import WeirReplay

/// Which lines of a log are taken for the same, and which may be missing.
@Suite struct LogComparisonTests {
    private let trace: Trace
    private let lines: [(record: LogRecord, site: LogSite)]

    init() throws {
        trace = try shipped("overdrawn")
        let merge = try LogMerge(trace)
        var lines: [(LogRecord, LogSite)] = []
        while let (record, _) = try merge.next() {
            lines.append((record, merge.sites[Int(record.site)]))
        }
        self.lines = lines
        try #require(lines.count > 2)
    }

    /// A comparison of all lines, of which one was changed in the replay.
    private func compared(
        inFlight: Set<Step> = [], isSameBuild: Bool = true, at changed: Int = 1,
        _ change: (inout LogRecord, inout LogSite) -> Void = { _, _ in }
    ) throws -> LogComparison {
        let comparison = try LogComparison(trace, inFlight: inFlight, isSameBuild: isSameBuild)
        for (index, line) in lines.enumerated() {
            var (record, site) = line
            if index == changed { change(&record, &site) }
            comparison.take(record, site)
        }
        comparison.finish(through: .max)
        return comparison
    }

    @Test func `lines that were made again are counted`() throws {
        let comparison = try compared()
        #expect(comparison.divergence == nil && comparison.failure == nil)
        #expect(comparison.matched == UInt64(lines.count) && comparison.leftOut == 0)
    }

    @Test func `a line is compared in its subtask, its time, its statement and its values`() throws
    {
        let step = lines[1].record.step
        let changes: [(inout LogRecord, inout LogSite) -> Void] = [
            { record, _ in record.subtask = record.subtask == 0 ? 1 : 0 },
            { record, _ in record.time = record.time + 1 },
            { record, _ in record.values.append(1) },
            { record, _ in record.values[0] = "another" },
            { _, site in site.message += "!" },
            { _, site in site.level = .critical },
            { _, site in site.fields.append("more") },
        ]
        for change in changes {
            let found = try #require(try compared(change).divergence)
            #expect(found.step == step && found.got.hasPrefix("log "))
            #expect(found.expected.contains(lines[1].site.message))
        }
    }

    @Test func `where a statement stands is not compared`() throws {
        let comparison = try compared { _, site in
            (site.file, site.line) = ("elsewhere.swift", site.line + 1)
        }
        #expect(comparison.divergence == nil)
    }

    /// A comparison of all lines but one.
    private func comparedWithout(_ left: Int, inFlight: Set<Step> = []) throws -> LogComparison {
        let comparison = try LogComparison(trace, inFlight: inFlight, isSameBuild: true)
        for (index, line) in lines.enumerated() where index != left {
            comparison.take(line.record, line.site)
        }
        comparison.finish(through: .max)
        return comparison
    }

    @Test(arguments: [true, false])
    func `a line may be missing in a turn that was in flight, and in no other`(isLast: Bool) throws
    {
        let left = isLast ? lines.count - 1 : 0
        let step = lines[left].record.step
        #expect(try comparedWithout(left, inFlight: [step]).divergence == nil)
        let found = try #require(try comparedWithout(left).divergence)
        #expect(found.step == step && found.got == "no such line")
    }

    @Test func `a line behind the last step that was run is not missed`() throws {
        let last = try #require(lines.last).record.step
        for (through, isMissed) in [(last, true), (last.previous, false)] {
            let comparison = try LogComparison(trace, inFlight: [], isSameBuild: true)
            for line in lines where line.record.step < last {
                comparison.take(line.record, line.site)
            }
            comparison.finish(through: through)
            #expect((comparison.divergence != nil) == isMissed)
        }
    }

    @Test func `another build may log by further statements and in another order`() throws {
        let further = { (record: inout LogRecord, site: inout LogSite) in
            site.message = "a further statement"
        }
        #expect(try compared(isSameBuild: true, at: 0, further).divergence != nil)
        let comparison = try LogComparison(trace, inFlight: [], isSameBuild: false)
        for (recorded, site) in lines {
            var record = recorded
            comparison.take(
                record,
                LogSite(
                    level: .info, message: "further", file: "a.swift", line: 1, fields: []))
            record.ordinal += 1
            comparison.take(record, site)
        }
        comparison.finish(through: .max)
        #expect(comparison.divergence == nil && comparison.matched == UInt64(lines.count))
    }

    @Test func `a number is itself to the last bit`() throws {
        let values: [(recorded: Double, made: Double, isSame: Bool)] = [
            (.nan, .nan, true), (0, -0.0, false), (1, 1, true), (1, 1.5, false),
        ]
        for value in values {
            try withRewritten(trace) { batch in
                for index in batch.logs.indices {
                    for number in batch.logs[index].records.indices {
                        batch.logs[index].records[number].values = [.double(value.recorded)]
                    }
                }
            } _: { trace in
                let comparison = try LogComparison(trace, inFlight: [], isSameBuild: true)
                for (recorded, site) in lines {
                    var record = recorded
                    record.values = [.double(value.made)]
                    comparison.take(record, site)
                }
                #expect((comparison.divergence == nil) == value.isSame, "\(value)")
            }
        }
    }
}
