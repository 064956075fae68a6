import HeapModule
package import WeirBase
package import WeirTelemetry

/// What is known of a run before its first sample: its names, its graph, and where it is recorded.
///
/// It is made once for each run, from the header of the run's trace or from what a program that
/// runs it knows, and does not change afterwards. Everything else that a screen shows comes as
/// events of the run's timeline. All other types of this module number stages by their index in
/// `stages` here, so that frames, rates and drawings of one run agree.
///
/// A trace may be damaged or altered, so that the initialiser takes any names and edges: a name
/// that comes twice is one stage, an edge to an unknown stage or from a stage to itself is left
/// out, and a loop is put at the end.
package struct RunFacts: Equatable, Sendable {
    /// A connection from one stage to another. However many channels the stages have between their
    /// subtasks, it is one edge.
    package struct Edge: Hashable, Sendable {
        /// The number of the stage that gives elements.
        package var from: Int
        /// The number of the stage that takes them.
        package var to: Int

        package init(from: Int, to: Int) {
            self.from = from
            self.to = to
        }
    }

    package var pipeline: String
    /// Names of the stages, each different, and each after all that feed it. Tables and drawings go
    /// through them in this order, so that whoever reads from the top follows the elements.
    package let stages: [String]
    /// The connections, each once, sorted by the stage that they come from.
    package let edges: [Edge]
    /// When the run started.
    package var started: Instant
    /// Where it is recorded; nil when it is not.
    package var tracePath: String?
    /// How many workers run turns; 0 for a simulated run, or where it is not known.
    package var workers = 0
    /// How many subtasks all stages have together; 0 where that is not known. `SampleHistory` takes
    /// its size from it.
    package var subtasks = 0

    /// Facts from names. `edges` are pairs of names of stages; the order of `stages` is kept as far
    /// as the edges allow.
    package init(
        pipeline: String, stages: [String], edges: [(String, String)], started: Instant,
        tracePath: String?
    ) {
        self.pipeline = pipeline
        self.started = started
        self.tracePath = tracePath
        var unique: [String] = []
        var numbers: [String: Int] = [:]
        for stage in stages where numbers[stage] == nil {
            numbers[stage] = unique.count
            unique.append(stage)
        }
        let pairs = edges.compactMap { edge -> Edge? in
            guard let from = numbers[edge.0], let to = numbers[edge.1], from != to else {
                return nil
            }
            return Edge(from: from, to: to)
        }
        let order = Self.order(unique.count, pairs)
        var ranks = [Int](repeating: 0, count: order.count)
        for (index, number) in order.enumerated() { ranks[number] = index }
        self.stages = order.map { unique[$0] }
        let distinct = Set(pairs.map { Edge(from: ranks[$0.from], to: ranks[$0.to]) })
        self.edges = distinct.sorted { ($0.from, $0.to) < ($1.from, $1.to) }
    }

    /// Facts from the header of a run. It names each stage once for each of its subtasks, and the
    /// repeated names fall together.
    package init(header: RunHeader, tracePath: String?) {
        self.init(
            pipeline: header.pipeline, stages: header.subtasks.map(\.stage),
            edges: header.edges.map { ($0.from, $0.to) }, started: header.started,
            tracePath: tracePath)
        (workers, subtasks) = (header.workers, header.subtasks.count)
    }

    /// The numbers of the stages that feed one directly. It walks all edges, which are few.
    package func stagesAbove(_ stage: Int) -> [Int] {
        edges.filter { $0.to == stage }.map(\.from)
    }

    /// The numbers of the stages that one feeds directly.
    package func stagesBelow(_ stage: Int) -> [Int] {
        edges.filter { $0.from == stage }.map(\.to)
    }

    /// The numbers of the stages that nothing feeds.
    package var sources: [Int] { stages.indices.filter { stagesAbove($0).isEmpty } }

    /// The numbers of the stages that feed nothing.
    package var sinks: [Int] {
        stages.indices.filter { stage in !edges.contains { $0.from == stage } }
    }

    /// The numbers of the stages in an order in which whatever feeds a stage comes before it. Among
    /// the stages that could come next the one that was given first does, so that the order does
    /// not depend on hashing. What lies in a loop, which no plan has and a damaged trace may, comes
    /// at the end.
    private static func order(_ count: Int, _ edges: [Edge]) -> [Int] {
        var feeding = [Int](repeating: 0, count: count)
        var below = [[Int]](repeating: [], count: count)
        for edge in edges {
            feeding[edge.to] += 1
            below[edge.from].append(edge.to)
        }
        // Kahn's algorithm, with a heap in place of its queue: that makes the order a unique one.
        var ready = Heap((0..<count).filter { feeding[$0] == 0 })
        var result: [Int] = []
        while let stage = ready.popMin() {
            result.append(stage)
            for next in below[stage] {
                feeding[next] -= 1
                if feeding[next] == 0 { ready.insert(next) }
            }
        }
        return result + (0..<count).filter { feeding[$0] > 0 }
    }
}
