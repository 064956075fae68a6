/// Where the stages of a graph stand: in layers from left to right, in lanes from top to bottom.
///
/// An edge over several layers runs through positions of its own in between, so that every link
/// joins neighbouring layers and a line never crosses a stage. The layout is a function of the plan
/// alone: it knows neither cells nor figures, so that stages stay where they are while a run goes
/// on and a window is dragged. The painter computes it for each frame; it costs a walk over layers,
/// positions and links, of which there are at most some hundreds. A larger graph has no layout, and
/// the table has to do.
struct GraphLayout {
    /// How a stage is drawn, which decides how high a lane is.
    enum Form {
        /// A name and a state, two rows.
        case compact
        /// A box with shares, rates and state, five rows.
        case boxed

        /// The rows of a lane.
        var nodeHeight: Int { self == .compact ? 2 : 5 }
    }

    /// A position in the picture: a layer and a lane, and what stands there.
    struct Node: Equatable {
        /// The stage that stands here; nil where an edge passes.
        var stage: Int?
        var layer: Int
        /// From the top, from 0 on; -1 before lanes were assigned.
        var lane: Int
    }

    /// A line between two positions of neighbouring layers. An edge of the graph is one link, or
    /// several with positions in between.
    struct Link: Equatable {
        /// The index in `nodes` of its left end.
        var from: Int
        /// The index in `nodes` of its right end.
        var to: Int
        /// The stage whose queue the edge fills.
        var target: Int
    }

    /// The maximum of positions. Two hundred are more than a usual terminal shows, and the bound
    /// keeps the cost of a damaged trace's graph small.
    static let maximumNodes = 200

    /// All positions: first one for each stage, by its number, then those that edges pass.
    private(set) var nodes: [Node] = []
    private(set) var links: [Link] = []
    /// Whether every edge found its positions. Where it did not, links span several layers, and
    /// there is nothing to draw.
    private(set) var isWhole = true
    private(set) var layers = 0
    /// How many lanes the layer with most of them needs.
    private(set) var lanes = 0

    /// Lays out the graph: every stage stands in the first layer behind all that feed it, but for
    /// sources, which stand right before what they feed.
    init(_ facts: RunFacts) {
        var layer = [Int](repeating: 0, count: facts.stages.count)
        // Stages stand after all that feed them; an edge backwards is left out of the picture.
        for edge in facts.edges.sorted(by: { $0.to < $1.to }) where edge.from < edge.to {
            layer[edge.to] = max(layer[edge.to], layer[edge.from] + 1)
        }
        // A source that feeds a late stage stands right before it, which keeps its edge short.
        for stage in facts.stages.indices where facts.stagesAbove(stage).isEmpty {
            let next = facts.edges.filter { $0.from == stage }.map { layer[$0.to] }.min()
            if let next { layer[stage] = max(0, next - 1) }
        }
        layers = (layer.max() ?? -1) + 1
        for stage in facts.stages.indices {
            nodes.append(Node(stage: stage, layer: layer[stage], lane: -1))
        }
        for edge in facts.edges where edge.from < edge.to {
            // Each layer that the edge skips gets a position for it.
            var last = edge.from
            for between in (layer[edge.from] + 1)..<max(layer[edge.from] + 1, layer[edge.to]) {
                guard nodes.count < Self.maximumNodes else {
                    isWhole = false
                    break
                }
                nodes.append(Node(stage: nil, layer: between, lane: -1))
                links.append(Link(from: last, to: nodes.count - 1, target: edge.to))
                last = nodes.count - 1
            }
            links.append(Link(from: last, to: edge.to, target: edge.to))
        }
        assignLanes()
    }

    /// Gives every position a lane, layer by layer: that of the topmost position that feeds it,
    /// else the next free one below. So a chain stays in one line, and only branches change lanes.
    private mutating func assignLanes() {
        for layer in 0..<layers {
            let inLayer = nodes.indices.filter { nodes[$0].layer == layer }
            let wanted = inLayer.map { node -> (node: Int, lane: Int?) in
                let feeding = links.filter { $0.to == node }.map { nodes[$0.from].lane }
                return (node, feeding.min())
            }
            var taken = Set<Int>()
            // Those that continue a lane come first; the others fill what is left.
            for entry in wanted.sorted(by: {
                ($0.lane ?? .max, $0.node) < ($1.lane ?? .max, $1.node)
            }) {
                var lane = max(0, entry.lane ?? 0)
                while taken.contains(lane) { lane += 1 }
                taken.insert(lane)
                nodes[entry.node].lane = lane
                lanes = max(lanes, lane + 1)
            }
        }
    }

    /// The rows that the picture takes in a form; more than any screen has where there are too many
    /// positions for a picture. Half of the greatest number leaves callers room to add to it.
    func height(_ form: Form) -> Int {
        isWhole && nodes.count <= Self.maximumNodes ? lanes * form.nodeHeight : .max / 2
    }

    /// The positions of a layer whose links change lanes: each of them has a column of its own in
    /// the gap behind the layer for its upright line.
    func turningNodes(after layer: Int) -> [Int] {
        var turning: [Int] = []
        for link in links where nodes[link.from].layer == layer {
            if nodes[link.from].lane != nodes[link.to].lane, !turning.contains(link.from) {
                turning.append(link.from)
            }
        }
        return turning
    }
}
