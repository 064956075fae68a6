import Testing
import WeirBase
import WeirTerminal

@testable import WeirMonitor

/// Where stages and their lines stand, and the signs of crossings.
@Suite struct GraphShapeTests {
    private func facts(_ stages: [String], _ edges: [(String, String)]) -> RunFacts {
        RunFacts(
            pipeline: "p", stages: stages, edges: edges, started: Instant(nanoseconds: 0),
            tracePath: nil)
    }

    /// The nodes of a picture as `name@layer,lane`, where an edge only passes as `-`.
    private func shape(_ facts: RunFacts) -> String {
        GraphLayout(facts).nodes.map { node in
            (node.stage.map { facts.stages[$0] } ?? "-") + "@\(node.layer),\(node.lane)"
        }.joined(separator: " ")
    }

    @Test func `each stage has a layer behind all that feed it, and a lane`() {
        let chain = facts(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")])
        #expect(shape(chain) == "a@0,0 b@1,0 c@2,0 -@1,1")
        let layout = GraphLayout(chain)
        #expect(layout.layers == 3 && layout.lanes == 2 && layout.isWhole)
        #expect(layout.height(.compact) == 4 && layout.height(.boxed) == 10)
        #expect(layout.turningNodes(after: 0) == [0] && layout.turningNodes(after: 1) == [3])
        #expect(
            layout.links == [
                .init(from: 0, to: 1, target: 1), .init(from: 0, to: 3, target: 2),
                .init(from: 3, to: 2, target: 2), .init(from: 1, to: 2, target: 2),
            ])
    }

    @Test func `a source that feeds a late stage stands right before it`() {
        let late = facts(["a", "b", "c", "s"], [("a", "b"), ("b", "c"), ("s", "c"), ("s", "x")])
        #expect(shape(late) == "a@0,0 b@1,0 s@1,1 c@2,0")
        #expect(shape(facts(["a"], [])) == "a@0,0")
        #expect(shape(facts([], [])) == "" && GraphLayout(facts([], [])).layers == 0)
    }

    @Test func `stages stand behind what feeds them, of equals in the order of the plan`() {
        let mixed = facts(
            ["sink", "z", "a", "z", "m"], [("m", "sink"), ("z", "m"), ("a", "m"), ("m", "sink")])
        #expect(mixed.stages == ["z", "a", "m", "sink"])
        #expect(
            mixed.edges == [.init(from: 0, to: 2), .init(from: 1, to: 2), .init(from: 2, to: 3)])
        #expect(mixed.stagesAbove(2) == [0, 1] && mixed.stagesBelow(2) == [3])
        #expect(mixed.sources == [0, 1] && mixed.sinks == [3])
    }

    private func drawn(_ lines: GapLines, _ gap: Area) -> String {
        (gap.y..<gap.bottom).map { y in
            String(
                (gap.x..<gap.right).map { x in lines[x, y].map { $0.sign(.unicode) } ?? " " })
        }.joined(separator: "/")
    }

    @Test func `lines turn in their column, cross, and stay within the gap`() {
        let gap = Area(x: 2, y: 1, width: 5, height: 4)
        var down = GapLines(gap)
        down.add(from: 1, to: 3, turningAt: 4, fill: 0)
        #expect(drawn(down, gap) == "──┐  /  │  /  └──/     ")
        var up = GapLines(gap)
        up.add(from: 4, to: 2, turningAt: 3, fill: 0)
        #expect(drawn(up, gap) == "     / ┌───/ │   /─┘   ")
        var straight = GapLines(gap)
        straight.add(from: 2, to: 2, turningAt: nil, fill: 0)
        #expect(drawn(straight, gap) == "     /─────/     /     ")
        straight.add(from: 1, to: 4, turningAt: 4, fill: 0)
        #expect(drawn(straight, gap) == "──┐  /──┼──/  │  /  └──")
        var outside = GapLines(gap)
        outside.add(from: 0, to: 9, turningAt: 4, fill: 1)
        #expect(drawn(outside, gap) == "  │  /  │  /  │  /  │  ")
        #expect(outside[1, 1] == nil && outside[7, 1] == nil && outside[4, 0] == nil)
        #expect(outside[4, 5] == nil && outside[2, 1] == nil)
        var first = GapLines(gap)
        first.add(from: 1, to: 2, turningAt: nil, fill: 0)
        #expect(drawn(first, gap) == "┐    /└────/     /     ")
    }

    @Test(arguments: [(0.0, "─"), (0.099, "─"), (0.1, "━"), (0.75, "━"), (0.751, "▰")])
    func `a line is as heavy as the queue it leads to is full`(fill: Double, sign: Character) {
        let gap = Area(x: 0, y: 0, width: 3, height: 1)
        var lines = GapLines(gap)
        lines.add(from: 0, to: 0, turningAt: nil, fill: fill)
        lines.add(from: 0, to: 0, turningAt: nil, fill: 0)
        #expect(drawn(lines, gap) == String(repeating: sign, count: 3))
    }

    @Test func `a plan of as many nodes as may be drawn has a height, and one more none`() {
        func layout(_ count: Int) -> GraphLayout {
            let names = (0..<count).map { "s\($0)" }
            return GraphLayout(facts(names, zip(names, names.dropFirst()).map { ($0, $1) }))
        }
        #expect(layout(GraphLayout.maximumNodes).height(.compact) == 2)
        #expect(layout(GraphLayout.maximumNodes + 1).height(.compact) > 1 << 30)
    }
}
