import Testing
import WeirBase

@Suite struct InstantTests {
    @Test func `sums and differences stop at the ends of time`() {
        #expect(Instant(nanoseconds: 5) + .nanoseconds(3) == Instant(nanoseconds: 8))
        #expect(Instant(nanoseconds: 5) - .nanoseconds(8) == Instant(nanoseconds: -3))
        #expect(Instant.distantFuture + .nanoseconds(1) == .distantFuture)
        #expect(Instant.distantPast - .nanoseconds(1) == .distantPast)
        #expect(Instant.distantPast + .nanoseconds(-1) == .distantPast)
        #expect(Instant.distantFuture - .nanoseconds(-1) == .distantFuture)
        #expect(Instant(nanoseconds: 0) + .seconds(Int64.max) == .distantFuture)
        #expect(Instant(nanoseconds: 0) - .seconds(Int64.max) < Instant(nanoseconds: 0))
    }

    @Test(
        arguments: [
            (0, 0), (999_999, 0), (1_000_000, 1), (-1, -1), (-1_000_000, -1), (-1_000_001, -2),
            (.max, 9_223_372_036_854), (.min, -9_223_372_036_855),
        ] as [(Int64, Int64)])
    func `whole milliseconds are rounded down on both sides of the epoch`(
        nanoseconds: Int64, milliseconds: Int64
    ) {
        #expect(Instant(nanoseconds: nanoseconds).milliseconds == milliseconds)
    }

    @Test func `milliseconds out of range are the nearest end`() {
        #expect(Instant(milliseconds: -3) == Instant(nanoseconds: -3_000_000))
        #expect(Instant(milliseconds: .max) == .distantFuture)
        #expect(Instant(milliseconds: .min) == .distantPast)
    }

    @Test(
        arguments: [
            (0, 0), (9, 0), (10, 10), (-1, -10), (-10, -10), (-11, -20), (.max, .max - 7),
        ] as [(Int64, Int64)])
    func `an interval begins at or before its points`(nanoseconds: Int64, start: Int64) {
        let floor = Instant(nanoseconds: nanoseconds).floored(to: .nanoseconds(10))
        #expect(floor == Instant(nanoseconds: start))
    }

    @Test func `the first interval of time begins where time does`() {
        #expect(Instant.distantPast.floored(to: .nanoseconds(10)) == .distantPast)
    }

    @Test func `durations are cut to nanoseconds and saturate`() {
        #expect(
            Duration(secondsComponent: 1, attosecondsComponent: 1_999_999_999).wholeNanoseconds
                == 1_000_000_001)
        #expect(Duration.milliseconds(-1_500).wholeNanoseconds == -1_500_000_000)
        #expect(Duration.seconds(Int64.max).wholeNanoseconds == .max)
        #expect(Duration.seconds(Int64.min).wholeNanoseconds == .min)
        #expect(Duration.nanoseconds(Int64.min).wholeNanoseconds == .min)
    }
}
