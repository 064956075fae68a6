import Testing
import WeirBase

@testable import WeirEngine

@Suite struct JumpGuardTests {
    private var jumps = JumpGuard(bound: 100)

    /// Takes times and gives what they refuted.
    private mutating func take(_ times: [Int64], from first: UInt64 = 0) -> [JumpGuard.Refuted] {
        times.enumerated().compactMap { jumps.take($1, element: first + UInt64($0)) }
    }

    @Test mutating func `a time far ahead is not believed, and refuted by the next usual one`() {
        #expect(
            take([10, 20, 5_000, 30]) == [
                JumpGuard.Refuted(first: 2, time: 5_000, distance: 4_980, count: 1)
            ])
        #expect(jumps.base == 30)
    }

    @Test mutating func `a time at the bound is believed, one behind it is not`() {
        _ = take([0, 0, 100])
        #expect(jumps.base == 100)
        _ = take([201])
        #expect(jumps.base == 100)
    }

    @Test mutating func `a gap passes with the twentieth element behind the first one`() {
        _ = take([10, 20])
        #expect(take((0..<20).map { Int64(5_000 + $0) }).isEmpty)
        #expect(jumps.base == 20)
        #expect(take([5_020]).isEmpty)
        #expect(jumps.base == 5_020)
        #expect(take([5_021]).isEmpty)
    }

    @Test mutating func `an element from before the gap begins the count anew`() {
        _ = take([10, 20])
        _ = take((0..<20).map { Int64(5_000 + $0) })
        #expect(take([25]).map(\.count) == [20])
        _ = take((0..<20).map { Int64(5_000 + $0) })
        #expect(jumps.base == 25)
        _ = take([5_020])
        #expect(jumps.base == 5_020)
    }

    @Test mutating func `a wrong clock among those behind a gap is not believed with them`() {
        _ = take([10, 20])
        _ = take((0..<21).map { Int64($0 == 7 ? 1_000_000 : 5_000 + $0) })
        #expect(jumps.base == 5_020)
        #expect(take([5_021], from: 23).map(\.time) == [1_000_000])
    }

    @Test mutating func `the greatest time behind a gap is believed, in whatever order they came`()
    {
        _ = take([10, 20])
        _ = take((0...20).reversed().map { Int64(5_000 + $0) })
        #expect(jumps.base == 5_020)
    }

    @Test mutating func `the first element's time is not believed alone`() {
        #expect(take([1_000_000]).isEmpty)
        #expect(jumps.base == nil)
        #expect(
            take([10, 20], from: 1) == [
                JumpGuard.Refuted(first: 0, time: 1_000_000, distance: 999_990, count: 1)
            ])
        #expect(jumps.base == 20)
    }

    @Test mutating func `elements that are all further apart than the bound lag by twenty`() {
        _ = take((0..<200).map { Int64($0 * 1_000) })
        #expect(jumps.base == 179_000)
    }

    @Test mutating func `times at both ends of what can be told are no trap`() {
        _ = take([.min, .max, 0, .max, .min] + (0..<30).map { $0 % 2 == 0 ? .max : .max - 1 })
        #expect(jumps.base == .max)
    }

    @Test func `the watermark follows what is believed`() {
        let policy = WatermarkPolicy.boundedDisorder(
            .zero, granularity: .nanoseconds(1), maximumJump: .nanoseconds(100))
        var watermarker = Watermarker(policy)
        let moved = ([10, 20, 5_000, 30] as [Int64]).enumerated().map { element, time in
            _ = watermarker.judge(time, element: UInt64(element))
            return watermarker.passed(time)?.nanoseconds
        }
        #expect(moved == [nil, 20, nil, 30])
    }

    @Test func `what is held back is part of the digest`() {
        func digest(_ times: [Int64]) -> UInt64 {
            var jumps = JumpGuard(bound: 100)
            for (element, time) in times.enumerated() {
                _ = jumps.take(time, element: UInt64(element))
            }
            var hash = StableHash()
            jumps.digest(into: &hash)
            return hash.value
        }
        #expect(digest([0, 0, 500]) != digest([0, 0, 501]))
        #expect(digest([0, 0]) != digest([0, 1]))
        #expect(digest([0, 1]) == digest([1, 0]))
    }
}
