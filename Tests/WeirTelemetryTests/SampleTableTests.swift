import Testing
import WeirBase
import WeirTelemetry

/// The whole of a run, put together from samples that name what changed.
@Suite struct SampleTableTests {
    private static var header: RunHeader {
        var header = RunHeader(run: "0", pipeline: "p", version: "1", plan: "0", seed: 1)
        header.subtasks = [
            SubtaskInfo(
                stage: "read", index: 0, inlets: [], outlets: ["read/0>work/0"], source: 0),
            SubtaskInfo(
                stage: "work", index: 0, inlets: ["read/0>work/0"], outlets: [], source: nil),
        ]
        header.edges = [EdgeInfo(from: "read", to: "work", capacity: 77, policy: "block")]
        return header
    }

    private func sample(
        _ time: RunTime, newest: Int64?, _ subtasks: [SubtaskSample] = [],
        _ channels: [ChannelSample] = []
    ) -> MetricSample {
        var sample = MetricSample(
            time: time, step: Step(time.rawValue), subtasks: subtasks, channels: channels,
            recorder: RecorderSample(bytes: ByteCount(time.rawValue)))
        sample.newest = newest
        return sample
    }

    @Test func `before the first sample everything in the plan is there and at rest`() {
        let table = SampleTable(Self.header)
        #expect(table.subtasks.map(\.stage) == ["read", "work"])
        #expect(
            table.channels == [
                ChannelSample(
                    name: "read/0>work/0", from: "read", to: "work", depth: 0, capacity: 77,
                    bytes: 0, dropped: 0)
            ])
    }

    @Test func `what a sample does not name was idle and falls behind the newest watermark`() {
        var table = SampleTable(Self.header)
        var work = SubtaskSample(stage: "work", subtask: 0)
        work.turns = 3
        (work.busy, work.idle, work.watermarkLag) = (400_000, 600_000, 50)
        table.take(sample(1_000, newest: 5_000, [work]))
        table.checkInvariants()
        table.take(sample(3_500, newest: 5_020))
        table.checkInvariants()
        work.idle += 2_500_000
        work.watermarkLag = 70
        #expect(table.subtasks[1] == work)
        #expect(table.subtasks[0].idle == 3_500_000)
        #expect(table.recorder.bytes == 3_500)
        #expect(table.step == 3_500)
    }

    @Test func `samples that name everything are taken as they are`() {
        var table = SampleTable(Self.header)
        for time in 1...3 as ClosedRange<Int64> {
            let subtasks = ["read", "work"].map { stage in
                var subtask = SubtaskSample(stage: stage, subtask: 0)
                (subtask.idle, subtask.watermarkLag) = (UInt64(time) * 7, time == 2 ? nil : time)
                return subtask
            }
            table.take(sample(RunTime(time), newest: nil, subtasks))
            table.checkInvariants()
            #expect(table.subtasks == subtasks)
        }
    }

    @Test func `what a sample without room does not name is told later, with all its time`() {
        var table = SampleTable(Self.header)
        var work = SubtaskSample(stage: "work", subtask: 0)
        table.take(sample(1_000, newest: nil))
        table.checkInvariants()
        var full = sample(2_000, newest: nil)
        full.isPartial = true
        table.take(full)
        table.checkInvariants()
        #expect(table.subtasks[1].idle == 1_000_000)
        (work.busy, work.idle) = (1_000_000, 1_000_000)
        table.take(sample(2_100, newest: nil, [work]))
        table.checkInvariants()
        #expect(table.subtasks[1] == work)
        #expect(table.subtasks[0].idle == 2_100_000)
    }

    @Test func `latencies are as they were told last, until others are told`() {
        var table = SampleTable(Self.header)
        var work = SubtaskSample(stage: "work", subtask: 0)
        work.latencies = [LatencySample(hop: "queue")]
        table.take(sample(1_000, newest: nil, [work]))
        table.checkInvariants()
        table.take(sample(2_000, newest: nil))
        table.checkInvariants()
        #expect(table.subtasks[1].latencies == work.latencies)
        table.take(sample(3_000, newest: nil, [SubtaskSample(stage: "work", subtask: 0)]))
        table.checkInvariants()
        #expect(table.subtasks[1].latencies == work.latencies)
        work.latencies = [LatencySample(hop: "process")]
        table.take(sample(4_000, newest: nil, [work]))
        table.checkInvariants()
        #expect(table.subtasks[1].latencies?.map(\.hop) == ["process"])
    }

    @Test func `no time falls, whatever an older build told`() {
        var table = SampleTable(Self.header)
        table.take(sample(1_000, newest: nil))
        table.checkInvariants()
        var work = SubtaskSample(stage: "work", subtask: 0)
        (work.busy, work.idle) = (5_000, 999_200)
        table.take(sample(1_004, newest: nil, [work]))
        table.checkInvariants()
        #expect(table.subtasks[1].idle == 1_000_000)
        #expect(table.subtasks[1].busy == 5_000)
    }

    @Test func `names that no plan has are taken in up to a bound`() {
        var table = SampleTable()
        for base in 0..<70 {
            let odd = (0..<1_000).map { SubtaskSample(stage: "s\(base)", subtask: $0) }
            table.take(sample(RunTime(base), newest: nil, odd))
        }
        table.checkInvariants()
        #expect(table.subtasks.count == TelemetryBounds.maximumUnplannedEntries)
    }

    @Test func `a channel that no plan has is taken in and found again`() {
        var table = SampleTable(Self.header)
        func odd(_ depth: UInt64) -> ChannelSample {
            ChannelSample(
                name: "x>y", from: "x", to: "y", depth: depth, capacity: 8, bytes: 0, dropped: 0)
        }
        for (time, depth) in [(1, 3), (2, 5)] as [(Int64, UInt64)] {
            table.take(sample(RunTime(time), newest: nil, [], [odd(depth)]))
        }
        table.checkInvariants()
        #expect(table.channels.count == 2)
        #expect(table.channels.last == odd(5))
        #expect(table.channels.first?.depth == 0)
    }

    @Test func `times in four states are added up state by state`() {
        var left = StateTimes()
        (left.busy, left.backpressured, left.waiting, left.idle) = (1, 20, 300, 4_000)
        let right = left
        left += right
        #expect(left.busy == 2 && left.backpressured == 40)
        #expect(left.waiting == 600 && left.idle == 8_000)
    }

    @Test func `times and lags that make no sense wrap and never trap`() {
        var table = SampleTable(Self.header)
        var odd = SubtaskSample(stage: "work", subtask: 0)
        (odd.idle, odd.watermarkLag) = (.max, .max)
        for time in [Int64.max, .min, 0, .max, -1] {
            table.take(sample(RunTime(max(0, time)), newest: time, [odd]))
            table.checkInvariants()
            var next = sample(0, newest: .min)
            next.time = RunTime(time)
            table.take(next)
            table.checkInvariants()
        }
        #expect(table.subtasks.count == 2)
    }
}
