import Foundation
import Testing
import WeirBase
import WeirMonitor
import WeirTelemetry

@Suite struct DropTests {
    private func sample(_ drops: [DropSample]?) -> MetricSample {
        var subtask = SubtaskSample(stage: "count", subtask: 0)
        subtask.drops = drops
        let channel = ChannelSample(
            name: "read/0>count/0", from: "read", to: "count", depth: 0, capacity: 8, bytes: 0,
            dropped: 5)
        return MetricSample(
            time: 1, step: 1, subtasks: [subtask], channels: [channel],
            recorder: RecorderSample())
    }

    @Test func `a stage's drops are those of its channels and of its own for all reasons`() {
        let drops = [
            DropSample(reason: "late", count: 3),
            DropSample(reason: "of a later version", count: 2),
        ]
        #expect(SampleFrame(sample(drops), names: ["count"]).stages[0].dropped == 10)
        #expect(SampleFrame(sample(nil), names: ["count"]).stages[0].dropped == 5)
    }
}
