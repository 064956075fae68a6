import Testing

@testable import WeirApp
@testable import WeirEngine

@Suite struct RunSummaryTests {
    @Test(
        arguments: [
            (0, "0.000"), (1.005, "1.005"), (0.05, "0.050"), (2.5, "2.500"), (0.9996, "1.000"),
            (12.3456, "12.346"),
        ] as [(Double, String)])
    func `seconds have three digits behind the point`(number: Double, text: String) {
        #expect(RunSummary.round(number) == text)
    }

    @Test(
        arguments: [(1, 1, true), (1, 2, false), (2, 3, true), (50, 100, false), (51, 100, true)]
            as [(UInt64, UInt64, Bool)])
    func `the format is doubted where most lines could not be read, and only there`(
        count: UInt64, lines: UInt64, isDoubted: Bool
    ) throws {
        var unparsed = SourceRemarks.Unparsed(advice: "Name the format")
        for line in 1...count {
            unparsed.take(
                MalformedInput(
                    bytes: Array("x\(line)".utf8), isCut: false, reason: "no form", line: line,
                    column: nil, offset: 0))
        }
        unparsed.lines = lines
        let text = try #require(RunSummary.unparsedLine(unparsed))
        #expect(text.hasPrefix("\(count) of \(lines) lines could not be read; the first is line 1"))
        #expect(text.hasSuffix("\n             Name the format") == isDoubted)
    }
}
