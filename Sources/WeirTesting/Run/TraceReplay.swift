import WeirBase
import WeirConnectors
public import WeirEngine
import WeirReplay
import WeirTelemetry
import WeirTrace

/// A trace that a pipeline does not reproduce.
public struct ReplayDiffers: Error, Equatable, Sendable, CustomStringConvertible {
    /// The first step that differs; 0 where only the end does or nothing could be run.
    public let step: UInt64
    /// What was recorded, what came instead, and the likely reason.
    public let description: String
}

extension Pipeline {
    /// Runs a recorded trace again and compares every turn, every rest point and the end with it.
    ///
    /// The test of a pipeline against a run that was captured once: it passes as long as the code
    /// still does what it did then, and tells the first step at which it does not. Rows, log
    /// records from the trace's own level on and violations are those of the replay. Nothing
    /// outside is touched but the trace and the files it read, which lie where they lay then
    /// unless `inputs` says otherwise by source's name. Blocks until the end; any thread.
    ///
    /// - Throws: `ReplayDiffers` when the trace is of another pipeline, version or plan, cannot be
    ///   read, or the replay disagrees with it.
    public func replay(
        trace path: String, inputs: [String: String] = [:]
    ) throws(ReplayDiffers) -> PipelineRun {
        do {
            return try checkedReplay(Trace.open(path: path), inputs)
        } catch let error as ReplayDiffers {
            throw error
        } catch {
            throw ReplayDiffers(step: 0, description: "\(path): \(error)")
        }
    }

    private func checkedReplay(_ trace: Trace, _ inputs: [String: String]) throws -> PipelineRun {
        var options = ReplayRun.Options()
        options.inputs = inputs
        // Tests are another build than what recorded: a log statement added since differs from it.
        options.isSameBuild = false
        let memory = trace.header.sinks.map { ($0, MemorySink()) }
        for (name, sink) in memory { options.outputs[name] = try sink.open() }
        let logs = ReplayedLogs()
        options.onLogs = { records, sites in logs.add(records, sites) }
        let report = try ReplayRun(trace, self, options).run()
        for (_, sink) in options.outputs { try sink.close() }
        if let divergence = report.divergence {
            throw ReplayDiffers(
                step: divergence.step.rawValue,
                description: "diverged at step \(divergence.step) of \(divergence.subtask): "
                    + "expected \(divergence.expected), got \(divergence.got); "
                    + divergence.reason)
        }
        let names = trace.header.subtasks
        return PipelineRun(
            rows: Dictionary(memory.map { ($0, $1.rows) }, uniquingKeysWith: { first, _ in first }),
            violations: report.violations.map {
                PipelineRun.BrokenInvariant(
                    invariant: $0.invariant, step: $0.step.rawValue, subtask: $0.subtask)
            },
            logs: logs.lines { index in
                names[index].map { "\($0.stage)/\($0.index)" } ?? "\(index)"
            },
            lostLogs: report.lostLogs, steps: report.steps.rawValue,
            failure: report.incidents.first { $0.kind == .failure }?.message, digest: report.digest,
            elements: report.elements,
            drops: Dictionary(
                report.drops.map { ($0.reason.rawValue, $0.count) }, uniquingKeysWith: +))
    }
}

/// Log records of a replay, as its turns end; put in order when they are asked for. The replay's
/// thread alone uses it.
private final class ReplayedLogs {
    private var records: [(LogRecord, LogSite)] = []

    func add(_ more: [LogRecord], _ sites: LogSites) {
        let known = sites.sites(from: 0)
        for record in more where Int(record.site) < known.count {
            records.append((record, known[Int(record.site)]))
        }
    }

    func lines(_ name: (SubtaskIndex) -> String) -> [PipelineRun.LogLine] {
        records.sorted { LogRecord.precedes($0.0, $1.0) }.map { record, site in
            PipelineRun.LogLine(
                level: site.level, message: site.message,
                fields: Dictionary(
                    zip(site.fields, record.values), uniquingKeysWith: { first, _ in first }),
                subtask: name(record.subtask), step: record.step.rawValue)
        }
    }
}
