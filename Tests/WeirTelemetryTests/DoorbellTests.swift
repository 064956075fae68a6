import Synchronization
import Testing
import WeirBase

@testable import WeirTelemetry

/// The far future of the monotonic clock: a wait until then ends by a signal alone.
private let never = UInt64(Int64.max)

@Suite struct DoorbellTests {
    private let bell = Doorbell()

    @Test func `a signal that came before the sleep ends it`() {
        bell.signal()
        bell.wait(until: never)
    }

    @Test func `one sleep takes all signals before it`() {
        bell.signal()
        bell.signal()
        bell.wait(until: never)
        #expect(!bell.isSignalled)
    }

    @Test func `a ring is heard by a sleeper that rests`() {
        #expect(!bell.beginRest())
        bell.ring()
        bell.wait(until: never)
    }

    @Test func `a ring is not heard by a sleeper that looks by the clock`() {
        #expect(!bell.beginRest())
        bell.endRest()
        bell.ring()
        #expect(!bell.isSignalled)
    }

    @Test func `a rest is long only where nobody has rung since the last look`() {
        #expect(!bell.beginRest())
        #expect(bell.beginRest())
        bell.ring()
        #expect(!bell.beginRest(), "the ring ended the rest")
    }
}

/// When the writer of a lane wakes the recorder.
@Suite struct LaneRingTests {
    private let lanes = LaneSet(
        layout: LaneLayout(workers: 1, workerSlots: 64, sources: [.kibibytes(4)], executors: 0))

    /// Whether somebody has signalled since this was asked last.
    private var isSignalled: Bool {
        guard lanes.bell.isSignalled else { return false }
        lanes.bell.wait(until: never)
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
