import Testing
import WeirMonitor
import WeirTelemetry

@testable import WeirApp
import WeirBase

@Suite struct PlainLinesTests {
    /// A source and a sink, seen ten times a second.
    private struct Run {
        var timeline: Timeline
        var table = StageTable(names: ["source", "sink"])
        var subtasks = [
            SubtaskSample(stage: "source", subtask: 0), SubtaskSample(stage: "sink", subtask: 0),
        ]
        var tenths: Int64 = 0

        init(workers: Int = 2) {
            var facts = RunFacts(
                pipeline: "two", stages: ["source", "sink"],
                edges: [("source", "sink")], started: Instant(nanoseconds: 0), tracePath: nil)
            facts.workers = workers
            timeline = Timeline(facts)
        }

        /// A tenth of a second in which the sink was busy for so many hundredths of it, held up by
        /// its writer for others, and waited for a worker for the source's.
        mutating func pass(busy: UInt64, held: UInt64 = 0, both: UInt64 = 0) {
            subtasks[1].busy += (busy + both) * 1_000_000
            subtasks[1].backpressured += held * 1_000_000
            subtasks[1].waiting = (subtasks[1].waiting ?? 0) + both * 1_000_000
            subtasks[1].idle += (100 - busy - held - 2 * both) * 1_000_000
            subtasks[0].busy += both * 1_000_000
            subtasks[0].waiting = (subtasks[0].waiting ?? 0) + both * 1_000_000
            subtasks[0].idle += (100 - 2 * both) * 1_000_000
            tenths += 1
            let sample = MetricSample(
                time: .milliseconds(tenths * 100), step: 1, subtasks: subtasks, channels: [],
                recorder: RecorderSample())
            timeline.take(.sample(table.take(sample)))
        }

        /// The line of each stage, without the time of day before it.
        var lines: [String] {
            PlainLines.text(timeline, at: Instant(nanoseconds: 0)).split(separator: "\n")
                .map { String($0.dropFirst(12)) }
        }
    }

    @Test func `a stage that is slow for three seconds is marked`() {
        var run = Run()
        for _ in 0..<40 { run.pass(busy: 99) }
        #expect(run.lines.map { $0.hasSuffix("  <- limits the run") } == [false, true])
    }

    @Test func `a spike of a second is not marked at any time`() {
        var run = Run()
        for tenth in 0..<100 {
            run.pass(busy: (50..<60).contains(tenth) ? 100 : 5)
            #expect(!run.lines.contains { $0.contains("<-") }, "after \(run.tenths) tenths")
        }
    }

    @Test func `a sink whose writer takes no more is marked as that`() {
        var run = Run()
        for _ in 0..<40 { run.pass(busy: 5, held: 90) }
        let note = "  <- limits the run: whoever writes its rows takes no more"
        #expect(run.lines.map { $0.hasSuffix(note) } == [false, true])
    }

    @Test func `where the workers are too few the stage that uses most of them says so`() {
        var run = Run(workers: 1)
        for _ in 0..<40 { run.pass(busy: 4, both: 48) }
        let note = "  <- the only worker is busy: 1.0 of 1; this uses most"
        #expect(run.lines.map { $0.hasSuffix(note) } == [false, true])
    }

    @Test func `a sink's line has its latency and no other line has one`() {
        var run = Run()
        run.pass(busy: 5)
        var latency = LatencySample(hop: LatencySample.wholeWay)
        latency.counts = [UInt64(LatencyClass.of(2_000_000)), 100]
        run.subtasks[1].latencies = [latency]
        run.pass(busy: 5)
        #expect(!run.lines[0].contains("latency"))
        #expect(run.lines[1].hasSuffix("  latency p50 2 ms p99 2 ms"))
    }

    @Test func `busy, blocked and waiting stand under their own names`() {
        var run = Run()
        for _ in 0..<20 { run.pass(busy: 5, held: 35, both: 20) }
        let line = run.lines.last ?? ""
        #expect(line.contains("busy  25%  blocked  35%  waiting  20%"), "\(line)")
    }
}
