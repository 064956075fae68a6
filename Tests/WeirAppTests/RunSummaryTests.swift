import Testing

@testable import WeirApp

@Suite struct RunSummaryTests {
    @Test(
        arguments: [
            (0, "0.000"), (1.005, "1.005"), (0.05, "0.050"), (2.5, "2.500"), (0.9996, "1.000"),
            (12.3456, "12.346"),
        ] as [(Double, String)])
    func `seconds have three digits behind the point`(number: Double, text: String) {
        #expect(RunSummary.round(number) == text)
    }
}
