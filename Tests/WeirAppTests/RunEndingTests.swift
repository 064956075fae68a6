import Testing
import WeirTelemetry

@testable import WeirApp

@Suite struct RunEndingTests {
    @Test(
        arguments: [
            ("finished", false), ("interrupted", false), ("stopped", false), ("violation", true),
            ("error", true), ("exited", true), ("", true),
        ])
    func `a run that a person or its bound ended has not failed`(cause: String, hasFailed: Bool) {
        let end = RunEnd(cause: cause, steps: 1, turns: 1, events: 1)
        #expect(RunEnding.isFailure(end) == hasFailed)
    }
}
