import Testing
import WeirBase
import WeirTelemetry

@testable import WeirApp
@testable import WeirReplay

/// What a verified replay is said to come to.
@Suite struct VerdictTextTests {
    private func incident(_ step: Step) -> Incident {
        Incident(step: step, kind: .violation, name: "wide", message: "wide \(step)", time: 0)
    }

    @Test func `what only the replay found is named five times, and then counted`() {
        for (found, more) in [(5, nil), (6, "1 more"), (9, "4 more")] as [(Int, String?)] {
            var report = ReplayReport()
            report.onlyReplay = (1...found).map { incident(Step(UInt64($0))) }
            let lines = VerdictText.text(report, times: 1).split(separator: "\n")
                .filter { $0.hasPrefix("only in the replay") }
            #expect(lines.prefix(5).last?.hasSuffix("step 5: wide 5") == true)
            let counted = more.map { ["only in the replay: \($0)"] } ?? []
            #expect(lines.dropFirst(5).map(String.init) == counted)
        }
    }

    @Test func `identical is said where nothing was left out, and else how far it agrees`() {
        var report = ReplayReport()
        (report.steps, report.digest) = (7, 0xAB)
        #expect(
            VerdictText.text(report, times: 3).hasPrefix(
                "identical: steps 7, digest 00000000000000ab, 3 times\n"))
        report.reservation = ReplayReport.Reservation(agreed: 5, last: 7, reason: "it died")
        #expect(
            VerdictText.text(report, times: 1).hasPrefix("agrees to step 5 of 7: it died\n"))
    }
}
