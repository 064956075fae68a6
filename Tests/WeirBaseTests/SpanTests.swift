import Testing
import WeirBase

/// Spans of time as people read them, and the longest that is read.
@Suite struct SpanTests {
    @Test(arguments: [
        (0, "0 ns"), (999, "999 ns"), (7_000, "7 us"), (120_000_000, "120 ms"),
        (4_000_000_000, "4 s"), (34_200_000_000_000, "9 h 30 m"),
        (31_536_000_000_000_000, "1 y"), (-61_000_000_000, "-1 m 1 s"),
    ])
    func `a span is said in its greatest units`(nanoseconds: Int64, text: String) {
        #expect(Quantities.describe(span: nanoseconds) == text)
    }

    @Test func `a unit that is nothing ends a span, whatever comes behind it`() {
        let year: Int64 = 31_536_000_000_000_000
        #expect(Quantities.describe(span: year + 5_000_000_000) == "1 y")
        #expect(Quantities.describe(span: 3_600_000_000_000 + 5_000_000_000) == "1 h")
    }

    @Test func `a duration is read up to 285 years and refused beyond`() {
        #expect(Quantities.duration("8000000000s") == .seconds(8_000_000_000))
        #expect(Quantities.duration("9000000000s") == nil)
        #expect(Quantities.duration("9300000000s") == nil)
    }
}
