import Testing

@testable import WeirBase

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
