import Testing
import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTerminal

/// The figures at the top of the screen: each is what it is called.
@Suite struct HeadLineTests {
    private func lines(_ model: ScreenModel) -> [String] {
        model.frame.text.split(separator: "\n").prefix(2).map(String.init)
    }

    private func model(
        width: Int, _ change: (inout SubtaskSample, Int64) -> Void
    ) -> ScreenModel {
        var model = ScreenModel(
            facts: ExampleRun.facts, standpoint: .owner, size: CanvasSize(width: width, height: 24),
            theme: Theme(symbols: .ascii, hasColor: false))
        var table = StageTable(names: ExampleRun.stages)
        for second in 1...3 as ClosedRange<Int64> {
            var subtasks = ExampleRun.stages.map { SubtaskSample(stage: $0, subtask: 0) }
            for index in subtasks.indices {
                subtasks[index].idle = UInt64(second) * 1_000_000_000
                change(&subtasks[index], second)
            }
            let sample = MetricSample(
                time: .seconds(second), step: 1, subtasks: subtasks, channels: [],
                recorder: RecorderSample())
            _ = model.update(.sample(table.take(sample)))
        }
        return model
    }

    @Test func `a lag of hours that is a difference of the sources stands beside a short latency`()
    {
        let hour: Int64 = 3_600_000_000_000
        let shown = model(width: 120) { subtask, second in
            if subtask.stage == "ingest" { subtask.skew = 0 }
            if subtask.stage == "parse" { subtask.skew = 2 * hour }
            if subtask.stage == "window" { subtask.watermarkLag = 2 * hour + hour / 5 }
            guard subtask.stage == "sink-pg" else { return }
            var whole = LatencySample(hop: LatencySample.wholeWay)
            // The first second was slow: it does not count any more.
            whole.counts = [
                UInt64(LatencyClass.of(25_000_000)), UInt64(second - 1) * 100,
                UInt64(LatencyClass.of(9_000_000_000)), 500,
            ]
            subtask.latencies = [whole]
        }
        let line = lines(shown)[1]
        #expect(line.contains("latency p50 23 ms p99 25 ms  "), "\(line)")
        #expect(line.contains("lag 2.2 h (skew 2.0 h)"), "\(line)")
    }

    @Test func `without rows in the last second there is no latency`() {
        let shown = model(width: 120) { subtask, second in
            guard subtask.stage == "sink-pg", second == 1 else { return }
            var whole = LatencySample(hop: LatencySample.wholeWay)
            whole.counts = [40, 7]
            subtask.latencies = [whole]
        }
        #expect(lines(shown)[1].contains("latency -  lag -"), "\(lines(shown)[1])")
    }

    @Test func `a run that said for how long it rests is old only behind that`() {
        var model = ExampleRun.model(seconds: 1)
        var sample = MetricSample(
            time: .seconds(2), step: 1, subtasks: [], channels: [], recorder: RecorderSample())
        sample.restsFor = .seconds(4)
        _ = model.update(.seen(sample))
        for (second, state) in [(3, "● LIVE  "), (7, "● LIVE  "), (9, "● LIVE 7.0 s old")]
            as [(Int64, String)]
        {
            _ = model.update(.tick(now: .seconds(second)))
            #expect(lines(model)[0].contains(state), "\(second): \(lines(model)[0])")
        }
    }

    @Test func `busy workers, processor and memory are at the top of the smallest whole screen`() {
        let top = lines(ExampleRun.model(seconds: 40, symbols: .ascii))[0]
        #expect(top.contains("workers 2.1/4  cpu 231 %  mem 48.0 MB"), "\(top)")
    }

    @Test func `what is wrong stays at the top however narrow it is`() {
        var model = ExampleRun.model(seconds: 40, width: 44, symbols: .ascii)
        ExampleRun.addNotices(&model)
        #expect(lines(model)[1].contains("violations 3"), "\(lines(model)[1])")
    }
}
