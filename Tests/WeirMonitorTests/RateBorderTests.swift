import Testing
import WeirBase
import WeirTelemetry

@testable import WeirMonitor

/// What rates, verdicts and the pieces of a minute are made of, at the borders.
@Suite struct RateBorderTests {
    private func frame(
        _ time: RunTime, _ change: (inout SampleFrame) -> Void = { _ in }
    ) -> SampleFrame {
        var frame = SampleFrame(time: time, step: 0, stages: 2, recorder: RecorderSample())
        change(&frame)
        return frame
    }

    private func times(
        _ busy: UInt64, _ blocked: UInt64, _ waiting: UInt64, _ idle: UInt64
    ) -> StateTimes {
        var times = StateTimes()
        (times.busy, times.backpressured, times.waiting, times.idle) = (
            busy, blocked, waiting, idle
        )
        return times
    }

    @Test func `rates are what grew between two frames, each of its own`() {
        let old = frame(0) { frame in
            frame.stages[0].recordsIn = 100
            frame.stages[0].recordsOut = 50
            frame.stages[0].errors = 1
            frame.stages[0].times = times(10, 10, 10, 10)
            frame.subtasks = [SubtaskTotals(stage: 0, subtask: 0, recordsIn: 60)]
        }
        let new = frame(.seconds(2)) { frame in
            frame.stages[0].recordsIn = 300
            frame.stages[0].recordsOut = 90
            frame.stages[0].errors = 5
            frame.stages[0].times = times(20, 30, 40, 50)
            (frame.stages[0].subtasks, frame.stages[0].depth) = (2, 3)
            (frame.stages[0].capacity, frame.stages[0].watermarkLag) = (4, 7)
            frame.stages[1].recordsIn = 0
            frame.subtasks = [
                SubtaskTotals(stage: 0, subtask: 0, recordsIn: 100, times: times(1, 2, 3, 4)),
                SubtaskTotals(stage: 0, subtask: 1, recordsIn: 9),
                SubtaskTotals(stage: 2, subtask: 0, recordsIn: 9),
            ]
        }
        let rates = StageRates.between(
            old, new, names: ["a", "b", "c"], nanoseconds: 2_000_000_000, peaks: [0.9],
            above: { [$0 + 10] })
        #expect(rates.map(\.stage) == ["a", "b"])
        let rate = rates[0]
        #expect([rate.recordsIn, rate.recordsOut, rate.errors] == [100, 20, 2])
        #expect([rate.busy, rate.backpressured, rate.waiting, rate.idle] == [0.1, 0.2, 0.3, 0.4])
        #expect(rate.subtasks == 2 && rate.depth == 3 && rate.capacity == 4)
        #expect(rate.watermarkLag == 7 && rate.fill == 0.75 && rate.peakFill == 0.9)
        #expect(rate.above == [10] && rates[1].above == [11])
        #expect(rates[1].idle == 1 && rates[1].peakFill == 0 && rates[1].parts.isEmpty)
        #expect(rate.parts.map(\.subtask) == [0, 1] && rate.parts.map(\.recordsIn) == [40, 9])
        #expect(rate.parts[0].busy == 0.1 && rate.parts[0].backpressured == 0.2)
        #expect(rate.parts[0].waiting == 0.3)
        #expect(rate.hottest?.subtask == 0 && rate.hottestShare == 40 / 49)
        #expect(rate.busyWorkers == 0.2 && rates[1].busyWorkers == 0)
        let none = StageRates.between(old, new, names: ["a"], nanoseconds: 0)
        #expect(none[0].recordsIn == 0 && none[0].busy == 0.1)
    }

    @Test func `a subtask that took another's position has no past`() {
        let old = frame(0) { $0.subtasks = [SubtaskTotals(stage: 1, subtask: 0, recordsIn: 60)] }
        let new = frame(1) { $0.subtasks = [SubtaskTotals(stage: 0, subtask: 0, recordsIn: 70)] }
        let rates = StageRates.between(old, new, names: ["a", "b"], nanoseconds: 1)
        #expect(rates[0].parts.map(\.recordsIn) == [70] && rates[0].hottestShare == 1)
        #expect(rates[1].hottestShare == nil)
    }

    @Test func `load is busy workers, cores and memory, of times and processors that grew`() {
        func process(_ nanoseconds: UInt64) -> ProcessSample {
            ProcessSample(processorNanoseconds: nanoseconds, residentBytes: 77)
        }
        let old = frame(.seconds(1)) { frame in
            frame.process = process(500_000_000)
            frame.stages[0].times.busy = 100
            frame.stages[1].times.busy = 900
        }
        let new = frame(.seconds(3)) { frame in
            frame.process = process(3_500_000_000)
            frame.stages[0].times.busy = 1_000_000_100
            frame.stages[1].times.busy = 2_000_000_900
        }
        let load = RunLoad(from: old, to: new)
        #expect(load.busyWorkers == 1.5 && load.cores == 1.5 && load.memory == 77)
        #expect(RunLoad(from: new, to: new).cores == nil)
        #expect(RunLoad(from: new, to: new).busyWorkers == 0)
        var fallen = new
        fallen.time = .seconds(4)
        fallen.process = process(1)
        #expect(RunLoad(from: new, to: fallen).cores == 0)
        fallen.process = nil
        #expect(RunLoad(from: new, to: fallen).cores == nil)
    }

    @Test func `a frame sums subtasks and shows the fullest channel before a stage`() {
        var first = SubtaskSample(stage: "a", subtask: 0)
        (first.recordsIn, first.recordsOut, first.errors) = (1, 2, 3)
        (first.busy, first.idle, first.watermarkLag, first.skew) = (4, 5, -7, 8)
        first.drops = [DropSample(reason: "late", count: 6)]
        var second = SubtaskSample(stage: "a", subtask: 1)
        (second.recordsIn, second.recordsOut, second.errors) = (10, 20, 30)
        (second.watermarkLag, second.skew) = (9, 1)
        func channel(_ to: String, _ depth: UInt64, _ capacity: UInt64) -> ChannelSample {
            ChannelSample(
                name: "\(to)\(depth)\(capacity)", from: "x", to: to, depth: depth,
                capacity: capacity, bytes: 0, dropped: 5)
        }
        let sample = MetricSample(
            time: .seconds(1), step: 9,
            subtasks: [first, SubtaskSample(stage: "unknown", subtask: 0), second],
            channels: [
                channel("a", 1, 10), channel("a", 5, 10), channel("a", 1, 2), channel("a", 4, 10),
                channel("b", 0, 0), channel("unknown", 1, 1),
            ], recorder: RecorderSample())
        let frame = SampleFrame(sample, names: ["a", "b"])
        let stage = frame.stages[0]
        #expect(stage.recordsIn == 11 && stage.recordsOut == 22 && stage.errors == 33)
        #expect(stage.times == times(4, 0, 0, 5) && stage.subtasks == 2)
        #expect(stage.dropped == 26 && stage.watermarkLag == 9)
        #expect(stage.depth == 5 && stage.capacity == 10 && stage.fill == 0.5)
        #expect(frame.stages[1].dropped == 5 && frame.stages[1].fill == 0)
        #expect(frame.stages[1].watermarkLag == nil)
        #expect(frame.subtasks.map(\.subtask) == [0, 1] && frame.skew == 8 && frame.step == 9)
        var alone = sample
        alone.subtasks = [first]
        #expect(SampleFrame(alone, names: ["a"]).skew == nil)
        #expect(SampleFrame(alone, names: ["a"]).stages[0].watermarkLag == 0)
        alone.restsFor = -3
        #expect(SampleFrame(alone, names: ["a"]).restsFor == .zero)
        alone.restsFor = .max
        #expect(SampleFrame(alone, names: ["a"]).restsFor == TelemetryBounds.maximumSampleRest)
    }

    @Test func `latencies count from one telling to the next, for a second and a half`() {
        func sample(_ time: RunTime, _ count: UInt64?, _ other: UInt64? = nil) -> MetricSample {
            let subtasks = [("a", count), ("b", other)].map { stage, count in
                var subtask = SubtaskSample(stage: stage, subtask: 0)
                if let count {
                    var hop = LatencySample(hop: "a to b")
                    hop.counts = [1, 1_000]
                    var way = LatencySample(hop: LatencySample.wholeWay)
                    way.counts = [UInt64(LatencyClass.of(1_000_000)), count]
                    subtask.latencies = [hop, way]
                }
                return subtask
            }
            return MetricSample(
                time: time, step: 0, subtasks: subtasks, channels: [], recorder: RecorderSample())
        }
        var window = LatencyWindow()
        #expect(window.figures(at: 0).all == nil)
        window.take(sample(.seconds(1), 5))
        #expect(window.figures(at: .seconds(1)).all != nil)
        #expect(window.figures(at: .seconds(1)).sinks.keys.sorted() == ["a"])
        let border = RunTime.seconds(1) + LatencyWindow.length
        #expect(window.figures(at: border - 1).all != nil && window.figures(at: border).all == nil)
        // Nothing was added, then totals fell; then a second sink tells, too.
        window.take(sample(.seconds(2), 5))
        #expect(window.figures(at: .seconds(2)).all == nil)
        window.take(sample(.seconds(3), 2))
        #expect(window.figures(at: .seconds(3)).all == nil)
        window.take(sample(.seconds(4), 3, 1))
        #expect(window.figures(at: .seconds(4)).sinks.keys.sorted() == ["a", "b"])
        let all = window.figures(at: .seconds(4)).all
        #expect(all?.median == 983_040 && all?.percentile99 == 1_048_576)
    }

    @Test func `what is added to the sums and taken out again leaves what counts`() {
        var random = SeededGenerator(seed: 4)
        var window = LatencyWindow()
        var counts = [[UInt64]](repeating: [0, 0, 0], count: 4)
        var told = [(time: RunTime, added: [UInt64])?](repeating: nil, count: 4)
        for tenth in 1...300 {
            let time = RunTime.milliseconds(Int64(tenth) * 100)
            let telling = (0..<4).filter { _ in UInt64.random(in: 0..<16, using: &random) == 0 }
            for subtask in telling {
                let added = (0..<3).map { _ in UInt64.random(in: 0..<50, using: &random) }
                counts[subtask] = zip(counts[subtask], added).map(+)
                told[subtask] = (time, added)
            }
            window.take(hops(time, telling.map { ($0, counts[$0]) }))
            var sum = [UInt64](repeating: 0, count: LatencyClass.count)
            for case let (when, added)? in told where time - when < LatencyWindow.length {
                for (index, count) in added.enumerated() { sum[40 + index] += count }
            }
            let figures = window.figures(at: time)
            #expect(figures.all == LatencyFigures(classes: sum))
            #expect(figures.stages["a"]?.waiting == HopLatency(classes: sum))
        }
    }

    /// A sample in which subtasks tell latencies in three classes.
    private func hops(_ time: RunTime, _ telling: [(Int, [UInt64])]) -> MetricSample {
        let subtasks = telling.map { number, counts in
            var subtask = SubtaskSample(stage: "a", subtask: number)
            subtask.latencies = ["queue", LatencySample.wholeWay].map { name in
                var latency = LatencySample(hop: name)
                latency.counts = counts.enumerated().flatMap { [UInt64(40 + $0), $1] }
                return latency
            }
            return subtask
        }
        return MetricSample(
            time: time, step: 0, subtasks: subtasks, channels: [], recorder: RecorderSample())
    }

    // MARK: Verdicts

    private func rate(
        _ busy: Double, blocked: Double = 0, waiting: Double = 0, fill: Double = 0,
        above: [Int] = [], subtasks: Int = 1
    ) -> StageRate {
        var rate = StageRate(stage: "s")
        (rate.busy, rate.backpressured, rate.waiting) = (busy, blocked, waiting)
        (rate.peakFill, rate.above, rate.subtasks) = (fill, above, subtasks)
        return rate
    }

    private func part(_ busy: Double, blocked: Double = 0, waiting: Double = 0) -> StageRate.Part {
        var part = StageRate.Part(subtask: 0)
        (part.busy, part.backpressured, part.waiting) = (busy, blocked, waiting)
        return part
    }

    @Test func `each border of a verdict belongs to it`() {
        // Very busy, or busy enough with a queue that fills or somebody who is held up.
        #expect(Limit.find([rate(0.8)], workers: 0) == .stage(0))
        #expect(Limit.find([rate(0.799)], workers: 0) == .nothing)
        #expect(Limit.find([rate(0.5, fill: 0.5)], workers: 0) == .stage(0))
        #expect(Limit.find([rate(0.5, fill: 0.499)], workers: 0) == .nothing)
        #expect(
            Limit.find([rate(0, blocked: 0.5), rate(0.5, above: [0])], workers: 0) == .stage(1))
        #expect(
            Limit.find([rate(0, blocked: 0.499), rate(0.5, above: [0])], workers: 0) == .nothing)
        var parts = rate(0, blocked: 0.1)
        parts.parts = [part(0, blocked: 0), part(0, blocked: 0.5)]
        #expect(Limit.find([parts, rate(0.5, above: [0])], workers: 0) == .stage(1))
        // What is held up itself does not limit, and a sink that is waits for its writer.
        #expect(Limit.find([rate(0.9, blocked: 0.5)], workers: 0) == .nothing)
        #expect(
            Limit.find([rate(0), rate(0.4, blocked: 0.5, above: [0])], workers: 0) == .writer(1))
        #expect(
            Limit.find(
                [rate(0), rate(0, blocked: 0.5, above: [0]), rate(0.1, above: [1])], workers: 0)
                == .nothing)
        // Nobody is busy: the fullest queue, of equals the one further down.
        #expect(
            Limit.find([rate(0, fill: 0.6), rate(0, fill: 0.6), rate(0, fill: 0.5)], workers: 0)
                == .stage(1))
        #expect(Limit.find([rate(0, waiting: 0.2, fill: 1)], workers: 0) == .nothing)
        #expect(Limit.find([rate(0, waiting: 0.199, fill: 1)], workers: 0) == .stage(0))
        #expect(Limit.find([rate(0, blocked: 0.5, fill: 1)], workers: 0) == .nothing)
        // As busy as the busiest but for a tenth.
        #expect(Limit.find([rate(1), rate(0.9)], workers: 0) == .stage(1))
        #expect(Limit.find([rate(1), rate(0.89)], workers: 0) == .stage(0))
    }

    @Test func `workers lack where nine tenths are busy and the hottest subtask waits a fifth`() {
        func found(_ busy: Double, _ hottest: StageRate.Part, workers: Int = 2) -> Limit {
            var stage = rate(busy, subtasks: 2)
            stage.parts = [part(0.1, waiting: 0.9), hottest]
            return Limit.find([stage], workers: workers)
        }
        #expect(found(0.9, part(0.79, waiting: 0.2)) == .workers(busy: 1.8))
        #expect(found(1.2, part(0.79, waiting: 0.2)) == .workers(busy: 2))
        #expect(found(0.9, part(0.79, waiting: 0.2), workers: 0) == .nothing)
        #expect(found(0.89, part(0.79, waiting: 0.2)) == .nothing)
        #expect(found(0.9, part(0.79, waiting: 0.19)) == .nothing)
        #expect(found(0.9, part(0.8, waiting: 0.2)) == .stage(0))
    }

    @Test func `a subtask is hot that is much busier than the next and gets far too much`() {
        func hot(_ busy: Double, _ other: Double, share: Double) -> String? {
            var rate = rate(busy, subtasks: 2)
            rate.parts = [part(busy), part(other)]
            rate.parts[0].subtask = 3
            rate.parts[0].recordsIn = share * 1_000
            rate.parts[1].recordsIn = 1_000 - share * 1_000
            return Bottleneck.Evidence(rate).hot?.name
        }
        #expect(hot(0.75, 0.25, share: 0.7) == "s/3")
        #expect(hot(0.75, 0.5, share: 0.7) == nil && hot(0.75, 0.25, share: 0.69) == nil)
        var alone = rate(1)
        alone.parts = [part(1)]
        alone.parts[0].recordsIn = 5
        #expect(Bottleneck.Evidence(alone).hot == nil)
    }

    @Test func `who is named where`() {
        let stage = Bottleneck.stage(Bottleneck.Evidence(rate(1)))
        let writer = Bottleneck.writer(stage: "s", blocked: 1)
        let workers = Bottleneck.workers(busy: 2, of: 3, busiest: "s")
        #expect(stage.note(on: "s") == "limits the run" && stage.note(on: "t") == nil)
        #expect(
            writer.note(on: "s") == "limits the run: whoever writes its rows takes no more")
        #expect(workers.note(on: "s") == "all workers are busy: 2.0 of 3; this uses most")
        #expect(workers.note(on: "t") == nil && writer.note(on: "t") == nil)
        #expect(stage.stage == "s" && writer.stage == "s" && workers.stage == nil)
        #expect([stage, writer, workers].map(\.limits) == [true, true, true])
        #expect(!Bottleneck.none.limits && !Bottleneck.unknown.limits)
        #expect(Bottleneck.unknown.sentence == "waiting for a second sample")
        #expect(
            Bottleneck.workers(busy: 1, of: 1, busiest: "s").sentence
                == "the only worker is busy: 1.0 of 1; s uses most")
    }

    // MARK: Pieces of the last minute

    private func spans(_ times: [Int64], cells: Int, shown: RunTime? = nil) -> [String] {
        var timeline = Timeline(ExampleRun.facts)
        for time in times {
            timeline.take(
                .sample(
                    SampleFrame(
                        time: .milliseconds(time), step: 0, stages: 7, recorder: RecorderSample())))
        }
        if let shown {
            while let time = timeline.shownTime, time > shown { timeline.go(by: -1) }
        }
        return Minute(timeline).spans(cells: cells).map { span in
            span.map {
                "\($0.old.time.rawValue / 1_000)-\($0.new.time.rawValue / 1_000)"
            } ?? "-"
        }
    }

    @Test func `the pieces of a minute end at their edges, the last with what is shown`() {
        #expect(spans([], cells: 3) == [] && spans([1_000], cells: 0) == [])
        #expect(spans([1_000], cells: 3) == ["-", "-", "-"])
        #expect(
            spans([5_000, 20_000, 40_000, 45_000, 60_000], cells: 3)
                == ["-", "20000-40000", "40000-60000"])
        #expect(
            spans([5_000, 20_001, 40_000, 45_000, 61_000], cells: 3)
                == ["5000-40000", "40000-45000", "45000-61000"])
        // Two edges with one sample before both have none in between.
        #expect(spans([1_000, 59_000], cells: 6) == ["-", "-", "-", "-", "-", "1000-59000"])
        // In the past what comes later is not to be seen.
        #expect(
            spans([5_000, 20_000, 40_000, 45_000, 60_000], cells: 3, shown: .seconds(45))
                == ["-", "20000-40000", "40000-45000"])
    }
}
