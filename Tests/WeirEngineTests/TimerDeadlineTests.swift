import Testing

@testable import WeirEngine

/// Deadlines in processing time, in whole microseconds.
@Suite struct TimerDeadlineTests {
    @Test(
        arguments: [
            (0, 0), (1, 1_000), (999, 1_000), (1_000, 1_000), (1_001, 2_000), (-1, 0), (-999, 0),
            (-1_000, -1_000), (-1_001, -1_000),
        ] as [(Int64, Int64)])
    func `a deadline is rounded up to microseconds`(time: Int64, deadline: Int64) {
        #expect(TimerDeadline.roundedUp(time) == deadline)
    }

    @Test(arguments: [Int64.max, Int64.max - 1, TimerDeadline.last, TimerDeadline.last - 1])
    func `no time is too late for a deadline`(time: Int64) {
        #expect(TimerDeadline.roundedUp(time) == TimerDeadline.last)
    }

    @Test func `the earliest time has a deadline`() {
        #expect(TimerDeadline.roundedUp(.min) == -9_223_372_036_854_775_000)
    }
}
