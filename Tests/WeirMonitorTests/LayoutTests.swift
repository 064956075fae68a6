import Testing
import WeirBase

@testable import WeirMonitor

/// Where the stages of a graph stand, apart from how they are drawn.
@Suite struct LayoutTests {
    /// A chain of four stages, and so many more that join its first and its last: each of their
    /// edges to the last skips two layers.
    private func facts(skipping count: Int) -> RunFacts {
        let chain = ["a", "b", "c", "d", "e"]
        let others = (0..<count).map { "other\($0)" }
        let edges =
            zip(chain, chain.dropFirst()).map { ($0, $1) }
            + others.flatMap { [("a", $0), ($0, "e")] }
        return RunFacts(
            pipeline: "p", stages: chain + others, edges: edges, started: Instant(nanoseconds: 0),
            tracePath: nil)
    }

    @Test func `a graph whose links find no position has no height that fits`() {
        let layout = GraphLayout(facts(skipping: 100))
        #expect(layout.nodes.count <= GraphLayout.maximumNodes)
        #expect(layout.height(.compact) > 1 << 30)
    }

    @Test func `every link of a graph that has a height joins neighbouring layers`() {
        for count in 0...70 {
            let layout = GraphLayout(facts(skipping: count))
            guard layout.height(.compact) < 1 << 30 else { continue }
            for link in layout.links {
                let (from, to) = (layout.nodes[link.from], layout.nodes[link.to])
                #expect(to.layer == from.layer + 1, "\(count) stages beside the chain")
            }
        }
    }
}
