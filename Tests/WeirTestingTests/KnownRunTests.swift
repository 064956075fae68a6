import KeptText
import Testing
import Weir
import WeirTesting

/// A simulated run of every operator is today what it was when it was looked at.
///
/// A run is a function of its plan and its seed, so that all of it can be held against a file: the
/// rows of each sink, the logs, the violations with their steps, what was dropped, and the digest
/// of the final state. Rules have tests of their own, which say what they are; this finds what they
/// leave open. A change that is meant is looked at, and then kept: `WEIR_WRITE_RUNS=DIR` writes the
/// files anew.
@Suite struct KnownRunTests {
    @Test(
        arguments: [
            (1, "dropOldest"), (2, "dropOldest"), (3, "dropNewest"), (4, "dropNewest"),
            (5, "block"),
            (6, "fail"),
        ] as [(UInt64, String)])
    func `a run of every operator is what it was`(seed: UInt64, policy: String) throws {
        var options = RunOptions()
        options.inputs = ["read": EverythingPipeline.lines]
        options.settings = ["policy": policy]
        options.limit = 120
        options.logLevel = .debug
        let run = try EverythingPipeline.pipeline.simulate(seed: seed, options)
        let kept = KeptText("Known", variable: "WEIR_WRITE_RUNS")
        let file = "everything-\(seed)-\(policy).txt"
        #expect(try kept.difference(of: Self.text(run), from: file) == nil)
    }

    /// All that a run came to, a line for each thing.
    private static func text(_ run: PipelineRun) -> String {
        var lines = ["steps \(run.steps)", "elements \(run.elements)"]
        if let failure = run.failure { lines.append("failure \(failure)") }
        for (reason, count) in run.drops.sorted(by: { $0.key < $1.key }) {
            lines.append("dropped \(reason) \(count)")
        }
        for violation in run.violations {
            lines.append("violation \(violation.step) \(violation.subtask) \(violation.invariant)")
        }
        for log in run.logs {
            let fields = log.fields.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
            lines.append(
                "log \(log.step) \(log.subtask) \(log.level) \(log.message)" + fields.joined())
        }
        for (sink, rows) in run.rows.sorted(by: { $0.key < $1.key }) {
            lines += rows.map { "row \(sink) \($0)" }
        }
        lines.append("digest \(String(run.digest, radix: 16))")
        return lines.joined(separator: "\n") + "\n"
    }
}
