import Testing
import WeirMonitor
import WeirTelemetry
import WeirTerminal

@Suite struct BottleneckTests {
    @Test func `the stage that limits is named with its evidence`() {
        let model = ExampleRun.model(seconds: 71)
        #expect(
            model.bottleneck(model.rates).sentence
                == "enrich limits the run: busy 99 %, its queue over 90 % for 41 s, "
                + "parse above it blocked 88 %")
    }

    @Test func `without two samples nothing is claimed`() {
        for seconds in [0] {
            let model = ExampleRun.model(seconds: seconds)
            #expect(model.bottleneck(model.rates) == .unknown)
        }
    }

    @Test func `a run without load has no bottleneck`() {
        let rates = rates(["a": (0.1, 0), "b": (0.2, 0)], queues: ["b": 10])
        #expect(!rates.contains { $0.isLimiting })
    }

    @Test func `a busy source without a queue limits`() {
        let rates = rates(["a": (0.97, 0), "b": (0.2, 0)], queues: ["b": 0])
        #expect(rates.first { $0.isLimiting }?.stage == "a")
        let evidence = Bottleneck.Evidence(rates[0])
        #expect(
            Bottleneck.stage(evidence).sentence
                == "a limits the run: busy 97 %, no queue before it: it takes its input no faster")
    }

    @Test func `a stage that is held up itself does not limit`() {
        let rates = rates(
            ["a": (0.1, 0.9), "b": (0.1, 0.9), "c": (0.9, 0)], queues: ["b": 100, "c": 60])
        #expect(rates.first { $0.isLimiting }?.stage == "c")
    }

    @Test func `a stage that waits with a full queue does not limit while another works`() {
        // `a` waits for the slowest of its inputs, `b` is that input.
        let rates = rates(["a": (0.15, 0), "b": (0.95, 0), "c": (0.02, 0)], queues: ["a": 100])
        #expect(rates.first { $0.isLimiting }?.stage == "b")
    }

    @Test func `of stages that are as busy the one further down limits`() {
        let rates = rates(["a": (0.97, 0), "b": (0.93, 0)], queues: ["a": 100, "b": 60])
        #expect(rates.first { $0.isLimiting }?.stage == "b")
    }

    @Test func `where nobody is busy the fullest queue decides and the sentence says so`() {
        let rates = rates(["a": (0.1, 0), "b": (0.02, 0)], queues: ["a": 60, "b": 95])
        guard let limiting = rates.first(where: \.isLimiting) else {
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
        guard case .stage(let evidence) = model.bottleneck(model.rates) else {
            Issue.record("nothing limits")
            return
        }
        #expect(evidence.stage == "enrich")
        #expect(evidence.fullFor == 9_900_000)
        #expect(evidence.fill == 1)
    }

    @Test(arguments: [
        (15, "its queue 97 % full 1.5 s ago"), (99, "its queue 97 % full 9.9 s ago"),
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
        let sentence = model.bottleneck(model.rates).sentence
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

    @Test func `the history of a long run is bounded and reaches back`() {
        var history = SampleHistory(stages: 7)
        let count = 150_000
        for tenth in 1...count {
            let sample = MetricSample(
                time: Int64(tenth) * 100_000, step: 0, subtasks: [], channels: [],
                recorder: RecorderSample())
            history.append(SampleFrame(sample, names: ExampleRun.stages))
        }
        #expect(history.count <= SampleHistory.fineCapacity + SampleHistory.coarseCapacity)
        #expect(history.oldest?.time == 100_000)
        var last = Int64.min
        for place in 0..<history.count {
            #expect(history[place].time > last)
            last = history[place].time
        }
        #expect(last == Int64(count) * 100_000)
        let place = history.place(atOrBefore: 7_000_000_000) ?? 0
        #expect(7_000_000_000 - history[place].time <= SampleHistory.coarseMicroseconds)
        #expect(history.place(atOrBefore: 1) == nil)
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
        _ shares: [String: (Double, Double)], queues: [String: UInt64], at time: Int64,
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
}
