import Testing
import WeirMonitor

/// Numbers at the borders where their form changes.
@Suite struct FiguresTests {
    @Test(arguments: [
        (999, "999 us"), (1_000, "1 ms"), (999_400, "999 ms"), (999_600, "1.0 s"),
        (9_940_000, "9.9 s"), (9_960_000, "10 s"), (119_400_000, "119 s"), (119_600_000, "2 min"),
        (7_169_000_000, "119 min"), (7_171_000_000, "2.0 h"),
    ])
    func `a span of time is rounded into the unit that it is then shown in`(
        microseconds: Int64, text: String
    ) {
        #expect(Figures.duration(microseconds: microseconds) == text)
    }
}
