import Foundation
import Testing
import WeirBase

/// Times since a run's start: one unit, and nothing that a trace can claim traps.
@Suite struct RunTimeTests {
    @Test(arguments: [(0, 0), (999, 0), (1_000, 1), (1_999, 1), (-1, 0)] as [(Int64, RunTime)])
    func `nanoseconds are cut to microseconds and not rounded`(nanoseconds: Int64, time: RunTime) {
        #expect(RunTime(nanoseconds: nanoseconds) == time)
    }

    @Test(
        arguments: [
            (0, 0), (1, 1), (1_000, 1), (1_001, 2), (-1, 0), (-1_000, -1), (-1_500, -1),
            (.max, 9_223_372_036_854_776),
        ] as [(Int64, RunTime)])
    func `a time to wait until is rounded up`(nanoseconds: Int64, time: RunTime) {
        #expect(RunTime(roundingUp: nanoseconds) == time)
    }

    @Test func `seconds, milliseconds and microseconds are the same unit inside`() {
        #expect(RunTime.seconds(2) == .milliseconds(2_000))
        #expect(RunTime.milliseconds(2) == .microseconds(2_000))
        #expect(RunTime(Duration.milliseconds(2)) == .milliseconds(2))
        #expect(RunTime.microseconds(1_500_000).wholeSeconds == 1)
        #expect(RunTime.microseconds(1_500_000).seconds == 1.5)
        #expect(RunTime.microseconds(1_999).cutToMilliseconds == .milliseconds(1))
    }

    @Test func `what a trace may claim is brought to the nearest number and never traps`() {
        #expect(RunTime.max.nanoseconds == .max)
        #expect(RunTime.min.nanoseconds == .min)
        #expect(RunTime.max.instant(after: Instant(milliseconds: 1)) == .distantFuture)
        #expect(RunTime.min.instant(after: Instant(milliseconds: -1)) == .distantPast)
        #expect(RunTime.max.exactInstant(after: .distantPast) == nil)
        #expect(RunTime(1).exactInstant(after: .distantFuture) == nil)
        #expect(RunTime(-1).exactInstant(after: .distantPast) == nil)
        #expect(RunTime.max.since(-1) == nil)
        #expect(RunTime.min.since(1) == nil)
    }

    @Test func `how long it has been is negative before the other and nothing at it`() {
        #expect(RunTime(7).since(5) == 2)
        #expect(RunTime(5).since(7) == -2)
        #expect(RunTime(7).since(7) == .start)
    }

    @Test func `a moment of a run is so much behind its start`() {
        let start = Instant(milliseconds: 1_000)
        #expect(RunTime.seconds(2).instant(after: start) == Instant(milliseconds: 3_000))
        #expect(RunTime.seconds(2).exactInstant(after: start) == Instant(milliseconds: 3_000))
    }

    @Test func `it is written and read as the bare number of microseconds`() throws {
        let written = try JSONEncoder().encode([RunTime.milliseconds(3)])
        #expect(String(decoding: written, as: UTF8.self) == "[3000]")
        #expect(try JSONDecoder().decode([RunTime].self, from: written) == [.milliseconds(3)])
    }
}
