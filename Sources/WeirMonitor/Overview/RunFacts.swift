package import WeirTelemetry

/// What a screen knows of a run before its first sample.
package struct RunFacts: Equatable, Sendable {
    package struct Edge: Equatable, Sendable {
        /// Numbers of stages.
        package var from: Int
        package var to: Int

        package init(from: Int, to: Int) {
            self.from = from
            self.to = to
        }
    }

    /// The command that shows it: `run`, `top`.
    package var command: String
    package var pipeline: String
    /// Names of the stages, each after all that feed it.
    package let stages: [String]
    package let edges: [Edge]
    /// Nanoseconds since 1970.
    package var started: Int64
    /// Where it is recorded; nil when it is not.
    package var tracePath: String?

    package init(
        command: String, pipeline: String, stages: [String], edges: [(String, String)],
        started: Int64, tracePath: String?
    ) {
        self.command = command
        self.pipeline = pipeline
        self.started = started
        self.tracePath = tracePath
        var unique: [String] = []
        for stage in stages where !unique.contains(stage) { unique.append(stage) }
        let pairs = edges.compactMap { edge -> Edge? in
            guard let from = unique.firstIndex(of: edge.0), let to = unique.firstIndex(of: edge.1),
                from != to
            else { return nil }
            return Edge(from: from, to: to)
        }
        let order = Self.order(unique.count, pairs)
        var place = [Int](repeating: 0, count: order.count)
        for (index, number) in order.enumerated() { place[number] = index }
        self.stages = order.map { unique[$0] }
        var sorted: [Edge] = []
        for pair in pairs {
            let edge = Edge(from: place[pair.from], to: place[pair.to])
            if !sorted.contains(edge) { sorted.append(edge) }
        }
        self.edges = sorted.sorted { ($0.from, $0.to) < ($1.from, $1.to) }
    }

    package init(command: String, header: RunHeader, tracePath: String?) {
        self.init(
            command: command, pipeline: header.pipeline, stages: header.subtasks.map(\.stage),
            edges: header.edges.map { ($0.from, $0.to) }, started: header.started,
            tracePath: tracePath)
    }

    /// Whether this program runs the run, and so can end it; else it only watches.
    package var ownsRun: Bool { command == "run" }

    package func stagesAbove(_ stage: Int) -> [Int] {
        edges.filter { $0.to == stage }.map(\.from)
    }

    package var sources: [Int] { stages.indices.filter { stagesAbove($0).isEmpty } }

    package var sinks: [Int] {
        stages.indices.filter { stage in !edges.contains { $0.from == stage } }
    }

    /// Numbers so that whatever feeds a stage comes before it, else as given. What lies in a loop,
    /// which no plan has and a damaged trace may, comes at the end.
    private static func order(_ count: Int, _ edges: [Edge]) -> [Int] {
        var left = Array(0..<count)
        var result: [Int] = []
        while let index = left.firstIndex(where: { stage in
            !edges.contains { $0.to == stage && left.contains($0.from) }
        }) {
            result.append(left.remove(at: index))
        }
        return result + left
    }
}
