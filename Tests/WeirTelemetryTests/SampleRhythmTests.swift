import Testing
import WeirBase
import WeirTelemetry

/// Which samples a run records.
@Suite struct SampleRhythmTests {
    private func sample(_ time: RunTime, _ subtasks: [SubtaskSample] = []) -> MetricSample {
        MetricSample(
            time: time, step: 9, subtasks: subtasks, channels: [],
            recorder: RecorderSample(bytes: ByteCount(time.rawValue)))
    }

    @Test func `at rest samples come at twice the distance each, up to ten seconds`() {
        var rhythm = SampleRhythm()
        var recorded: [Int64] = []
        for tenth in 1...1_000 as ClosedRange<Int64> {
            if rhythm.take(sample(.milliseconds(tenth * 100))) != nil { recorded.append(tenth) }
        }
        let distances = zip(recorded.dropFirst(), recorded).map { $0 - $1 }
        #expect(distances.prefix(6) == [4, 8, 16, 32, 64, 100])
        #expect(distances.dropFirst(6).allSatisfy { $0 == 100 })
    }

    @Test func `each sample at rest says when the next one comes at the latest`() {
        var rhythm = SampleRhythm()
        var due = RunTime.max
        for tenth in 1...1_000 as ClosedRange<Int64> {
            let time = RunTime.milliseconds(tenth * 100)
            guard let taken = rhythm.take(sample(time)) else { continue }
            #expect(time <= due)
            due = time + (taken.restsFor ?? .zero)
        }
    }

    @Test func `what tells something is recorded at once and whole`() {
        var rhythm = SampleRhythm()
        for tenth in 1...500 as ClosedRange<Int64> {
            _ = rhythm.take(sample(.milliseconds(tenth * 100)))
        }
        let news = sample(50_100_000, [SubtaskSample(stage: "a", subtask: 0)])
        #expect(rhythm.take(news) == news)
        var moved = sample(50_200_000)
        moved.newest = 5
        #expect(rhythm.take(moved) == moved)
        var lost = sample(50_300_000)
        (lost.newest, lost.recorder.logsDropped) = (5, 1)
        #expect(rhythm.take(lost) == lost)
        lost.time = 50_400_000
        #expect(rhythm.take(lost) == nil)
        lost.recorder.offersDropped = 1
        #expect(rhythm.take(lost) == lost)
    }
}
