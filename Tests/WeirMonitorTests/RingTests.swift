import Testing
import WeirBase
import WeirMonitor
import WeirTelemetry

/// The samples that are kept, beside an array that keeps everything.
@Suite struct RingTests {
    @Test(arguments: 1...6)
    func `a ring holds the newest elements in order and gives the one that had to go`(
        capacity: Int
    ) {
        var ring = Ring<Int>(capacity: capacity)
        var all: [Int] = []
        for element in 0..<20 {
            let oldest = all.count >= capacity ? all[all.count - capacity] : nil
            #expect(ring.append(element) == oldest)
            all.append(element)
            let kept = Array(all.suffix(capacity))
            #expect((0..<ring.count).map { ring[$0] } == kept)
            #expect(ring.last == element && !ring.isEmpty)
            for bound in -1...21 {
                let below = kept.count { $0 < bound }
                #expect(ring.partition { $0 < bound } == below)
            }
        }
    }

    @Test func `an element is changed where it stands`() {
        var ring = Ring<Int>(capacity: 3)
        for element in 0..<5 { ring.append(element) }
        ring[1] = 30
        #expect((0..<3).map { ring[$0] } == [2, 30, 4])
    }

    private func frame(_ time: RunTime) -> SampleFrame {
        SampleFrame(
            MetricSample(
                time: time, step: 0, subtasks: [], channels: [], recorder: RecorderSample()),
            names: [])
    }

    @Test func `a frame that is not later than the newest is left out`() {
        var history = SampleHistory(stages: 0)
        let kept = [5, 7, 7, 6, 8].map { history.append(frame($0)) }
        #expect(kept == [true, true, false, false, true])
        #expect((0..<history.count).map { history[$0].time } == [5, 7, 8])
    }

    @Test func `a moment is found in what is kept sample by sample and in what is not`() {
        var history = SampleHistory(stages: 0)
        let count = MonitorBounds.maximumFineSamples + 2_000
        for tenth in 1...count { history.append(frame(.milliseconds(Int64(tenth) * 100))) }
        for index in 0..<history.count {
            let time = history[index].time
            #expect(history.index(atOrBefore: time) == index)
            #expect(history.index(atOrBefore: time - 1) == (index == 0 ? nil : index - 1))
        }
    }
}
