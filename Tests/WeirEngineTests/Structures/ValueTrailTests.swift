import Testing
import WeirTelemetry

@testable import WeirEngine

/// What a trail of samples may cost.
@Suite struct ValueTrailTests {
    private static let saved = 4_096

    @Test func `what is not spent on samples is saved up to a bound`() {
        var trail = ValueTrail(.current, creditPerMoment: 64)
        var largest = 0
        for _ in 0..<10_000 {
            trail.pass { _, bytes in
                largest = max(largest, bytes)
                return 0
            }
        }
        #expect(largest == Self.saved)
    }

    @Test func `a sample that cost too much is paid for by the moments behind it`() {
        var trail = ValueTrail(.current, creditPerMoment: 64)
        var taken: [Int] = []
        for moment in 0..<200 {
            trail.pass { _, _ in
                taken.append(moment)
                // As much as is saved, and what a hundred moments earn.
                return moment == 0 ? Self.saved + 6_400 : 0
            }
        }
        #expect(taken[0] == 0 && 80...120 ~= taken[1])
    }

    @Test func `a moment without a sample is told from none`() {
        var (once, twice) = (
            ValueTrail(.current, creditPerMoment: 64), ValueTrail(.current, creditPerMoment: 64)
        )
        once.pass { _, _ in 0 }
        for _ in 0..<2 { twice.pass { _, _ in 0 } }
        #expect(once.value != twice.value)
    }
}
