import Testing

@testable import WeirConnectors
@testable import WeirEngine

@Suite struct JSONLinesTests {
    @Test func `a source of JSON can be idle like one of lines`() {
        let source = Source<[String: Int]>.jsonLines(idleAfter: .seconds(3))
        guard case .lines(_, let idleAfter, _, _) = source.kind else {
            Issue.record("it reads no lines")
            return
        }
        #expect(idleAfter == .seconds(3))
    }
}
