import Testing
import WeirBase
import WeirMonitor
import WeirTerminal

/// The picture of a plan's shape.
@Suite struct GraphTests {
    @Test func `stages come after all that feed them`() {
        let facts = RunFacts(
            pipeline: "p", stages: ["sink", "b", "a"],
            edges: [("a", "b"), ("b", "sink"), ("a", "sink")], started: Instant(nanoseconds: 0),
            tracePath: nil)
        #expect(facts.stages == ["a", "b", "sink"])
        #expect(facts.sources == [0])
        #expect(facts.sinks == [2])
    }

    @Test func `a loop, a stage that feeds itself and an unknown name do not hang`() {
        let facts = RunFacts(
            pipeline: "p", stages: ["a", "b", "c"],
            edges: [("a", "b"), ("b", "a"), ("c", "c"), ("a", "nowhere")],
            started: Instant(nanoseconds: 0),
            tracePath: nil)
        #expect(facts.stages.count == 3)
        // `c`, whose edge to itself is none, comes first: nothing feeds it, and it feeds nothing.
        #expect(facts.stages[0] == "c" && facts.sources == [0] && facts.sinks == [0])
        #expect(facts.edges.allSatisfy { $0.from != $0.to } && facts.edges.count == 2)
        #expect(text(facts, 160, 48).contains("- Graph"))
    }

    @Test func `branches and joins are drawn with one line each`() {
        let facts = RunFacts(
            pipeline: "p", stages: ["a", "b", "c", "d"],
            edges: [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")],
            started: Instant(nanoseconds: 0), tracePath: nil)
        let lines = text(facts, 80, 30).split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.contains("[a]-+------>[b]-+------>[d]") }, "\(lines)")
        #expect(lines.contains { $0.contains("+------>[c]-+") }, "\(lines)")
    }

    @Test func `a plan of many stages leaves the graph out and keeps the table`() {
        let names = (0..<300).map { "stage\($0)" }
        let edges = zip(names, names.dropFirst()).map { ($0, $1) }
        let facts = RunFacts(
            pipeline: "p", stages: names, edges: edges, started: Instant(nanoseconds: 0),
            tracePath: nil)
        let text = text(facts, 160, 48)
        #expect(!text.contains("- Graph"))
        #expect(text.contains("of 300"))
    }

    private func text(_ facts: RunFacts, _ width: Int, _ height: Int) -> String {
        let model = ScreenModel(
            facts: facts, standpoint: .owner, size: CanvasSize(width: width, height: height),
            theme: Theme(symbols: .ascii, hasColor: false))
        return model.frame.text
    }
}
