import HeapModule
package import WeirTelemetry

/// What is known of a run before its first sample: its names, its graph, and where it is recorded.
///
/// Made from the header of the run's trace, or from what a program that runs it knows. Everything
/// else that a screen shows comes as events of the run's timeline.
package struct RunFacts: Equatable, Sendable {
    package struct Edge: Hashable, Sendable {
        /// Numbers of stages.
        package var from: Int
        package var to: Int

        package init(from: Int, to: Int) {
            self.from = from
            self.to = to
        }
    }

    package var pipeline: String
    /// Names of the stages, each after all that feed it.
    package let stages: [String]
    package let edges: [Edge]
    /// Nanoseconds since 1970.
    package var started: Int64
    /// Where it is recorded; nil when it is not.
    package var tracePath: String?
    /// Threads that run turns; 0 for a simulated run, or where it is not known.
    package var workers = 0
    /// Of all stages together, as far as it is known.
    package var subtasks = 0

    package init(
        pipeline: String, stages: [String], edges: [(String, String)], started: Int64,
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
        var place = [Int](repeating: 0, count: order.count)
        for (index, number) in order.enumerated() { place[number] = index }
        self.stages = order.map { unique[$0] }
        let distinct = Set(pairs.map { Edge(from: place[$0.from], to: place[$0.to]) })
        self.edges = distinct.sorted { ($0.from, $0.to) < ($1.from, $1.to) }
    }

    package init(header: RunHeader, tracePath: String?) {
        self.init(
            pipeline: header.pipeline, stages: header.subtasks.map(\.stage),
            edges: header.edges.map { ($0.from, $0.to) }, started: header.started,
            tracePath: tracePath)
        (workers, subtasks) = (header.workers, header.subtasks.count)
    }

    package func stagesAbove(_ stage: Int) -> [Int] {
        edges.filter { $0.to == stage }.map(\.from)
    }

    package func stagesBelow(_ stage: Int) -> [Int] {
        edges.filter { $0.from == stage }.map(\.to)
    }

    package var sources: [Int] { stages.indices.filter { stagesAbove($0).isEmpty } }

    package var sinks: [Int] {
        stages.indices.filter { stage in !edges.contains { $0.from == stage } }
    }

    /// Numbers so that whatever feeds a stage comes before it, else as given. What lies in a loop,
    /// which no plan has and a damaged trace may, comes at the end.
    private static func order(_ count: Int, _ edges: [Edge]) -> [Int] {
        var feeding = [Int](repeating: 0, count: count)
        var below = [[Int]](repeating: [], count: count)
        for edge in edges {
            feeding[edge.to] += 1
            below[edge.from].append(edge.to)
        }
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
