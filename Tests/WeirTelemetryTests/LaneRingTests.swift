import Testing
import WeirTelemetry

@testable import WeirBase

/// When the writer of a lane wakes the recorder.
@Suite struct LaneRingTests {
    private let lanes = LaneSet(
        layout: LaneLayout(workers: 1, workerSlots: 64, sources: [.kibibytes(4)], executors: 0))

    /// Whether somebody has signalled since this was asked last.
    private var isSignalled: Bool {
        guard lanes.bell.isSignalled else { return false }
        lanes.bell.wait(until: .max)
        return true
    }

    /// Writes so many notes of one slot, and rings behind the last of them.
    private func note(_ count: Int) {
        for number in 0..<count {
            lanes.workers[0].reserve(1)
            lanes.workers[0].note(kind: 1, number: UInt64(number), 0, 0)
        }
        lanes.workers[0].ring()
    }

    @Test func `each quarter of a lane that is filled wakes the recorder`() {
        note(15)
        #expect(!isSignalled)
        note(1)
        #expect(isSignalled)
        note(15)
        #expect(!isSignalled)
        note(1)
        #expect(isSignalled)
    }

    @Test func `a note wakes a recorder that rests`() {
        _ = lanes.bell.beginRest()
        note(1)
        #expect(isSignalled)
    }

    @Test func `whoever waits for room wakes the recorder`() {
        lanes.workers[0].askForRoom()
        #expect(isSignalled)
    }

    @Test func `a quarter of the bytes beside the notes wakes the recorder`() {
        func note(_ count: Int) {
            let bytes = [UInt8](repeating: 7, count: count)
            let isNoted = bytes.withUnsafeBytes {
                lanes.readers[0].note(
                    input: .bytes, source: 0, index: 0, offset: 0, bytes: $0, isStored: true,
                    time: 0, isCancelled: { false })
            }
            #expect(isNoted)
        }
        note(1_023)
        #expect(!isSignalled)
        note(1)
        #expect(isSignalled)
    }
}
