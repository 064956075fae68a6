import Testing
import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTerminal

@Suite struct BottleneckTests {
    @Test func `the stage that limits is named with its evidence`() {
        let model = ExampleRun.model(seconds: 71)
        #expect(
            model.timeline.bottleneck.sentence
                == "enrich limits the run: busy 99 %, its queue over 90 % for 41 s, "
                + "parse above it blocked 88 %")
    }

    @Test func `without two samples nothing is claimed`() {
        for seconds in [0] {
            let model = ExampleRun.model(seconds: seconds)
            #expect(model.timeline.bottleneck == .unknown)
        }
    }

    @Test func `a run without load has no bottleneck`() {
        let rates = rates(["a": (0.1, 0), "b": (0.2, 0)], queues: ["b": 10])
        #expect(limiting(rates) == nil)
    }

    @Test func `a busy source without a queue limits`() {
        let rates = rates(["a": (0.97, 0), "b": (0.2, 0)], queues: ["b": 0])
        #expect(limiting(rates)?.stage == "a")
        let evidence = Bottleneck.Evidence(rates[0])
        #expect(
            Bottleneck.stage(evidence).sentence
                == "a limits the run: busy 97 %, no queue before it: it takes its input no faster")
    }

    @Test func `a stage that is held up itself does not limit`() {
        let rates = rates(
            ["a": (0.1, 0.9), "b": (0.1, 0.9), "c": (0.9, 0)], queues: ["b": 100, "c": 60])
        #expect(limiting(rates)?.stage == "c")
    }

    @Test func `a stage that waits with a full queue does not limit while another works`() {
        // `a` waits for the slowest of its inputs, `b` is that input.
        let rates = rates(["a": (0.15, 0), "b": (0.95, 0), "c": (0.02, 0)], queues: ["a": 100])
        #expect(limiting(rates)?.stage == "b")
    }

    @Test func `of stages that are as busy the one further down limits`() {
        let rates = rates(["a": (0.97, 0), "b": (0.93, 0)], queues: ["a": 100, "b": 60])
        #expect(limiting(rates)?.stage == "b")
    }

    @Test func `where nobody is busy the fullest queue decides and the sentence says so`() {
        let rates = rates(["a": (0.1, 0), "b": (0.02, 0)], queues: ["a": 60, "b": 95])
        guard let limiting = limiting(rates) else {
            Issue.record("nothing limits")
            return
        }
        #expect(
            Bottleneck.stage(Bottleneck.Evidence(limiting)).sentence
                == "b limits the run: mostly waiting, busy 2 %, its queue 95 % full")
    }

    @Test func `a queue that was just taken still counts as full`() {
        var run = ExampleRun()
        var model = ExampleRun.model(seconds: 0)
        for tenth in 1...400 {
            var sample = run.next()
            // Every third sample finds the queue right after a batch was taken.
            if tenth % 3 == 0 {
                for index in sample.channels.indices { sample.channels[index].depth = 0 }
            }
            _ = model.update(.seen(sample))
        }
        guard case .stage(let evidence) = model.timeline.bottleneck else {
            Issue.record("nothing limits")
            return
        }
        #expect(evidence.stage == "enrich")
        #expect(evidence.fullFor == 9_900_000)
        #expect(evidence.fill == 1)
    }

    @Test(arguments: [
        (35, "its queue 97 % full 3.5 s ago"), (99, "its queue 97 % full 9.9 s ago"),
        (101, "its queue 50 % full"),
    ])
    func `a queue that is worked off after it was full is given as it was then`(
        tenths: Int, said: String
    ) {
        var run = ExampleRun()
        var model = ExampleRun.model(seconds: 0)
        for tenth in 1...(400 + tenths) {
            var sample = run.next()
            let isFull = tenth <= 400
            for index in sample.channels.indices where sample.channels[index].to == "enrich" {
                sample.channels[index].depth = isFull ? 7_946 : 4_096
            }
            _ = model.update(.seen(sample))
        }
        let sentence = model.timeline.bottleneck.sentence
        #expect(sentence.contains("enrich limits the run: busy 99 %, \(said), "), "\(sentence)")
    }

    @Test func `a queue that is not full is given with its fill`() {
        var evidence = Bottleneck.Evidence(StageRate(stage: "c"))
        evidence.hasQueue = true
        evidence.fill = 0.62
        evidence.busy = 0.5
        #expect(
            Bottleneck.stage(evidence).sentence
                == "c limits the run: busy 50 %, its queue 62 % full")
    }

    @Test func `samples of other widths and falling totals give rates that are shares`() {
        var old = sample(["a": (0.5, 0.5), "b": (1, 0)], queues: [:], at: 5_000_000)
        old.subtasks.removeLast()
        let new = sample(["a": (0.1, 0.1), "b": (1, 0)], queues: [:], at: 1_000_000)
        for rate in rates(from: old, to: new) {
            #expect((0...1).contains(rate.busy) && (0...1).contains(rate.backpressured))
            #expect(rate.recordsIn >= 0)
        }
    }

    @Test func `one busy subtask of four is named with its share and its busiest key`() {
        let parts: [(Double, Double, Double)] = [
            (0.05, 0, 10), (0.02, 0, 10), (0.99, 0, 970), (0, 0, 10),
        ]
        var rate = hotStage(parts)
        // Nothing but how busy it is speaks for it.
        rate.peakFill = 0.4
        rate.parts[2].busiestKey = BusiestKey(key: "/index.html", share: 0.96)
        #expect(Limit.find([rate], workers: 8) == .stage(0))
        #expect(
            Bottleneck.stage(Bottleneck.Evidence(rate)).sentence
                == "page/2 limits the run: it gets 97 % of page's elements; its busiest key is "
                + "/index.html (96 %); busy 99 %, its queue 40 % full")
    }

    @Test func `subtasks that are equally busy are named as their stage`() {
        let rate = hotStage([(0.99, 0, 250), (0.97, 0, 250), (0.98, 0, 250), (0.99, 0, 250)])
        #expect(
            Bottleneck.stage(Bottleneck.Evidence(rate)).sentence
                == "page limits the run: busy 99 %, its queue 95 % full")
    }

    @Test func `where all workers are busy and subtasks wait for one the workers are named`() {
        let page = hotStage([(0.6, 0.4, 500), (0.55, 0.4, 500)])
        var rest = StageRate(stage: "rest")
        (rest.subtasks, rest.busy, rest.waiting, rest.above) = (1, 0.7, 0.3, [0])
        #expect(Limit.find([page, rest], workers: 4) == .stage(0))
        guard case .workers = Limit.find([page, rest], workers: 2) else {
            Issue.record("the workers are not named")
            return
        }
        #expect(
            Bottleneck.workers(busy: 1.85, of: 2, busiest: "page").sentence
                == "both workers are busy: 1.9 of 2; page uses most")
    }

    @Test func `a subtask that always has a worker limits whatever the others wait for`() {
        let slow = hotStage([(0.97, 0.02, 500)])
        var rest = StageRate(stage: "rest")
        (rest.subtasks, rest.busy, rest.waiting) = (1, 0.5, 0.5)
        rest.parts = [part(0, busy: 0.5, waiting: 0.5, elements: 9)]
        #expect(Limit.find([rest, slow], workers: 1) == .stage(1))
    }

    @Test func `a sink that waits for its writer is named, and its writer`() {
        var source = StageRate(stage: "source")
        (source.backpressured, source.idle) = (0.9, 0.1)
        var sink = StageRate(stage: "rows")
        (sink.backpressured, sink.above, sink.peakFill) = (0.95, [0], 1)
        #expect(Limit.find([source, sink], workers: 2) == .writer(1))
        #expect(
            Bottleneck.writer(stage: "rows", blocked: 0.95).sentence
                == "rows limits the run: whoever writes its rows takes no more, blocked 95 %")
    }

    @Test func `a spike of a second is no verdict`() {
        var model = ExampleRun.model(seconds: 0)
        var table = StageTable(names: ExampleRun.stages)
        var window = SubtaskSample(stage: "window", subtask: 0)
        var said: Set<String> = []
        for tenth in 1...200 as ClosedRange<Int64> {
            let isBusy = (80..<90).contains(tenth)
            window.busy += isBusy ? 100_000_000 : 5_000_000
            window.idle += isBusy ? 0 : 95_000_000
            let sample = MetricSample(
                time: .milliseconds(tenth * 100), step: 1, subtasks: [window], channels: [],
                recorder: RecorderSample())
            _ = model.update(.sample(table.take(sample)))
            if tenth > 20 { said.insert(model.timeline.bottleneck.sentence) }
        }
        #expect(said == [Bottleneck.none.sentence])
    }

    private func hotStage(_ parts: [(busy: Double, waiting: Double, elements: Double)]) -> StageRate
    {
        var rate = StageRate(stage: "page")
        (rate.subtasks, rate.capacity, rate.peakFill) = (parts.count, 100, 0.95)
        rate.parts = parts.enumerated().map {
            part($0, busy: $1.busy, waiting: $1.waiting, elements: $1.elements)
        }
        rate.busy = parts.reduce(0) { $0 + $1.busy } / Double(parts.count)
        rate.waiting = parts.reduce(0) { $0 + $1.waiting } / Double(parts.count)
        return rate
    }

    private func part(
        _ subtask: Int, busy: Double, waiting: Double, elements: Double
    ) -> StageRate.Part {
        var part = StageRate.Part(subtask: subtask)
        (part.busy, part.waiting, part.recordsIn) = (busy, waiting, elements)
        return part
    }

    @Test func `the history of a long run is bounded and reaches back`() {
        var history = SampleHistory(stages: 7)
        let count = 150_000
        for tenth in 1...count {
            let sample = MetricSample(
                time: RunTime(tenth * 100_000), step: 0, subtasks: [], channels: [],
                recorder: RecorderSample())
            history.append(SampleFrame(sample, names: ExampleRun.stages))
        }
        #expect(
            history.count <= MonitorBounds.maximumFineSamples + MonitorBounds.maximumCoarseSamples)
        #expect(history.oldest?.time == 100_000)
        var last = RunTime.min
        for index in 0..<history.count {
            #expect(history[index].time > last)
            last = history[index].time
        }
        #expect(last == .milliseconds(Int64(count) * 100))
        let index = history.index(atOrBefore: 7_000_000_000) ?? 0
        #expect(7_000_000_000 - history[index].time <= MonitorBounds.coarseDistance)
        #expect(history.index(atOrBefore: 1) == nil)
    }

    /// The stage that limits, of any number of workers.
    private func limiting(_ rates: [StageRate]) -> StageRate? {
        guard case .stage(let stage) = Limit.find(rates, workers: 0) else { return nil }
        return rates[stage]
    }

    private func rates(
        _ shares: [String: (Double, Double)], queues: [String: UInt64]
    ) -> [StageRate] {
        rates(
            from: sample([:], queues: [:], at: 0, names: shares.keys.sorted()),
            to: sample(shares, queues: queues, at: 1_000_000))
    }

    private func rates(from old: MetricSample, to new: MetricSample) -> [StageRate] {
        let names = new.subtasks.map(\.stage)
        return StageRates.between(
            SampleFrame(old, names: names), SampleFrame(new, names: names), names: names,
            nanoseconds: 1_000_000_000)
    }

    private func sample(
        _ shares: [String: (Double, Double)], queues: [String: UInt64], at time: RunTime,
        names: [String] = []
    ) -> MetricSample {
        let stages = names.isEmpty ? shares.keys.sorted() : names
        let subtasks = stages.map { stage in
            var subtask = SubtaskSample(stage: stage, subtask: 0)
            let (busy, blocked) = shares[stage] ?? (0, 0)
            subtask.busy = UInt64(busy * 1e9)
            subtask.backpressured = UInt64(blocked * 1e9)
            subtask.idle = time > 0 ? 1_000_000_000 - subtask.busy - subtask.backpressured : 0
            return subtask
        }
        let channels = queues.sorted { $0.key < $1.key }
            .map { name, depth in
                ChannelSample(
                    name: "x>\(name)", from: "x", to: name, depth: depth, capacity: 100, bytes: 0,
                    dropped: 0)
            }
        return MetricSample(
            time: time, step: 0, subtasks: subtasks, channels: channels,
            recorder: RecorderSample())
    }

    @Test func `only stages that are nearly as busy as the busiest take its place`() {
        let rates = rates(["a": (0.95, 0), "b": (0.86, 0), "c": (0.77, 0)], queues: ["c": 100])
        #expect(Limit.find(rates, workers: 0) == .stage(1))
    }

    @Test(arguments: [(7, 7), (100, 2_000), (100, 20_000), (4_000, 60_000)])
    func `the history of a wide run keeps to its bytes, or to the frames of a verdict`(
        stages: Int, subtasks: Int
    ) {
        var history = SampleHistory(stages: stages, subtasks: subtasks)
        for tenth in 1...20_000 {
            let sample = MetricSample(
                time: RunTime(tenth * 100_000), step: 0, subtasks: [], channels: [],
                recorder: RecorderSample())
            history.append(SampleFrame(sample, names: []))
        }
        let frame =
            MemoryLayout<SampleFrame>.stride + stages * MemoryLayout<StageTotals>.stride
            + subtasks * MemoryLayout<SubtaskTotals>.stride
        // The verdict is about three seconds of ten samples each.
        #expect(history.count > 31)
        #expect(history.count <= max(MonitorBounds.maximumHistoryBytes.count / frame, 34))
    }
}
